//! CSV with a header line, as MLflow's scoring protocol and pandas have it.
//!
//! Cells are read as `shipworthy score` reads those of a file: trimmed; empty, `NA`, `NaN` and
//! `null` are missing values. A tensor's cell is a JSON array. Columns that the schema does not
//! have are ignored and counted, columns left out are missing values.

use std::sync::Arc;

use ::csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};
use shipworthy_rows::{Column, Misfit, RowBatch, Schema};

use super::nested::ValueSeed;
use super::{Decoded, Rows, empty_columns};
use crate::Failure;

const HINT: &str = "send a header line with the columns' names, then one line a row, in UTF-8";

/// Reads a body as rows.
pub(crate) fn decode(body: &[u8], wanted: Rows<'_>) -> Result<Decoded, Failure> {
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(body);
    let header = reader.headers().map_err(|error| unreadable(&error))?;
    let places = places(header, wanted.schema)?;
    let extra = header.len() - places.iter().flatten().count();
    let mut columns = empty_columns(wanted.schema, 1);
    let (mut record, mut misfits, mut rows) = (StringRecord::new(), Vec::new(), 0);
    while reader.read_record(&mut record).map_err(|error| unreadable(&error))? {
        if rows == wanted.max_rows {
            return Err(Failure::TooManyRows { limit_rows: wanted.max_rows });
        }
        let fields = wanted.schema.fields().iter().zip(&places);
        for (index, (column, (field, place))) in columns.iter_mut().zip(fields).enumerate() {
            let text = place.and_then(|place| record.get(place)).unwrap_or_default();
            if let Some(found) = push(column, field.width, text) {
                misfits.push(Misfit { row: rows, column: index, found });
            }
        }
        rows += 1;
    }
    if rows == 0 {
        return Err(bad("the body has no rows".to_owned()));
    }
    let batch = RowBatch::new(Arc::clone(wanted.schema), columns)
        .expect("columns are made from the schema, one value a record");
    Ok(Decoded { batch, misfits, undeclared: extra * rows })
}

/// Where each column of the schema stands in a line.
fn places(header: &StringRecord, schema: &Schema) -> Result<Vec<Option<usize>>, Failure> {
    let mut places = vec![None; schema.len()];
    for (place, name) in header.iter().enumerate() {
        let Some(index) = schema.index_of(name) else { continue };
        if places[index].replace(place).is_some() {
            return Err(bad(format!("the header has `{name}` twice")));
        }
    }
    Ok(places)
}

fn push(column: &mut Column, width: usize, text: &str) -> Option<String> {
    match width {
        1 => column.push_text(text),
        _ => ValueSeed { column, width }.read_text(text),
    }
}

fn unreadable(error: &::csv::Error) -> Failure {
    let line = |position: &Option<::csv::Position>| {
        position.as_ref().map_or_else(String::new, |at| format!("line {}: ", at.line()))
    };
    bad(match error.kind() {
        ErrorKind::UnequalLengths { pos, expected_len, len } => {
            format!("{}{len} cells for {expected_len} columns", line(pos))
        }
        ErrorKind::Utf8 { pos, err } => {
            format!("{}cell {} is not UTF-8", line(pos), err.field() + 1)
        }
        _ => "the body is no CSV".to_owned(),
    })
}

fn bad(message: String) -> Failure {
    Failure::BadRequest { message, hint: HINT }
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
