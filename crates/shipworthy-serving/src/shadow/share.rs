//! How many of the live requests a shadow is asked too: fewer, the less time they leave.
//!
//! Four times a second it is looked at how much of their time the threads that answer live requests stood
//! still. What the shadow took meanwhile is not left: else it would take the more, the longer they wait
//! for it. While [`SPARE`] of the time is left the shadow is asked everything. Below that its share
//! falls with the fourth power: at half of it to a 16th, and never below [`LEAST`]. Which requests these
//! are is up to the random part of their decisions' ids.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use shipworthy_core::{Clock, DecisionId};
use tokio::runtime::{Handle, RuntimeMetrics};
use tokio::time::{MissedTickBehavior, interval};

/// The share of the threads' time from which on everything is mirrored. With half of its load a
/// server has more; with all of it a tenth is left, which goes by in waits for sockets and the disk.
const SPARE: f64 = 0.2;

/// The smallest share of requests: a server that is always busy learns of its candidate, too.
const LEAST: f64 = 1.0 / 32.0;

/// Long enough that a few requests more are no load, short enough to give way to it.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A longer piece of the shadow's work stood still itself, for want of a core, and counts as so much.
const MAX_PIECE_US: u64 = 100;

/// The share of this moment.
#[derive(Debug)]
pub(super) struct Share {
    /// In parts of `u32::MAX`.
    parts: AtomicU32,
    /// That the shadow was at work, in microseconds, without most of its waits for a core.
    busy_us: AtomicU64,
}

impl Default for Share {
    fn default() -> Self {
        Self { parts: AtomicU32::new(u32::MAX), busy_us: AtomicU64::new(0) }
    }
}

/// The time until a moment, in microseconds.
#[derive(Clone, Copy)]
struct Spent {
    /// That all threads had which answer live requests.
    had: f64,
    /// That they or the shadow were at work.
    busy: f64,
}

impl Share {
    /// Whether a request is among those that are mirrored, by its first decision.
    pub(super) fn has(&self, id: DecisionId) -> bool {
        let [.., a, b, c, d] = id.into_bytes();
        u32::from_be_bytes([a, b, c, d]) <= self.parts.load(Ordering::Relaxed)
    }

    /// Does a piece of the shadow's work: one request, say.
    pub(super) fn spend<T>(&self, clock: &dyn Clock, work: impl FnOnce() -> T) -> T {
        let started_us = clock.monotonic_us();
        let done = work();
        let spent_us = clock.monotonic_us().saturating_sub(started_us);
        self.busy_us.fetch_add(spent_us.min(MAX_PIECE_US), Ordering::Relaxed);
        done
    }

    /// Goes by the threads of this runtime, and has no end.
    pub(super) async fn follow(&self, clock: &dyn Clock) {
        let metrics = Handle::current().metrics();
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut before = self.spent(&metrics, clock);
        loop {
            looks.tick().await;
            let now = self.spent(&metrics, clock);
            self.set(now.had - before.had, now.busy - before.busy);
            before = now;
        }
    }

    /// Takes notice of how much of the time that threads had they were busy.
    pub(super) fn set(&self, had: f64, busy: f64) {
        if had > 0.0 {
            let left = (1.0 - busy / had).max(0.0);
            let share = (left / SPARE).powi(4).clamp(LEAST, 1.0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of 0 to 1 makes such an integer"
            )]
            let share = (share * f64::from(u32::MAX)) as u32;
            self.parts.store(share, Ordering::Relaxed);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "microseconds, exact for centuries")]
    fn spent(&self, metrics: &RuntimeMetrics, clock: &dyn Clock) -> Spent {
        let threads = metrics.num_workers();
        let live = (0..threads).map(|thread| metrics.worker_total_busy_duration(thread));
        let live_us = live.sum::<Duration>().as_micros() as f64;
        let shadow_us = self.busy_us.load(Ordering::Relaxed) as f64;
        let had = clock.monotonic_us() as f64 * threads as f64;
        Spent { had, busy: live_us + shadow_us }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 1,000 requests those that a shadow is asked, where threads were so busy in percent.
    fn asked(busy: f64) -> usize {
        let share = Share::default();
        share.set(100.0, busy);
        let id = |number: u32| {
            let mut bytes = [0; 16];
            bytes[12..].copy_from_slice(&(number * (u32::MAX / 999)).to_be_bytes());
            DecisionId::from_bytes(bytes)
        };
        (0..1_000).filter(|number| share.has(id(*number))).count()
    }

    #[test]
    fn everything_is_mirrored_while_threads_have_time_to_spare() {
        for busy in [0.0, 50.0, 79.9] {
            assert_eq!(asked(busy), 1_000, "{busy}");
        }
    }

    #[test]
    fn the_busier_they_are_the_less_is_mirrored_and_never_nothing() {
        assert_eq!(asked(85.0), 317);
        assert_eq!(asked(90.0), 63);
        for busy in [92.0, 100.0, 130.0] {
            assert_eq!(asked(busy), 32, "{busy}");
        }
    }

    #[test]
    fn no_time_says_nothing() {
        let share = Share::default();
        share.set(100.0, 100.0);
        let before = share.parts.load(Ordering::Relaxed);
        share.set(0.0, 0.0);
        assert_eq!(share.parts.load(Ordering::Relaxed), before);
    }
}
