//! SIGKILL at every step by which a command or a server changes its state directory: before the
//! step, and after half of each write. Either nothing was done or the whole, and the next try
//! succeeds.
//!
//! The steps are counted from outside, by a library that is preloaded (`killing/steps.c`). What it
//! sees is what `strace -f -e trace=openat,write,pwrite64,fsync,fdatasync,rename,mkdir,unlink,
//! ftruncate` sees; unlike strace it counts over all threads, and needs no right to trace.

mod commands;
mod servers;
mod statements;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::LazyLock;

use serde_json::Value;

use crate::command::program;
use crate::project::Project;

const SIGKILL: i32 = 9;

/// The library, compiled once.
static STEPS: LazyLock<PathBuf> = LazyLock::new(|| {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/main_job/killing/steps.c");
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("steps.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]);
    let ran = compiler.arg(&library).arg(source).arg("-ldl").output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    library
});

/// Where a process is killed.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// Its number, from 1.
    at: u64,
    /// Whether half of it is done, if it is a write.
    half: bool,
}

/// A state directory that is put back before each step.
struct Bench {
    project: Project,
    /// The state directory of the program; inside of the project, as it is unless told otherwise.
    state: PathBuf,
    /// What it is put back to; nothing, if there is nothing here.
    base: PathBuf,
    log: PathBuf,
}

impl Bench {
    /// A committed project that trains in a moment.
    fn new() -> Self {
        let project = Project::with(&[("rounds = 10", "rounds = 2")]);
        project.commit();
        let state = project.path().join(".shipworthy");
        let (base, log) = (project.beside("base"), project.beside("steps"));
        Self { project, state, base, log }
    }

    /// From here on, the state directory is put back to what it is now.
    fn take_as_base(&self) {
        copy(&self.state, &self.base);
    }

    fn put_back(&self) {
        copy(&self.base, &self.state);
        let _ = fs::remove_file(&self.log);
    }

    /// The program with the words of a line, in which `STATE` is the state directory; it is killed
    /// at the step.
    fn command(&self, line: &str, step: Step) -> Command {
        let mut command = program();
        command.args(self.line(line).split_whitespace());
        command.env("LD_PRELOAD", &*STEPS).env("KILL_UNDER", &self.state);
        command.env("KILL_LOG", &self.log).env("KILL_AT", step.at.to_string());
        if step.half {
            command.env("KILL_HALF", "yes");
        }
        command
    }

    fn line(&self, line: &str) -> String {
        self.project.line(&line.replace("STATE", self.state.to_str().unwrap()))
    }

    /// What the step was that a process was killed at.
    fn killed_at(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        log.lines().last().unwrap_or_default().to_owned()
    }

    /// Calls `at_step` for every step, until it says that the process came to its end; gives the
    /// number of steps.
    fn at_every_step(&self, mut at_step: impl FnMut(Step) -> Fate) -> u64 {
        for at in 1.. {
            self.put_back();
            if at_step(Step { at, half: false }) == Fate::Ended {
                return at - 1;
            }
            if self.killed_at().contains(" write ") {
                self.put_back();
                at_step(Step { at, half: true });
            }
        }
        unreachable!("a process makes a bounded number of steps")
    }

    /// Looks at a copy of the state directory, which the looking may mend.
    fn releases(&self) -> Vec<String> {
        let copied = self.project.beside("looked-at");
        copy(&self.state, &copied);
        let list = self.project.run("release list --state BESIDE/looked-at --json");
        if list.code == Some(2) {
            list.says("there are no releases");
            return Vec::new();
        }
        list.expect(0);
        let list = list.json();
        let releases = list["releases"].as_array().unwrap().iter();
        let releases = releases.map(|release| release["release"].as_str().unwrap().to_owned());
        let releases: Vec<String> = releases.collect();
        for release in &releases {
            let verify = format!("release verify {release} --state BESIDE/looked-at");
            self.project.run(&verify).expect(0);
        }
        releases
    }
}

/// What became of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Killed,
    Ended,
}

impl Fate {
    /// Of a process that was killed by us or did what it should.
    #[track_caller]
    fn of(status: ExitStatus) -> Self {
        if status.signal() == Some(SIGKILL) {
            return Self::Killed;
        }
        assert!(status.success(), "{status}");
        Self::Ended
    }
}

/// Makes `to` what `from` is; nothing, if that is nothing.
pub(crate) fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    if !from.exists() {
        return;
    }
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let place = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &place),
            false => drop(fs::copy(&path, &place).unwrap()),
        }
    }
}

/// How many of the events are of a kind and about a subject.
fn count(events: &[Value], kind: &str, subject: &str) -> usize {
    events.iter().filter(|event| event["kind"] == kind && event["subject"] == subject).count()
}
