//! The project that the tests serve: card payments, some of them fraud, made from a counter.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::{self, Ran};

/// Rows in the source.
pub(crate) const ROWS: u64 = 2_000;

/// The endpoint's name.
pub(crate) const NAME: &str = "card-fraud";

const FILE: &str = r#"[project]
name = "card-fraud"
purpose = "Hold back payments that are likely to be fraud."
owner = "payments"

[source]
path = "payments.csv"

[model]
task = "binary"
target = "fraud"

[decision]
threshold = 0.5

[limits]
max_body = "64 KiB"
max_rows = 100

[[column]]
name = "amount"
type = "float"
min = 0
max = 10000

[[column]]
name = "account_days"
type = "integer"
min = 0

[[column]]
name = "channel"
type = "string"
one_of = ["web", "store", "phone"]

[[column]]
name = "rating"
type = "float"
required = false

[[column]]
name = "card"
type = "string"
role = "key"
required = false

[[column]]
name = "sex"
type = "string"
role = "protected"
required = false

[train]
seed = 7
rounds = 10
early_stopping_rounds = 0
validation = { share = 0.2 }
test = { share = 0.2 }

[train.parameters]
max_depth = 3
"#;

/// A project in a directory of its own, with a place for its state; gone when dropped.
pub(crate) struct Project {
    root: TempDir,
}

impl Project {
    /// The project file, and its data.
    pub(crate) fn new() -> Self {
        let project = Self { root: tempfile::tempdir().unwrap() };
        fs::create_dir(project.path()).unwrap();
        fs::write(project.file(), FILE).unwrap();
        fs::write(project.path().join("payments.csv"), csv(&rows())).unwrap();
        project
    }

    /// The project after some edits.
    pub(crate) fn with(edits: &[(&str, &str)]) -> Self {
        let project = Self::new();
        for (old, new) in edits {
            project.edit(old, new);
        }
        project
    }

    /// A copy of one of the examples.
    pub(crate) fn example(name: &str) -> Self {
        let project = Self { root: tempfile::tempdir().unwrap() };
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
        for directory in ["", "data"] {
            fs::create_dir(project.path().join(directory)).unwrap();
            for entry in fs::read_dir(example.join(directory)).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_file() {
                    let to = project.path().join(directory).join(entry.file_name());
                    fs::copy(entry.path(), to).unwrap();
                }
            }
        }
        project
    }

    /// Replaces a piece of the project file, which must stand there once.
    pub(crate) fn edit(&self, old: &str, new: &str) {
        let text = fs::read_to_string(self.file()).unwrap();
        assert_eq!(text.matches(old).count(), 1, "{old:?} in {text}");
        fs::write(self.file(), text.replace(old, new)).unwrap();
    }

    /// Commits the project, and gives the commit's hash.
    pub(crate) fn commit(&self) -> String {
        self.git("init --quiet");
        self.git("add --all");
        self.git("commit --quiet --no-gpg-sign --message project");
        self.git("rev-parse HEAD")
    }

    /// Runs git in the project, as somebody.
    pub(crate) fn git(&self, line: &str) -> String {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b.example"];
        let mut git = Command::new("git");
        git.current_dir(self.path()).args(identity).args(line.split_whitespace());
        let ran = git.output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }

    /// The project's directory.
    pub(crate) fn path(&self) -> PathBuf {
        self.root.path().join("project")
    }

    /// The project file.
    pub(crate) fn file(&self) -> PathBuf {
        self.path().join("shipworthy.toml")
    }

    /// The state directory.
    pub(crate) fn state(&self) -> PathBuf {
        self.root.path().join("state")
    }

    /// The segments of the ledger, oldest first.
    pub(crate) fn segments(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.state().join("ledger")).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let is_segment = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "seg");
        let mut segments: Vec<_> = paths.filter(is_segment).collect();
        segments.sort();
        segments
    }

    /// A place for a file beside the project.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// A line in which `PROJECT`, `STATE` and `BESIDE` are the paths of the project, of its state
    /// and of what lies beside it.
    pub(crate) fn line(&self, line: &str) -> String {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        line.replace("PROJECT", &text(&self.path()))
            .replace("STATE", &text(&self.state()))
            .replace("BESIDE", &text(self.root.path()))
    }

    /// Runs the program with such a line.
    pub(crate) fn run(&self, line: &str) -> Ran {
        command::run(&self.line(line))
    }
}

/// The rows of the source.
pub(crate) fn rows() -> Vec<Value> {
    (0..ROWS).map(row).collect()
}

/// One payment; all that is in it follows from its number.
pub(crate) fn row(number: u64) -> Value {
    let mut bits = mix(number);
    let mut draw = |below: u64| {
        bits = mix(bits);
        bits % below
    };
    let cents = draw(200_000);
    let amount: f64 = format!("{}.{:02}", cents / 100, cents % 100).parse().unwrap();
    let account_days = draw(3_000);
    let mut choose = |from: [&'static str; 3]| from[usize::try_from(draw(3)).unwrap()];
    let (channel, sex) = (choose(["web", "store", "phone"]), choose(["f", "m", "x"]));
    let rating = match draw(10) {
        0 => Value::Null,
        tenths => format!("0.{}{}", tenths, draw(10)).parse::<f64>().unwrap().into(),
    };
    let risk = cents / 1_000 + if channel == "web" { 80 } else { 0 } + draw(100);
    let is_fraud = risk > 180 && account_days < 2_000;
    json!({
        "amount": amount,
        "account_days": account_days,
        "channel": channel,
        "rating": rating,
        "card": format!("card-{number}"),
        "sex": sex,
        "memo": format!("note {}", draw(1_000)),
        "fraud": u8::from(is_fraud),
    })
}

/// The declared columns of a row, as the ledger keeps them.
pub(crate) fn declared(row: &Value) -> Value {
    let columns = ["amount", "account_days", "channel", "rating", "card", "sex"];
    let value = |name: &str| (name.to_owned(), row.get(name).cloned().unwrap_or_default());
    Value::Object(columns.into_iter().map(value).collect())
}

/// `row` with another value in one column.
pub(crate) fn but(mut row: Value, column: &str, value: impl Into<Value>) -> Value {
    row[column] = value.into();
    row
}

/// Writes rows as CSV to a file.
pub(crate) fn write_csv(path: &Path, rows: &[Value]) {
    fs::write(path, csv(rows)).unwrap();
}

const COLUMNS: [&str; 8] =
    ["memo", "amount", "account_days", "channel", "rating", "card", "sex", "fraud"];

fn csv(rows: &[Value]) -> String {
    let mut text = COLUMNS.join(",") + "\n";
    for row in rows {
        let cells = COLUMNS.map(|column| match &row[column] {
            Value::Null => String::new(),
            Value::String(value) => value.clone(),
            value => value.to_string(),
        });
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

/// `SplitMix64`'s output function: a bijection that looks like chance.
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
