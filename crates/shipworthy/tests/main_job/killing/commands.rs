//! Commands that act without a server.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::servers::NEVER;
use super::{Bench, Fate, Step, count};
use crate::command::{self, Ran};
use crate::events::copied_once;
use crate::project::NAME;

impl Bench {
    pub(super) fn run(&self, line: &str) -> Ran {
        command::run(&self.line(line))
    }

    /// Runs a command that is killed at a step.
    pub(super) fn kill(&self, line: &str, step: Step) -> Fate {
        Fate::of(self.command(line, step).output().unwrap().status)
    }
}

pub(super) const RELEASE: &str = "release PROJECT --state STATE --json";

const TAGGED: &str = "release PROJECT --state STATE --tag --json";

/// Asks git about the project's repository, or tells it something.
fn git(bench: &Bench, arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    let ran = git.current_dir(bench.project.path()).args(arguments).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

/// Every tag: its name, what it is, what it stands at, and what it says.
fn tags(bench: &Bench) -> String {
    let format = "--format=%(refname:short) %(objecttype) %(*objectname) %(contents)";
    git(bench, &["for-each-ref", "refs/tags", format])
}

#[test]
fn a_release_is_made_whole_or_not_at_all() {
    let bench = Bench::new();
    for (name, value) in [("user.name", "a"), ("user.email", "a@b.example")] {
        git(&bench, &["config", name, value]);
    }
    let made = bench.run(TAGGED).json()["release"].as_str().unwrap().to_owned();
    let (name, whole) = (format!("shipworthy/{NAME}/{}", &made[7..19]), tags(&bench));
    assert!(whole.starts_with(&format!("{name} tag ")) && whole.contains(&made), "{whole}");
    let mut seen = BTreeSet::new();
    let steps = bench.at_every_step(|step| {
        let _ = fs::remove_dir_all(bench.project.path().join(".git/refs/tags/shipworthy"));
        assert_eq!(tags(&bench), "");
        let fate = bench.kill(TAGGED, step);
        let listed = bench.releases();
        assert!(listed.is_empty() || listed == [made.as_str()], "{listed:?}");
        seen.insert(tags(&bench));
        let again = bench.run(TAGGED);
        assert_eq!(tags(&bench), whole, "after {step:?}, {}", bench.killed_at());
        assert_eq!(again.code, Some(0), "after {step:?}, {}: {again:#?}", bench.killed_at());
        assert_eq!(again.json()["release"], made.as_str());
        assert_eq!(bench.releases(), [made.as_str()]);
        let bundles = fs::read_dir(bench.state.join("bundles")).unwrap();
        assert_eq!(bundles.count(), 1, "nothing half-written is left");
        let events = copied_once(&bench.state);
        assert_eq!(events.len(), 6);
        assert_eq!(count(&events, "release.created", &made), 1);
        assert_eq!(count(&events, "release.attested", &made), 3);
        fate
    });
    assert_eq!(seen, BTreeSet::from([String::new(), whole]), "no tag, or the whole");
    assert!(steps > 100, "{steps} steps are too few to be all");
}

/// As the C library was called: a file is flushed before it gets its name, and its name before
/// the note that the bundle is unfinished goes; that is flushed before the state is written.
#[test]
fn the_files_of_a_release_are_on_the_disk_before_its_record() {
    let bench = Bench::new();
    assert_eq!(bench.kill(RELEASE, NEVER), Fate::Ended);
    let log = fs::read_to_string(&bench.log).unwrap();
    let bundles = bench.state.join("bundles");
    let [bundle] = entries(&bundles).try_into().unwrap();
    let (root, place) = (bundles.display(), bundle.display());
    let note = format!("{root}/.unfinished");
    let mut steps = vec![format!("rename {note}"), format!("flush {root}")];
    for file in ["model.json", "contract.json", "golden_input.jsonl", "golden_output.jsonl"] {
        for step in ["write", "flush"] {
            steps.push(format!("{step} {place}/{file}#1"));
        }
        steps.push(format!("rename {place}/{file}"));
        steps.push(format!("flush {place}"));
    }
    steps.extend([format!("remove {note}"), format!("flush {root}")]);
    steps.push(format!("write {}", bench.state.join("state.db-wal").display()));
    let mut made = log.lines().filter_map(|line| line.split_once(' ')).map(|(_, step)| step);
    for step in steps {
        assert!(made.any(|made| made == step), "{step} is not, or not in its turn:\n{log}");
    }
    assert_eq!(entries(&bundle).len(), 4);
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_model_is_imported_whole_or_not_at_all() {
    let bench = Bench::new();
    let model = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shipworthy-models/tests/data/xgb_binary_num/model.json");
    let line = format!("release import {} --name late --state STATE --json", model.display());
    let made = bench.run(&line).json()["release"].as_str().unwrap().to_owned();
    let steps = bench.at_every_step(|step| {
        let fate = bench.kill(&line, step);
        let listed = bench.releases();
        assert!(listed.is_empty() || listed == [made.as_str()], "{listed:?}");
        let again = bench.run(&line);
        assert_eq!(again.code, Some(0), "after {step:?}, {}: {again:#?}", bench.killed_at());
        assert_eq!(bench.releases(), [made.as_str()]);
        assert_eq!(count(&copied_once(&bench.state), "release.created", &made), 1);
        fate
    });
    assert!(steps > 100, "{steps} steps are too few to be all");
}

#[test]
fn a_token_is_made_whole_or_not_at_all() {
    let bench = Bench::new();
    bench.run(RELEASE).expect(0);
    bench.take_as_base();
    let line = "token create ana --role auditor --reason test --state STATE";
    let steps = bench.at_every_step(|step| {
        let fate = bench.kill(line, step);
        let again = bench.run(line);
        if again.code != Some(0) {
            again.expect(2);
            again.says("a live token is already called `ana`");
        }
        bench.run("token create ben --role auditor --reason test --state STATE").expect(0);
        let events = copied_once(&bench.state);
        assert_eq!(count(&events, "token.created", "ana"), 1);
        assert_eq!(count(&events, "token.created", "ben"), 1);
        fate
    });
    assert!(steps > 20, "{steps} steps are too few to be all");
}

#[test]
fn a_token_is_revoked_whole_or_not_at_all() {
    let bench = Bench::new();
    bench.run(RELEASE).expect(0);
    bench.run("token create ana --role auditor --reason test --state STATE").expect(0);
    bench.take_as_base();
    let line = "token revoke ana --reason test --state STATE";
    let steps = bench.at_every_step(|step| {
        let fate = bench.kill(line, step);
        let again = bench.run(line);
        if again.code != Some(0) {
            again.expect(2);
            again.says("no live token is called `ana`");
        }
        // The name is free again, whoever freed it.
        bench.run("token create ana --role auditor --reason test --state STATE").expect(0);
        let events = copied_once(&bench.state);
        assert_eq!(count(&events, "token.revoked", "ana"), 1);
        assert_eq!(count(&events, "token.created", "ana"), 2);
        fate
    });
    assert!(steps > 20, "{steps} steps are too few to be all");
}

#[test]
fn the_first_up_of_a_released_project_serves_it_whatever_was_killed_before() {
    let bench = Bench::new();
    let made = bench.run(RELEASE).json()["release"].as_str().unwrap().to_owned();
    bench.take_as_base();
    let steps = bench.at_every_step(|step| {
        let fate = bench.up(step).map_or(Fate::Killed, |server| {
            drop(server);
            Fate::Ended
        });
        assert_eq!(bench.releases(), [made.as_str()]);
        let server = bench.up(NEVER).unwrap();
        assert_eq!(server.release(), made);
        drop(server);
        let events = copied_once(&bench.state);
        assert_eq!(events.len(), 7);
        assert_eq!(count(&events, "endpoint.stable_set", NAME), 1);
        fate
    });
    assert!(steps > 40, "{steps} steps are too few to be all");
}
