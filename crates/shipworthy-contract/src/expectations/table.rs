//! Expectations of a table as a whole: its rows, its columns, their types.

use shipworthy_rows::{Cell, DataType, Schema};

use super::bounds::Bounds;
use super::finding::Finding;
use super::kwargs::{Kwargs, wrong};
use super::problem::Problem;
use super::scalar::json;
use super::tally::Chunk;

/// An expectation of the number of rows.
#[derive(Clone, Debug)]
pub(super) struct RowCount {
    bounds: Bounds,
    rows: u64,
}

impl RowCount {
    /// `min_value` and `max_value`.
    ///
    /// # Errors
    /// When an argument is wrong.
    pub(super) fn between(kwargs: &mut Kwargs<'_>) -> Result<Self, Problem> {
        Ok(Self { bounds: Bounds::of_numbers(kwargs)?, rows: 0 })
    }

    /// `value`.
    ///
    /// # Errors
    /// When it is no number.
    pub(super) fn equal(kwargs: &mut Kwargs<'_>) -> Result<Self, Problem> {
        let value = Some(kwargs.required_number("value")?);
        Ok(Self { bounds: Bounds::closed(value, value), rows: 0 })
    }

    /// Counts the rows of a chunk.
    pub(super) fn see(&mut self, chunk: &Chunk<'_>) {
        self.rows += match chunk.selected {
            None => chunk.batch.rows() as u64,
            Some(_) => chunk.rows().count() as u64,
        };
    }

    /// Adds other rows.
    pub(super) const fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
    }

    /// The result.
    pub(super) fn finish(self) -> Finding {
        let rows = count(self.rows);
        Finding::observed(self.bounds.hold(rows), json(rows))
    }
}

/// Answers from the schema alone.
pub(super) type Answer = fn(&mut Kwargs<'_>) -> Result<Finding, Problem>;

/// The expectations of columns and their types.
pub(super) const ALL: &[(&str, Answer)] = &[
    ("ExpectTableColumnCountToEqual", |kwargs| {
        let value = Some(kwargs.required_number("value")?);
        Ok(column_count(kwargs, &Bounds::closed(value, value)))
    }),
    ("ExpectTableColumnCountToBeBetween", |kwargs| {
        let bounds = Bounds::of_numbers(kwargs)?;
        Ok(column_count(kwargs, &bounds))
    }),
    ("ExpectTableColumnsToMatchSet", match_set),
    ("ExpectTableColumnsToMatchOrderedList", match_list),
    ("ExpectColumnToExist", exist),
    ("ExpectColumnValuesToBeOfType", |kwargs| {
        let name = kwargs.text("type_")?;
        of_type(kwargs, &[name])
    }),
    ("ExpectColumnValuesToBeInTypeList", |kwargs| {
        let names = kwargs.texts("type_list")?;
        of_type(kwargs, &names)
    }),
];

fn column_count(kwargs: &Kwargs<'_>, bounds: &Bounds) -> Finding {
    let columns = count(kwargs.schema().len() as u64);
    Finding::observed(bounds.hold(columns), json(columns))
}

/// `column_set`; others may be there when `exact_match` is false.
fn match_set(kwargs: &mut Kwargs<'_>) -> Result<Finding, Problem> {
    let exact = match kwargs.get("exact_match") {
        None => true,
        Some(value) => {
            value.as_bool().ok_or_else(|| wrong("exact_match", "true or false", Some(value)))?
        }
    };
    let wanted = kwargs.texts("column_set")?;
    let mut names = names(kwargs.schema());
    let all_there = wanted.iter().all(|name| names.contains(name));
    let none_besides = names.iter().all(|name| wanted.contains(name));
    names.sort_unstable();
    Ok(Finding::observed(all_there && (none_besides || !exact), names.into()))
}

/// `column_list`.
fn match_list(kwargs: &mut Kwargs<'_>) -> Result<Finding, Problem> {
    let wanted = kwargs.texts("column_list")?;
    let names = names(kwargs.schema());
    Ok(Finding::observed(wanted == names, names.into()))
}

/// `column`, at `column_index` from 0 if that is given.
fn exist(kwargs: &mut Kwargs<'_>) -> Result<Finding, Problem> {
    let place = kwargs.schema().index_of(kwargs.text("column")?);
    let success = match kwargs.get("column_index") {
        None => place.is_some(),
        Some(index) => {
            let wanted = index
                .as_u64()
                .ok_or_else(|| wrong("column_index", "a whole number from 0", Some(index)))?;
            place.is_some_and(|place| place as u64 == wanted)
        }
    };
    Ok(Finding { success, ..Finding::default() })
}

/// Whether the column's type is one of these, under a name that pandas, numpy or Python has for it.
fn of_type(kwargs: &mut Kwargs<'_>, wanted: &[&str]) -> Result<Finding, Problem> {
    let column = kwargs.column("column")?;
    // A type holds for all values of a column, or for none.
    kwargs.mostly()?;
    let known = type_names(column.data_type);
    let success = wanted.iter().any(|name| known.contains(name));
    Ok(Finding::observed(success, known[0].into()))
}

/// The name that pandas shows, then others for the same.
const fn type_names(data_type: DataType) -> &'static [&'static str] {
    match data_type {
        DataType::Boolean => &["bool", "bool_", "boolean", "BooleanType", "BOOLEAN"],
        DataType::Integer => &["int64", "int", "int_", "Int64", "integer", "INTEGER", "BIGINT"],
        DataType::Float => &["float64", "float", "float_", "Float64", "double", "FLOAT", "DOUBLE"],
        DataType::String => &["str", "object", "object_", "string", "String", "VARCHAR", "TEXT"],
        DataType::Timestamp => {
            &["datetime64[ns]", "datetime64", "datetime", "Timestamp", "timestamp", "TIMESTAMP"]
        }
    }
}

/// The type that a name stands for.
pub(crate) fn data_type_of(name: &str) -> Option<DataType> {
    DataType::ALL.into_iter().find(|data_type| type_names(*data_type).contains(&name))
}

fn names(schema: &Schema) -> Vec<&str> {
    schema.fields().iter().map(|field| &*field.name).collect()
}

fn count(rows: u64) -> Cell<'static> {
    Cell::Integer(i64::try_from(rows).unwrap_or(i64::MAX))
}
