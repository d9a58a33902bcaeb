//! A contender in Python: a program that measures itself and answers on its standard output.
//!
//! It gets the width and the number of rows, then all numbers as f32, on standard input. To
//! `answers BATCH` and `time BATCH` it replies with a line of JSON: all answers, or microseconds
//! a row.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

use crate::contender::Contender;
use crate::rows::Rows;

/// The program; it ends when it is dropped.
pub(crate) struct Python {
    child: Child,
    asks: ChildStdin,
    replies: BufReader<ChildStdout>,
}

impl Python {
    pub(crate) fn start(command: &[String], rows: &Rows) -> Result<Self> {
        let (program, arguments) = command.split_first().context("an empty command")?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let mut asks = child.stdin.take().context("standard input is piped")?;
        let replies = BufReader::new(child.stdout.take().context("standard output is piped")?);
        writeln!(asks, "{} {}", rows.len(), rows.width)?;
        let numbers = rows.single(&(0..rows.len()));
        asks.write_all(&numbers.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())?;
        Ok(Self { child, asks, replies })
    }

    fn ask<T: DeserializeOwned>(&mut self, what: &str, batch: usize) -> Result<T> {
        writeln!(self.asks, "{what} {batch}")?;
        self.asks.flush()?;
        let mut line = String::new();
        self.replies.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("no answer to `{what} {batch}`"))
    }
}

impl Contender for Python {
    fn answers(&mut self, _: &Rows, batch: usize) -> Result<Vec<f64>> {
        self.ask("answers", batch)
    }

    fn us_per_row(&mut self, _: &Rows, batch: usize) -> Result<f64> {
        self.ask("time", batch)
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
