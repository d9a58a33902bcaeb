//! A Parquet file that is there whole or not at all.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

/// Written beside its place and moved there when it is finished; dropped unfinished, it is gone.
pub(crate) struct ParquetFile {
    place: PathBuf,
    temporary: PathBuf,
    writer: Option<ArrowWriter<File>>,
}

impl ParquetFile {
    /// Begins a file that will be at `place`.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub(crate) fn create(place: &Path, schema: SchemaRef) -> Result<Self> {
        let mut name = place.file_name().context("the output has no file name")?.to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let temporary = place.with_file_name(name);
        let file = File::create(&temporary)
            .with_context(|| format!("cannot write {}", temporary.display()))?;
        let compression = Compression::ZSTD(ZstdLevel::default());
        let properties = WriterProperties::builder().set_compression(compression).build();
        let writer = ArrowWriter::try_new(file, schema, Some(properties))?;
        Ok(Self { place: place.to_owned(), temporary, writer: Some(writer) })
    }

    /// Appends rows.
    ///
    /// # Errors
    /// When the disk is full, say.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let writer = self.writer.as_mut().context("the file is finished")?;
        Ok(writer.write(batch)?)
    }

    /// Ends the file and puts it into its place.
    ///
    /// # Errors
    /// When the disk is full, say.
    pub(crate) fn finish(mut self) -> Result<()> {
        let writer = self.writer.take().context("the file is finished")?;
        writer.into_inner()?.sync_all()?;
        std::fs::rename(&self.temporary, &self.place)
            .with_context(|| format!("cannot write {}", self.place.display()))
    }
}

impl Drop for ParquetFile {
    fn drop(&mut self) {
        // After `finish` there is nothing to remove.
        let _ = std::fs::remove_file(&self.temporary);
    }
}
