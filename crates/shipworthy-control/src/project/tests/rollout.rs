//! `[rollout]`.

use std::time::Duration;

use shipworthy_core::attestation::predicate;
use shipworthy_core::rollout::{Burst, Guard, Limit, Metric, Policy, Strategy};

use super::{check, extended, parse};
use crate::project::Rollout;

#[test]
fn everything_that_a_rollout_can_be_told_is_read() {
    let text = r#"
[rollout]
strategy = "blue_green"
steps = [0, 1, 100]
key = "origin"
testers = ["JFK", "EWR"]
automatic = false
approvals = [1, 100]
step_time = "0s"
step_rows = 1
watch = "30d"
cool_down = "1500ms"
requires = ["gate-report", "approval", "https://example.com/bias-audit/v1"]
drill_every = "7d"

[rollout.burst]
window = "1s"
failures = 1
share = 1
looks = 1
crashes = 1

[[rollout.guard]]
metric = "refused_rate"
max = 0

[[rollout.guard]]
metric = "latency_p999"
max_regression = "20ms"

[[rollout.guard]]
metric = "latency_p999"
max = "1s"
"#;
    let guard = |metric, limit| Guard { metric, limit };
    let tail = Metric::Latency(999);
    let policy = Policy {
        steps: vec![0, 1, 100],
        approvals: vec![1, 100],
        automatic: false,
        step_time: Duration::ZERO,
        step_rows: 1,
        watch: Duration::from_hours(24 * 30),
        cool_down: Duration::from_millis(1_500),
        guards: vec![
            guard(Metric::RefusedRate, Limit::Max(0.0)),
            guard(tail, Limit::MaxRegression(20_000.0)),
            guard(tail, Limit::Max(1_000_000.0)),
        ],
        burst: Burst {
            window: Duration::from_secs(1),
            failures: 1,
            share: 1.0,
            looks: 1,
            crashes: 1,
        },
    };
    let rollout = Rollout {
        strategy: Strategy::BlueGreen,
        key: Some("origin".into()),
        policy,
        testers: vec!["JFK".into(), "EWR".into()],
        requires: vec![
            predicate::GATE_REPORT.to_owned(),
            predicate::APPROVAL.to_owned(),
            "https://example.com/bias-audit/v1".to_owned(),
        ],
        drill_every: Some(Duration::from_hours(24 * 7)),
    };
    assert_eq!(parse(&extended(text)).rollout, rollout);
}

#[test]
fn what_is_required_is_a_statement_that_there_may_be() {
    check(
        &extended("\n[rollout]\nrequires = [\"gate_report\"]\n"),
        r#"
  × `requires` in [rollout] lists "gate_report"
    ╭─[shipworthy.toml:22:12]
 21 │ [rollout]
 22 │ requires = ["gate_report"]
    ·            ───────┬───────
    ·                   ╰── expected `gate-report`, `approval` or the URI of a predicate type
    ╰────
  help: did you mean `gate-report`?
"#,
    );
}

#[test]
fn a_policy_survives_its_record() {
    let text = "[[rollout.guard]]\nmetric = \"latency_p95\"\nmax_regression = \"0s\"\n";
    let policy = parse(&extended(text)).rollout.policy;
    let record = serde_json::to_string(&policy).unwrap();
    assert_eq!(serde_json::from_str::<Policy>(&record).unwrap(), policy);
}

#[test]
fn steps_increase_to_100() {
    check(
        &extended("\n[rollout]\nsteps = [5, 50, 25, 100]\n"),
        r#"
  × `steps` in [rollout] is [5, 50, 25, 100]
    ╭─[shipworthy.toml:22:9]
 21 │ [rollout]
 22 │ steps = [5, 50, 25, 100]
    ·         ────────┬───────
    ·                 ╰── expected increasing percentages that end with 100
    ╰────
"#,
    );
    check(
        &extended("\n[rollout]\nsteps = [5, 50]\n"),
        r#"
  × `steps` in [rollout] is [5, 50]
    ╭─[shipworthy.toml:22:9]
 21 │ [rollout]
 22 │ steps = [5, 50]
    ·         ───┬───
    ·            ╰── expected increasing percentages that end with 100
    ╰────
"#,
    );
    check(
        &extended(
            r#"
[rollout]
steps = [-1, "5", 101]
"#,
        ),
        r#"
  × `steps` in [rollout] holds -1
    ╭─[shipworthy.toml:22:10]
 21 │ [rollout]
 22 │ steps = [-1, "5", 101]
    ·          ─┬
    ·           ╰── expected a whole number from 0 to 100
    ╰────

  × `steps` in [rollout] holds "5"
    ╭─[shipworthy.toml:22:14]
 21 │ [rollout]
 22 │ steps = [-1, "5", 101]
    ·              ─┬─
    ·               ╰── expected a whole number from 0 to 100
    ╰────
  help: write it without quotes: 5

  × `steps` in [rollout] holds 101
    ╭─[shipworthy.toml:22:19]
 21 │ [rollout]
 22 │ steps = [-1, "5", 101]
    ·                   ─┬─
    ·                    ╰── expected a whole number from 0 to 100
    ╰────
"#,
    );
}

#[test]
fn there_are_not_too_many_steps() {
    let steps: Vec<_> = (80..=100).collect();
    check(
        &extended(&format!("\n[rollout]\nsteps = {steps:?}\n")),
        r#"
  × `steps` in [rollout] has 21 percentages
    ╭─[shipworthy.toml:22:9]
 21 │ [rollout]
 22 │ steps = [80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100]
    ·         ──────────────────────────────────────────┬──────────────────────────────────────────
    ·                                                   ╰── expected at most 20
    ╰────
"#,
    );
    check(
        &extended("\n[rollout]\nsteps = []\n"),
        r#"
  × `steps` in [rollout] is []
    ╭─[shipworthy.toml:22:9]
 21 │ [rollout]
 22 │ steps = []
    ·         ─┬
    ·          ╰── expected increasing percentages that end with 100
    ╰────
"#,
    );
}

#[test]
fn an_approval_is_for_a_step() {
    check(
        &extended("\n[rollout]\napprovals = [30, 100]\n"),
        r#"
  × `approvals` in [rollout] is [30, 100]
    ╭─[shipworthy.toml:22:13]
 21 │ [rollout]
 22 │ approvals = [30, 100]
    ·             ────┬────
    ·                 ╰── expected increasing percentages, each of them a step after the first: `25`, `50` or `100`
    ╰────
"#,
    );
    check(
        &extended("\n[rollout]\nsteps = [10, 100]\napprovals = [100, 10]\n"),
        r#"
  × `approvals` in [rollout] is [100, 10]
    ╭─[shipworthy.toml:23:13]
 22 │ steps = [10, 100]
 23 │ approvals = [100, 10]
    ·             ────┬────
    ·                 ╰── expected increasing percentages, each of them a step after the first: `100`
    ╰────
"#,
    );
    check(
        &extended("\n[rollout]\nsteps = [100]\napprovals = [100]\n"),
        r#"
  × `approvals` in [rollout] is [100]
    ╭─[shipworthy.toml:23:13]
 22 │ steps = [100]
 23 │ approvals = [100]
    ·             ──┬──
    ·               ╰── expected none, for a rollout begins in its only step
    ╰────
"#,
    );
    // Whether it is one of the steps cannot be told.
    check(
        &extended("\n[rollout]\nsteps = [10]\napprovals = [30]\n"),
        r#"
  × `steps` in [rollout] is [10]
    ╭─[shipworthy.toml:22:9]
 21 │ [rollout]
 22 │ steps = [10]
    ·         ──┬─
    ·           ╰── expected increasing percentages that end with 100
 23 │ approvals = [30]
    ╰────
"#,
    );
}

#[test]
fn waits_and_counts_are_in_their_ranges() {
    check(
        &extended(
            r#"
[rollout]
automatic = "yes"
step_time = 600
step_rows = 0
watch = "31d"
drill_every = "23h"
cooldown = "1h"
"#,
        ),
        r#"
  × `automatic` in [rollout] is "yes"
    ╭─[shipworthy.toml:22:13]
 21 │ [rollout]
 22 │ automatic = "yes"
    ·             ──┬──
    ·               ╰── expected true or false
 23 │ step_time = 600
    ╰────

  × `step_time` in [rollout] is 600
    ╭─[shipworthy.toml:23:13]
 22 │ automatic = "yes"
 23 │ step_time = 600
    ·             ─┬─
    ·              ╰── expected a time span such as "10s", from 0ms to 30d
 24 │ step_rows = 0
    ╰────
  help: units of time are `ms`, `s`, `m`, `h` or `d`

  × `step_rows` in [rollout] is 0
    ╭─[shipworthy.toml:24:13]
 23 │ step_time = 600
 24 │ step_rows = 0
    ·             ┬
    ·             ╰── expected a whole number from 1 to 1000000000
 25 │ watch = "31d"
    ╰────

  × `watch` in [rollout] is "31d"
    ╭─[shipworthy.toml:25:9]
 24 │ step_rows = 0
 25 │ watch = "31d"
    ·         ──┬──
    ·           ╰── expected a time span such as "10s", from 0ms to 30d
 26 │ drill_every = "23h"
    ╰────

  × `drill_every` in [rollout] is "23h"
    ╭─[shipworthy.toml:26:15]
 25 │ watch = "31d"
 26 │ drill_every = "23h"
    ·               ──┬──
    ·                 ╰── expected a time span such as "10s", from 1d to 365d
 27 │ cooldown = "1h"
    ╰────

  × unknown key `cooldown` in [rollout]
    ╭─[shipworthy.toml:27:1]
 26 │ drill_every = "23h"
 27 │ cooldown = "1h"
    · ────┬───
    ·     ╰── expected a known key
    ╰────
  help: did you mean `cool_down`?
"#,
    );
}
