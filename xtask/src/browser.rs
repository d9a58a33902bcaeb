//! Debian's Chromium, and the driver of the same version.

use std::process::Command;

use anyhow::Result;

use crate::apt::{self, Installed};
use crate::process;

/// Where Debian puts them.
pub(crate) const CHROMIUM: &str = "/usr/bin/chromium";
/// What takes WebDriver's commands for it.
pub(crate) const DRIVER: &str = "/usr/bin/chromedriver";

/// Installs them where one is missing; the reason when that cannot be done.
pub(crate) fn missing() -> Result<Option<String>> {
    let starts = |program| process::succeeds(Command::new(program).arg("--version"));
    let usable = || starts(CHROMIUM) && starts(DRIVER);
    if usable() {
        return Ok(None);
    }
    Ok(match apt::install("chromium chromium-driver")? {
        Installed::No(why) => Some(why),
        Installed::Now => (!usable()).then(|| format!("{CHROMIUM} or {DRIVER} does not start")),
    })
}
