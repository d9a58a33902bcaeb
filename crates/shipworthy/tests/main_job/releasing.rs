//! Releases: the same from the same commit wherever they are made, and refused when changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::command::{self, Ran};
use crate::project::{NAME, Project};
use crate::server::{ANY_PORTS, Server};

/// Runs git, which must do it.
fn git(directory: &Path, line: &str) {
    let mut git = Command::new("git");
    git.current_dir(directory).args(["-c", "user.name=a", "-c", "user.email=a@b.example"]);
    let ran = git.args(line.split_whitespace()).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
}

fn release(project: &Project, options: &str) -> Ran {
    project.run(&format!("release PROJECT --state STATE --json {options}"))
}

fn cloned(project: &Project, place: &str) -> PathBuf {
    let clone = project.beside(place);
    let (from, to) = (project.path(), clone.display().to_string());
    git(&from, &format!("clone --quiet {} {to}", from.display()));
    clone
}

/// Makes a release in surroundings that must not matter: words of the shell before the command.
fn release_of(directory: &Path, surroundings: &str) -> Value {
    let (program, directory) = (command::program(), directory.display());
    let program = program.get_program().display();
    let script = format!("{surroundings} {program} release {directory} --json");
    let mut shell = Command::new("sh");
    let ran = command::finish(shell.args(["-c", &script]).env_remove("SHIPWORTHY_STATE"));
    ran.expect(0);
    ran.json()
}

/// The files of the only bundle.
fn bundle(project: &Project) -> Vec<PathBuf> {
    let bundles = fs::read_dir(project.state().join("bundles")).unwrap();
    let bundles: Vec<PathBuf> = bundles.map(|entry| entry.unwrap().path()).collect();
    let [bundle] = bundles.as_slice() else { panic!("{bundles:?}") };
    fs::read_dir(bundle).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn the_same_commit_gives_the_same_id_wherever_it_is_released() {
    let project = Project::new();
    let commit = project.commit();
    let one = "umask 077; export TZ=Pacific/Auckland LC_ALL=C.UTF-8; taskset -c 0";
    let one = release_of(&cloned(&project, "one"), one);
    let other = "umask 002; export TZ=America/Lima LC_ALL=POSIX;";
    let other = release_of(&cloned(&project, "far/away/other"), other);
    assert_eq!(one["release"], other["release"]);
    assert_eq!((&one["commit"], &one["reproducible"]), (&commit.into(), &true.into()));

    // The same commit and, as far as git is told to look, a clean tree.
    let third = cloned(&project, "third");
    git(&third, "update-index --assume-unchanged payments.csv");
    let mut data = fs::read(third.join("payments.csv")).unwrap();
    let at = data.iter().rposition(u8::is_ascii_digit).unwrap();
    data[at] ^= 1;
    fs::write(third.join("payments.csv"), data).unwrap();
    let third = release_of(&third, "");
    assert_eq!(third["commit"], one["commit"]);
    assert_ne!(third["release"], one["release"]);
}

#[test]
fn a_tree_that_no_clone_will_have_is_refused() {
    let project = Project::new();
    let refused = release(&project, "");
    refused.expect(2);
    refused.says("no git repository");
    refused.says("--allow-dirty");
    project.commit();
    git(&project.path(), "checkout --quiet --detach");
    git(&project.path(), "commit --quiet --allow-empty --message alone");
    release(&project, "").says("is on no branch and has no tag");
    git(&project.path(), "tag kept");
    release(&project, "").expect(0);
    project.edit("rounds = 10", "rounds = 9");
    let refused = release(&project, "");
    refused.expect(2);
    refused.says("1 uncommitted change (");
    let made = release(&project, "--allow-dirty");
    made.expect(0);
    assert_eq!(made.json()["reproducible"], false);
    assert_eq!(made.json()["commit"], Value::Null);
    let listed = project.run("release list --state STATE --json");
    listed.expect(0);
    assert_eq!(listed.json()["releases"].as_array().unwrap().len(), 2);
    assert_eq!(listed.json()["releases"][0]["release"], made.json()["release"]);
}

#[test]
fn a_changed_byte_in_any_file_of_a_bundle_is_refused_by_name() {
    let project = Project::new();
    project.commit();
    let made = release(&project, "").json();
    let id = made["release"].as_str().unwrap();
    project.run(&format!("release verify {id} --state STATE")).expect(0);
    project.run(&format!("release verify {} --state STATE", &id[7..15])).expect(0);
    let files = bundle(&project);
    assert_eq!(files.len(), 4);
    for file in files {
        let whole = fs::read(&file).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        for at in [0, whole.len() / 2, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&file, bytes).unwrap();
            let refused = project.run(&format!("release verify {id} --state STATE --json"));
            refused.expect(1);
            refused.says(name);
            assert_eq!(refused.json()["ok"], false);
        }
        fs::remove_file(&file).unwrap();
        let refused = project.run(&format!("release verify {id} --state STATE"));
        refused.expect(1);
        refused.says(name);
        fs::write(&file, whole).unwrap();
    }
    let stray = bundle(&project)[0].with_file_name("extra.bin");
    fs::write(&stray, "").unwrap();
    let refused = project.run(&format!("release verify {id} --state STATE"));
    refused.expect(1);
    refused.says("extra.bin");
}

#[test]
fn a_bundle_that_was_changed_is_never_served() {
    let project = Project::new();
    project.commit();
    drop(Server::start(&project));
    for file in bundle(&project) {
        let whole = fs::read(&file).unwrap();
        let mut bytes = whole.clone();
        bytes[whole.len() / 2] ^= 1;
        fs::write(&file, bytes).unwrap();
        let refused = project.run(&format!("up PROJECT --state STATE {ANY_PORTS}"));
        refused.expect(2);
        refused.says(file.file_name().unwrap().to_str().unwrap());
        fs::write(&file, whole).unwrap();
    }
    drop(Server::start(&project));
}

#[test]
fn a_backup_that_nobody_may_write_is_read() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::new();
    let made = release(&project, "--allow-dirty").json()["release"].as_str().unwrap().to_owned();
    assert_eq!(
        fs::metadata(project.state().join("state.db")).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let segment = &project.segments()[0];
    assert_eq!(fs::metadata(segment).unwrap().permissions().mode() & 0o777, 0o600);
    let place = project.beside("backup");
    crate::killing::copy(&project.state(), &place);
    fs::set_permissions(&place, fs::Permissions::from_mode(0o555)).unwrap();
    let before = fs::read(place.join("state.db")).unwrap();
    let read = |line: &str| command::run_unprivileged(&project.line(line));
    read(&format!("release verify {made} --state BESIDE/backup")).expect(0);
    let listed = read("release list --state BESIDE/backup --json");
    assert_eq!(listed.json()["releases"][0]["release"], made);
    assert_eq!(fs::read(place.join("state.db")).unwrap(), before);
    fs::write(project.state().join("state.db"), "no database, and long enough to have a header")
        .unwrap();
    let damaged = project.run("release list --state STATE");
    damaged.expect(2);
    damaged.says("cannot open the state at");
}

#[test]
fn a_kept_release_is_the_first_that_is_served() {
    let project = Project::new();
    project.commit();
    let made = release(&project, "").json()["release"].as_str().unwrap().to_owned();
    project.edit("rounds = 10", "rounds = 9");
    let server = Server::start(&project);
    assert_eq!(server.release(), made);
    server.terminate();
    let empty = project.run("release show @previous --state STATE");
    empty.expect(2);
    empty.says("that slot is empty");
}

#[test]
fn what_cannot_be_kept_is_refused_before_it_is_made() {
    let project = Project::new();
    project.edit("path = \"payments.csv\"", "path = \"nothing.csv\"");
    let refused = project.run("release PROJECT --state STATE --allow-dirty --reason=");
    refused.expect(2);
    refused.says("without a reason");
}

#[test]
fn releases_are_searched_by_what_they_are() {
    let project = Project::new();
    let commit = project.commit();
    let tied = release(&project, "").json()["release"].as_str().unwrap().to_owned();
    project.edit("rounds = 10", "rounds = 1");
    let loose = release(&project, "--allow-dirty").json()["release"].as_str().unwrap().to_owned();
    let found = |options: &str| {
        let ran = project.run(&format!("release list --state STATE --json {options}"));
        ran.expect(0);
        let found = ran.json()["releases"].as_array().unwrap().clone();
        found.iter().map(|r| r["release"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(""), [&*loose, &*tied]);
    assert_eq!(found(&format!("--commit {}", &commit[..7])), [&*tied]);
    assert_eq!(found("--reproducible false"), [&*loose]);
    assert_eq!(found("--since 2999-01-01"), [""; 0]);
    assert_eq!(found("--until 2999-01-01T00:00:00Z --project card-fraud").len(), 2);
    let auc = |id: &str| {
        let shown = project.run(&format!("release show {id} --state STATE --json")).json();
        shown["quality"]["test"]["metrics"]["roc_auc"].as_f64().unwrap()
    };
    let (better, bound) = (auc(&tied), f64::midpoint(auc(&tied), auc(&loose)));
    assert!(better > bound);
    assert_eq!(found(&format!("--metric test.roc_auc>={bound}")), [&*tied]);
    assert_eq!(found(&format!("--metric test.roc_auc<={bound}")), [&*loose]);
    assert_eq!(found("--metric test.recall>=0"), [""; 0]);
    project.run("release list --state STATE --metric auc").says("NAME>=VALUE");
}

#[test]
fn two_releases_are_compared() {
    let project = Project::new();
    let one = release(&project, "--allow-dirty").json()["release"].as_str().unwrap().to_owned();
    project.edit("max_depth = 3", "max_depth = 2");
    project.edit("max = 10000", "max = 20000");
    let other = release(&project, "--allow-dirty").json()["release"].as_str().unwrap().to_owned();
    let compared = project.run(&format!("release diff {one} {other} --state STATE --json"));
    compared.expect(0);
    let compared = &compared.json()["differences"];
    let pair = |a: Value, b: Value| serde_json::json!({"a": a, "b": b});
    assert_eq!(compared["parameters"], serde_json::json!({"max_depth": pair(3.into(), 2.into())}));
    assert_eq!(compared["contract"]["amount.max"], pair(10000.0.into(), 20000.0.into()));
    assert!(compared["metrics"]["test.roc_auc"]["b"].as_f64().unwrap() > 0.5);
    assert_eq!(compared["data"], serde_json::json!({}));
    let table = project.run(&format!("release diff {one} {other} --state STATE"));
    assert!(table.expect(0).contains("max_depth"));
}

#[test]
fn a_release_is_named_by_its_slot_or_its_first_digits() {
    let project = Project::new();
    project.commit();
    let _server = Server::start(&project);
    let show = |name: &str| project.run(&format!("release show {name} --state STATE --json"));
    let shown = show(&format!("{NAME}@stable")).json();
    assert_eq!(show("@stable").json(), shown, "there is one endpoint");
    let id = shown["release"].as_str().unwrap();
    assert_eq!(show(&id[..20]).json(), shown);
    for nothing in [&id[7..12], "0123456789", "nobody@stable", &format!("{NAME}@previous")] {
        let refused = show(nothing);
        refused.expect(2);
        refused.says("names no release here");
    }
}
