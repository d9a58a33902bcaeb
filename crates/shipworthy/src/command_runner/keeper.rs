//! The process that stands between this program and a project's command.
//!
//! The command is a process group. When it ends, or when nobody holds the other end of the keeper's
//! standard input any more, every process of the group is killed; in the second case the rows that
//! were written for the command are removed too.

use std::io::{self, Read as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;

use anyhow::Result;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use serde::{Deserialize, Serialize};

use crate::cli::Outcome;
use crate::output;

/// The hidden command that the keeper is.
pub(super) const COMMAND: &str = "keeper";

/// Run a command for as long as somebody waits for it.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Removed when nobody waits for the command any more.
    #[arg(long)]
    scratch: PathBuf,

    /// The program.
    program: PathBuf,

    /// What follows it.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// How a command ended, as the keeper says.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum End {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// It did not begin, for this reason.
    NotStarted(String),
}

enum Event {
    /// The command has ended.
    Ended,
    /// Nobody waits for it.
    Alone,
}

/// Keeps a command.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let mut command = Command::new(&args.program);
    command.args(&args.arguments).stdin(Stdio::null()).stdout(io::stderr()).process_group(0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            output::json(&End::NotStarted(error.to_string()))?;
            return Ok(Outcome::Failed);
        }
    };
    let group = Pid::from_child(&child);
    let event = first_event(group);
    let is_alone = !matches!(event, Ok(Event::Ended));
    // The rows go first, and once more what the command writes meanwhile.
    let clean = || is_alone.then(|| std::fs::remove_dir_all(&args.scratch));
    let _ = clean();
    // Before it is waited for, its number is no other's.
    let _ = kill_process_group(group, Signal::KILL);
    let status = child.wait()?;
    let _ = clean();
    let end = status.code().map(End::Code);
    output::json(&end.unwrap_or_else(|| End::Signal(status.signal().unwrap_or_default())))?;
    Ok(Outcome::Done)
}

fn first_event(group: Pid) -> Result<Event> {
    let (sender, receiver) = mpsc::channel();
    let ended = sender.clone();
    let watch = move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(group), options) {}
        let _ = ended.send(Event::Ended);
    };
    let listen = move || {
        // It ends when the last one who could write has gone.
        let _ = io::stdin().lock().read_to_end(&mut Vec::new());
        let _ = sender.send(Event::Alone);
    };
    std::thread::Builder::new().name("command".to_owned()).spawn(watch)?;
    std::thread::Builder::new().name("lifeline".to_owned()).spawn(listen)?;
    Ok(receiver.recv()?)
}
