//! The port through which a command of a project's own is run.
//!
//! Processes, the environment and time are the edge's; what a command is told, and what becomes of
//! what it makes, is decided here.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A command, ready to run.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The program's file.
    pub program: &'a Path,
    /// What follows it.
    pub arguments: &'a [String],
    /// Where it runs.
    pub directory: &'a Path,
    /// What its environment has, beside what every command needs.
    pub variables: &'a [(&'static str, PathBuf)],
    /// A directory that is removed even if this process is killed meanwhile.
    pub scratch: &'a Path,
    /// It is ended after this long, with every process that it started.
    pub timeout: Duration,
}

/// Why a command did not do what it should. `said` is the end of what it wrote, for a message.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be started.
    #[error("it cannot be started: {why}")]
    Start {
        /// Why.
        why: String,
    },
    /// It failed.
    #[error("it ended with exit code {code}{said}")]
    Code {
        /// Not 0.
        code: i32,
        /// Its last words.
        said: Said,
    },
    /// It was killed, by the system when memory runs out.
    #[error("it was killed by signal {signal}{said}")]
    Signal {
        /// The signal's number.
        signal: i32,
        /// Its last words.
        said: Said,
    },
    /// It takes too long.
    #[error("it did not end within {} s, `timeout` in [train]{said}", timeout.as_secs())]
    Timeout {
        /// How long it had.
        timeout: Duration,
        /// Its last words.
        said: Said,
    },
    /// What watches over it is gone.
    #[error("what watched over it ended without a word{said}")]
    Lost {
        /// Its last words.
        said: Said,
    },
}

/// The end of what a command wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said(pub String);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.trim().is_empty() {
            return f.write_str(", and said nothing");
        }
        f.write_str("; its last words:")?;
        self.0.trim_end().lines().try_for_each(|line| write!(f, "\n    {line}"))
    }
}

/// Runs commands.
pub trait Runner: fmt::Debug + Send + Sync {
    /// The file of a program that is named without a path, where people's commands are looked for.
    fn find(&self, name: &str) -> Option<PathBuf>;

    /// Runs a command to its end, never through a shell. What it writes goes to people.
    ///
    /// # Errors
    /// When it does not end well, or not in time.
    fn run(&self, call: &Call<'_>) -> Result<(), Error>;
}
