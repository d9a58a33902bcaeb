//! The expectations by name, and what is kept while one of them is evaluated.

use super::aside::Shared;
use super::column_map::ColumnMap;
use super::distinct::{Counted, DistinctSet, Relation};
use super::finding::Finding;
use super::kwargs::Kwargs;
use super::ordered::Ordered;
use super::problem::{Problem, nearest};
use super::quantiles::Quantiles;
use super::record::Record;
use super::summary::{Statistic, Summary};
use super::table::RowCount;
use super::tally::Chunk;
use super::unique::Unique;
use super::z_scores::ZScores;
use super::{record, table, value_check};

/// An expectation under way.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// It needs no rows, or cannot be evaluated.
    Known(Finding),
    Rows(RowCount),
    Column(Box<ColumnMap>),
    Record(Box<Record>),
    Ordered(Box<Ordered>),
    Unique(Box<Unique>),
    Summary(Box<Summary>),
    Quantiles(Box<Quantiles>),
    Counted(Box<Counted>),
    DistinctSet(Box<DistinctSet>),
    ZScores(Box<ZScores>),
}

type Read = fn(&mut Kwargs<'_>) -> Result<State, Problem>;

/// The expectations that are in no family of their own.
const OTHERS: &[(&str, Read)] = &[
    ("ExpectTableRowCountToBeBetween", |k| RowCount::between(k).map(State::Rows)),
    ("ExpectTableRowCountToEqual", |k| RowCount::equal(k).map(State::Rows)),
    ("ExpectColumnValuesToBeIncreasing", |k| Ordered::read(k, true).map(boxed(State::Ordered))),
    ("ExpectColumnValuesToBeDecreasing", |k| Ordered::read(k, false).map(boxed(State::Ordered))),
    ("ExpectColumnValuesToBeUnique", |k| Unique::column(k).map(boxed(State::Unique))),
    ("ExpectCompoundColumnsToBeUnique", |k| Unique::columns(k).map(boxed(State::Unique))),
    ("ExpectColumnMinToBeBetween", |k| summary(k, Statistic::Min)),
    ("ExpectColumnMaxToBeBetween", |k| summary(k, Statistic::Max)),
    ("ExpectColumnMeanToBeBetween", |k| summary(k, Statistic::Mean)),
    ("ExpectColumnStdevToBeBetween", |k| summary(k, Statistic::Stdev)),
    ("ExpectColumnSumToBeBetween", |k| summary(k, Statistic::Sum)),
    ("ExpectColumnProportionOfNonNullValuesToBeBetween", |k| summary(k, Statistic::NonNull)),
    ("ExpectColumnMedianToBeBetween", |k| Quantiles::median(k).map(boxed(State::Quantiles))),
    ("ExpectColumnQuantileValuesToBeBetween", |k| {
        Quantiles::several(k).map(boxed(State::Quantiles))
    }),
    ("ExpectColumnUniqueValueCountToBeBetween", |k| Counted::count(k).map(boxed(State::Counted))),
    ("ExpectColumnProportionOfUniqueValuesToBeBetween", |k| {
        Counted::share(k).map(boxed(State::Counted))
    }),
    ("ExpectColumnMostCommonValueToBeInSet", |k| {
        Counted::most_common(k).map(boxed(State::Counted))
    }),
    ("ExpectColumnDistinctValuesToBeInSet", |k| distinct(k, Relation::Within)),
    ("ExpectColumnDistinctValuesToContainSet", |k| distinct(k, Relation::Contain)),
    ("ExpectColumnDistinctValuesToEqualSet", |k| distinct(k, Relation::Equal)),
    ("ExpectColumnValueZScoresToBeLessThan", |k| ZScores::read(k).map(boxed(State::ZScores))),
];

fn boxed<T>(state: fn(Box<T>) -> State) -> impl Fn(T) -> State {
    move |one| state(Box::new(one))
}

fn summary(kwargs: &mut Kwargs<'_>, statistic: Statistic) -> Result<State, Problem> {
    Summary::read(kwargs, statistic).map(boxed(State::Summary))
}

fn distinct(kwargs: &mut Kwargs<'_>, relation: Relation) -> Result<State, Problem> {
    DistinctSet::read(kwargs, relation).map(boxed(State::DistinctSet))
}

/// The names of all expectations that are supported, in no order.
pub fn names() -> impl Iterator<Item = &'static str> {
    let others = OTHERS.iter().map(|(name, _)| *name);
    let tables = table::ALL.iter().map(|(name, _)| *name);
    let values = value_check::ALL.iter().map(|(name, _)| *name);
    others.chain(tables).chain(values).chain(record::ALL.iter().map(|(name, _)| *name))
}

/// The name of an expectation as Great Expectations 1.x has it, from that or from the spelling of
/// 0.18.
#[must_use]
pub fn class_name(name: &str) -> String {
    let mut capital = true;
    let mut written = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '_' => capital = true,
            _ if capital => {
                written.extend(character.to_uppercase());
                capital = false;
            }
            _ => written.push(character),
        }
    }
    written
}

/// That an expectation of this name is supported.
///
/// # Errors
/// When it is not, with the nearest name that is.
pub(crate) fn known_name(name: &str) -> Result<(), Problem> {
    let wanted = class_name(name);
    match names().any(|known| known == wanted) {
        true => Ok(()),
        false => {
            Err(Problem::Unknown { name: name.to_owned(), nearest: nearest(&wanted, names()) })
        }
    }
}

/// The beginning of an expectation of that name.
///
/// # Errors
/// When there is none, or an argument is wrong.
pub(super) fn read(name: &str, kwargs: &mut Kwargs<'_>) -> Result<State, Problem> {
    known_name(name)?;
    let wanted = class_name(name);
    if let Some((_, read)) = find(value_check::ALL, &wanted) {
        return ColumnMap::read(kwargs, read).map(boxed(State::Column));
    }
    if let Some((_, read)) = find(record::ALL, &wanted) {
        return read(kwargs).map(boxed(State::Record));
    }
    if let Some((_, answer)) = find(table::ALL, &wanted) {
        return answer(kwargs).map(State::Known);
    }
    let (_, read) = find(OTHERS, &wanted).expect("a known name is in one of the tables");
    read(kwargs)
}

/// The line of a table that has this name.
pub(super) fn find<T: Copy>(
    table: &[(&'static str, T)],
    wanted: &str,
) -> Option<(&'static str, T)> {
    table.iter().find(|(name, _)| *name == wanted).copied()
}

impl State {
    /// The column whose different texts it asks about: it is to be numbered.
    pub(super) const fn categories(&self) -> Option<usize> {
        match self {
            Self::Column(state) => state.categories(),
            Self::Counted(state) => Some(state.column()),
            Self::DistinctSet(state) => Some(state.column()),
            _ => None,
        }
    }

    /// Puts aside what has no room in memory.
    pub(super) fn put_aside_in(&mut self, scratch: Shared) {
        match self {
            Self::Unique(state) => state.put_aside_in(scratch),
            Self::Counted(state) => state.put_aside_in(scratch),
            Self::DistinctSet(state) => state.put_aside_in(scratch),
            _ => {}
        }
    }

    /// Takes in a chunk of rows.
    pub(super) fn see(&mut self, chunk: &Chunk<'_>) {
        match self {
            Self::Known(_) => {}
            Self::Rows(state) => state.see(chunk),
            Self::Column(state) => state.see(chunk),
            Self::Record(state) => state.see(chunk),
            Self::Ordered(state) => state.see(chunk),
            Self::Unique(state) => state.see(chunk),
            Self::Summary(state) => state.see(chunk),
            Self::Quantiles(state) => state.see(chunk),
            Self::Counted(state) => state.see(chunk),
            Self::DistinctSet(state) => state.see(chunk),
            Self::ZScores(state) => state.see(chunk),
        }
    }

    /// Adds what was gathered of later rows in the same reading, by a state of the same beginning.
    pub(super) fn merge(&mut self, later: Self) {
        match (self, later) {
            (Self::Rows(state), Self::Rows(later)) => state.merge(&later),
            (Self::Column(state), Self::Column(later)) => state.merge(*later),
            (Self::Record(state), Self::Record(later)) => state.merge(*later),
            (Self::Ordered(state), Self::Ordered(later)) => state.merge(*later),
            (Self::Unique(state), Self::Unique(later)) => state.merge(*later),
            (Self::Summary(state), Self::Summary(later)) => state.merge(*later),
            (Self::Quantiles(state), Self::Quantiles(later)) => state.merge(*later),
            (Self::Counted(state), Self::Counted(later)) => state.merge(*later),
            (Self::DistinctSet(state), Self::DistinctSet(later)) => state.merge(*later),
            (Self::ZScores(state), Self::ZScores(later)) => state.merge(*later),
            _ => {}
        }
    }

    /// Whether the rows must be read again; `rows` is how many there are.
    pub(super) fn another_pass(&mut self, rows: u64) -> bool {
        match self {
            Self::Unique(state) => state.another_pass(rows),
            Self::Quantiles(state) => state.another_pass(),
            Self::Counted(state) => state.another_pass(rows),
            Self::DistinctSet(state) => state.another_pass(rows),
            Self::ZScores(state) => state.another_pass(),
            _ => false,
        }
    }

    /// The result.
    pub(super) fn finish(self) -> Finding {
        match self {
            Self::Known(finding) => finding,
            Self::Rows(state) => state.finish(),
            Self::Column(state) => state.finish(),
            Self::Record(state) => state.finish(),
            Self::Ordered(state) => state.finish(),
            Self::Unique(state) => state.finish(),
            Self::Summary(state) => state.finish(),
            Self::Quantiles(state) => state.finish(),
            Self::Counted(state) => state.finish(),
            Self::DistinctSet(state) => state.finish(),
            Self::ZScores(state) => state.finish(),
        }
    }
}
