//! Parquet, read through Arrow.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::{Batches, Error, open, widen};
use crate::{Column, DataType, Misfit, RowBatch, Schema};

/// Names and types of the columns, and the number of rows.
pub(super) fn inspect(path: &Path) -> Result<(Vec<(String, DataType)>, u64), Error> {
    let builder = builder(path)?;
    let fields = builder.schema().fields().iter();
    let columns = fields
        .filter_map(|field| Some((field.name().clone(), widen::data_type(field.data_type())?)))
        .collect();
    let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    Ok((columns, rows))
}

/// The rows as batches of the wanted columns.
pub(super) fn batches(
    path: &Path,
    wanted: &Arc<Schema>,
    batch_rows: usize,
) -> Result<Batches, Error> {
    let builder = builder(path)?;
    let present = builder.schema().fields().iter().enumerate();
    let roots: Vec<usize> = present
        .filter(|(_, field)| wanted.index_of(field.name()).is_some())
        .map(|(root, _)| root)
        .collect();
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
    let reader = builder
        .with_projection(mask)
        .with_batch_size(batch_rows.max(1))
        .build()
        .map_err(|source| Error::Parquet { path: path.to_owned(), source })?;
    Ok(Box::new(ParquetBatches { path: path.to_owned(), wanted: Arc::clone(wanted), reader }))
}

struct ParquetBatches {
    path: PathBuf,
    wanted: Arc<Schema>,
    reader: ParquetRecordBatchReader,
}

impl Iterator for ParquetBatches {
    type Item = Result<(RowBatch, Vec<Misfit>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.reader.next()?;
        Some(
            read.map(|record| narrow(&record, &self.wanted))
                .map_err(|source| Error::Arrow { path: self.path.clone(), source }),
        )
    }
}

/// The wanted columns of a record batch, in the wanted order and types.
fn narrow(record: &RecordBatch, wanted: &Arc<Schema>) -> (RowBatch, Vec<Misfit>) {
    let mut misfits = Vec::new();
    let columns = wanted.fields().iter().enumerate().map(|(index, field)| {
        let mut column = Column::with_capacity(field.data_type, record.num_rows());
        match record.column_by_name(&field.name) {
            Some(array) => widen::append(array, index, &mut column, &mut misfits),
            None => (0..record.num_rows()).for_each(|_| column.push_missing()),
        }
        column
    });
    let columns: Vec<Column> = columns.collect();
    let batch = RowBatch::new(Arc::clone(wanted), columns)
        .expect("columns are made from the schema, one value a row");
    (batch, misfits)
}

fn builder(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<std::fs::File>, Error> {
    ParquetRecordBatchReaderBuilder::try_new(open(path)?)
        .map_err(|source| Error::Parquet { path: path.to_owned(), source })
}
