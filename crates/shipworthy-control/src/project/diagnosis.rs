//! What is wrong with a project file: every mistake, with its place.

use std::cell::RefCell;
use std::ops::Range;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceSpan};
use serde::Serialize;

/// All mistakes of one project file, in the order of the file. There is at least one.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{file_name} has {}", count(.mistakes.len()))]
pub struct Diagnosis {
    file_name: String,
    #[source_code]
    text: NamedSource<String>,
    #[related]
    mistakes: Vec<Mistake>,
}

/// One mistake: what stands there, what was expected, and what to do.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
pub(super) struct Mistake {
    message: String,
    /// The first one is where the mistake is; empty when something is missing from the whole file.
    #[label(collection)]
    labels: Vec<LabeledSpan>,
    #[help]
    help: Option<String>,
}

/// One mistake for machines.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What stands there, and what was expected.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Where a reader puts the mistakes it finds, so that it can go on to the next one.
#[derive(Debug, Default)]
pub(super) struct Mistakes {
    found: RefCell<Vec<Mistake>>,
}

impl Diagnosis {
    /// The diagnosis of a file with these mistakes.
    pub(super) fn new(text: &str, file_name: &str, mut mistakes: Vec<Mistake>) -> Self {
        mistakes.sort_by_key(|mistake| mistake.offset().unwrap_or(usize::MAX));
        let text = NamedSource::new(file_name, text.to_owned());
        Self { file_name: file_name.to_owned(), text, mistakes }
    }

    /// How many mistakes there are.
    pub fn count(&self) -> usize {
        self.mistakes.len()
    }

    /// Every mistake with its line and column, for machines. What is missing from the whole file
    /// is reported at its first character.
    pub fn places(&self) -> Vec<Place> {
        let text = self.text.inner();
        let places = self.mistakes.iter().map(|mistake| {
            let (line, column) = line_and_column(text, mistake.offset().unwrap_or(0));
            let expected = mistake.labels.first().and_then(LabeledSpan::label);
            let message = expected.map_or_else(
                || mistake.message.clone(),
                |expected| format!("{}: {expected}", mistake.message),
            );
            Place { line, column, message, help: mistake.help.clone() }
        });
        places.collect()
    }
}

impl Mistake {
    /// A mistake at a place, with what was expected there.
    pub(super) fn at(span: &Range<usize>, message: String, expected: impl Into<String>) -> Self {
        let span = SourceSpan::from(span.clone());
        let label = LabeledSpan::new_primary_with_span(Some(expected.into()), span);
        Self { message, labels: vec![label], help: None }
    }

    /// Something that the whole file lacks.
    pub(super) const fn of_file(message: String) -> Self {
        Self { message, labels: Vec::new(), help: None }
    }

    /// The mistake with another place that it has to do with.
    pub(super) fn and_at(mut self, span: &Range<usize>, why: &str) -> Self {
        let span = SourceSpan::from(span.clone());
        self.labels.push(LabeledSpan::new_with_span(Some(why.to_owned()), span));
        self
    }

    /// The mistake with what to do about it.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The mistake with advice, if there is some.
    pub(super) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    fn offset(&self) -> Option<usize> {
        self.labels.first().map(LabeledSpan::offset)
    }
}

impl Mistakes {
    /// Adds one.
    pub(super) fn add(&self, mistake: Mistake) {
        self.found.borrow_mut().push(mistake);
    }

    /// All that were found.
    pub(super) fn into_found(self) -> Vec<Mistake> {
        self.found.into_inner()
    }
}

fn count(mistakes: usize) -> String {
    if mistakes == 1 { "one mistake".to_owned() } else { format!("{mistakes} mistakes") }
}

/// The line and the column, in characters, both from 1, of a byte offset.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}
