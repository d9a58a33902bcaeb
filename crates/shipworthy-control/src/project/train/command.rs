//! A command of the project's own that trains: `trainer = "command"`.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use crate::project::diagnosis::{Mistake, Mistakes};
use crate::project::reader::{Located, Table, value_or};
use crate::project::source;

/// A program that is given rows and writes a model file.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// The program and its arguments; at least the program.
    pub words: Vec<String>,
    /// The file that stands for everything that the program loads, relative to the project's
    /// directory and inside it.
    pub lock: PathBuf,
    /// It is ended after this long.
    pub timeout: Duration,
    /// What it is told: whatever the project says.
    pub parameters: Map<String, Value>,
}

impl Command {
    /// The files of a project that lies in `directory` which a commit must have for it to stand for
    /// the training: the lock file, and what the words name.
    #[must_use]
    pub fn files(&self, directory: &Path) -> Vec<&Path> {
        let words = self.words.iter().map(Path::new);
        let named = words.filter(|path| path.is_relative() && directory.join(path).is_file());
        std::iter::once(self.lock.as_path()).chain(named).collect()
    }
}

/// What is said to a command, as typed.
#[derive(Debug)]
pub(super) struct TypedCommand {
    words: Option<Located<Vec<String>>>,
    lock: Option<Located<String>>,
    timeout: Option<Located<Duration>>,
    parameters: Option<Located<Map<String, Value>>>,
}

/// Nothing that trains ends sooner, and nobody waits longer.
const TIMEOUT_RANGE: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_hours(24 * 30);

/// Long enough for most tabular data, and short enough to be noticed.
const DEFAULT_TIMEOUT: Duration = Duration::from_hours(1);

/// What a release says of a training under its parameters, beside those that the project declares.
const RESERVED: [&str; 4] = ["command", "interpreter", "lock", "validation"];

impl TypedCommand {
    /// Reads the keys of a command; `parameters` only where it `is_meant`, for they are the
    /// built-in trainer's elsewhere.
    pub(super) fn read(table: &Table<'_>, is_meant: bool, mistakes: &Mistakes) -> Self {
        let lock = table.field("lock").name();
        let parameters = is_meant.then(|| table.field("parameters").object()).flatten();
        let parameters = parameters.filter(|read| check_names(read, mistakes));
        Self {
            words: table.field("command").words(),
            lock: lock.filter(|path| source::check_path(path, "the lock file", mistakes)),
            timeout: table.field("timeout").duration_in(TIMEOUT_RANGE),
            parameters,
        }
    }

    pub(super) fn validated(self) -> Option<Command> {
        Some(Command {
            words: self.words?.value,
            lock: self.lock?.value.into(),
            timeout: value_or(self.timeout, DEFAULT_TIMEOUT),
            parameters: value_or(self.parameters, Map::new()),
        })
    }
}

fn check_names(parameters: &Located<Map<String, Value>>, mistakes: &Mistakes) -> bool {
    let Some(name) = RESERVED.into_iter().find(|name| parameters.value.contains_key(*name)) else {
        return true;
    };
    let message = format!("`{name}` in [train.parameters] is no name for a parameter");
    let mistake = Mistake::at(&parameters.span, message, "expected another name");
    mistakes.add(mistake.help(format!(
        "a release says by {} how it was trained",
        RESERVED.map(|name| format!("`{name}`")).join(", ")
    )));
    false
}
