//! The conditions of a measurement, without which its numbers mean nothing.

use std::fs;
use std::process::Command;
use std::thread;

use serde_json::{Value, json};

use crate::process;
use crate::workspace::Workspace;

pub(super) struct Machine {
    pub(super) cores: usize,
    pub(super) cpu: String,
    pub(super) kernel: String,
    pub(super) rustc: String,
    /// The commit, with `-dirty` when the working tree differs from it.
    pub(super) commit: String,
}

const UNKNOWN: &str = "unknown";

/// What can be found out; the rest is `unknown`.
pub(super) fn facts(workspace: &Workspace) -> Machine {
    let said = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        let text = process::capture(command.current_dir(&workspace.root).args(arguments));
        text.map_or_else(|_| UNKNOWN.to_owned(), |text| text.trim().to_owned())
    };
    Machine {
        cores: thread::available_parallelism().map_or(1, usize::from),
        cpu: fs::read_to_string("/proc/cpuinfo")
            .ok()
            .and_then(|text| cpu_model(&text))
            .unwrap_or_else(|| UNKNOWN.to_owned()),
        kernel: said("uname", &["-sr"]),
        rustc: said("rustc", &["--version"]),
        commit: said("git", &["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]),
    }
}

/// The model of the first processor in `/proc/cpuinfo`.
fn cpu_model(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

impl Machine {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "cores": self.cores,
            "cpu": self.cpu,
            "kernel": self.kernel,
            "rustc": self.rustc,
            "commit": self.commit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::cpu_model;

    #[test]
    fn the_model_is_that_of_the_first_processor() {
        let text = "processor\t: 0\nmodel name\t: A CPU @ 2.0GHz\nmodel name\t: B\n";
        assert_eq!(cpu_model(text).as_deref(), Some("A CPU @ 2.0GHz"));
        assert_eq!(cpu_model("processor\t: 0\n"), None);
    }
}
