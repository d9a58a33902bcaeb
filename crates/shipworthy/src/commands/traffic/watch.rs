//! `shipworthy status --watch`: the same again, until Ctrl-C.
//!
//! **Invariant:** the terminal is left as it was found, however the watching ends.

use std::io::{self, IsTerminal, Write, stdout};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::termios::tcgetwinsize;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::spawn_blocking;

use super::status::{ask, render};
use super::view::View;
use crate::client::Client;
use crate::output;

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// The alternate screen, without a cursor, where long lines are cut.
const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l";

/// All of that undone.
const LEAVE: &str = "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l";

/// Looks again and again, until Ctrl-C.
///
/// # Errors
/// When the server refuses or cannot be reached any more.
pub(super) fn run(client: Client, path: String) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot wait for signals")?;
    let shown = if stdout().is_terminal() {
        let screen = Screen::enter()?;
        follow(&runtime, client, path, |views| screen.draw(views))
    } else {
        let mut last = Vec::new();
        follow(&runtime, client, path, |views| changes(&mut last, views))
    };
    // A request that is still under way is not waited for.
    runtime.shutdown_background();
    shown
}

fn follow(
    runtime: &Runtime,
    client: Client,
    path: String,
    mut show: impl FnMut(&[View]) -> Result<()>,
) -> Result<()> {
    runtime.block_on(async {
        let (client, path) = (Arc::new(client), Arc::new(path));
        let mut ends = Ends::new()?;
        loop {
            let (client, path) = (Arc::clone(&client), Arc::clone(&path));
            let look = spawn_blocking(move || ask(&client, &path));
            let views = tokio::select! {
                () = ends.next() => return Ok(()),
                views = look => views.context("the look did not end")??,
            };
            show(&views)?;
            tokio::select! {
                () = ends.next() => return Ok(()),
                () = tokio::time::sleep(INTERVAL) => {}
            }
        }
    })
}

/// What ends the watching.
struct Ends {
    interrupt: Signal,
    terminate: Signal,
}

impl Ends {
    fn new() -> Result<Self> {
        let on = |kind| signal(kind).context("cannot wait for signals");
        Ok(Self {
            interrupt: on(SignalKind::interrupt())?,
            terminate: on(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Prints the headlines that were not there before.
fn changes(last: &mut Vec<String>, views: &[View]) -> Result<()> {
    let now: Vec<String> = views.iter().map(View::headline).collect();
    for headline in now.iter().filter(|headline| !last.contains(headline)) {
        output::line(headline)?;
    }
    *last = now;
    Ok(())
}

/// The terminal's other screen; left when dropped.
struct Screen;

impl Screen {
    fn enter() -> io::Result<Self> {
        // Made first, so that it is left even if only half of this is written.
        let screen = Self;
        write(ENTER)?;
        Ok(screen)
    }

    fn draw(&self, views: &[View]) -> Result<()> {
        let rows = tcgetwinsize(stdout()).map_or(u16::MAX, |size| size.ws_row);
        Ok(write(&frame(&render(views), usize::from(rows.max(1))))?)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs no restoring.
        let _ = write(LEAVE);
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// What draws a text over what was there before, without a flicker, in at most so many rows.
fn frame(text: &str, rows: usize) -> String {
    let lines: Vec<String> =
        text.lines().take(rows).map(|line| format!("{line}\u{1b}[K")).collect();
    format!("\u{1b}[H{}\u{1b}[J", lines.join("\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_fits_the_terminal() {
        assert_eq!(frame("a\nb\nc", 2), "\u{1b}[Ha\u{1b}[K\r\nb\u{1b}[K\u{1b}[J");
    }
}
