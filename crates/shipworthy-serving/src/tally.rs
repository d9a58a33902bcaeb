//! What a release did in a slot, counted without a lock.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use shipworthy_core::Clock;
use shipworthy_core::rollout::{BUCKETS, Latencies, Sample, bucket_of};

/// Counts since the release came into its slot; only ever growing.
pub struct Tally {
    answered: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    /// Requests by latency.
    latencies: [AtomicU64; BUCKETS],
}

impl Default for Tally {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            answered: zero(),
            refused: zero(),
            failed: zero(),
            latencies: std::array::from_fn(|_| zero()),
        }
    }
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tally").field("answered", &self.answered).finish_non_exhaustive()
    }
}

impl Tally {
    /// The counts of this moment; how often the model went away is not known here.
    #[must_use]
    pub fn sample(&self) -> Sample {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Sample {
            answered: read(&self.answered),
            refused: read(&self.refused),
            failed: read(&self.failed),
            crashes: 0,
            latencies: Latencies::from_counts(self.latencies.iter().map(read).enumerate()),
        }
    }

    pub(crate) fn answered(&self, rows: usize, latency_us: u64) {
        self.answered.fetch_add(rows as u64, Ordering::Relaxed);
        self.latencies[bucket_of(latency_us)].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self, rows: usize) {
        self.refused.fetch_add(rows as u64, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self, rows: usize) {
        self.failed.fetch_add(rows as u64, Ordering::Relaxed);
    }
}

/// A request whose model is waited for: a wait that ends with the request's time is a failure of the
/// model, one that the caller ends is none.
pub(crate) struct Wait {
    pub(crate) tally: Arc<Tally>,
    pub(crate) rows: usize,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) deadline_us: u64,
}

impl Wait {
    /// The wait is over, however.
    pub(crate) fn over(mut self) {
        self.rows = 0;
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if self.clock.monotonic_us() >= self.deadline_us {
            self.tally.failed(self.rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use shipworthy_core::SimulatedClock;
    use shipworthy_rows::Timestamp;

    use super::*;

    #[test]
    fn what_happened_is_counted() {
        let tally = Tally::default();
        tally.answered(3, 900);
        tally.answered(1, 50_000);
        tally.refused(2);
        tally.failed(4);
        let sample = tally.sample();
        assert_eq!((sample.answered, sample.refused, sample.failed), (4, 2, 4));
        assert_eq!(sample.latencies.count(), 2);
        assert!(sample.latencies.quantile(1.0).is_some_and(|us| (50_000..52_000).contains(&us)));
    }

    #[test]
    fn a_wait_fails_at_the_deadline_and_not_before() {
        let clock = Arc::new(SimulatedClock::at(Timestamp::from_millis(0)));
        let tally = Arc::new(Tally::default());
        let wait = || Wait {
            tally: Arc::clone(&tally),
            rows: 2,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            deadline_us: 1_000,
        };
        drop(wait());
        assert_eq!(tally.sample().failed, 0);
        clock.advance(Duration::from_millis(1));
        wait().over();
        assert_eq!(tally.sample().failed, 0);
        drop(wait());
        assert_eq!(tally.sample().failed, 2);
    }
}
