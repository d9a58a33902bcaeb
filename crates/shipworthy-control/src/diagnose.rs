//! How the diagnosis of a project file is shown: to people on standard error, to machines as JSON.

use std::io::{self, IsTerminal, Write};

use miette::{GraphicalReportHandler, GraphicalTheme};

use crate::project::Diagnosis;

/// The widest line of a rendered diagnosis: what a terminal, a CI log and a review comment all
/// show without wrapping.
const WIDTH_CHARS: usize = 100;

/// Whether to colour what goes to standard error: on a terminal, unless the user said no.
pub fn is_coloured(no_color: bool) -> bool {
    !no_color && io::stderr().is_terminal()
}

/// Writes a diagnosis to standard error.
///
/// # Errors
/// When standard error cannot be written.
pub fn print(diagnosis: &Diagnosis, coloured: bool) -> io::Result<()> {
    io::stderr().lock().write_all(render(diagnosis, coloured).as_bytes())
}

/// A diagnosis for people: every mistake with its line, the place underlined, and what to do.
pub fn render(diagnosis: &Diagnosis, coloured: bool) -> String {
    let theme =
        if coloured { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(WIDTH_CHARS)
        .with_links(coloured)
        .without_syntax_highlighting();
    let mut rendered = String::new();
    match handler.render_report(&mut rendered, diagnosis) {
        Ok(()) => without_trailing_space(&rendered),
        // Only a source that cannot be read makes the handler fail, and this one is in memory.
        Err(std::fmt::Error) => format!("{diagnosis}\n{}\n", json(diagnosis)),
    }
}

/// A diagnosis for machines: `[{"line", "column", "message", "help"}]`.
pub fn json(diagnosis: &Diagnosis) -> serde_json::Value {
    let places = diagnosis.places().into_iter().map(|place| {
        serde_json::json!({
            "line": place.line,
            "column": place.column,
            "message": place.message,
            "help": place.help,
        })
    });
    places.collect()
}

fn without_trailing_space(text: &str) -> String {
    let lines = text.trim_end().lines().map(|line| format!("{}\n", line.trim_end()));
    lines.collect()
}
