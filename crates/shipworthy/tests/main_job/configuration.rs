//! A project file with mistakes: told with the line, before anything happens.

use std::fs;

use crate::project::Project;
use crate::server::ANY_PORTS;

/// Two mistakes, and the lines that they are on.
fn broken() -> (Project, usize, usize) {
    let project =
        Project::with(&[("threshold", "treshold"), ("type = \"integer\"", "type = \"int\"")]);
    let text = fs::read_to_string(project.file()).unwrap();
    let line = |text_of: &str| text.lines().position(|line| line.contains(text_of)).unwrap() + 1;
    let lines = (line("treshold"), line("\"int\""));
    (project, lines.0, lines.1)
}

#[test]
fn a_valid_file_is_said_to_be_valid() {
    let project = Project::new();
    let checked = project.run("config check PROJECT");
    assert!(checked.expect(0).starts_with("card-fraud: valid"), "{checked:?}");
    let checked = project.run("config check PROJECT/shipworthy.toml --json");
    checked.expect(0);
    assert_eq!(checked.json(), serde_json::json!({"valid": true, "mistakes": []}));
}

#[test]
fn every_mistake_is_told_with_its_line_and_what_to_write() {
    let (project, threshold, integer) = broken();
    let checked = project.run("config check PROJECT");
    assert_eq!(checked.expect(1), "");
    checked.says("unknown key `treshold` in [decision]");
    checked.says("did you mean `threshold`?");
    checked.says(&format!("shipworthy.toml:{threshold}:1]"));
    checked.says(&format!("{integer} │ type = \"int\""));

    let checked = project.run("config check PROJECT --json");
    checked.expect(1);
    let told = checked.json();
    assert_eq!(told["valid"], false);
    let mistakes = told["mistakes"].as_array().unwrap();
    let lines: Vec<_> = mistakes.iter().map(|mistake| mistake["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [threshold as u64, integer as u64]);
    assert!(mistakes[0]["help"].as_str().unwrap().contains("threshold"), "{told}");
}

#[test]
fn nothing_is_done_with_a_broken_project() {
    let (project, ..) = broken();
    let lines = [
        format!("up PROJECT --state STATE {ANY_PORTS}"),
        "train PROJECT --output BESIDE/model.json".to_owned(),
        "score PROJECT --state STATE --input BESIDE/a.csv --output BESIDE/b.parquet".to_owned(),
    ];
    for line in lines {
        let refused = project.run(&line);
        assert_eq!(refused.expect(2), "", "{line}");
        refused.says("did you mean `threshold`?");
    }
    assert!(!project.state().exists());
}

#[test]
fn a_directory_without_a_project_says_what_a_project_is() {
    let project = Project::new();
    fs::remove_file(project.file()).unwrap();
    for line in ["up PROJECT --state STATE", "config check PROJECT", "train PROJECT -o BESIDE/m"] {
        let refused = project.run(line);
        refused.expect(2);
        refused.says("a project is a directory with a shipworthy.toml");
        refused.says("shipworthy init");
    }
}
