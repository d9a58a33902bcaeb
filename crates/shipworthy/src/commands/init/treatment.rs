//! What becomes of each column: a role, or being set aside, with the reason.

use shipworthy_contract::Role;
use shipworthy_rows::DataType;

use super::association::{Association, GIVES_AWAY, WORTH_A_LOOK};
use super::names;
use super::profile::{ColumnProfile, Profile};
use super::quote;
use super::target::Target;

/// What becomes of a column.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Treatment {
    /// It is part of the contract.
    Declared {
        /// What for.
        role: Role,
        /// Why, and what to look at.
        notes: Vec<String>,
    },
    /// It stands in the file as a comment.
    Aside {
        /// Why.
        reason: String,
        /// Whether it could be a feature if it had to be.
        is_suspect: bool,
    },
    /// It is what is predicted.
    Target,
}

/// Values are nearly all different from this share on.
const NEARLY_ALL: f64 = 0.95;

/// Of fewer rows, values that are all different prove nothing.
const MIN_ROWS: u64 = 50;

/// A text feature of more values mostly has values that training never saw.
const MANY_TEXTS: u64 = 1_000;

impl Treatment {
    /// What becomes of the column at this position. Without a target nothing can give it away.
    pub(super) fn of(profile: &Profile, target: Option<&Target>, index: usize) -> Self {
        if target.is_some_and(|target| target.column == index) {
            return Self::Target;
        }
        let column = &profile.columns[index];
        if let Some(reason) = useless(column) {
            return Self::Aside { reason, is_suspect: false };
        }
        if column.data_type == DataType::Timestamp {
            return Self::declared(Role::Context, TIMESTAMP);
        }
        if let Some((role, note)) = by_name(column).or_else(|| by_values(column)) {
            return Self::declared(role, note);
        }
        let association = target.and_then(|target| Association::of(profile, target, index));
        if let Some(found) = association.filter(|found| found.strength >= GIVES_AWAY) {
            let rows = profile.sample.rows();
            let reason = format!(
                "Suspicious: {} (measured on {rows} rows). Take away the # signs only if it is \
                 known when the decision is made.",
                found.text()
            );
            return Self::Aside { reason, is_suspect: true };
        }
        let strong = association.filter(|found| found.strength >= WORTH_A_LOOK);
        let strong = strong.map(|found| {
            format!("Look twice: {}. Delete it if it is known only afterwards.", found.text())
        });
        let notes = strong.into_iter().chain(many_texts(column)).collect();
        Self::Declared { role: Role::Feature, notes }
    }

    /// The feature that a column set aside on suspicion is after all.
    pub(super) fn as_feature(&self) -> Self {
        match self {
            Self::Aside { reason, is_suspect: true } => {
                let why = "It is a feature all the same, since no other column could be one.";
                Self::Declared { role: Role::Feature, notes: vec![format!("{reason} {why}")] }
            }
            other => other.clone(),
        }
    }

    /// Whether the model sees the column.
    pub(super) const fn is_feature(&self) -> bool {
        matches!(self, Self::Declared { role: Role::Feature, .. })
    }

    fn declared(role: Role, note: &str) -> Self {
        Self::Declared { role, notes: vec![note.to_owned()] }
    }
}

const TIMESTAMP: &str = "An instant: recorded beside the decision, no input of the model. What a \
     model can use of it (an hour, days since) is a column of its own.";

/// Why nothing can be learned or recorded from a column.
fn useless(column: &ColumnProfile) -> Option<String> {
    if column.is_unnamed() {
        return Some("A column without a name. Give it one in the file to use it.".to_owned());
    }
    if column.present == 0 {
        return Some(
            "No row has a value, so its type is unknown and there is nothing to learn.".to_owned(),
        );
    }
    if column.distinct.count() == 1 && column.missing == 0 {
        return Some("Every row has the same value: there is nothing to learn.".to_owned());
    }
    if column.present >= MIN_ROWS && column.counts_rows() {
        return Some("It numbers the rows of the file, which says nothing about them.".to_owned());
    }
    names::is_contact(&column.name).then(|| {
        "A guess from its name: it names or reaches a person. What is not declared is neither \
         asked for nor recorded."
            .to_owned()
    })
}

/// The role that a name suggests.
fn by_name(column: &ColumnProfile) -> Option<(Role, &'static str)> {
    if names::is_identifier(&column.name) && column.data_type != DataType::Boolean {
        return Some(if names::is_of_person(&column.name) {
            (
                Role::Subject,
                "A guess from its name: the person that the row is about. Recorded, no input of the \
                 model.",
            )
        } else {
            (
                Role::Key,
                "A guess from its name: what the row is about. Recorded, no input of the model; \
                 role = \"feature\" lets the model learn from it.",
            )
        });
    }
    names::is_protected(&column.name).then_some((
        Role::Protected,
        "A guess from its name: people must not be treated differently for it, so it is recorded \
         to measure fairness, and is no input of the model. Where it may be one, write role = \
         \"feature\".",
    ))
}

/// The role that the values suggest.
fn by_values(column: &ColumnProfile) -> Option<(Role, &'static str)> {
    let is_identifier = matches!(column.data_type, DataType::String | DataType::Integer)
        && column.present >= MIN_ROWS
        && column.distinct_share() >= NEARLY_ALL;
    is_identifier.then_some((
        Role::Context,
        "A guess from its values, nearly all of them different: an identifier or free text. \
         Recorded, no input of the model; role = \"feature\" lets the model learn from it.",
    ))
}

fn many_texts(column: &ColumnProfile) -> Option<String> {
    let is_many = column.data_type == DataType::String && column.distinct.count() > MANY_TEXTS;
    is_many.then(|| {
        "So many texts are hard to learn from: a value that training has not seen counts as \
         missing."
            .to_owned()
    })
}

/// Why there is no feature, for an error: a line for each column.
pub(super) fn why_no_feature(profile: &Profile, treatments: &[Treatment]) -> String {
    let lines = profile.columns.iter().zip(treatments).map(|(column, treatment)| {
        let why = match treatment {
            Treatment::Target => "the target",
            Treatment::Aside { reason, .. } => reason,
            Treatment::Declared { notes, .. } => notes.first().map_or("", String::as_str),
        };
        format!("  {}: {why}", quote::text(&column.name))
    });
    lines.collect::<Vec<_>>().join("\n")
}
