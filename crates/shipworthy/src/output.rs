//! What people and programs read.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use shipworthy_control::diagnose;
use shipworthy_control::project::Diagnosis;

use crate::system::System;

/// Input that cannot be used: see the table of exit codes.
const UNUSABLE: u8 = 2;

/// Writes a line to standard output.
///
/// # Errors
/// When standard output is gone. A reader that has seen enough (`head`) is no error.
pub(crate) fn line(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        written => Ok(written?),
    }
}

/// Writes a value as JSON to standard output: indented for people, one line for programs.
///
/// # Errors
/// As [`line()`].
pub(crate) fn json<T: Serialize>(value: &T) -> Result<()> {
    let text = if io::stdout().is_terminal() {
        serde_json::to_string_pretty(value)?
    } else {
        serde_json::to_string(value)?
    };
    line(&text)
}

/// Writes a file beside its place first: half of one never has its name.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn file(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let mut out = BufWriter::new(File::create(&beside)?);
    write(&mut out)?;
    out.into_inner()?.sync_all()?;
    fs::rename(&beside, path)?;
    Ok(())
}

/// Tells people something on standard error.
pub(crate) fn note(text: &str) {
    // Nobody is left to be told when standard error is gone.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Says what was wrong, with its causes, and gives the exit code for it.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    match error.downcast_ref::<Diagnosis>() {
        Some(diagnosis) => note(diagnose::render(diagnosis, is_coloured()).trim_end()),
        None => {
            let mut text = format!("error: {error}");
            for cause in error.chain().skip(1) {
                text.push_str(&format!("\n  because: {cause}"));
            }
            note(&text);
        }
    }
    ExitCode::from(UNUSABLE)
}

/// Whether standard error shows colours.
pub(crate) fn is_coloured() -> bool {
    diagnose::is_coloured(System::variable("NO_COLOR").is_some())
}

/// A bar for long work with a known end; nothing when standard error is no terminal.
pub(crate) fn progress(steps: u64, unit: &str) -> ProgressBar {
    let template = format!("{{msg}} {{wide_bar}} {{pos}}/{{len}} {unit} {{elapsed_precise}}");
    let style = ProgressStyle::with_template(&template).expect("a template of known keys");
    let bar =
        if io::stderr().is_terminal() { ProgressBar::new(steps) } else { ProgressBar::hidden() };
    bar.enable_steady_tick(Duration::from_millis(200));
    bar.with_style(style)
}
