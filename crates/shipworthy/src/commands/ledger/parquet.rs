//! Decisions as rows of a Parquet file, with bounded memory.

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow::array::{
    ArrayRef, Int64Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use shipworthy_serving::record::{Recorded, Status};

use super::entries::Entry;

/// Rows that are collected before they are encoded.
const BATCH_ROWS: usize = 8_192;

/// A batch ends early when its JSON text passes this, in bytes.
const BATCH_BYTES: usize = 8 << 20;

/// A row group ends when its encoded size passes this, in bytes.
const ROW_GROUP_BYTES: usize = 64 << 20;

/// A row group has at most so many rows, so that readers can skip and share them out.
const ROW_GROUP_ROWS: usize = 512 * 1024;

/// Writes decisions, one row each.
pub(super) struct DecisionWriter<W: Write + Send> {
    writer: ArrowWriter<W>,
    batch: Batch,
    rows: u64,
}

impl<W: Write + Send> DecisionWriter<W> {
    /// A file without rows.
    pub(super) fn new(out: W) -> Result<Self> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            // Every value is another one.
            .set_column_dictionary_enabled("decision_id".into(), false)
            .build();
        let batch = Batch::new();
        let writer = ArrowWriter::try_new(out, Arc::clone(&batch.schema), Some(properties))?;
        Ok(Self { writer, batch, rows: 0 })
    }

    /// Adds the row of an entry about a row; all but its name and its status, the kind's, are missing
    /// when it was erased.
    pub(super) fn push(&mut self, entry: &Entry, status: Status) -> Result<()> {
        let recorded = entry.recorded()?;
        let status = recorded.as_ref().map_or(status, |recorded| recorded.status);
        self.batch.push(&entry.id, status, recorded.as_ref())?;
        self.rows += 1;
        if self.batch.rows >= BATCH_ROWS || self.batch.bytes >= BATCH_BYTES {
            self.write_batch()?;
        }
        Ok(())
    }

    /// Writes what is left and the footer; gives the number of rows.
    pub(super) fn finish(mut self) -> Result<u64> {
        self.write_batch()?;
        self.writer.close().context("the Parquet file cannot be finished")?;
        Ok(self.rows)
    }

    fn write_batch(&mut self) -> Result<()> {
        let batch = self.batch.take()?;
        self.writer.write(&batch).context("the Parquet file cannot be written")?;
        if self.writer.in_progress_size() >= ROW_GROUP_BYTES {
            self.writer.flush().context("the Parquet file cannot be written")?;
        }
        Ok(())
    }
}

/// Rows on their way into the file.
struct Batch {
    schema: SchemaRef,
    decision_id: StringBuilder,
    received_at: TimestampMicrosecondBuilder,
    endpoint: StringBuilder,
    release: StringBuilder,
    slot: StringBuilder,
    status: StringBuilder,
    input: StringBuilder,
    output: StringBuilder,
    latency_us: Int64Builder,
    rows: usize,
    bytes: usize,
}

impl Batch {
    fn new() -> Self {
        let utc: Arc<str> = "UTC".into();
        let instant = DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::clone(&utc)));
        let always = |name: &str| Field::new(name, DataType::Utf8, false);
        let unless_erased = |name: &str| Field::new(name, DataType::Utf8, true);
        let schema = Schema::new(vec![
            always("decision_id"),
            Field::new("received_at", instant, true),
            unless_erased("endpoint"),
            unless_erased("release"),
            unless_erased("slot"),
            always("status"),
            unless_erased("input"),
            unless_erased("output"),
            Field::new("latency_us", DataType::Int64, true),
        ]);
        Self {
            schema: Arc::new(schema),
            decision_id: StringBuilder::new(),
            received_at: TimestampMicrosecondBuilder::new().with_timezone(utc),
            endpoint: StringBuilder::new(),
            release: StringBuilder::new(),
            slot: StringBuilder::new(),
            status: StringBuilder::new(),
            input: StringBuilder::new(),
            output: StringBuilder::new(),
            latency_us: Int64Builder::new(),
            rows: 0,
            bytes: 0,
        }
    }

    fn push(&mut self, id: &str, status: Status, recorded: Option<&Recorded>) -> Result<()> {
        let latency = recorded.map(|recorded| i64::try_from(recorded.latency_us)).transpose()?;
        let (input, output) =
            recorded.map(|recorded| (recorded.input.get(), recorded.output.get())).unzip();
        self.decision_id.append_value(id);
        self.received_at.append_option(recorded.map(|recorded| recorded.received_at.as_micros()));
        self.endpoint.append_option(recorded.map(|recorded| &recorded.endpoint));
        self.release.append_option(recorded.map(|recorded| &recorded.release));
        self.slot.append_option(recorded.map(|recorded| &recorded.slot));
        self.status.append_value(status.name());
        self.input.append_option(input);
        self.output.append_option(output);
        self.latency_us.append_option(latency);
        self.rows += 1;
        self.bytes += input.map_or(0, str::len) + output.map_or(0, str::len);
        Ok(())
    }

    /// The rows so far; none are left.
    fn take(&mut self) -> Result<RecordBatch> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.decision_id.finish()),
            Arc::new(self.received_at.finish()),
            Arc::new(self.endpoint.finish()),
            Arc::new(self.release.finish()),
            Arc::new(self.slot.finish()),
            Arc::new(self.status.finish()),
            Arc::new(self.input.finish()),
            Arc::new(self.output.finish()),
            Arc::new(self.latency_us.finish()),
        ];
        (self.rows, self.bytes) = (0, 0);
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}
