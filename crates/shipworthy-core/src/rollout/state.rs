//! Where a rollout is, and what may follow.

use serde::{Deserialize, Serialize};
use shipworthy_rows::Timestamp;

use super::policy::{Policy, Strategy};
use super::verdict::Action;
use crate::ReleaseId;
use crate::routing::Salt;

/// Where a rollout is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// In this step of its policy, from 0.
    Step(usize),
    /// The candidate is stable, and looked after.
    Watching,
    /// It is over, and the candidate is stable.
    Done,
    /// It is over, and the candidate answers nobody.
    RolledBack,
}

/// A rollout of one candidate at one endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rollout {
    /// What splits the traffic, and names the rollout.
    pub salt: Salt,
    /// In which way.
    pub strategy: Strategy,
    /// What it goes by.
    pub policy: Policy,
    /// The release that is to become stable.
    #[serde(with = "as_text")]
    pub candidate: ReleaseId,
    /// The release that it goes back to.
    #[serde(with = "as_text")]
    pub stable: ReleaseId,
    /// The name of the token that started it.
    pub started_by: String,
    /// When, by the clock of who started it.
    pub started_at: Timestamp,
    /// Where it is.
    pub stage: Stage,
    /// Whether somebody holds it there.
    pub held: bool,
    /// Whether an approver lets it go on from there.
    pub approved: bool,
    /// Whether it was rolled back of its own accord, so that none is begun for a while.
    pub cooling: bool,
}

/// Why an action cannot follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TakeError {
    /// The rollout has come to its end.
    #[error("the rollout is over")]
    Over,
    /// It ends with this step, and can only finish.
    #[error("the rollout is in its last step: it can only finish")]
    LastStep,
    /// It has steps before it yet.
    #[error("the rollout has steps before it: it can only advance")]
    StepsLeft,
    /// An approver must let it.
    #[error("an approver must let the rollout go on")]
    NotApproved,
}

impl Rollout {
    /// The table: what each action makes of each stage.
    ///
    /// | in | advance | finish | roll back | hold |
    /// |---|---|---|---|---|
    /// | a step with more after it | the next step | | rolled back | stays |
    /// | the last step | | watching | rolled back | stays |
    /// | watching | | done | rolled back | stays |
    /// | done | | | rolled back | |
    /// | rolled back | | | | |
    ///
    /// # Errors
    /// When the action cannot follow; nothing has changed then.
    pub fn take(&mut self, action: Action) -> Result<(), TakeError> {
        let next = match (self.stage, action) {
            (Stage::Step(_) | Stage::Watching, Action::Hold) => return Ok(()),
            (Stage::Step(_) | Stage::Watching | Stage::Done, Action::RollBack) => Stage::RolledBack,
            (Stage::Step(_), Action::Advance) if self.is_last_step() => {
                return Err(TakeError::LastStep);
            }
            (Stage::Step(_), Action::Finish) if !self.is_last_step() => {
                return Err(TakeError::StepsLeft);
            }
            (Stage::Step(_), Action::Advance | Action::Finish) if !self.may_go_on() => {
                return Err(TakeError::NotApproved);
            }
            (Stage::Step(step), Action::Advance) => Stage::Step(step + 1),
            (Stage::Step(_), Action::Finish) => Stage::Watching,
            (Stage::Watching, Action::Finish) => Stage::Done,
            (Stage::Watching, Action::Advance) | (Stage::Done | Stage::RolledBack, _) => {
                return Err(TakeError::Over);
            }
        };
        (self.stage, self.held, self.approved) = (next, false, false);
        Ok(())
    }

    /// What brings it on from where it is: advance, or finish.
    #[must_use]
    pub fn forward(&self) -> Action {
        match self.stage {
            Stage::Step(_) if !self.is_last_step() => Action::Advance,
            _ => Action::Finish,
        }
    }

    /// The candidate's share of the traffic, in percent.
    #[must_use]
    pub fn share(&self) -> u8 {
        match self.stage {
            Stage::Step(step) => self.policy.share(step),
            Stage::Watching | Stage::Done | Stage::RolledBack => 0,
        }
    }

    /// Whether the candidate answers as a shadow of stable.
    #[must_use]
    pub fn is_shadow(&self) -> bool {
        matches!(self.stage, Stage::Step(_)) && self.share() == 0
    }

    /// Whether there is a candidate that is not stable yet.
    #[must_use]
    pub const fn is_in_steps(&self) -> bool {
        matches!(self.stage, Stage::Step(_))
    }

    /// Whether anything can happen to it of its own accord.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Done | Stage::RolledBack)
    }

    /// The name of where it is, for commands and pages.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match self.stage {
            Stage::Step(_) if self.held => "held",
            Stage::Step(_) if self.is_shadow() => "shadow",
            Stage::Step(_) => "canary",
            Stage::Watching => "watching",
            Stage::Done => "done",
            Stage::RolledBack => "rolled_back",
        }
    }

    /// Whether no approval is missing for what comes next.
    #[must_use]
    pub fn may_go_on(&self) -> bool {
        match self.stage {
            Stage::Step(step) => self.approved || !self.policy.needs_approval_after(step),
            _ => true,
        }
    }

    fn is_last_step(&self) -> bool {
        matches!(self.stage, Stage::Step(step) if step + 1 >= self.policy.steps.len())
    }
}

/// A release id as its text.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::ReleaseId;

    pub(super) fn serialize<S: Serializer>(id: &ReleaseId, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(id.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ReleaseId, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}
