//! Runs the program to its end.

use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};

use serde_json::Value;

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Standard output of a command that ended with this code.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{self:#?}");
        &self.stdout
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Asserts that standard error says this.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) {
        assert!(self.stderr.contains(text), "no {text:?} in {self:#?}");
    }
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_shipworthy");

/// The program, in an environment that says nothing to it.
pub(crate) fn program() -> Command {
    silent(PROGRAM)
}

fn silent(program: &str) -> Command {
    let mut command = Command::new(program);
    let of_state = ["STATE", "TOKEN", "SIGNING_KEY", "SIGNING_KEY_FILE", "TRUSTED_KEYS"];
    for variable in of_state.into_iter().chain(["LISTEN", "ADMIN", "LOG"]) {
        command.env_remove(format!("SHIPWORTHY_{variable}"));
    }
    // The tests may run in a pipeline themselves.
    for variable in ["GITHUB_ACTIONS", "GITLAB_CI"] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null());
    command
}

/// Where a program lies that the tests need themselves.
pub(crate) fn path_of(name: &str) -> String {
    let mut shell = Command::new("sh");
    let found = shell.args(["-c", &format!("command -v {name}")]).output().unwrap();
    String::from_utf8(found.stdout).unwrap().trim().to_owned()
}

/// Runs the program with the words of a line as its arguments.
pub(crate) fn run(line: &str) -> Ran {
    finish(program().args(line.split_whitespace()))
}

/// Runs the program as somebody to whom a file's mode means something: root may do everything,
/// unless it gives that up.
pub(crate) fn run_unprivileged(line: &str) -> Ran {
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    let mut command = if is_root { silent("setpriv") } else { program() };
    if is_root {
        command.args(["--bounding-set=-dac_override,-dac_read_search", PROGRAM]);
    }
    finish(command.args(line.split_whitespace()))
}

/// Runs a command that was made with [`program`].
pub(crate) fn finish(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
