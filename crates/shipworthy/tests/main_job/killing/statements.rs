//! Commands that say something about releases, or change whose word counts.

use std::fs;

use serde_json::Value;

use super::commands::RELEASE;
use super::{Bench, count};
use crate::events::copied_once;

impl Bench {
    /// A bench with a release, put back to it from here on; and the release.
    fn released() -> (Self, String) {
        let bench = Self::new();
        let id = bench.run(RELEASE).json()["release"].as_str().unwrap().to_owned();
        fs::write(bench.project.beside("report.json"), REPORT).unwrap();
        bench.take_as_base();
        (bench, id)
    }

    /// Kills a command at every step; after each, what was said before still counts, the state is
    /// as `is_whole` has it, and somebody can go on.
    fn says_whole_or_nothing(&self, id: &str, line: &str, is_whole: impl Fn(&[Value])) {
        let steps = self.at_every_step(|step| {
            let fate = self.kill(line, step);
            assert_eq!(self.releases(), [id], "it is what it was");
            let attest = format!("{ATTEST} {id} --type gate-report --state STATE --reason after");
            let after = self.run(&attest);
            assert_eq!(after.code, Some(0), "after {}: {after:#?}", self.killed_at());
            let events = copied_once(&self.state);
            is_whole(&events);
            fate
        });
        assert!(steps > 20, "{steps} steps are too few to be all");
    }

    fn keys(&self) -> Vec<String> {
        let listed = self.run("key list --state STATE --json").json();
        let keys = listed["keys"].as_array().unwrap().iter();
        keys.map(|key| key["state"].as_str().unwrap().to_owned()).collect()
    }
}

const REPORT: &str = r#"{"result": "PASSED", "configuration": []}"#;
const ATTEST: &str = "release attest --predicate BESIDE/report.json";

#[test]
fn a_release_is_pruned_whole_or_not_at_all() {
    let (bench, id) = Bench::released();
    let line = "release prune --keep 0 --state STATE --reason space";
    let steps = bench.at_every_step(|step| {
        let fate = bench.kill(line, step);
        bench.run("key list --state STATE").expect(0);
        bench.run("token create ana --role auditor --state STATE --reason after").expect(0);
        let events = copied_once(&bench.state);
        let pruned = count(&events, "release.pruned", &id);
        for place in ["bundles", "attachments"] {
            let left = fs::read_dir(bench.state.join(place)).unwrap().count();
            assert_eq!(left, 1 - pruned, "{place} after {}", bench.killed_at());
        }
        assert_eq!(bench.run(RELEASE).json()["release"], id.as_str());
        assert_eq!(bench.releases(), [id.as_str()]);
        fate
    });
    assert!(steps > 20, "{steps} steps are too few to be all");
}

#[test]
fn a_key_is_changed_whole_or_not_at_all() {
    let (bench, id) = Bench::released();
    let line = "key rotate --state STATE --reason year";
    bench.says_whole_or_nothing(&id, line, |events| {
        let changed = events.iter().filter(|event| event["kind"] == "key.ended").count();
        let expected: &[&str] = if changed == 0 { &["trusted"] } else { &["retired", "trusted"] };
        assert_eq!(bench.keys(), expected);
        assert!(!bench.state.join("signing_key.next.pem").exists());
    });
}

#[test]
fn a_release_is_attested_whole_or_not_at_all() {
    let (bench, id) = Bench::released();
    let line = format!("{ATTEST} {id} --type gate-report --state STATE --reason killed");
    bench.says_whole_or_nothing(&id, &line, |events| {
        let listed = bench.run(&format!("release attestations {id} --state STATE --json")).json();
        assert_eq!(listed.as_array().unwrap().len(), count(events, "release.attested", &id));
    });
}

#[test]
fn rows_are_forgotten_whole_or_not_at_all() {
    let (bench, id) = Bench::released();
    let line = format!("release forget {id} --all --state STATE --reason asked");
    let file = bench.state.join(format!("attachments/{}.jsonl", &id[7..]));
    bench.says_whole_or_nothing(&id, &line, |events| {
        let rows = fs::read_to_string(&file).unwrap();
        let erased = rows.lines().filter(|line| *line == "null").count();
        let told = count(events, "reference_rows.erased", &id);
        assert_eq!(erased, told * rows.lines().count());
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    });
}
