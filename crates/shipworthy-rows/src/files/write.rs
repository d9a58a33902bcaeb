//! A batch as a Parquet file, which other programs read with its types and missing values.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::Error;
use crate::{Column, RowBatch, Timestamp};

/// Writes a batch whose columns have one value a row; a missing value is null. Instants are
/// microseconds in UTC. The same batch gives the same bytes.
///
/// # Errors
/// When the file cannot be written, the disk being full say.
pub fn write_parquet(path: &Path, batch: &RowBatch) -> Result<(), Error> {
    let unwritable = |source| Error::Write { path: path.to_owned(), source };
    let failed = |source| Error::Parquet { path: path.to_owned(), source };
    let fields = batch.schema().fields().iter().zip(batch.columns());
    let columns = fields.map(|(field, column)| (field.name.to_string(), array(column), true));
    let record = RecordBatch::try_from_iter_with_nullable(columns)
        .map_err(|source| Error::Arrow { path: path.to_owned(), source })?;
    let file = File::create(path).map_err(unwritable)?;
    // Every reader knows this one.
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer =
        ArrowWriter::try_new(file, record.schema(), Some(properties)).map_err(failed)?;
    writer.write(&record).map_err(failed)?;
    writer.close().map_err(failed)?;
    Ok(())
}

fn array(column: &Column) -> ArrayRef {
    match column {
        Column::Boolean(values) => Arc::new(values.iter().copied().collect::<BooleanArray>()),
        Column::Integer(values) => Arc::new(values.iter().copied().collect::<Int64Array>()),
        Column::Float(values) => {
            let present = values.iter().map(|value| Some(*value).filter(|value| !value.is_nan()));
            Arc::new(present.collect::<Float64Array>())
        }
        Column::String(values) => Arc::new(values.iter().collect::<StringArray>()),
        Column::Timestamp(values) => {
            let micros = values.iter().map(|instant| instant.map(Timestamp::as_micros));
            let array: TimestampMicrosecondArray = micros.collect();
            Arc::new(array.with_timezone("UTC"))
        }
    }
}
