//! Processes that hold their data in memory and measure themselves when they are asked to.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result};

/// A process that answers a line with a line.
pub(super) struct Asked {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Asked {
    pub(super) fn start(command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
        let input = child.stdin.take().context("it has no standard input")?;
        let output = BufReader::new(child.stdout.take().context("it has no standard output")?);
        Ok(Self { child, input, output })
    }

    /// The answer to a line; empty when the process has ended.
    pub(super) fn ask(&mut self, what: &str) -> Result<String> {
        writeln!(self.input, "{what}").context("the process has ended")?;
        self.line()
    }

    /// The next line that it says.
    pub(super) fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        // It ends by itself when its input does; a second end is none.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
