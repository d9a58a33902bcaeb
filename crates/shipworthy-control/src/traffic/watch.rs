//! What is seen of a rollout since it came where it is.

use std::collections::VecDeque;
use std::time::Duration;

use shipworthy_core::rollout::{Burst, Evidence, Latencies, Paired, Rollout, Sample};
use shipworthy_serving::{Deployed, Paired as Pairs};

/// The most looks that are remembered: a burst's window of ten minutes, looked at five times a
/// second.
const MAX_LOOKS: usize = 3_000;

/// The counts of a rollout's two sides, against those of when it came into its stage. A restart
/// begins them anew: what it forgets is evidence for going on, so the rollout only takes longer.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    since_us: u64,
    /// What the candidate had done before.
    candidate_before: Sample,
    /// What stable had done before the rollout.
    stable_before: Sample,
    /// What stable did in the rollout, once it is stable no more.
    stable_pinned: Option<Sample>,
    pairs_before: Paired,
    /// What the candidate had done when the rollout began and at each look, the newest last.
    looks: VecDeque<(u64, Sample)>,
    /// What it did in the window before each of the last looks.
    windows: VecDeque<Sample>,
}

impl Watch {
    /// From now on.
    pub(super) fn new(candidate: &Deployed, stable: &Deployed, pairs: &Pairs, now_us: u64) -> Self {
        Self {
            since_us: now_us,
            candidate_before: candidate.sample(),
            stable_before: stable.sample(),
            stable_pinned: None,
            pairs_before: counted(pairs),
            looks: VecDeque::from([(now_us, counts(candidate))]),
            windows: VecDeque::new(),
        }
    }

    /// The rollout came into its next stage.
    pub(super) fn next(&mut self, candidate: &Deployed, pairs: &Pairs, now_us: u64) {
        (self.since_us, self.candidate_before) = (now_us, candidate.sample());
        self.pairs_before = counted(pairs);
    }

    /// Stable answers nobody any more: what it did is what the new one is held against.
    pub(super) fn pin(&mut self, stable: &Deployed) {
        self.stable_pinned = Some(stable.sample().since(&self.stable_before));
    }

    /// Looks at the candidate: what it did in the burst's window is remembered.
    pub(super) fn look(&mut self, candidate: &Deployed, burst: &Burst, now_us: u64) {
        let sample = counts(candidate);
        let window_us = micros(burst.window);
        let is_past = |at: u64| now_us.saturating_sub(at) > window_us;
        // The newest of those before the window is what it is counted from.
        while self.looks.len() > MAX_LOOKS || self.looks.get(1).is_some_and(|(at, _)| is_past(*at))
        {
            self.looks.pop_front();
        }
        let before = self.looks.front().map_or(&self.candidate_before, |(_, sample)| sample);
        self.windows.push_back(sample.since(before));
        while self.windows.len() > usize::try_from(burst.looks.max(1)).unwrap_or(usize::MAX) {
            self.windows.pop_front();
        }
        self.looks.push_back((now_us, sample));
    }

    /// What a verdict is made of. `stable` is the release that the candidate is held against.
    pub(super) fn evidence(
        &self,
        rollout: &Rollout,
        (candidate, stable): (&Deployed, &Deployed),
        pairs: &Pairs,
    ) -> Evidence {
        let now = counted(pairs);
        let paired = Paired {
            rows: now.rows.saturating_sub(self.pairs_before.rows),
            disagreed: now.disagreed.saturating_sub(self.pairs_before.disagreed),
        };
        let stable = match &self.stable_pinned {
            Some(pinned) => pinned.clone(),
            None => stable.sample().since(&self.stable_before),
        };
        Evidence {
            stage: rollout.stage,
            held: rollout.held,
            approved: rollout.approved,
            since_us: self.since_us,
            candidate: candidate.sample().since(&self.candidate_before),
            stable,
            shadow: rollout.is_shadow().then_some(paired),
            looks: self.windows.iter().cloned().collect(),
        }
    }

    /// How long the rollout is where it is.
    pub(super) fn time_here(&self, now_us: u64) -> Duration {
        Duration::from_micros(now_us.saturating_sub(self.since_us))
    }
}

/// Bursts are told by counts alone.
fn counts(candidate: &Deployed) -> Sample {
    Sample { latencies: Latencies::default(), ..candidate.sample() }
}

/// The pairs up to now.
pub(super) fn counted(pairs: &Pairs) -> Paired {
    let counts = pairs.snapshot();
    Paired { rows: counts.paired, disagreed: counts.disagreed }
}

/// A time span in microseconds.
pub(super) fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
