//! A training from its files, and what its golden rows are good for.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::golden;
use crate::models::Trees;
use crate::runner::{self, Call};

const PROJECT: &str = r#"
[project]
name = "late"
purpose = "Tell who will be late."
owner = "ops"
risk_class = "minimal"

[source]
path = "rows.csv"

[model]
task = "binary"
target = "late"

[[column]]
name = "distance"
type = "float"
role = "feature"
required = false

[train]
seed = 1
rounds = 5
early_stopping_rounds = 0
validation = { share = 0.2 }
test = { share = 0.2 }
"#;

fn place() -> (TempDir, Project) {
    let place = tempfile::tempdir().unwrap();
    let row = |number: u32| format!("{},{}\n", number % 97, number % 97 > 40);
    let rows: String = (0..500).map(row).collect();
    fs::write(place.path().join("rows.csv"), format!("distance,late\n{rows}")).unwrap();
    let project = Project::parse(PROJECT, "shipworthy.toml").unwrap();
    (place, project)
}

/// Adds a row to a file when a round of boosting is done, if there is a file.
struct Meddler(Option<PathBuf>);

impl Progress for Meddler {
    fn rows(&mut self, _: u64, _: Option<u64>) {}

    fn round(&mut self, _: u32, _: u32, _: Option<f64>) {
        let Some(path) = self.0.take() else { return };
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(b"1,false\n").unwrap();
    }

    fn command(&mut self, _: &[String]) {}
}

/// There is no program to run.
#[derive(Debug)]
struct Nothing;

impl Runner for Nothing {
    fn find(&self, _: &str) -> Option<PathBuf> {
        None
    }

    fn run(&self, call: &Call<'_>) -> Result<(), runner::Error> {
        panic!("{call:?}")
    }
}

const TOOLS: Tools<'static> = Tools { models: &Trees, runner: &Nothing };

fn trained(project: &Project, directory: &Path) -> Trained {
    train(project, directory, &TOOLS, &mut Meddler(None)).unwrap()
}

#[test]
fn data_that_change_while_the_model_is_trained_are_refused() {
    let (place, project) = place();
    let data = place.path().join("rows.csv");
    let refused =
        train(&project, place.path(), &TOOLS, &mut Meddler(Some(data.clone()))).unwrap_err();
    let Error::Changed { path } = refused else { panic!("{refused:?}") };
    assert_eq!(Path::new(&path), data);
    trained(&project, place.path());
}

#[test]
fn golden_rows_tell_a_release_that_answers_otherwise() {
    let (place, project) = place();
    let Trained { model, contract, output, mut golden, .. } = trained(&project, place.path());
    let model = ModelFile::load(&model, &Options::default()).unwrap();
    let release = loaded(&model, &contract, &output).unwrap();
    assert_eq!(Golden::of(&release).unwrap(), golden);
    golden.replay(&release).unwrap();
    let text = String::from_utf8(golden.output.clone()).unwrap();
    let (first, others) = text.split_once('\n').unwrap();
    let number: f64 = first.trim_matches(['[', ']']).parse().unwrap();
    golden.output = format!("[{}]\n{others}", number + 0.25).into_bytes();
    let differs = golden.replay(&release).unwrap_err();
    let golden::Error::Differs { rows: 1, largest, is_rounding } = differs else {
        panic!("{differs:?}")
    };
    assert!((largest - 0.25).abs() < 1e-12 && !is_rounding, "{largest}");
    golden.output = format!("[{}]\n{others}", number + 1e-7).into_bytes();
    let rounded = golden.replay(&release).unwrap_err();
    assert!(matches!(rounded, golden::Error::Differs { is_rounding: true, .. }), "{rounded:?}");
    golden.output = others.as_bytes().to_vec();
    assert!(matches!(golden.replay(&release), Err(golden::Error::Differs { .. })));
    golden.input = b"{\"distance\": \"far\"}\n".to_vec();
    let unreadable = golden.replay(&release).unwrap_err();
    assert!(matches!(unreadable, golden::Error::Unreadable { line: 1, .. }), "{unreadable:?}");
}

#[test]
fn a_command_whose_program_is_nowhere_is_not_run() {
    let (place, _) = place();
    let begin = PROJECT.find("[train]").unwrap();
    let refused = |program: &str| {
        let text = format!(
            "{}[train]\ntrainer = \"command\"\ncommand = [\"{program}\"]\nlock = \"rows.csv\"\n",
            &PROJECT[..begin]
        );
        let project = Project::parse(&text, "shipworthy.toml").unwrap();
        let refused = train(&project, place.path(), &TOOLS, &mut Meddler(None));
        refused.unwrap_err().to_string()
    };
    assert!(refused("python4").starts_with("there is no program `python4` in PATH; install it"));
    assert!(refused("bin/train").starts_with("there is no program `bin/train`; install it"));
}
