//! Runs a project's own command. Between this process and the command stands a keeper: this
//! program again, which ends the command with everything that it started when this process is
//! gone, however that came about.

pub(crate) mod keeper;

use std::io::{self, Read, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use shipworthy_control::runner::{Call, Error, Runner, Said};

use crate::system::System;
use keeper::End;

/// Runs commands on this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CommandRunner;

/// What every command finds in its environment, beside PATH and HOME: no one's locale or time zone.
const NEUTRAL: [(&str, &str); 2] = [("LC_ALL", "C.UTF-8"), ("TZ", "UTC")];

/// What is passed on: where programs are found, and where they keep what they need.
const PASSED: [&str; 2] = ["PATH", "HOME"];

/// What a command left behind in the background may hold its output open for ever.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Enough for the end of a traceback.
const TAIL_BYTES: usize = 2 << 10;

impl Runner for CommandRunner {
    fn find(&self, name: &str) -> Option<PathBuf> {
        let path = System::variable("PATH")?;
        let directories = std::env::split_paths(&path).filter(|directory| directory.is_absolute());
        directories.map(|directory| directory.join(name)).find(|file| is_program(file))
    }

    fn run(&self, call: &Call<'_>) -> Result<(), Error> {
        let start = |error: io::Error| Error::Start { why: error.to_string() };
        let mut keeper = keep(call).map_err(start)?;
        let lifeline = keeper.stdin.take();
        let tail = Arc::new(Mutex::new(Vec::new()));
        let relayed = keeper.stderr.take().map(|said| relay(said, Arc::clone(&tail)));
        let relayed = relayed.transpose().map_err(start)?;
        let ended = keeper.stdout.take().map(words).transpose().map_err(start)?;
        let ended = ended.ok_or_else(|| Error::Start { why: "it has no output".to_owned() })?;
        let end = ended.recv_timeout(call.timeout);
        // The keeper ends what still runs, and then itself.
        drop(lifeline);
        keeper.wait().map_err(start)?;
        let _ = relayed.map(|relayed| relayed.recv_timeout(LAST_WORDS));
        let said = || Said(text_of(&tail.lock().unwrap_or_else(PoisonError::into_inner)));
        let Ok(end) = end else {
            return Err(Error::Timeout { timeout: call.timeout, said: said() });
        };
        match serde_json::from_str(&end) {
            Ok(End::Code(0)) => Ok(()),
            Ok(End::Code(code)) => Err(Error::Code { code, said: said() }),
            Ok(End::Signal(signal)) => Err(Error::Signal { signal, said: said() }),
            Ok(End::NotStarted(why)) => Err(Error::Start { why }),
            Err(_) => Err(Error::Lost { said: said() }),
        }
    }
}

fn is_program(file: &Path) -> bool {
    let found = file.metadata();
    found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Starts the keeper, in the environment and the directory of the command. A key pressed in the
/// terminal reaches this process alone.
fn keep(call: &Call<'_>) -> io::Result<Child> {
    let mut keeper = Command::new(std::env::current_exe()?);
    keeper.arg(keeper::COMMAND).arg("--scratch").arg(call.scratch).arg("--").arg(call.program);
    keeper.args(call.arguments).current_dir(call.directory).process_group(0);
    let passed = PASSED.into_iter().filter_map(|name| Some((name, System::variable(name)?)));
    keeper.env_clear().envs(passed).envs(NEUTRAL).envs(call.variables.iter().cloned());
    keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}

/// Sends all that is read, at its end.
fn words(mut from: impl Read + Send + 'static) -> io::Result<mpsc::Receiver<String>> {
    let (sender, receiver) = mpsc::channel();
    let read = move || {
        let mut text = String::new();
        let _ = from.read_to_string(&mut text);
        // Nobody waits any longer after the timeout.
        let _ = sender.send(text);
    };
    std::thread::Builder::new().name("keeper".to_owned()).spawn(read)?;
    Ok(receiver)
}

/// Passes on to people what a command says, and keeps the end of it; sends when that is all.
fn relay(
    mut from: impl Read + Send + 'static,
    tail: Arc<Mutex<Vec<u8>>>,
) -> io::Result<mpsc::Receiver<()>> {
    let (sender, receiver) = mpsc::channel();
    let read = move || {
        let mut buffer = [0; 4 << 10];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let said = &buffer[..length];
            // Nobody is left to be told when standard error is gone.
            let _ = io::stderr().lock().write_all(said);
            let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
            tail.extend_from_slice(said);
            let old = tail.len().saturating_sub(TAIL_BYTES);
            tail.drain(..old);
        }
        let _ = sender.send(());
    };
    std::thread::Builder::new().name("command's words".to_owned()).spawn(read)?;
    Ok(receiver)
}

/// Whole lines only, if there are any.
fn text_of(tail: &[u8]) -> String {
    let text = String::from_utf8_lossy(tail);
    match text.trim_end().split_once('\n') {
        Some((_, whole)) if tail.len() == TAIL_BYTES => whole.to_owned(),
        _ => text.trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_run_is_a_program() {
        let found = CommandRunner.find("sh").unwrap();
        assert!(found.is_absolute() && found.ends_with("sh"), "{found:?}");
        assert_eq!(CommandRunner.find("no-such-program"), None);
    }

    #[test]
    fn the_end_of_long_words_is_kept_in_whole_lines() {
        let long = (0..1_000).map(|line| format!("line {line}\n")).collect::<String>();
        let tail = Arc::new(Mutex::new(Vec::new()));
        relay(io::Cursor::new(long), Arc::clone(&tail)).unwrap().recv().unwrap();
        let tail = tail.lock().unwrap();
        let text = text_of(&tail);
        assert_eq!(tail.len(), TAIL_BYTES);
        assert!(text.starts_with("line ") && text.ends_with("line 999"), "{text}");
        assert_eq!(text_of(b"one\ntwo\n"), "one\ntwo");
    }
}
