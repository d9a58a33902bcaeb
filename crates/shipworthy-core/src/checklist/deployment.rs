//! How releases come to callers, and back: what an endpoint's events tell.

use std::time::Duration;

use shipworthy_rows::Timestamp;

use super::{Item, State};
use crate::drill::Drill;
use crate::rollout::Strategy;

/// The largest share that a canary may begin with, in percent.
const FIRST_SHARE: u8 = 5;

/// What is known about an endpoint's traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeploymentFacts {
    /// The strategy of `[rollout]`, where it declares anything.
    pub declared: Option<Strategy>,
    /// The last rollout of each strategy that made its candidate stable, newest first.
    pub finished: Vec<Finished>,
    /// The last rows that a shadow answered.
    pub shadowed: Option<Shadowed>,
    /// How stable took the place of another release without a rollout, if it did.
    pub bypass: Option<Bypass>,
    /// The last drill of the way back.
    pub drill: Option<DrillFacts>,
    /// How often `[rollout]` asks for one.
    pub drill_every: Option<Duration>,
}

/// A rollout whose candidate became stable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// In which way.
    pub strategy: Strategy,
    /// The candidate.
    pub release: String,
    /// When it became stable.
    pub at: Timestamp,
    /// The shares of its steps, in percent.
    pub steps: Vec<u8>,
    /// How often somebody promoted it by hand, whatever its guards said.
    pub by_hand: usize,
}

/// What a release answered unseen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadowed {
    /// The release.
    pub release: String,
    /// When that was written down.
    pub at: Timestamp,
    /// Rows that stable and it both answered.
    pub rows: u64,
    /// Those that they answered otherwise.
    pub disagreed: u64,
}

/// A release that was made stable over another one, without a rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bypass {
    /// The release.
    pub release: String,
    /// The name of the token that did it.
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

/// A drill that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrillFacts {
    /// How it went.
    pub drill: Drill,
    /// How long ago it was written down.
    pub age: Duration,
}

type Judged = (State, String);

/// The items of the part, in their order.
pub(super) fn deployment(facts: Option<&DeploymentFacts>, items: &mut Vec<Item>) {
    let mut add = |id, title, next, judge: fn(&DeploymentFacts) -> Judged| {
        let (state, evidence) = facts.map_or_else(no_endpoint, judge);
        items.push(Item { id, part: "Deployment", title, state, evidence, next });
    };
    add(
        "shadow",
        "shadow: the candidate answers beside stable, unseen",
        "`shipworthy deploy ENDPOINT RELEASE --strategy shadow --reason WHY`, then promote it or \
         roll it back",
        shadow,
    );
    add(
        "canary",
        "canary: the candidate gets 5 % first",
        "`shipworthy deploy ENDPOINT RELEASE --strategy canary --reason WHY`, with steps from 5 on \
         in [rollout]",
        canary,
    );
    add(
        "blue_green",
        "blue-green: all traffic moves in one swap",
        "`shipworthy deploy ENDPOINT RELEASE --strategy blue_green --reason WHY`",
        blue_green,
    );
}

/// The way back, which is an item of governance.
pub(super) fn rollback(facts: Option<&DeploymentFacts>) -> Item {
    let (state, evidence) = facts.map_or_else(no_endpoint, drilled);
    Item {
        id: "rollback",
        part: "Governance",
        title: "one-click rollback, drilled",
        state,
        evidence,
        next: "`shipworthy drill rollback ENDPOINT --reason WHY`, or drill_every in [rollout]",
    }
}

fn no_endpoint() -> Judged {
    (State::NotSetUp, "nothing is served yet".to_owned())
}

fn shadow(facts: &DeploymentFacts) -> Judged {
    let told = facts.shadowed.as_ref().map(|Shadowed { release, at, rows, disagreed }| {
        let release = short(release);
        let met = format!(
            "{release} answered {rows} rows beside stable, {disagreed} of them otherwise ({at})"
        );
        (State::Met, met)
    });
    bypassed(facts, Strategy::Shadow).or(told).unwrap_or_else(|| {
        (State::NotSetUp, "no event tells of rows that a release answered unseen".to_owned())
    })
}

fn canary(facts: &DeploymentFacts) -> Judged {
    let told = finished(facts, Strategy::Canary).map(|finished| {
        let first = finished.steps.iter().find(|share| **share > 0).copied().unwrap_or(100);
        let steps: Vec<_> = finished.steps.iter().map(u8::to_string).collect();
        let walked = format!("{}, in steps of {} %", became(finished), steps.join(", "));
        match first <= FIRST_SHARE {
            true => (State::Met, walked),
            false => (State::Failing, format!("{walked}: it began with {first} %")),
        }
    });
    bypassed(facts, Strategy::Canary)
        .or(told)
        .unwrap_or_else(|| (State::NotSetUp, "no release became stable by a canary yet".to_owned()))
}

fn blue_green(facts: &DeploymentFacts) -> Judged {
    let told = finished(facts, Strategy::BlueGreen).map(|it| (State::Met, became(it)));
    bypassed(facts, Strategy::BlueGreen).or(told).unwrap_or_else(|| {
        (State::NotSetUp, "no release became stable by a blue-green swap yet".to_owned())
    })
}

fn drilled(facts: &DeploymentFacts) -> Judged {
    let Some(DrillFacts { drill, age }) = &facts.drill else {
        return (State::NotSetUp, "the way back was never drilled".to_owned());
    };
    let (at, why) = (drill.measured.started_at, &drill.why);
    if !drill.passed {
        return (State::Failing, format!("the drill of {at} failed: {why}"));
    }
    if let Some(every) = facts.drill_every.filter(|every| age > every) {
        let (age, every) = (days(*age), days(every));
        let overdue =
            format!("the last drill is {age} old, and [rollout] asks for one every {every}");
        return (State::Failing, overdue);
    }
    let (from, to) = (short(&drill.measured.from), short(&drill.measured.to));
    (State::Met, format!("drilled on {at} from {from} to {to}: {why}"))
}

/// What speaks against the strategy that was declared: that nobody kept to it.
fn bypassed(facts: &DeploymentFacts, strategy: Strategy) -> Option<Judged> {
    let Bypass { release, actor, at } = facts.bypass.as_ref()?;
    (facts.declared == Some(strategy)).then(|| {
        let (release, name) = (short(release), strategy.name());
        let why = format!(
            "{release} was made stable without a rollout by {actor} ({at}), and [rollout] declares \
             the strategy {name}"
        );
        (State::Failing, why)
    })
}

fn finished(facts: &DeploymentFacts, strategy: Strategy) -> Option<&Finished> {
    facts.finished.iter().find(|finished| finished.strategy == strategy)
}

fn became(Finished { release, at, by_hand, .. }: &Finished) -> String {
    let hand = match by_hand {
        0 => String::new(),
        1 => ", promoted by hand once".to_owned(),
        times => format!(", promoted by hand {times} times"),
    };
    format!("{} became stable that way ({at}){hand}", short(release))
}

/// Enough of a release's name to tell it apart.
fn short(release: &str) -> &str {
    release.get(..19).unwrap_or(release)
}

fn days(span: Duration) -> String {
    match span.as_secs() / 86_400 {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests;
