//! The load: one body, posted over and over by wrk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, bail};

use super::wrk::{self, Sample};
use crate::apt::{self, Installed};
use crate::process;

/// wrk with scripts that post.
pub(super) struct Load {
    scratch: PathBuf,
    seconds: u32,
}

impl Load {
    /// Installs wrk where it is missing; its scripts go to `scratch`.
    pub(super) fn prepare(scratch: &Path, seconds: u32) -> Result<Self> {
        let present = || process::succeeds(Command::new("sh").args(["-c", "command -v wrk"]));
        if !present()
            && let Installed::No(why) = apt::install("wrk")?
        {
            bail!("wrk is missing: {why}");
        }
        Ok(Self { scratch: scratch.to_owned(), seconds })
    }

    /// Keeps `connections` busy for the set time, each with one request after the other.
    pub(super) fn run(&self, url: &str, body: &str, connections: usize) -> Result<Sample> {
        wrk::parse(&process::capture(&mut self.command(url, body, connections)?)?)
    }

    /// wrk as [`Load::run`] runs it.
    pub(super) fn command(&self, url: &str, body: &str, connections: usize) -> Result<Command> {
        let script = self.scratch.join("post.lua");
        fs::write(&script, lua(body))
            .with_context(|| format!("cannot write {}", script.display()))?;
        let mut command = Command::new("wrk");
        command.arg("--latency").arg("--script").arg(&script);
        command.args(["--threads", &threads(connections).to_string()]);
        command.args(["--connections", &connections.to_string()]);
        command.args(["--duration", &format!("{}s", self.seconds), url]);
        Ok(command)
    }
}

/// Half of the cores make the load and half are left to the server; wrk wants no more threads
/// than connections.
pub(super) fn threads(connections: usize) -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    (cores / 2).clamp(1, connections.max(1))
}

fn lua(body: &str) -> String {
    format!(
        "wrk.method = \"POST\"\nwrk.headers[\"Content-Type\"] = \"application/json\"\n\
         wrk.body = [==[{body}]==]\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_has_the_body() {
        assert!(lua("{\"a\":[]}").ends_with("[==[{\"a\":[]}]==]\n"));
    }

    #[test]
    fn wrk_gets_no_more_threads_than_connections() {
        assert_eq!(threads(1), 1);
        assert!(threads(128) >= 1);
    }
}
