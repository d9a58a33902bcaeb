//! A release made again from its commit, and its tag.

use std::fs;
use std::process::Command;

use crate::command::{finish, program};
use crate::project::{NAME, Project};

fn git(project: &Project, line: &str) -> String {
    let mut git = Command::new("git");
    let ran = git.current_dir(project.path()).args(line.split_whitespace()).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

fn release(project: &Project, options: &str) -> String {
    let made = project.run(&format!("release PROJECT --state STATE --json {options}"));
    made.expect(0);
    made.json()["release"].as_str().unwrap().to_owned()
}

#[test]
fn a_release_is_made_again_from_its_commit_bit_for_bit() {
    let project = Project::new();
    project.commit();
    let id = release(&project, "");
    // What the tree is now is no matter.
    project.edit("rounds = 10", "rounds = 3");
    fs::remove_file(project.path().join("payments.csv")).unwrap();
    let rebuild = format!("release verify {id} --rebuild --project PROJECT --state STATE --json");
    let rebuilt = project.run(&rebuild);
    rebuilt.expect(0);
    let rebuilt = &rebuilt.json()["rebuilt"];
    assert_eq!((&rebuilt["same"], &rebuilt["release"]), (&true.into(), &id.into()));
    assert_eq!(rebuilt["largest_difference"], 0.0);
    assert_eq!(rebuilt["differences"].as_array().unwrap().len(), 0);
    assert_eq!(git(&project, "worktree list").lines().count(), 1, "the repository is not written");
}

#[test]
fn a_release_whose_data_changed_is_another_and_says_by_how_much() {
    let project = Project::new();
    fs::write(project.path().join(".gitignore"), "payments.csv\n").unwrap();
    project.commit();
    let id = release(&project, "");
    let data = project.path().join("payments.csv");
    let text = fs::read_to_string(&data).unwrap();
    let verify = |options: &str| {
        let line =
            format!("release verify {id} --rebuild --project PROJECT --state STATE {options}");
        project.run(&line)
    };
    verify("").expect(0);
    let some: Vec<&str> = text.lines().take(1_500).collect();
    fs::write(&data, some.join("\n") + "\n").unwrap();
    let other = verify("");
    other.expect(1);
    other.says("the largest difference of a golden prediction is");
    other.says("data      payments.csv: 2000 rows of SHA-256");
    other.says("file      model.json is not the same");
    verify("--tolerance 1").expect(0);
    fs::remove_file(&data).unwrap();
    verify("").says("the release cannot be made again");
}

#[test]
fn a_commit_that_is_not_there_is_told_with_what_to_do() {
    let project = Project::new();
    project.commit();
    let id = release(&project, "");
    fs::remove_dir_all(project.path().join(".git")).unwrap();
    git(&project, "init --quiet");
    let line = format!("release verify {id} --rebuild --project PROJECT --state STATE");
    let refused = project.run(&line);
    refused.expect(2);
    refused.says("git fetch --unshallow");
}

#[test]
fn a_release_without_a_commit_is_not_made_again() {
    let project = Project::new();
    let id = release(&project, "--allow-dirty");
    let line = format!("release verify {id} --rebuild --project PROJECT --state STATE");
    let refused = project.run(&line);
    refused.expect(2);
    refused.says("nobody can make it again");
}

#[test]
fn a_tag_leads_from_the_commit_to_the_release() {
    let project = Project::new();
    let commit = project.commit();
    for (name, value) in [("user.name", "a"), ("user.email", "a@b.example")] {
        git(&project, &format!("config {name} {value}"));
    }
    let id = release(&project, "--tag");
    let tag = format!("shipworthy/{NAME}/{}", &id[7..19]);
    assert_eq!(git(&project, &format!("rev-parse {tag}^{{commit}}")), commit);
    assert_eq!(git(&project, &format!("cat-file -t {tag}")), "tag", "annotated");
    assert!(git(&project, &format!("tag --list {tag} --format=%(contents)")).contains(&id));
    assert_eq!(release(&project, "--tag"), id, "the same again is no matter");
    project.edit("rounds = 10", "rounds = 3");
    let refused = project.run("release PROJECT --state STATE --tag --allow-dirty");
    refused.expect(2);
    refused.says("cannot be tied to one by a tag");
}

#[test]
fn a_tag_that_nobody_could_write_is_refused_before_the_training() {
    let project = Project::with(&[("path = \"payments.csv\"", "path = \"nothing.csv\"")]);
    project.commit();
    git(&project, "config user.useConfigOnly true");
    let mut command = program();
    for variable in ["GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"] {
        command.env_remove(variable);
    }
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    let line = project.line("release PROJECT --state STATE --tag");
    let refused = finish(command.args(line.split_whitespace()));
    refused.expect(2);
    refused.says("--tag writes a tag in somebody's name, and git knows none");
    refused.says("`git config user.name NAME`");
}
