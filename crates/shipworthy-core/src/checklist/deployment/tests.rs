//! Each state of each item, by its evidence.

use super::*;
use crate::checklist::{Facts, judge};
use crate::drill::{Measured, Way};

const DAY: Duration = Duration::from_hours(24);

fn id(digit: &str) -> String {
    format!("sha256:{}", digit.repeat(64))
}

#[track_caller]
fn check(facts: DeploymentFacts, item: &str, state: State, evidence: &str) {
    let facts = Facts { deployment: Some(facts), ..Facts::default() };
    let found = judge(&facts).into_iter().find(|found| found.id == item).unwrap();
    assert_eq!((found.state, found.evidence.as_str()), (state, evidence));
}

fn finished(strategy: Strategy, steps: &[u8], by_hand: usize) -> DeploymentFacts {
    let (release, at) = (id("a"), Timestamp::from_millis(0));
    let finished = vec![Finished { strategy, release, at, steps: steps.to_vec(), by_hand }];
    DeploymentFacts { finished, ..DeploymentFacts::default() }
}

fn bypassed(declared: Option<Strategy>, facts: DeploymentFacts) -> DeploymentFacts {
    let (release, actor) = (id("b"), "ana".to_owned());
    let bypass = Some(Bypass { release, actor, at: Timestamp::from_millis(0) });
    DeploymentFacts { declared, bypass, ..facts }
}

fn drilled(age: Duration, change: impl FnOnce(&mut Measured)) -> DeploymentFacts {
    let way = Some(Way { served_us: 40, stored_us: Some(900) });
    let mut measured = Measured {
        endpoint: "late".to_owned(),
        from: id("a"),
        to: id("b"),
        actor: "ana".to_owned(),
        reason: "a test".to_owned(),
        scheduled: false,
        started_at: Timestamp::from_millis(0),
        seconds: 5,
        lasted_us: 5_000_000,
        there: way,
        back: way,
        cut_short: None,
        rows: Vec::new(),
    };
    change(&mut measured);
    let drill = Some(DrillFacts { drill: measured.judged(), age });
    DeploymentFacts { drill, drill_every: Some(30 * DAY), ..DeploymentFacts::default() }
}

#[test]
fn what_never_happened_is_not_set_up() {
    let nothing = DeploymentFacts::default;
    let no_rows = "no event tells of rows that a release answered unseen";
    check(nothing(), "shadow", State::NotSetUp, no_rows);
    check(nothing(), "canary", State::NotSetUp, "no release became stable by a canary yet");
    let no_swap = "no release became stable by a blue-green swap yet";
    check(nothing(), "blue_green", State::NotSetUp, no_swap);
    check(nothing(), "rollback", State::NotSetUp, "the way back was never drilled");
    let another = finished(Strategy::BlueGreen, &[0], 0);
    check(another, "canary", State::NotSetUp, "no release became stable by a canary yet");
}

#[test]
fn rows_that_a_shadow_answered_are_the_evidence_of_one() {
    let (release, at) = (id("a"), Timestamp::from_millis(0));
    let shadowed = Some(Shadowed { release, at, rows: 57, disagreed: 3 });
    let facts = DeploymentFacts { shadowed, ..DeploymentFacts::default() };
    let evidence = "sha256:aaaaaaaaaaaa answered 57 rows beside stable, 3 of them otherwise \
                    (1970-01-01T00:00:00Z)";
    check(facts, "shadow", State::Met, evidence);
}

#[test]
fn a_canary_that_began_small_is_met_and_says_who_pushed_it() {
    let walked = "sha256:aaaaaaaaaaaa became stable that way (1970-01-01T00:00:00Z)";
    let whole = format!("{walked}, in steps of 5, 50, 100 %");
    check(finished(Strategy::Canary, &[5, 50, 100], 0), "canary", State::Met, &whole);
    let pushed = format!("{walked}, promoted by hand 2 times, in steps of 0, 1, 100 %");
    check(finished(Strategy::Canary, &[0, 1, 100], 2), "canary", State::Met, &pushed);
    let large = format!("{walked}, in steps of 25, 100 %: it began with 25 %");
    check(finished(Strategy::Canary, &[25, 100], 0), "canary", State::Failing, &large);
    let swapped = format!("{walked}, promoted by hand once");
    check(finished(Strategy::BlueGreen, &[0], 1), "blue_green", State::Met, &swapped);
}

#[test]
fn a_release_that_came_past_the_declared_rollout_fails_its_item_alone() {
    let facts = || finished(Strategy::Canary, &[5, 100], 0);
    let why = |name: &str| {
        format!(
            "sha256:bbbbbbbbbbbb was made stable without a rollout by ana (1970-01-01T00:00:00Z), \
             and [rollout] declares the strategy {name}"
        )
    };
    for (_, strategy) in Strategy::ALL {
        let facts = bypassed(Some(strategy), facts());
        check(facts, strategy.name(), State::Failing, &why(strategy.name()));
    }
    let walked = "sha256:aaaaaaaaaaaa became stable that way (1970-01-01T00:00:00Z), in steps of 5, \
                  100 %";
    check(bypassed(Some(Strategy::Shadow), facts()), "canary", State::Met, walked);
    check(bypassed(None, facts()), "canary", State::Met, walked);
}

#[test]
fn the_way_back_is_as_good_as_its_last_drill() {
    let met = "drilled on 1970-01-01T00:00:00Z from sha256:aaaaaaaaaaaa to sha256:bbbbbbbbbbbb: \
               served after 40 µs, and the other way after 40 µs; nobody asked for a row meanwhile";
    check(drilled(30 * DAY, |_| ()), "rollback", State::Met, met);
    let old = "the last drill is 31 days old, and [rollout] asks for one every 30 days";
    check(drilled(31 * DAY, |_| ()), "rollback", State::Failing, old);
    let unscheduled = DeploymentFacts { drill_every: None, ..drilled(900 * DAY, |_| ()) };
    check(unscheduled, "rollback", State::Met, met);
    let failed = drilled(DAY, |measured| measured.cut_short = Some("it was stopped".to_owned()));
    let why = "the drill of 1970-01-01T00:00:00Z failed: it was stopped";
    check(failed, "rollback", State::Failing, why);
}
