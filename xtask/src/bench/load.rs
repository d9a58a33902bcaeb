//! The load: one flight, posted over and over by wrk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, bail};

use super::wrk::{self, Sample};
use crate::apt::{self, Installed};
use crate::process;

/// One row of `examples/flights`: what is known when a departure is scheduled.
pub(super) const PAYLOAD: &str = r#"{"instances":[{"month":1,"day":2,"hour":8,"minute":0,"sched_dep_time":800,"sched_arr_time":1014,"carrier":"DL","flight":2119,"tailnum":"N358NW","origin":"LGA","dest":"MSP","distance":1020,"time_hour":"2013-01-02T13:00:00Z"}]}"#;

/// wrk with a script that posts [`PAYLOAD`].
pub(super) struct Load {
    script: PathBuf,
    seconds: u32,
}

impl Load {
    /// Installs wrk where it is missing and writes its script into `scratch`.
    pub(super) fn prepare(scratch: &Path, seconds: u32) -> Result<Self> {
        let present = || process::succeeds(Command::new("sh").args(["-c", "command -v wrk"]));
        if !present()
            && let Installed::No(why) = apt::install("wrk")?
        {
            bail!("wrk is missing: {why}");
        }
        let script = scratch.join("post.lua");
        fs::write(&script, lua()).with_context(|| format!("cannot write {}", script.display()))?;
        Ok(Self { script, seconds })
    }

    /// Keeps `connections` busy for the set time, each with one request after the other.
    pub(super) fn run(&self, url: &str, connections: usize) -> Result<Sample> {
        let mut command = Command::new("wrk");
        command.arg("--latency").arg("--script").arg(&self.script);
        command.args(["--threads", &threads(connections).to_string()]);
        command.args(["--connections", &connections.to_string()]);
        command.args(["--duration", &format!("{}s", self.seconds), url]);
        wrk::parse(&process::capture(&mut command)?)
    }
}

/// Half of the cores make the load and half are left to the server; wrk wants no more threads
/// than connections.
pub(super) fn threads(connections: usize) -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    (cores / 2).clamp(1, connections.max(1))
}

fn lua() -> String {
    format!(
        "wrk.method = \"POST\"\nwrk.headers[\"Content-Type\"] = \"application/json\"\n\
         wrk.body = [==[{PAYLOAD}]==]\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_is_json_and_fits_the_script() {
        assert!(serde_json::from_str::<serde_json::Value>(PAYLOAD).is_ok());
        assert!(!PAYLOAD.contains("]==]"));
        assert!(lua().ends_with(&format!("[==[{PAYLOAD}]==]\n")));
    }

    #[test]
    fn wrk_gets_no_more_threads_than_connections() {
        assert_eq!(threads(1), 1);
        assert!(threads(128) >= 1);
    }
}
