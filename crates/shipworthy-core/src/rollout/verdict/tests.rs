use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::Strategy as Any;
use shipworthy_rows::Timestamp;

use super::*;
use crate::rollout::latency::{Latencies, bucket_of};
use crate::rollout::{Guard, Limit, Metric, Paired, Rollout, Strategy, TakeError};
use crate::routing::Salt;

const HOUR_US: u64 = 3_600_000_000;

fn policy() -> Policy {
    Policy { step_time: Duration::from_secs(60), step_rows: 500, ..Policy::default() }
}

fn sample(answered: u64, failed: u64) -> Sample {
    let latencies = Latencies::from_counts([(bucket_of(900), answered)]);
    Sample { answered, failed, latencies, ..Sample::default() }
}

fn evidence(stage: Stage) -> Evidence {
    Evidence {
        stage,
        held: false,
        approved: false,
        since_us: 0,
        candidate: sample(1_000, 0),
        stable: sample(20_000, 0),
        shadow: None,
        looks: Vec::new(),
    }
}

fn rollout(strategy: Strategy, policy: Policy) -> Rollout {
    let id = |digit: &str| format!("sha256:{}", digit.repeat(64)).parse().unwrap();
    Rollout {
        salt: Salt::new([1; 16]),
        strategy,
        policy: policy.of(strategy),
        candidate: id("c"),
        stable: id("5"),
        started_by: "ana".to_owned(),
        started_at: Timestamp::from_millis(0),
        stage: Stage::Step(0),
        held: false,
        approved: false,
        cooling: false,
    }
}

fn verdict(policy: &Policy, evidence: &Evidence) -> (Action, String) {
    let verdict = decide(policy, evidence, HOUR_US * 2);
    (verdict.action, verdict.why)
}

#[test]
fn a_good_candidate_walks_every_step_to_the_end() {
    let mut rollout = rollout(Strategy::Canary, policy());
    let mut shares = vec![rollout.share()];
    while !rollout.is_over() {
        let verdict = decide(&rollout.policy, &evidence(rollout.stage), HOUR_US * 2);
        rollout.take(verdict.action).unwrap();
        shares.push(rollout.share());
    }
    assert_eq!(rollout.stage, Stage::Done);
    assert_eq!(shares, [5, 25, 50, 100, 0, 0]);
}

#[test]
fn failing_rows_and_slow_answers_are_rolled_back_with_the_reason() {
    let failing = Evidence { candidate: sample(2_940, 60), ..evidence(Stage::Step(0)) };
    let (action, why) = verdict(&policy(), &failing);
    assert_eq!(action, Action::RollBack);
    assert_eq!(why, "error_rate is 2.00 %, against 0.00 % of stable: at most 1.00 % is allowed");

    let limit = Limit::MaxRegression(20_000.0);
    let guards = vec![Guard { metric: Metric::Latency(990), limit }];
    let latencies = Latencies::from_counts([(bucket_of(51_000), 1_000)]);
    let candidate = Sample { answered: 1_000, latencies, ..Sample::default() };
    let slow = Evidence { candidate, ..evidence(Stage::Step(0)) };
    let (action, why) = verdict(&Policy { guards, ..policy() }, &slow);
    assert_eq!(action, Action::RollBack);
    assert!(why.starts_with("latency_p99 is 51.2 ms, against 0.9 ms of stable"), "{why}");
}

#[test]
fn what_is_missing_holds_and_is_told() {
    let early = decide(&policy(), &evidence(Stage::Step(0)), 30_000_000);
    assert_eq!(early.action, Action::Hold);
    assert_eq!(early.why, "30 s are left of the 60 s here");

    let told = |evidence: &Evidence, policy: &Policy, words: &str| {
        let (action, why) = verdict(policy, evidence);
        assert_eq!(action, Action::Hold, "{why}");
        assert!(why.contains(words), "{why}");
    };
    let held = Evidence { held: true, ..evidence(Stage::Step(0)) };
    told(&held, &policy(), "held by hand");
    let few = Evidence { candidate: sample(499, 0), ..evidence(Stage::Step(0)) };
    told(&few, &policy(), "asked for 499 rows of 500");
    let alone = Evidence { stable: sample(10, 0), ..evidence(Stage::Step(0)) };
    told(&alone, &policy(), "error_rate is 0.00 %");
    let manual = Policy { automatic: false, ..policy() };
    told(&evidence(Stage::Step(0)), &manual, "when it is promoted");
    let approved = Policy { approvals: vec![25], ..policy() };
    told(&evidence(Stage::Step(0)), &approved, "when an approver lets it");
    let let_go = Evidence { approved: true, ..evidence(Stage::Step(0)) };
    assert_eq!(verdict(&approved, &let_go).0, Action::Advance);
}

#[test]
fn an_approval_counts_for_one_step() {
    let approvals = Policy { approvals: vec![25, 50], ..policy() };
    let mut rollout = rollout(Strategy::Canary, approvals);
    assert_eq!(rollout.take(Action::Advance), Err(TakeError::NotApproved));
    rollout.approved = true;
    rollout.take(Action::Advance).unwrap();
    assert_eq!(rollout.take(Action::Advance), Err(TakeError::NotApproved));
}

#[test]
fn a_burst_is_seen_twice_before_it_counts_and_a_crash_loop_once() {
    let looked = |looks| Evidence { candidate: sample(20, 12), looks, ..evidence(Stage::Step(1)) };
    let (bad, good) = (sample(8, 12), sample(20, 3));
    let none = Policy { guards: Vec::new(), ..policy() };
    assert_eq!(verdict(&none, &looked(vec![good.clone(), bad.clone()])).0, Action::Hold);
    assert_eq!(verdict(&none, &looked(vec![bad.clone(), good])).0, Action::Hold);
    let (action, why) = verdict(&none, &looked(vec![bad.clone(), bad]));
    assert_eq!(action, Action::RollBack);
    assert_eq!(why, "the candidate failed to answer 12 of 20 rows within 5 s");
    let crashed = Sample { crashes: 3, ..sample(5, 0) };
    let (action, why) = verdict(&none, &looked(vec![crashed]));
    assert_eq!((action, &*why), (Action::RollBack, "the candidate went away 3 times within 5 s"));
}

#[test]
fn shadow_waits_to_be_promoted_and_blue_green_swaps_at_once() {
    let mut shadow = rollout(Strategy::Shadow, policy());
    assert!(shadow.is_shadow());
    assert_eq!(verdict(&shadow.policy, &evidence(shadow.stage)).0, Action::Hold);
    shadow.take(shadow.forward()).unwrap();
    assert_eq!(shadow.stage, Stage::Watching);
    let green = rollout(Strategy::BlueGreen, policy());
    assert_eq!(verdict(&green.policy, &evidence(green.stage)).0, Action::Finish);
}

#[test]
fn a_shadow_that_decides_otherwise_is_rolled_back() {
    let guards = vec![Guard { metric: Metric::DisagreementRate, limit: Limit::Max(0.05) }];
    let shadow = rollout(Strategy::BlueGreen, Policy { guards, ..policy() });
    let with = |disagreed| Evidence {
        shadow: Some(Paired { rows: 1_000, disagreed }),
        ..evidence(shadow.stage)
    };
    let (action, why) = verdict(&shadow.policy, &with(200));
    assert_eq!(action, Action::RollBack);
    assert_eq!(why, "disagreement_rate is 20.00 %, at most 5.00 % is allowed");
    assert_eq!(verdict(&shadow.policy, &with(10)).0, Action::Finish);
    // Once the candidate answers callers there is nothing to compare.
    assert_eq!(verdict(&shadow.policy, &evidence(shadow.stage)).0, Action::Finish);
}

fn any_action() -> impl Any<Value = Action> {
    prop::sample::select(vec![Action::Advance, Action::Hold, Action::RollBack, Action::Finish])
}

prop_compose! {
    fn any_sample()(answered in 0..5_000_u64, refused in 0..50_u64, failed in 0..50_u64,
        crashes in 0..3_u64, latency in 1..400_000_u64) -> Sample {
        let latencies = Latencies::from_counts([(bucket_of(latency), answered)]);
        Sample { answered, refused, failed, crashes, latencies }
    }
}

prop_compose! {
    fn any_evidence()(
        step in 0..4_usize, watching in any::<bool>(), held in any::<bool>(),
        approved in any::<bool>(), since_us in 0..HOUR_US, candidate in any_sample(),
        stable in any_sample(), looks in prop::collection::vec(any_sample(), 0..3),
    ) -> Evidence {
        let stage = if watching { Stage::Watching } else { Stage::Step(step) };
        let shadow = None;
        Evidence { stage, held, approved, since_us, candidate, stable, shadow, looks }
    }
}

proptest! {
    #[test]
    fn nothing_gets_to_the_end_without_every_step(
        actions in prop::collection::vec(any_action(), 0..40)
    ) {
        let mut rollout = rollout(Strategy::Canary, policy());
        let mut shares = vec![rollout.share()];
        for action in actions {
            let before = rollout.clone();
            match rollout.take(action) {
                Ok(()) if rollout.is_in_steps() => shares.push(rollout.share()),
                Ok(()) => {}
                Err(_) => prop_assert_eq!(&rollout, &before),
            }
        }
        shares.dedup();
        prop_assert!([5, 25, 50, 100].starts_with(&shares), "{:?}", shares);
        if matches!(rollout.stage, Stage::Watching | Stage::Done) {
            prop_assert_eq!(shares, [5, 25, 50, 100]);
        }
    }

    #[test]
    fn every_state_can_roll_back(
        actions in prop::collection::vec(any_action(), 0..40)
    ) {
        let mut rollout = rollout(Strategy::Canary, policy());
        for action in actions {
            let mut back = rollout.clone();
            if rollout.stage != Stage::RolledBack {
                back.take(Action::RollBack).unwrap();
                prop_assert_eq!(back.stage, Stage::RolledBack);
            }
            prop_assert_eq!(back.share(), 0);
            let _ = rollout.take(action);
        }
    }

    #[test]
    fn stored_evidence_gives_the_same_verdict(evidence in any_evidence(), now in 0..HOUR_US) {
        let policy = policy();
        let verdict = decide(&policy, &evidence, now);
        let stored = serde_json::to_string(&(&policy, &evidence, now)).unwrap();
        let (policy, evidence, now): (Policy, Evidence, u64) =
            serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(decide(&policy, &evidence, now), verdict);
    }

    /// Whatever the clock says, going on needs the rows, and a clock that goes back only waits.
    #[test]
    fn a_clock_that_jumps_does_no_harm(evidence in any_evidence(), now: u64, earlier: u64) {
        let policy = policy();
        let verdict = decide(&policy, &evidence, now);
        let goes_on = |action| matches!(action, Action::Advance | Action::Finish);
        if goes_on(verdict.action) && evidence.stage != Stage::Watching {
            prop_assert!(evidence.candidate.asked() >= policy.step_rows && !evidence.held);
        }
        let before = decide(&policy, &evidence, earlier.min(now)).action;
        let is_same = before == verdict.action;
        prop_assert!(is_same || (before == Action::Hold && goes_on(verdict.action)));
    }

    /// The table takes every verdict, and evidence goes on only where the table lets it.
    #[test]
    fn every_verdict_can_be_taken(evidence in any_evidence()) {
        let approvals = Policy { approvals: vec![50], ..policy() };
        let mut rollout = rollout(Strategy::Canary, approvals);
        (rollout.stage, rollout.approved) = (evidence.stage, evidence.approved);
        let verdict = decide(&rollout.policy, &evidence, HOUR_US * 2);
        prop_assert!(rollout.take(verdict.action).is_ok(), "{:?}", verdict);
    }
}
