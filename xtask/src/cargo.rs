//! Cargo, as the tasks use it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;
use crate::workspace::Workspace;

/// `cargo` in the root of the workspace, with these arguments (separated by spaces).
pub(crate) fn cargo(workspace: &Workspace, arguments: &str) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(&workspace.root).args(arguments.split_whitespace());
    command
}

/// What makes rustc link everything into a program.
const STATIC: &str = "-C target-feature=+crt-static";

/// Builds with `cargo build ARGUMENTS` and returns the path of the executable named `target`.
pub(crate) fn build(workspace: &Workspace, arguments: &str, target: &str) -> Result<PathBuf> {
    run_build(&mut cargo(workspace, "build"), arguments, target)
}

/// Builds the program without a shared library, for an image of nothing else.
pub(crate) fn build_static(workspace: &Workspace) -> Result<PathBuf> {
    let host = process::capture(Command::new("rustc").args(["--print", "host-tuple"]))?;
    // With a target the flags are not for what runs during the build.
    let arguments = format!("--package shipworthy --target {}", host.trim());
    run_build(cargo(workspace, "build").env("RUSTFLAGS", STATIC), &arguments, "shipworthy")
}

fn run_build(build: &mut Command, arguments: &str, target: &str) -> Result<PathBuf> {
    eprintln!("  $ cargo build {arguments}");
    build.arg("--message-format=json-render-diagnostics");
    // What rustc says goes to the screen, the messages go to us.
    build.args(arguments.split_whitespace()).stderr(Stdio::inherit());
    let messages = process::capture(build)?;
    executable(&messages, target)
        .with_context(|| format!("`cargo build {arguments}` made no executable named {target}"))
}

/// The path in the artifact message of `target`, in Cargo's JSON messages (one a line).
fn executable(messages: &str, target: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == target)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_found_among_the_messages() {
        let messages = r#"
{"reason":"compiler-artifact","target":{"name":"shipworthy_rows"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"shipworthy"},"executable":"/t/debug/shipworthy"}
{"reason":"build-finished","success":true}
"#;
        assert_eq!(executable(messages, "shipworthy"), Some("/t/debug/shipworthy".into()));
        assert_eq!(executable(messages, "shipworthy_rows"), None);
        assert_eq!(executable(messages, "echo"), None);
    }
}
