//! What happened, in numbers. Counters of replicas add up.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::Failure;

/// One thing that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Rows with a decision.
    AnsweredRows,
    /// Rows of requests that the contract refused.
    RefusedRows,
    /// Rows of requests kept for review.
    QuarantinedRows,
    /// Rows whose answers were not as expected, so that nobody was told.
    WithheldRows,
    /// Rows that came while their endpoint was stopped.
    StoppedRows,
    /// Values served although they break a rule, or replaced by a default.
    FlaggedValues,
    /// Values of columns that no contract declares.
    UndeclaredValues,
    /// Categories that the model does not know; it saw them as missing.
    UnknownCategories,
    /// Rows that a shadow answered as well as the release that callers rely on.
    ShadowPairedRows,
    /// Rows that a shadow was spared, because live requests needed the time or it had too many.
    ShadowShedRows,
    /// Requests whose rows have several keys, so that chance alone says which side answers.
    MixedKeyRequests,
    /// Requests that were no request of their protocol.
    MalformedRequests,
    /// Requests above a limit.
    OversizedRequests,
    /// Requests without a valid token.
    UnauthenticatedRequests,
    /// Requests for models or routes that do not exist.
    UnknownRequests,
    /// Requests refused while not ready.
    UnreadyRequests,
    /// Requests refused because too many were waiting.
    ShedRequests,
    /// Requests that passed their deadline.
    TimedOutRequests,
    /// Requests that failed by a fault of ours or of what is behind us: the model's server, a record
    /// that could not be written.
    FailedRequests,
}

impl Counter {
    /// All counters with their names, in the order of the enum.
    pub const ALL: [(&'static str, Self); 19] = [
        ("answered_rows", Self::AnsweredRows),
        ("refused_rows", Self::RefusedRows),
        ("quarantined_rows", Self::QuarantinedRows),
        ("withheld_rows", Self::WithheldRows),
        ("stopped_rows", Self::StoppedRows),
        ("flagged_values", Self::FlaggedValues),
        ("undeclared_values", Self::UndeclaredValues),
        ("unknown_categories", Self::UnknownCategories),
        ("shadow_paired_rows", Self::ShadowPairedRows),
        ("shadow_shed_rows", Self::ShadowShedRows),
        ("mixed_key_requests", Self::MixedKeyRequests),
        ("malformed_requests", Self::MalformedRequests),
        ("oversized_requests", Self::OversizedRequests),
        ("unauthenticated_requests", Self::UnauthenticatedRequests),
        ("unknown_requests", Self::UnknownRequests),
        ("unready_requests", Self::UnreadyRequests),
        ("shed_requests", Self::ShedRequests),
        ("timed_out_requests", Self::TimedOutRequests),
        ("failed_requests", Self::FailedRequests),
    ];

    /// Requests that never reached a decision; the ledger keeps only their number.
    const UNDECIDED: [Self; 8] = [
        Self::MalformedRequests,
        Self::OversizedRequests,
        Self::UnauthenticatedRequests,
        Self::UnknownRequests,
        Self::UnreadyRequests,
        Self::ShedRequests,
        Self::TimedOutRequests,
        Self::FailedRequests,
    ];

    /// What counts a failure; `None` where its rows are recorded, and counted there.
    const fn of(failure: &Failure) -> Option<Self> {
        Some(match failure {
            Failure::Malformed { .. }
            | Failure::BadRequest { .. }
            | Failure::UnsupportedMediaType { .. }
            | Failure::UnsupportedCoding { .. }
            | Failure::BodyCut => Self::MalformedRequests,
            Failure::BodyTooLarge { .. } | Failure::TooManyRows { .. } => Self::OversizedRequests,
            Failure::Unauthenticated
            | Failure::Forbidden
            | Failure::UnauthenticatedChoice
            | Failure::ForbiddenChoice => Self::UnauthenticatedRequests,
            Failure::UnknownModel { .. } | Failure::UnknownRoute { .. } => Self::UnknownRequests,
            Failure::NotReady(_) => Self::UnreadyRequests,
            Failure::Overloaded => Self::ShedRequests,
            Failure::Timeout { .. } => Self::TimedOutRequests,
            Failure::NotRecorded
            | Failure::ModelUnavailable
            | Failure::ModelRefused
            | Failure::Internal => Self::FailedRequests,
            Failure::Refused { .. } | Failure::Withheld { .. } | Failure::Stopped { .. } => {
                return None;
            }
        })
    }
}

/// Counts since the start; only ever growing.
#[derive(Debug, Default)]
pub struct Counters([AtomicU64; Counter::ALL.len()]);

impl Counters {
    pub(crate) fn add(&self, counter: Counter, count: usize) {
        if count > 0 {
            self.0[counter as usize].fetch_add(count as u64, Ordering::Relaxed);
        }
    }

    /// Counts a request without a decision.
    pub(crate) fn failed(&self, failure: &Failure) {
        if let Some(counter) = Counter::of(failure) {
            self.add(counter, 1);
        }
    }

    /// All counters now.
    #[must_use]
    pub fn snapshot(&self) -> Counts {
        Counts(std::array::from_fn(|index| self.0[index].load(Ordering::Relaxed)))
    }
}

/// The counters at one moment; in JSON an object of name and count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; Counter::ALL.len()]);

impl Counts {
    /// One count.
    #[must_use]
    pub const fn get(&self, counter: Counter) -> u64 {
        self.0[counter as usize]
    }

    /// What came since `earlier`, of the requests that never reached a decision: name and count,
    /// without those that did not come.
    #[must_use]
    pub fn undecided_since(&self, earlier: &Self) -> Vec<(&'static str, u64)> {
        let named = Counter::ALL.into_iter().filter(|(_, c)| Counter::UNDECIDED.contains(c));
        named
            .map(|(name, counter)| (name, self.get(counter).saturating_sub(earlier.get(counter))))
            .filter(|(_, count)| *count > 0)
            .collect()
    }
}

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Counter::ALL.len()))?;
        for (name, counter) in Counter::ALL {
            map.serialize_entry(name, &self.get(counter))?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_the_order_of_the_enum() {
        for (index, (name, counter)) in Counter::ALL.into_iter().enumerate() {
            assert_eq!(counter as usize, index, "{name}");
        }
    }

    #[test]
    fn only_undecided_requests_are_summarised() {
        let counters = Counters::default();
        let before = counters.snapshot();
        counters.add(Counter::AnsweredRows, 5);
        counters.failed(&Failure::Overloaded);
        counters.failed(&Failure::Overloaded);
        assert_eq!(counters.snapshot().undecided_since(&before), [("shed_requests", 2)]);
    }
}
