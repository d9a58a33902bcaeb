//! What may change without a release: `[decision]`, `[limits]`, `[ledger]`.

use std::time::Duration;

use super::diagnosis::{Mistake, Mistakes};
use super::fields::{Key, Section};
use super::reader::{Located, Table, value, value_or};
use super::units::Interval;

/// The keys of `[decision]`.
pub(super) const DECISION: Section = Section::new(
    "[decision]",
    &[
        Key::new("threshold", "a number above 0 and below 1", "`0.5`"),
        Key::new("safe_answer", "the name of a class", "none: no answer"),
    ],
);

/// The keys of `[limits]`.
pub(super) const LIMITS: Section = Section::new(
    "[limits]",
    &[
        Key::new("max_body", "a size", "`\"4 MiB\"`"),
        Key::new("max_rows", "a whole number", "`10000`"),
        Key::new("request_timeout", "a time span", "`\"10s\"`"),
        Key::new("max_inflight", "a whole number", "`1024`"),
    ],
);

/// The keys of `[ledger]`.
pub(super) const LEDGER: Section = Section::new(
    "[ledger]",
    &[
        Key::new("max_size", "a size", "`\"20 GiB\"`"),
        Key::new("segment_size", "a size", "`\"64 MiB\"`"),
    ],
);

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// How an answer is made from the model's output.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The least probability of the positive class that is answered with it; binary tasks only.
    pub threshold: f64,
    /// The class that is answered when the model must not be asked.
    pub safe_answer: Option<String>,
}

/// What one server takes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest request body, in bytes.
    pub max_body_bytes: u64,
    /// The most rows in one request.
    pub max_rows: usize,
    /// The longest time from the last byte of a request to its answer.
    pub request_timeout: Duration,
    /// The most requests at one time; more are refused at once.
    pub max_inflight: usize,
}

/// How much the ledger may keep on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerSizes {
    /// All segments together, in bytes.
    pub max_bytes: u64,
    /// One segment, in bytes.
    pub segment_bytes: u64,
}

/// `[decision]` as typed.
#[derive(Debug)]
pub(super) struct TypedDecision {
    /// The least probability of the positive class.
    pub(super) threshold: Option<Located<f64>>,
    /// The class that is answered when the model must not be asked.
    pub(super) safe_answer: Option<Located<String>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_bytes: 4 * MIB,
            max_rows: 10_000,
            request_timeout: Duration::from_secs(10),
            max_inflight: 1024,
        }
    }
}

impl Default for LedgerSizes {
    fn default() -> Self {
        Self { max_bytes: 20 * GIB, segment_bytes: 64 * MIB }
    }
}

impl Limits {
    /// Reads `[limits]`; a wrong value is reported and its default stands in.
    pub(super) fn read(table: Table<'_>) -> Self {
        // A body and its answers are one entry of the ledger, which is at most 64 MiB long.
        let body_range = KIB..=32 * MIB;
        let timeout_range = Duration::from_millis(1)..=Duration::from_mins(10);
        let default = Self::default();
        let count = 1..=1_000_000;
        let (body, rows) = (table.field("max_body"), table.field("max_rows"));
        let (timeout, inflight) = (table.field("request_timeout"), table.field("max_inflight"));
        let limits = Self {
            max_body_bytes: value_or(body.bytes_in(body_range), default.max_body_bytes),
            max_rows: value_or(rows.whole_in(count.clone()), default.max_rows),
            request_timeout: value_or(timeout.duration_in(timeout_range), default.request_timeout),
            max_inflight: value_or(inflight.whole_in(count), default.max_inflight),
        };
        table.finish();
        limits
    }
}

impl LedgerSizes {
    /// Reads `[ledger]`; a wrong value is reported and its default stands in.
    pub(super) fn read(table: Table<'_>, mistakes: &Mistakes) -> Self {
        let segment = table.field("segment_size").bytes_in(MIB..=GIB);
        let max = table.field("max_size").bytes_in(2 * MIB..=1024 * 1024 * GIB);
        table.finish();
        let place =
            max.as_ref().map(|max| &max.span).or(segment.as_ref().map(|s| &s.span)).cloned();
        let default = Self::default();
        let sizes = Self {
            max_bytes: value_or(max, default.max_bytes),
            segment_bytes: value_or(segment, default.segment_bytes),
        };
        if let Some(place) = place.filter(|_| sizes.max_bytes / 2 < sizes.segment_bytes) {
            let message = "the ledger has no room for two segments".to_owned();
            let expected = "expected `max_size` to be twice `segment_size` or more";
            mistakes.add(Mistake::at(&place, message, expected));
        }
        sizes
    }
}

impl TypedDecision {
    pub(super) fn read(table: Table<'_>) -> Self {
        let threshold = table.field("threshold").number_in(Interval::INSIDE_UNIT);
        let safe_answer = table.field("safe_answer").name();
        table.finish();
        Self { threshold, safe_answer }
    }

    pub(super) fn validated(self) -> Decision {
        let threshold = value_or(self.threshold, 0.5);
        Decision { threshold, safe_answer: value(self.safe_answer) }
    }
}
