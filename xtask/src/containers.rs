//! Debian's tools for images: what runs them, what copies them, and a registry.

use std::process::Command;

use anyhow::Result;

use crate::apt::{self, Installed};
use crate::process;

/// What runs images (with what that needs), copies them, keeps them, and makes a base for them; and a
/// Prometheus to run beside one.
const PACKAGES: &str = "podman podman-compose runc conmon netavark aardvark-dns iptables skopeo \
    docker-registry mmdebstrap prometheus";
const PROGRAMS: [&str; 9] = [
    "podman --version",
    "runc --version",
    "conmon --version",
    "iptables --version",
    "skopeo --version",
    "docker-registry --version",
    "mmdebstrap --version",
    "podman-compose --version",
    "prometheus --version",
];

/// Installs them where one is missing; the reason when that cannot be done.
pub(crate) fn missing() -> Result<Option<String>> {
    if broken().is_none() {
        return Ok(None);
    }
    Ok(match apt::install(PACKAGES)? {
        Installed::No(why) => Some(why),
        Installed::Now => broken().map(|program| format!("`{program}` does not work")),
    })
}

/// The first that does not start.
fn broken() -> Option<&'static str> {
    PROGRAMS.into_iter().find(|line| {
        let mut words = line.split(' ');
        let program = words.next().unwrap_or(line);
        !process::succeeds(Command::new(program).args(words))
    })
}
