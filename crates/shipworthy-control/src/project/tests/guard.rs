//! `[[rollout.guard]]` and `[rollout.burst]`.

use shipworthy_core::rollout::{Guard, Limit, Metric};

use super::{check, extended, parse};

#[test]
fn every_metric_can_be_guarded() {
    for (name, metric) in Metric::ALL {
        let (limit, read) = match metric {
            Metric::Latency(_) => ("\"5ms\"", 5_000.0),
            Metric::ErrorRate | Metric::RefusedRate | Metric::DisagreementRate => ("0.5", 0.5),
        };
        let text = format!("[[rollout.guard]]\nmetric = \"{name}\"\nmax = {limit}\n");
        let guards = parse(&extended(&text)).rollout.policy.guards;
        assert_eq!(guards, [Guard { metric, limit: Limit::Max(read) }]);
    }
}

#[test]
fn a_burst_is_in_its_ranges() {
    check(
        &extended(
            r#"
[rollout.burst]
window = "11m"
failures = 0
share = 0
looks = 101
crash = 1
"#,
        ),
        r#"
  × `window` in [rollout.burst] is "11m"
    ╭─[shipworthy.toml:22:10]
 21 │ [rollout.burst]
 22 │ window = "11m"
    ·          ──┬──
    ·            ╰── expected a time span such as "10s", from 1s to 10m
 23 │ failures = 0
    ╰────

  × `failures` in [rollout.burst] is 0
    ╭─[shipworthy.toml:23:12]
 22 │ window = "11m"
 23 │ failures = 0
    ·            ┬
    ·            ╰── expected a whole number from 1 to 1000000000
 24 │ share = 0
    ╰────

  × `share` in [rollout.burst] is 0
    ╭─[shipworthy.toml:24:9]
 23 │ failures = 0
 24 │ share = 0
    ·         ┬
    ·         ╰── expected a number above 0 and at most 1
 25 │ looks = 101
    ╰────

  × `looks` in [rollout.burst] is 101
    ╭─[shipworthy.toml:25:9]
 24 │ share = 0
 25 │ looks = 101
    ·         ─┬─
    ·          ╰── expected a whole number from 1 to 100
 26 │ crash = 1
    ╰────

  × unknown key `crash` in [rollout.burst]
    ╭─[shipworthy.toml:26:1]
 25 │ looks = 101
 26 │ crash = 1
    · ──┬──
    ·   ╰── expected a known key
    ╰────
  help: did you mean `crashes`?
"#,
    );
}

#[test]
fn a_guard_has_a_metric_and_one_limit() {
    check(
        &extended(
            r#"
[[rollout.guard]]
metric = "latency_p98"
max = "200ms"

[[rollout.guard]]
max = 0.1

[[rollout.guard]]
metric = "error_rate"

[[rollout.guard]]
metric = "refused_rate"
max = 0.1
max_regression = 0.1
"#,
        ),
        r#"
  × `metric` in [[rollout.guard]] is "latency_p98"
    ╭─[shipworthy.toml:22:10]
 21 │ [[rollout.guard]]
 22 │ metric = "latency_p98"
    ·          ──────┬──────
    ·                ╰── expected `error_rate`, `refused_rate`, `disagreement_rate`, `latency_p50`, `latency_p90`, `latency_p95`, `latency_p99` or `latency_p999`
 23 │ max = "200ms"
    ╰────
  help: did you mean `latency_p90`?

  × `metric` is missing in [[rollout.guard]]
    ╭─[shipworthy.toml:25:1]
 24 │
 25 │ [[rollout.guard]]
    · ────────┬────────
    ·         ╰── expected `metric`: the name of a metric
 26 │ max = 0.1
    ╰────

  × a guard has one limit
    ╭─[shipworthy.toml:28:1]
 27 │
 28 │ [[rollout.guard]]
    · ────────┬────────
    ·         ╰── expected `max` or `max_regression`, one of them
 29 │ metric = "error_rate"
    ╰────

  × a guard has one limit
    ╭─[shipworthy.toml:31:1]
 30 │
 31 │ [[rollout.guard]]
    · ────────┬────────
    ·         ╰── expected `max` or `max_regression`, one of them
 32 │ metric = "refused_rate"
    ╰────
"#,
    );
}

#[test]
fn a_limit_is_of_its_metrics_kind() {
    check(
        &extended(
            r#"
[[rollout.guard]]
metric = "latency_p99"
max = 0.2

[[rollout.guard]]
metric = "error_rate"
max_regresion = "1 %"

[[rollout.guard]]
metric = "error_rate"
max = 1.5
"#,
        ),
        r#"
  × `max` in [[rollout.guard]] is 0.2
    ╭─[shipworthy.toml:23:7]
 22 │ metric = "latency_p99"
 23 │ max = 0.2
    ·       ─┬─
    ·        ╰── expected a time span such as "10s", from 0ms to 10m
 24 │
    ╰────
  help: units of time are `ms`, `s`, `m`, `h` or `d`

  × a guard has one limit
    ╭─[shipworthy.toml:25:1]
 24 │
 25 │ [[rollout.guard]]
    · ────────┬────────
    ·         ╰── expected `max` or `max_regression`, one of them
 26 │ metric = "error_rate"
    ╰────

  × unknown key `max_regresion` in [[rollout.guard]]
    ╭─[shipworthy.toml:27:1]
 26 │ metric = "error_rate"
 27 │ max_regresion = "1 %"
    · ──────┬──────
    ·       ╰── expected a known key
 28 │
    ╰────
  help: did you mean `max_regression`?

  × `max` in [[rollout.guard]] is 1.5
    ╭─[shipworthy.toml:31:7]
 30 │ metric = "error_rate"
 31 │ max = 1.5
    ·       ─┬─
    ·        ╰── expected a number at least 0 and at most 1
    ╰────
"#,
    );
}

#[test]
fn a_metric_has_one_limit_of_each_kind() {
    check(
        &extended(
            r#"
[[rollout.guard]]
metric = "error_rate"
max = 0.1

[[rollout.guard]]
metric = "error_rate"
max_regression = 0.1

[[rollout.guard]]
metric = "error_rate"
max = 0.2
"#,
        ),
        r#"
  × `error_rate` has two limits of one kind
    ╭─[shipworthy.toml:31:7]
 22 │ metric = "error_rate"
 23 │ max = 0.1
    ·       ─┬─
    ·        ╰── the first one
 24 │
 25 │ [[rollout.guard]]
 26 │ metric = "error_rate"
 27 │ max_regression = 0.1
 28 │
 29 │ [[rollout.guard]]
 30 │ metric = "error_rate"
 31 │ max = 0.2
    ·       ─┬─
    ·        ╰── expected another metric or kind
    ╰────
"#,
    );
}

#[test]
fn there_are_not_too_many_guards() {
    let guard = "[[rollout.guard]]\nmetric = \"error_rate\"\nmax = 0.1\n";
    check(
        &extended(&guard.repeat(33)),
        r#"
  × a rollout has 33 guards
     ╭─[shipworthy.toml:116:1]
 115 │ max = 0.1
 116 │ [[rollout.guard]]
     · ────────┬────────
     ·         ╰── expected at most 32
 117 │ metric = "error_rate"
     ╰────
"#,
    );
    check(
        &extended("[rollout.guard]\nmetric = \"error_rate\"\n"),
        r#"
  × `guard` in [rollout] is a table
    ╭─[shipworthy.toml:20:1]
 19 │ type = "float"
 20 │ [rollout.guard]
    · ───────┬───────
    ·        ╰── expected [[rollout.guard]]
 21 │ metric = "error_rate"
    ╰────
  help: write [[rollout.guard]] with two brackets, once for each
"#,
    );
}
