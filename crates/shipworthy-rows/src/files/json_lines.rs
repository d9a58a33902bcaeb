//! JSON lines: an object a line, whose names are the columns. Empty lines are passed over.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::guess::Guess;
use super::{Batches, Error, open};
use crate::text::whole;
use crate::{Cell, Column, DataType, Misfit, RowBatch, Schema};

/// The longest line, in bytes: more is no row.
const MAX_LINE_BYTES: u64 = 16 << 20;

/// Different names in a file: more are no columns.
const MAX_COLUMNS: usize = 10_000;

/// Names and types of the columns, in the order in which they first come, and the number of rows.
/// What holds lists or objects is left out.
pub(super) fn inspect(path: &Path) -> Result<(Vec<(String, DataType)>, u64), Error> {
    let mut lines = Lines::open(path)?;
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut columns: Vec<(String, Guess, bool)> = Vec::new();
    let mut rows = 0;
    while let Some(object) = lines.next()? {
        rows += 1;
        for (name, value) in object {
            let place = *places.entry(name).or_insert_with_key(|name| {
                columns.push((name.clone(), Guess::default(), true));
                columns.len() - 1
            });
            let (_, guess, is_flat) = &mut columns[place];
            *is_flat &= see(guess, &value);
        }
        if columns.len() > MAX_COLUMNS {
            return Err(lines.unreadable(&format!("it has more than {MAX_COLUMNS} columns")));
        }
    }
    let flat = columns.into_iter().filter(|(_, _, is_flat)| *is_flat);
    Ok((flat.map(|(name, guess, _)| (name, guess.data_type())).collect(), rows))
}

/// Takes a value into a guess. Says whether it is a single one.
fn see(guess: &mut Guess, value: &Value) -> bool {
    match value {
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => guess.see_text(&value.to_string()),
        Value::String(text) => guess.see_string(text),
        Value::Array(_) | Value::Object(_) => return false,
    }
    true
}

/// The rows as batches of the wanted columns.
pub(super) fn batches(
    path: &Path,
    wanted: &Arc<Schema>,
    batch_rows: usize,
) -> Result<Batches, Error> {
    let (lines, wanted) = (Lines::open(path)?, Arc::clone(wanted));
    Ok(Box::new(JsonBatches { lines, wanted, batch_rows: batch_rows.max(1) }))
}

struct JsonBatches {
    lines: Lines,
    wanted: Arc<Schema>,
    batch_rows: usize,
}

impl Iterator for JsonBatches {
    type Item = Result<(RowBatch, Vec<Misfit>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let fields = self.wanted.fields().iter();
        let mut columns: Vec<Column> =
            fields.map(|field| Column::with_capacity(field.data_type, self.batch_rows)).collect();
        let mut misfits = Vec::new();
        let mut rows = 0;
        while rows < self.batch_rows {
            let object = match self.lines.next() {
                Ok(Some(object)) => object,
                Ok(None) => break,
                Err(error) => return Some(Err(error)),
            };
            for (index, field) in self.wanted.fields().iter().enumerate() {
                let value = object.get(&*field.name).unwrap_or(&Value::Null);
                if let Some(found) = push(&mut columns[index], value) {
                    misfits.push(Misfit { row: rows, column: index, found });
                }
            }
            rows += 1;
        }
        if rows == 0 {
            return None;
        }
        let batch = RowBatch::new(Arc::clone(&self.wanted), columns)
            .expect("columns are made from the schema, one value a line");
        Some(Ok((batch, misfits)))
    }
}

/// Appends a value, or a missing one when it is not of the column's type: that is given back as
/// JSON, shortened. A text column takes numbers by their text, since such a column has both.
fn push(column: &mut Column, value: &Value) -> Option<String> {
    /// Enough to recognise the value, too little to carry a document into a record.
    const SHOWN_CHARS: usize = 64;
    let text;
    let cell = match (column.data_type(), value) {
        (_, Value::Null) => Some(Cell::Missing),
        (_, Value::Array(_) | Value::Object(_)) => None,
        (DataType::String, Value::Bool(_) | Value::Number(_)) => {
            text = value.to_string();
            Some(Cell::String(&text))
        }
        (DataType::Timestamp, Value::String(text)) => text.parse().ok().map(Cell::Timestamp),
        (_, Value::String(text)) => Some(Cell::String(text)),
        (_, Value::Bool(value)) => Some(Cell::Boolean(*value)),
        (data_type, Value::Number(number)) => match number.as_i64() {
            Some(value) => Some(Cell::Integer(value)),
            None if data_type == DataType::Integer => {
                number.as_f64().and_then(whole).map(Cell::Integer)
            }
            None => number.as_f64().map(Cell::Float),
        },
    };
    let fitted = cell.is_some_and(|cell| column.push(cell));
    if cell.is_none() {
        column.push_missing();
    }
    (!fitted).then(|| value.to_string().chars().take(SHOWN_CHARS).collect())
}

/// The lines of a file, as objects.
struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    buffer: Vec<u8>,
    line: u64,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, Error> {
        let reader = BufReader::with_capacity(1 << 18, open(path)?);
        Ok(Self { path: path.to_owned(), reader, buffer: Vec::new(), line: 0 })
    }

    fn next(&mut self) -> Result<Option<Map<String, Value>>, Error> {
        loop {
            self.buffer.clear();
            let mut limited = (&mut self.reader).take(MAX_LINE_BYTES);
            let read = limited.read_until(b'\n', &mut self.buffer);
            let (path, line) = (|| self.path.clone(), self.line);
            match read.map_err(|source| Error::Read { path: path(), line, source })? {
                0 => return Ok(None),
                read if read as u64 == MAX_LINE_BYTES => {
                    return Err(self.unreadable("the next line is longer than 16 MiB"));
                }
                _ => self.line += 1,
            }
            if self.buffer.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            return serde_json::from_slice(&self.buffer).map(Some).map_err(|source| {
                Error::JsonLine { path: self.path.clone(), line: self.line, source }
            });
        }
    }

    fn unreadable(&self, why: &str) -> Error {
        let source = io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
        Error::Read { path: self.path.clone(), line: self.line, source }
    }
}
