//! What a rollout goes by.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::guard::Guard;

/// The ways to move a candidate to stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// It answers beside stable, unseen, until somebody promotes it.
    Shadow,
    /// It gets a growing share of the traffic.
    Canary,
    /// It answers unseen until it is found good, and then gets all traffic at once.
    BlueGreen,
}

impl Strategy {
    /// All strategies with their names.
    pub const ALL: [(&'static str, Self); 3] =
        [("shadow", Self::Shadow), ("canary", Self::Canary), ("blue_green", Self::BlueGreen)];

    /// The name in project files, commands and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shadow => "shadow",
            Self::Canary => "canary",
            Self::BlueGreen => "blue_green",
        }
    }
}

/// What a rollout goes by, fixed when it starts: a policy that is changed meanwhile is the next
/// rollout's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The shares of traffic in percent, increasing; 0 is a shadow.
    pub steps: Vec<u8>,
    /// The shares that an approver must let it enter; 100 besides stands for becoming stable where
    /// no step has it.
    pub approvals: Vec<u8>,
    /// Whether it goes on by itself, once a step is passed.
    pub automatic: bool,
    /// The least time in a step.
    pub step_time: Duration,
    /// The least rows that the candidate must have been asked for in a step.
    pub step_rows: u64,
    /// How long a new stable release is watched, and the one before it kept warm.
    pub watch: Duration,
    /// How long after a rollback of its own accord no rollout starts.
    pub cool_down: Duration,
    /// What must hold in every step and while it is watched.
    pub guards: Vec<Guard>,
    /// What ends it within seconds.
    pub burst: Burst,
}

/// So many failures in so short a time that nobody waits for a guard.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Burst {
    /// The time that is looked back.
    pub window: Duration,
    /// The least failed rows in it.
    pub failures: u64,
    /// The least share of failed rows in it, from 0 to 1.
    pub share: f64,
    /// How many looks in a row must find it: one may be chance.
    pub looks: u32,
    /// How often within the window the candidate may go away (its server, or its process) before
    /// that is a crash loop.
    pub crashes: u64,
}

impl Default for Burst {
    fn default() -> Self {
        Self { window: Duration::from_secs(5), failures: 10, share: 0.5, looks: 2, crashes: 3 }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            steps: vec![5, 25, 50, 100],
            approvals: Vec::new(),
            automatic: true,
            step_time: Duration::from_mins(10),
            step_rows: 1_000,
            watch: Duration::from_hours(1),
            cool_down: Duration::from_mins(10),
            guards: Guard::defaults(),
            burst: Burst::default(),
        }
    }
}

impl Policy {
    /// The same for a strategy: shadow and blue-green have one step, which nobody sees, and a shadow
    /// goes on only when somebody says so.
    #[must_use]
    pub fn of(self, strategy: Strategy) -> Self {
        match strategy {
            Strategy::Canary => self,
            Strategy::Shadow => Self { steps: vec![0], automatic: false, ..self },
            Strategy::BlueGreen => Self { steps: vec![0], ..self },
        }
    }

    /// The share of a step, in percent.
    #[must_use]
    pub fn share(&self, step: usize) -> u8 {
        self.steps.get(step).copied().unwrap_or(100)
    }

    /// Whether an approver must let a rollout go on from this step.
    #[must_use]
    pub fn needs_approval_after(&self, step: usize) -> bool {
        let entered = self.share(step + 1);
        // Becoming stable after a step of 100 % changes nobody's answer: that step was approved.
        let is_new = self.share(step) != entered;
        is_new && self.approvals.contains(&entered)
    }
}
