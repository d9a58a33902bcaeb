//! What evidence asks for.

use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, Sample};
use super::guard::{Finding, Judge, Reading};
use super::policy::{Burst, Policy};
use super::state::Stage;
use crate::canonical;

/// What is done to a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Go on to the next step.
    Advance,
    /// Stay.
    Hold,
    /// Give all traffic back to the release from before.
    RollBack,
    /// Make the candidate stable; or, while it is watched, let it be.
    Finish,
}

/// What is to be done, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// What.
    pub action: Action,
    /// Why, in words.
    pub why: String,
    /// What each guard found.
    pub findings: Vec<Finding>,
    /// The SHA-256 of the evidence's canonical JSON.
    pub evidence: String,
}

/// What the evidence asks for at `now_us`, by a clock that never jumps: it is the one of
/// [`Evidence::since_us`], and only the distance between the two counts.
///
/// Going back is decided first, whatever else holds: by a burst of failures, then by a guard. Going
/// on needs everything: nobody holds it, the least time, the least rows, every guard within its
/// limit, the approval.
#[must_use]
pub fn decide(policy: &Policy, evidence: &Evidence, now_us: u64) -> Verdict {
    let guards = policy.guards.iter();
    let findings: Vec<_> = guards.map(|guard| guard.judge(evidence, policy.step_rows)).collect();
    let (action, why) = judged(policy, evidence, &findings, now_us);
    let text = canonical::to_string(evidence).expect("evidence has a JSON form");
    Verdict { action, why, findings, evidence: canonical::sha256_hex(text.as_bytes()) }
}

fn judged(
    policy: &Policy,
    evidence: &Evidence,
    findings: &[Finding],
    now_us: u64,
) -> (Action, String) {
    let step = match evidence.stage {
        Stage::Step(step) => Some(step),
        Stage::Watching => None,
        Stage::Done | Stage::RolledBack => return (Action::Hold, "the rollout is over".to_owned()),
    };
    if let Some(why) = burst(&policy.burst, &evidence.looks) {
        return (Action::RollBack, why);
    }
    let found = |reading| findings.iter().find(move |finding| finding.reading == reading);
    if let Some(beyond) = found(Reading::Beyond) {
        return (Action::RollBack, beyond.why.clone());
    }
    let hold = |why: String| (Action::Hold, why);
    if evidence.held {
        return hold("it is held by hand".to_owned());
    }
    let time = if step.is_some() { policy.step_time } else { policy.watch };
    let passed_us = u128::from(now_us.saturating_sub(evidence.since_us));
    if passed_us < time.as_micros() {
        let left = (time.as_micros() - passed_us).div_ceil(1_000_000);
        return hold(format!("{left} s are left of the {} s here", time.as_secs_f64()));
    }
    let Some(step) = step else {
        return (Action::Finish, "nothing went wrong while it was watched".to_owned());
    };
    let asked = evidence.candidate.asked();
    if asked < policy.step_rows {
        return hold(format!("the candidate was asked for {asked} rows of {}", policy.step_rows));
    }
    if let Some(open) = found(Reading::TooFew).or_else(|| found(Reading::Unclear)) {
        return hold(open.why.clone());
    }
    if !policy.automatic {
        return hold("every guard holds; it goes on when it is promoted".to_owned());
    }
    if policy.needs_approval_after(step) && !evidence.approved {
        return hold("every guard holds; it goes on when an approver lets it".to_owned());
    }
    let action = if step + 1 < policy.steps.len() { Action::Advance } else { Action::Finish };
    (action, format!("every guard holds after {asked} rows"))
}

/// Why the last looks are a burst of failures or a crash loop, if they are.
#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
fn burst(burst: &Burst, looks: &[Sample]) -> Option<String> {
    let seconds = burst.window.as_secs_f64();
    if let Some(last) = looks.last().filter(|last| last.crashes >= burst.crashes.max(1)) {
        let crashes = last.crashes;
        return Some(format!("the candidate went away {crashes} times within {seconds} s"));
    }
    let is_burst = |sample: &Sample| {
        let asked = sample.asked() as f64;
        sample.failed >= burst.failures.max(1) && sample.failed as f64 >= burst.share * asked
    };
    let needed = usize::try_from(burst.looks.max(1)).unwrap_or(usize::MAX);
    let is_sure = looks.len() >= needed && looks.iter().rev().take(needed).all(is_burst);
    let last = looks.last().filter(|_| is_sure)?;
    let (failed, asked) = (last.failed, last.asked());
    Some(format!("the candidate failed to answer {failed} of {asked} rows within {seconds} s"))
}

#[cfg(test)]
mod tests;
