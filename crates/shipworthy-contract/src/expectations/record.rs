//! Expectations of several values of a row together.

use std::cmp::Ordering;

use serde_json::{Map, Value};
use shipworthy_rows::{Cell, RowBatch};

use super::finding::Finding;
use super::kwargs::{Found, Kwargs, wrong};
use super::problem::Problem;
use super::scalar::{Scalar, compare, json, number};
use super::tally::{Chunk, Tally};

/// The columns of a row that are judged together.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    indices: Vec<usize>,
    names: Vec<String>,
    ignored: Ignored,
    /// Reported as a list (pairs) and not by name.
    is_pair: bool,
}

/// Which rows are not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ignored {
    AllMissing,
    AnyMissing,
    Never,
}

impl Columns {
    /// `column_A` and `column_B`.
    ///
    /// # Errors
    /// When one is not there.
    pub(super) fn pair(kwargs: &mut Kwargs<'_>) -> Result<Self, Problem> {
        let (a, b) = (kwargs.column("column_A")?, kwargs.column("column_B")?);
        let words = ["both_values_are_missing", "either_value_is_missing", "neither"];
        let ignored = Self::ignored(kwargs, &words)?;
        Ok(Self::new(&[a, b], ignored, true))
    }

    /// `column_list`.
    ///
    /// # Errors
    /// When there are fewer than two, or one is not in the data.
    pub(super) fn list(kwargs: &mut Kwargs<'_>) -> Result<Self, Problem> {
        let columns = kwargs.columns("column_list")?;
        if columns.len() < 2 {
            return Err(wrong("column_list", "a list of two columns or more", None));
        }
        let words = ["all_values_are_missing", "any_value_is_missing", "never"];
        let ignored = Self::ignored(kwargs, &words)?;
        Ok(Self::new(&columns, ignored, false))
    }

    fn ignored(kwargs: &mut Kwargs<'_>, words: &[&'static str; 3]) -> Result<Ignored, Problem> {
        let word = kwargs.word("ignore_row_if", words)?;
        Ok(match words.iter().position(|known| *known == word) {
            Some(0) => Ignored::AllMissing,
            Some(1) => Ignored::AnyMissing,
            _ => Ignored::Never,
        })
    }

    fn new(columns: &[Found<'_>], ignored: Ignored, is_pair: bool) -> Self {
        let indices = columns.iter().map(|column| column.index).collect();
        let names = columns.iter().map(|column| column.name.to_owned()).collect();
        Self { indices, names, ignored, is_pair }
    }

    /// The values of a row.
    pub(super) fn cells<'a>(
        &'a self,
        batch: &'a RowBatch,
        row: usize,
    ) -> impl Iterator<Item = Cell<'a>> + Clone {
        self.indices.iter().map(move |column| batch.columns()[*column].cell(row))
    }

    /// Whether a row is passed over for its missing values.
    pub(super) fn ignore(&self, batch: &RowBatch, row: usize) -> bool {
        let mut missing = self.cells(batch, row).map(|cell| matches!(cell, Cell::Missing));
        match self.ignored {
            Ignored::AllMissing => missing.all(|missing| missing),
            Ignored::AnyMissing => missing.any(|missing| missing),
            Ignored::Never => false,
        }
    }

    /// The values of a row in a report.
    pub(super) fn json(&self, batch: &RowBatch, row: usize) -> Value {
        let values = self.cells(batch, row).map(json);
        match self.is_pair {
            true => values.collect(),
            false => Value::Object(self.names.iter().cloned().zip(values).collect::<Map<_, _>>()),
        }
    }
}

/// What is expected of the values of a row.
#[derive(Clone, Debug)]
enum Rule {
    Equal,
    Greater { or_equal: bool },
    PairIn(Vec<[Option<Scalar>; 2]>),
    Different,
    Sum(f64),
}

/// An expectation of rows, and what was counted of them.
#[derive(Clone, Debug)]
pub(super) struct Record {
    columns: Columns,
    rule: Rule,
    mostly: f64,
    tally: Tally,
}

/// Reads the arguments of an expectation of rows.
pub(super) type Read = fn(&mut Kwargs<'_>) -> Result<Record, Problem>;

/// The expectations of rows.
pub(super) const ALL: &[(&str, Read)] = &[
    ("ExpectColumnPairValuesToBeEqual", |kwargs| Record::pair(kwargs, Rule::Equal)),
    ("ExpectColumnPairValuesAToBeGreaterThanB", |kwargs| {
        let or_equal = kwargs.flag("or_equal")?;
        Record::pair(kwargs, Rule::Greater { or_equal })
    }),
    ("ExpectColumnPairValuesToBeInSet", |kwargs| {
        let pairs = kwargs.list("value_pairs_set")?.iter().map(pair);
        let rule = Rule::PairIn(pairs.collect::<Result<_, _>>()?);
        Record::pair(kwargs, rule)
    }),
    ("ExpectSelectColumnValuesToBeUniqueWithinRecord", |kwargs| {
        Record::list(kwargs, Rule::Different)
    }),
    ("ExpectMulticolumnValuesToBeUnique", |kwargs| Record::list(kwargs, Rule::Different)),
    ("ExpectMulticolumnSumToEqual", |kwargs| {
        for column in kwargs.columns("column_list")? {
            if !column.is_numeric() {
                return Err(column.refuse("it cannot be summed"));
            }
        }
        let total = kwargs.required_number("sum_total")?;
        Record::list(kwargs, Rule::Sum(total))
    }),
];

fn pair(value: &Value) -> Result<[Option<Scalar>; 2], Problem> {
    match value.as_array().map(Vec::as_slice) {
        Some([a, b]) => Ok([Scalar::of_json(a), Scalar::of_json(b)]),
        _ => Err(wrong("value_pairs_set", "a list of pairs", Some(value))),
    }
}

impl Record {
    fn pair(kwargs: &mut Kwargs<'_>, rule: Rule) -> Result<Self, Problem> {
        let (a, b) = (kwargs.column("column_A")?, kwargs.column("column_B")?);
        let has_order = a.data_type == b.data_type || (a.is_numeric() && b.is_numeric());
        if matches!(rule, Rule::Greater { .. }) && !has_order {
            return Err(a.refuse(format!("it has no order with `{}`, {}", b.name, b.data_type)));
        }
        let columns = Columns::pair(kwargs)?;
        Self::new(kwargs, columns, rule)
    }

    fn list(kwargs: &mut Kwargs<'_>, rule: Rule) -> Result<Self, Problem> {
        let columns = Columns::list(kwargs)?;
        Self::new(kwargs, columns, rule)
    }

    fn new(kwargs: &mut Kwargs<'_>, columns: Columns, rule: Rule) -> Result<Self, Problem> {
        let (mostly, tally) = (kwargs.mostly()?, Tally::default());
        Ok(Self { columns, rule, mostly, tally })
    }

    /// The places of the columns, in the order of the arguments.
    pub(super) fn columns(&self) -> &[usize] {
        &self.columns.indices
    }

    /// Whether a row is as expected, or passed over for its missing values.
    pub(super) fn holds(&self, batch: &RowBatch, row: usize) -> bool {
        self.columns.ignore(batch, row) || self.rule.holds(self.columns.cells(batch, row))
    }

    /// The values of a row in a report.
    pub(super) fn json(&self, batch: &RowBatch, row: usize) -> Value {
        self.columns.json(batch, row)
    }

    /// Judges the rows of a chunk.
    pub(super) fn see(&mut self, chunk: &Chunk<'_>) {
        for row in chunk.rows() {
            self.tally.elements += 1;
            if self.columns.ignore(chunk.batch, row) {
                self.tally.missing += 1;
            } else if !self.rule.holds(self.columns.cells(chunk.batch, row)) {
                let value = || self.columns.json(chunk.batch, row);
                self.tally.unexpected(chunk.number(row), value);
            }
        }
    }

    /// Adds what was counted of later rows.
    pub(super) fn merge(&mut self, later: Self) {
        self.tally.merge(later.tally);
    }

    /// The result.
    pub(super) fn finish(self) -> Finding {
        self.tally.finish(self.mostly)
    }
}

impl Rule {
    fn holds<'a>(&self, mut cells: impl Iterator<Item = Cell<'a>> + Clone) -> bool {
        match self {
            Self::Sum(total) => {
                // A missing value makes the sum none, and none is not equal.
                let sum: f64 = cells.map(|cell| number(cell).unwrap_or(f64::NAN)).sum();
                (sum - total).abs() <= 0.0
            }
            Self::Different => {
                let mut rest = cells.clone();
                cells.all(|cell| {
                    rest.next();
                    !rest.clone().any(|other| is_same(cell, other))
                })
            }
            _ => {
                let (Some(a), Some(b)) = (cells.next(), cells.next()) else { return true };
                match self {
                    Self::Greater { or_equal } => compare(a, b)
                        .is_some_and(|order| order.is_gt() || (*or_equal && order.is_eq())),
                    Self::PairIn(pairs) => pairs
                        .iter()
                        .any(|[one, other]| is_same(a, cell(one)) && is_same(b, cell(other))),
                    _ => compare(a, b) == Some(Ordering::Equal),
                }
            }
        }
    }
}

fn cell(scalar: &Option<Scalar>) -> Cell<'_> {
    scalar.as_ref().map_or(Cell::Missing, Scalar::cell)
}

/// Whether two values are one, a missing one being like another.
fn is_same(a: Cell<'_>, b: Cell<'_>) -> bool {
    match (a, b) {
        (Cell::Missing, Cell::Missing) => true,
        _ => compare(a, b) == Some(Ordering::Equal),
    }
}
