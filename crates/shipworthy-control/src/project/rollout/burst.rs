//! `[rollout.burst]`: what ends a rollout within seconds.

use std::ops::RangeInclusive;
use std::time::Duration;

use shipworthy_core::rollout::Burst;

use super::COUNTS;
use crate::project::fields::{Key, Section};
use crate::project::reader::{Table, value_or};
use crate::project::units::Interval;

/// The keys of `[rollout.burst]`.
pub(in crate::project) const SECTION: Section = Section::new(
    "[rollout.burst]",
    &[
        Key::new("window", "a time span", "`\"5s\"`"),
        Key::new("failures", "a whole number", "`10`"),
        Key::new("share", "a number above 0 and at most 1", "`0.5`"),
        Key::new("looks", "a whole number", "`2`"),
        Key::new("crashes", "a whole number", "`3`"),
    ],
);

/// The shortest and the longest time that is looked back.
const WINDOWS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(10);
/// Every look is kept until the last of them.
const MAX_LOOKS: u32 = 100;

/// Reads `[rollout.burst]`; a wrong value is reported and its default stands in.
pub(super) fn read(table: Table<'_>) -> Burst {
    let usual = Burst::default();
    let count = |name, usual| value_or(table.field(name).whole_in(COUNTS), usual);
    let burst = Burst {
        window: value_or(table.field("window").duration_in(WINDOWS), usual.window),
        failures: count("failures", usual.failures),
        share: value_or(table.field("share").number_in(Interval::SHARE), usual.share),
        looks: value_or(table.field("looks").whole_in(1..=MAX_LOOKS), usual.looks),
        crashes: count("crashes", usual.crashes),
    };
    table.finish();
    burst
}
