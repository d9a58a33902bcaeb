//! Golden rows: what a release answers to rows that its contract alone makes, kept in its bundle.
//!
//! They show later, elsewhere, that a loaded release is the one that was made. Both files are JSON
//! lines, a row each: an object of the contract's columns, and a list of the numbers that
//! decisions are made of.

use std::sync::Arc;

use serde_json::{Map, Value};
use shipworthy_contract::{Contract, golden_rows};
use shipworthy_rows::{Cell, Column, DataType, Field, RowBatch};
use shipworthy_serving::release::LoadedRelease;
use shipworthy_serving::{PredictError, predict};

/// The rows in a bundle.
pub const INPUT_FILE: &str = "golden_input.jsonl";

/// The answers in a bundle.
pub const OUTPUT_FILE: &str = "golden_output.jsonl";

/// Enough to reach most of a forest's leaves, and a moment's work.
const ROWS: usize = 64;

/// Of no meaning, and never another: the rows are part of a release's name.
const SEED: u64 = 20_260_401;

/// How far an answer may be off, as a share of it (of 1 when it is smaller), before it is another
/// answer: some hundred roundings of single precision, in which most models compute.
pub const ROUNDING: f64 = 1e-5;

/// The two files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Golden {
    /// The rows.
    pub input: Vec<u8>,
    /// The answers.
    pub output: Vec<u8>,
}

/// Why golden rows cannot be made or do not hold.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that is not what was written.
    #[error("line {line} of {file} is no golden row of the contract")]
    Unreadable {
        /// The file.
        file: &'static str,
        /// The line, from 1.
        line: usize,
    },
    /// Other answers.
    #[error(
        "{rows} of the rows of {INPUT_FILE} are not answered as in {OUTPUT_FILE}: the largest \
         difference is {largest:e}"
    )]
    Differs {
        /// Rows with another answer.
        rows: usize,
        /// Infinite where one has no number, or another count of them.
        largest: f64,
        /// Whether another rounding explains it: no answer is off by more than [`ROUNDING`].
        is_rounding: bool,
    },
    /// The model does not answer.
    #[error("the model does not answer the golden rows")]
    Predict(#[from] PredictError),
}

impl Golden {
    /// Makes the rows of the release's contract and lets it answer them.
    ///
    /// # Errors
    /// When the model does not answer.
    pub fn of(release: &LoadedRelease) -> Result<Self, PredictError> {
        let batch = golden_rows(release.contract(), ROWS, SEED);
        let output = answers(release, &batch)?;
        let rows = (0..batch.rows()).map(|row| object(&batch, row).to_string());
        Ok(Self { input: lines(rows), output: lines(output.iter().map(ToString::to_string)) })
    }

    /// Lets a release answer the rows again.
    ///
    /// # Errors
    /// When it answers otherwise, be it in one bit, or a file cannot be read.
    pub fn replay(&self, release: &LoadedRelease) -> Result<(), Error> {
        let batch = read_rows(&self.input, release.contract())?;
        let found = answers(release, &batch)?;
        let kept = values(&self.output, OUTPUT_FILE).collect::<Result<Vec<_>, _>>()?;
        if kept == found {
            return Ok(());
        }
        let pairs = || kept.iter().zip(&found);
        let missing = kept.len().abs_diff(found.len());
        let rows = pairs().filter(|(kept, found)| kept != found).count() + missing;
        let nothing = if missing > 0 { f64::INFINITY } else { 0.0 };
        let (largest, share) = pairs()
            .map(|(kept, found)| distance(kept, found))
            .fold((nothing, nothing), |(a, b), (c, d)| (a.max(c), b.max(d)));
        Err(Error::Differs { rows, largest, is_rounding: share <= ROUNDING })
    }

    /// The numbers of every answer; `None` where one is none, as NaN and the infinities are not.
    pub(crate) fn answers(&self) -> impl Iterator<Item = Option<Vec<f64>>> {
        values(&self.output, OUTPUT_FILE).map(|row| numbers(&row.ok()?))
    }
}

fn answers(release: &LoadedRelease, batch: &RowBatch) -> Result<Vec<Value>, PredictError> {
    let predicted = predict(release, batch)?;
    Ok((0..batch.rows()).map(|row| Value::from(predicted.row(row))).collect())
}

/// The largest difference between two lists of numbers, and the largest as a share of the number.
fn distance(kept: &Value, found: &Value) -> (f64, f64) {
    match (numbers(kept), numbers(found)) {
        (Some(kept), Some(found)) if kept.len() == found.len() => {
            let pairs = kept.iter().zip(&found);
            let off = pairs.map(|(kept, found)| ((kept - found).abs(), kept.abs().max(1.0)));
            off.fold((0.0, 0.0), |(largest, share), (off, of)| {
                (f64::max(largest, off), f64::max(share, off / of))
            })
        }
        _ if kept == found => (0.0, 0.0),
        _ => (f64::INFINITY, f64::INFINITY),
    }
}

fn numbers(value: &Value) -> Option<Vec<f64>> {
    value.as_array()?.iter().map(Value::as_f64).collect()
}

fn lines(rows: impl Iterator<Item = String>) -> Vec<u8> {
    rows.flat_map(|row| (row + "\n").into_bytes()).collect()
}

fn values(text: &[u8], file: &'static str) -> impl Iterator<Item = Result<Value, Error>> {
    let lines = text.split_inclusive(|byte| *byte == b'\n').enumerate();
    lines.map(move |(line, text)| {
        serde_json::from_slice(text).map_err(|_| Error::Unreadable { file, line: line + 1 })
    })
}

pub(crate) fn object(batch: &RowBatch, row: usize) -> Value {
    let fields = batch.schema().fields().iter().enumerate();
    let members = fields.map(|(column, field)| {
        let mut cells: Vec<Value> = batch.cells(row, column).map(written).collect();
        let value = if cells.len() == 1 { cells.remove(0) } else { cells.into() };
        (field.name.to_string(), value)
    });
    members.collect::<Map<_, _>>().into()
}

fn written(cell: Cell<'_>) -> Value {
    match cell {
        Cell::Missing => Value::Null,
        Cell::Boolean(value) => value.into(),
        Cell::Integer(value) => value.into(),
        Cell::Float(value) => value.into(),
        Cell::String(value) => value.into(),
        Cell::Timestamp(value) => value.to_string().into(),
    }
}

fn read_rows(text: &[u8], contract: &Contract) -> Result<RowBatch, Error> {
    let schema = Arc::new(contract.schema());
    let fields = || schema.fields().iter();
    let mut columns: Vec<Column> =
        fields().map(|field| Column::with_capacity(field.data_type, ROWS)).collect();
    for (row, value) in values(text, INPUT_FILE).enumerate() {
        let unreadable = || Error::Unreadable { file: INPUT_FILE, line: row + 1 };
        let object = value?;
        let object = object.as_object().filter(|object| object.len() == columns.len());
        let object = object.ok_or_else(unreadable)?;
        for (field, column) in fields().zip(&mut columns) {
            read_cells(object.get(&*field.name), field, column).ok_or_else(unreadable)?;
        }
    }
    let unreadable = |_| Error::Unreadable { file: INPUT_FILE, line: 1 };
    RowBatch::new(Arc::clone(&schema), columns).map_err(unreadable)
}

fn read_cells(value: Option<&Value>, field: &Field, column: &mut Column) -> Option<()> {
    let cells = match value? {
        Value::Array(cells) => cells.as_slice(),
        cell => std::slice::from_ref(cell),
    };
    let fits = cells.len() == field.width;
    let pushed = |cell: &Value| Some(column.push(read_cell(cell, field.data_type)?));
    fits.then_some(cells)?.iter().map(pushed).collect::<Option<Vec<bool>>>()?;
    Some(())
}

fn read_cell(value: &Value, data_type: DataType) -> Option<Cell<'_>> {
    Some(match (data_type, value) {
        (_, Value::Null) => Cell::Missing,
        (DataType::Boolean, value) => Cell::Boolean(value.as_bool()?),
        (DataType::Integer, value) => Cell::Integer(value.as_i64()?),
        (DataType::Float, value) => Cell::Float(value.as_f64()?),
        (DataType::String, value) => Cell::String(value.as_str()?),
        (DataType::Timestamp, value) => Cell::Timestamp(value.as_str()?.parse().ok()?),
    })
}
