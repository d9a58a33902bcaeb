//! What a change of the project file asks of a server.

use super::{BASE, edited, extended, parse};
use crate::project::ReleaseDiff;

#[track_caller]
fn changed(text: &str) -> ReleaseDiff {
    parse(BASE).changed_sections(&parse(text))
}

#[test]
fn comments_and_written_defaults_change_nothing() {
    assert!(changed(&extended("\n# a comment\n[limits]\nmax_rows = 10_000\n")).is_empty());
}

#[test]
fn what_defines_a_release_asks_for_a_new_one() {
    for (old, new, section) in [
        ("flight-delay", "delay", "project.name"),
        ("flights.parquet", "flights.csv", "source"),
        ("arr_delay > 15", "arr_delay > 30", "model"),
        ("\"float\"", "\"float\"\nmin = 0", "column"),
        ("[[column]]", "[[expect]]\ntype = \"ExpectColumnToExist\"\n[[column]]", "expect"),
        ("[[column]]", "[train]\nseed = 1\n[[column]]", "train"),
    ] {
        let diff = changed(&edited(old, new));
        assert_eq!(diff, ReleaseDiff { release: vec![section], ..ReleaseDiff::default() });
    }
}

#[test]
fn policy_comes_into_force_without_a_release() {
    let policy = "[decision]\nthreshold = 0.3\n[limits]\nmax_rows = 1\n[rollout]\nkey = \"origin\"";
    let diff = changed(&extended(policy));
    let policy = vec!["decision", "limits", "rollout"];
    assert_eq!(diff, ReleaseDiff { policy, ..ReleaseDiff::default() });
    for more in [
        "[rollout]\nstep_time = \"5m\"",
        "[rollout]\nkey = \"origin\"\ntesters = [\"JFK\"]",
        "[rollout]\ndrill_every = \"30d\"",
        "[rollout.burst]\nlooks = 3",
        "[[rollout.guard]]\nmetric = \"error_rate\"\nmax = 0.1",
    ] {
        let policy = vec!["rollout"];
        assert_eq!(changed(&extended(more)), ReleaseDiff { policy, ..ReleaseDiff::default() });
    }
    let described = edited("name =", "owner = \"ops\"\nname =");
    let policy = vec!["project"];
    assert_eq!(changed(&described), ReleaseDiff { policy, ..ReleaseDiff::default() });
}

#[test]
fn the_sizes_of_the_ledger_need_a_restart() {
    let diff = changed(&extended("[ledger]\nmax_size = \"10 GiB\""));
    assert_eq!(diff, ReleaseDiff { restart: vec!["ledger"], ..ReleaseDiff::default() });
}
