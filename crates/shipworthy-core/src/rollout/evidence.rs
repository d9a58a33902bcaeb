//! What was seen of a rollout's two sides.

use serde::{Deserialize, Serialize};

use super::latency::Latencies;
use super::state::Stage;

/// What one side did. Samples of replicas add up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Rows with an answer.
    pub answered: u64,
    /// Rows that the release's contract refused.
    pub refused: u64,
    /// Rows that the model failed to answer, or not in time.
    pub failed: u64,
    /// How often the model went away: its server, or the process around it.
    pub crashes: u64,
    /// Of answered requests, from acceptance to the record.
    pub latencies: Latencies,
}

impl Sample {
    /// Rows that were asked for.
    #[must_use]
    pub const fn asked(&self) -> u64 {
        self.answered + self.refused + self.failed
    }

    /// Both together.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        Self {
            answered: self.answered + other.answered,
            refused: self.refused + other.refused,
            failed: self.failed + other.failed,
            crashes: self.crashes + other.crashes,
            latencies: self.latencies.merged(&other.latencies),
        }
    }

    /// What came since `earlier`, an earlier sample of the same side.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            answered: self.answered.saturating_sub(earlier.answered),
            refused: self.refused.saturating_sub(earlier.refused),
            failed: self.failed.saturating_sub(earlier.failed),
            crashes: self.crashes.saturating_sub(earlier.crashes),
            latencies: self.latencies.since(&earlier.latencies),
        }
    }
}

/// Rows that stable and its shadow both answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paired {
    /// All of them.
    pub rows: u64,
    /// Those that they answered otherwise.
    pub disagreed: u64,
}

/// What a verdict is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Where the rollout is.
    pub stage: Stage,
    /// Whether somebody holds it there.
    pub held: bool,
    /// Whether an approver lets it go on from there.
    pub approved: bool,
    /// When it came there, in microseconds of a clock that never jumps.
    pub since_us: u64,
    /// What the candidate did since it came there; while it is watched, as stable.
    pub candidate: Sample,
    /// What stable did since the rollout began; while the new one is watched, the one before it.
    pub stable: Sample,
    /// Rows that both answered, while the candidate is a shadow; else nothing.
    pub shadow: Option<Paired>,
    /// What the candidate did in each of the last looks of the burst's window, the newest last.
    pub looks: Vec<Sample>,
}
