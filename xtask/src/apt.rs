//! Debian packages, installed when this user may and named when not.

use std::io;
use std::process::Command;

use anyhow::Result;

use crate::process;

/// What became of a wish for packages.
#[derive(Debug)]
pub(crate) enum Installed {
    /// They were installed just now.
    Now,
    /// They could not be installed, and why.
    No(String),
}

/// Installs Debian packages (separated by spaces) with `apt-get`.
///
/// # Errors
/// When `apt-get` may run and fails.
pub(crate) fn install(packages: &str) -> Result<Installed> {
    if !process::succeeds(Command::new("apt-get").arg("--version")) {
        return Ok(Installed::No(format!("no apt-get here; install {packages} by hand")));
    }
    let Some(prefix) = privilege() else {
        return Ok(Installed::No(format!(
            "neither root nor passwordless sudo; run `sudo apt-get install {packages}`"
        )));
    };
    process::run(&mut apt_get(prefix, "update -qq"))?;
    process::run(&mut apt_get(
        prefix,
        &format!("install -qq -y --no-install-recommends {packages}"),
    ))?;
    Ok(Installed::Now)
}

/// The words before a command that make it run as root, or `None` when nothing does.
fn privilege() -> Option<&'static [&'static str]> {
    let root = process::capture(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if root {
        return Some(&[]);
    }
    process::succeeds(Command::new("sudo").args(["-n", "true"])).then_some(&["sudo", "-n"])
}

fn apt_get(prefix: &[&str], arguments: &str) -> Command {
    // `env` because sudo drops the variables of its caller.
    let words = prefix.iter().copied().chain(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    let mut words = words.chain(arguments.split_whitespace());
    let mut command = Command::new(words.next().unwrap_or("env"));
    // Standard output belongs to the caller's report.
    command.args(words).stdout(io::stderr());
    command
}
