//! CSV with a header line. Empty text, `NA`, `NaN` and `null` are missing values.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use csv::{Reader, StringRecord};

use super::guess::Guess;
use super::{Batches, Error, open};
use crate::{Column, DataType, Misfit, RowBatch, Schema};

/// Names and types of the columns.
pub(super) fn inspect(path: &Path) -> Result<Vec<(String, DataType)>, Error> {
    let mut reader = reader(path)?;
    let failed = |source| Error::Csv { path: path.to_owned(), source };
    let header = reader.headers().map_err(failed)?.clone();
    let mut guesses = vec![Guess::default(); header.len()];
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(failed)? {
        for (guess, text) in guesses.iter_mut().zip(&record) {
            guess.see_text(text);
        }
    }
    Ok(header.iter().map(str::to_owned).zip(guesses.iter().map(Guess::data_type)).collect())
}

/// The rows as batches of the wanted columns.
pub(super) fn batches(
    path: &Path,
    wanted: &Arc<Schema>,
    batch_rows: usize,
) -> Result<Batches, Error> {
    let mut reader = reader(path)?;
    let header = reader.headers().map_err(|source| Error::Csv { path: path.to_owned(), source })?;
    let places =
        wanted.fields().iter().map(|field| header.iter().position(|name| name == &*field.name));
    Ok(Box::new(CsvBatches {
        path: path.to_owned(),
        wanted: Arc::clone(wanted),
        places: places.collect(),
        reader,
        batch_rows: batch_rows.max(1),
    }))
}

struct CsvBatches {
    path: PathBuf,
    wanted: Arc<Schema>,
    /// Where each wanted column stands in a record.
    places: Vec<Option<usize>>,
    reader: Reader<std::fs::File>,
    batch_rows: usize,
}

impl Iterator for CsvBatches {
    type Item = Result<(RowBatch, Vec<Misfit>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut columns: Vec<Column> = self
            .wanted
            .fields()
            .iter()
            .map(|field| Column::with_capacity(field.data_type, self.batch_rows))
            .collect();
        let mut misfits = Vec::new();
        let mut record = StringRecord::new();
        let mut rows = 0;
        while rows < self.batch_rows {
            match self.reader.read_record(&mut record) {
                Ok(true) => self.push(&record, rows, &mut columns, &mut misfits),
                Ok(false) => break,
                Err(source) => return Some(Err(Error::Csv { path: self.path.clone(), source })),
            }
            rows += 1;
        }
        if rows == 0 {
            return None;
        }
        let batch = RowBatch::new(Arc::clone(&self.wanted), columns)
            .expect("columns are made from the schema, one value a record");
        Some(Ok((batch, misfits)))
    }
}

impl CsvBatches {
    fn push(
        &self,
        record: &StringRecord,
        row: usize,
        columns: &mut [Column],
        misfits: &mut Vec<Misfit>,
    ) {
        for (index, column) in columns.iter_mut().enumerate() {
            let text = self.places[index].and_then(|place| record.get(place)).unwrap_or_default();
            if let Some(found) = column.push_text(text) {
                misfits.push(Misfit { row, column: index, found });
            }
        }
    }
}

fn reader(path: &Path) -> Result<Reader<std::fs::File>, Error> {
    Ok(csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(open(path)?))
}
