//! A circuit breaker: a server that does not answer is left alone for a while, so that callers
//! learn at once what they would otherwise wait for, and the server can come back.
//!
//! Closed until so many calls in a row failed; then open; after the pause one call is let through.
//! If that one succeeds the breaker closes, else it opens again, for twice as long each time.
//! Source: M. Nygard, *Release It!*, "Circuit Breaker".

use std::sync::{Mutex, MutexGuard, PoisonError};

/// When it opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Thresholds {
    /// Calls in a row that must fail.
    pub(super) failures: u32,
    /// The first pause, in microseconds.
    pub(super) first_pause_us: u64,
    /// The longest pause, in microseconds.
    pub(super) longest_pause_us: u64,
    /// A trial call that is not heard of for so long is taken for lost, in microseconds.
    pub(super) trial_us: u64,
}

#[derive(Debug)]
pub(super) struct Breaker {
    thresholds: Thresholds,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until_us: u64,
        pause_us: u64,
    },
    /// One call is on its way.
    Trial {
        since_us: u64,
        pause_us: u64,
    },
}

impl Breaker {
    pub(super) const fn new(thresholds: Thresholds) -> Self {
        Self { thresholds, state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// Whether a call may be made at `now_us`. One that may tells its end.
    pub(super) fn admits(&self, now_us: u64) -> bool {
        let mut state = self.state();
        let pause_us = match *state {
            State::Closed { .. } => return true,
            State::Open { until_us, pause_us } if now_us >= until_us => pause_us,
            State::Trial { since_us, pause_us }
                if now_us >= since_us.saturating_add(self.thresholds.trial_us) =>
            {
                pause_us
            }
            State::Open { .. } | State::Trial { .. } => return false,
        };
        *state = State::Trial { since_us: now_us, pause_us };
        true
    }

    /// Whether calls are let through as they come.
    pub(super) fn is_closed(&self) -> bool {
        matches!(*self.state(), State::Closed { .. })
    }

    /// A call was answered.
    pub(super) fn succeeded(&self) {
        *self.state() = State::Closed { failures: 0 };
    }

    /// A call was not answered. Says whether the breaker opened by it.
    pub(super) fn failed(&self, now_us: u64) -> bool {
        let Thresholds { failures: most, first_pause_us, longest_pause_us, .. } = self.thresholds;
        let mut state = self.state();
        let pause_us = match *state {
            State::Closed { failures } if failures + 1 < most => {
                *state = State::Closed { failures: failures + 1 };
                return false;
            }
            State::Closed { .. } => first_pause_us,
            State::Trial { pause_us, .. } => pause_us.saturating_mul(2).min(longest_pause_us),
            // A call that began before the breaker opened.
            State::Open { .. } => return false,
        };
        *state = State::Open { until_us: now_us.saturating_add(pause_us), pause_us };
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const THRESHOLDS: Thresholds =
        Thresholds { failures: 3, first_pause_us: 100, longest_pause_us: 350, trial_us: 50 };

    #[test]
    fn it_opens_after_failures_in_a_row_and_closes_after_one_success() {
        let breaker = Breaker::new(THRESHOLDS);
        assert!(!breaker.failed(0) && !breaker.failed(0));
        breaker.succeeded();
        assert!(!breaker.failed(0) && !breaker.failed(0) && breaker.is_closed());
        assert!(breaker.failed(10), "the third in a row");
        assert!(!breaker.admits(109) && !breaker.is_closed());
        assert!(breaker.admits(110), "one trial");
        assert!(!breaker.admits(111), "and no second");
        breaker.succeeded();
        assert!(breaker.admits(112) && breaker.is_closed());
    }

    #[test]
    fn each_failed_trial_doubles_the_pause_up_to_the_longest() {
        let breaker = Breaker::new(THRESHOLDS);
        (0..3).for_each(|_| assert!(!breaker.failed(0) || !breaker.is_closed()));
        let mut now_us = 0;
        for pause_us in [100, 200, 350, 350] {
            assert!(!breaker.admits(now_us + pause_us - 1), "{pause_us}");
            now_us += pause_us;
            assert!(breaker.admits(now_us));
            assert!(breaker.failed(now_us));
        }
    }

    #[test]
    fn a_trial_that_is_never_heard_of_is_followed_by_another() {
        let breaker = Breaker::new(THRESHOLDS);
        (0..3).for_each(|_| assert!(!breaker.failed(0) || !breaker.is_closed()));
        assert!(breaker.admits(100));
        assert!(!breaker.admits(149));
        assert!(breaker.admits(150));
    }

    proptest! {
        /// Whatever happens, calls are made again some time after the last failure.
        #[test]
        fn it_never_stays_open(events in prop::collection::vec((0..3_u8, 0..200_u64), 0..60)) {
            let breaker = Breaker::new(THRESHOLDS);
            let mut now_us = 0;
            for (event, after_us) in events {
                now_us += after_us;
                match event {
                    0 => breaker.succeeded(),
                    1 => _ = breaker.failed(now_us),
                    _ => _ = breaker.admits(now_us),
                }
            }
            prop_assert!(breaker.admits(now_us + 350));
        }
    }
}
