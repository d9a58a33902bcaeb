//! `[[expect]]`: what is expected of the source as a whole.

use std::ops::Range;

use serde_json::{Map, Value};
use shipworthy_contract::expectations::{Declared, class_name, names};

use super::fields::{Key, Section};
use super::reader::{Located, Table, value_or};

/// The keys of `[[expect]]`.
pub(super) const SECTION: Section = Section::new(
    "[[expect]]",
    &[
        Key::new("type", "the name of an expectation", "required"),
        Key::new("kwargs", "a table", "none: no arguments"),
        Key::new("on_violation", "`reject` or `flag`", "`\"reject\"`"),
    ],
);

/// An expectation of the source.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// Its name and arguments.
    pub declared: Declared,
    /// What follows when it does not hold.
    pub on_violation: OnFailure,
}

/// What follows when an expectation of the source does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// Nothing is trained.
    Reject,
    /// It is told.
    Flag,
}

/// One `[[expect]]` as typed.
#[derive(Debug)]
pub(super) struct TypedExpectation {
    /// Its header.
    pub(super) header: Range<usize>,
    name: Option<Located<String>>,
    kwargs: Map<String, Value>,
    on_violation: OnFailure,
}

impl TypedExpectation {
    pub(super) fn read(table: Table<'_>) -> Self {
        let known: Vec<&str> = names().collect();
        let name = table.field("type").required();
        let name = name.known_name("a known expectation", class_name, &known);
        let answers = [("reject", OnFailure::Reject), ("flag", OnFailure::Flag)];
        let typed = Self {
            header: table.span(),
            name,
            kwargs: value_or(table.field("kwargs").object(), Map::new()),
            on_violation: value_or(table.field("on_violation").one_of(&answers), OnFailure::Reject),
        };
        table.finish();
        typed
    }

    pub(super) fn validated(self, place: usize) -> Option<Expectation> {
        let (name, kwargs, on_violation) = (self.name?.value, self.kwargs, self.on_violation);
        Some(Expectation { declared: Declared { id: place.into(), name, kwargs }, on_violation })
    }
}
