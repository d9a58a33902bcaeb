//! Time as an argument.

use std::sync::atomic::{AtomicI64, Ordering};

use shipworthy_rows::Timestamp;

/// The one source of time. The binary has the system's; tests and scenarios move a
/// [`SimulatedClock`] by hand.
pub trait Clock: Send + Sync {
    /// The time of day, for records. It may jump.
    fn now(&self) -> Timestamp;

    /// Microseconds since some fixed instant, for measuring how long something took. It never
    /// goes backwards.
    fn monotonic_us(&self) -> u64;
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct SimulatedClock {
    start: Timestamp,
    elapsed_us: AtomicI64,
}

impl SimulatedClock {
    /// A clock that shows `start`.
    #[must_use]
    pub const fn at(start: Timestamp) -> Self {
        Self { start, elapsed_us: AtomicI64::new(0) }
    }

    /// Moves the clock on.
    pub fn advance(&self, by: std::time::Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.elapsed_us.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        self.start.plus_micros(self.elapsed_us.load(Ordering::SeqCst))
    }

    fn monotonic_us(&self) -> u64 {
        self.elapsed_us.load(Ordering::SeqCst).unsigned_abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulated_clock_moves_by_hand_only() {
        let clock = SimulatedClock::at(Timestamp::from_millis(1_000));
        assert_eq!(clock.now(), clock.now());
        clock.advance(std::time::Duration::from_secs(2));
        assert_eq!(clock.now(), Timestamp::from_millis(3_000));
        assert_eq!(clock.monotonic_us(), 2_000_000);
    }
}
