//! Parquet, CSV and JSON lines: what is in a file, and its rows as batches of a wanted schema; and a batch as
//! a file.
//!
//! A value that cannot be read as the wanted type becomes a [`Misfit`] and a missing value: what
//! follows from it is for the contract to say, as it is for a request.

mod csv;
mod guess;
mod json_lines;
mod parquet;
mod widen;
mod write;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Misfit, RowBatch, Schema};
pub use write::write_parquet;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not there, or may not be read.
    #[error("cannot open {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// None of the known kinds by its ending.
    #[error("{}: not a .parquet, .csv or .jsonl file", path.display())]
    Format {
        /// The file.
        path: PathBuf,
    },
    /// Not the Parquet that its ending says.
    #[error("{}: not a readable Parquet file", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: ::parquet::errors::ParquetError,
    },
    /// A page that does not decode.
    #[error("{}: cannot decode rows", path.display())]
    Arrow {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: arrow::error::ArrowError,
    },
    /// Not the CSV that its ending says.
    #[error("{}: not a readable CSV file", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// Why, with the line.
        #[source]
        source: ::csv::Error,
    },
    /// A line that is no object of JSON.
    #[error("{}: line {line} is not a JSON object", path.display())]
    JsonLine {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// It cannot be read to its end, or a line or the number of columns is beyond what is taken.
    #[error("{}: cannot read on after line {line}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The last line that was read.
        line: u64,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A wanted column is not there.
    #[error("{}: no column `{column}`; it has {}", path.display(), found.join(", "))]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The wanted column.
        column: String,
        /// The columns that are there.
        found: Vec<String>,
    },
    /// Two columns with one name.
    #[error("{}: two columns are called `{column}`", path.display())]
    DuplicateColumn {
        /// The file.
        path: PathBuf,
        /// The name.
        column: String,
    },
}

/// A file of rows, opened to see what is in it.
#[derive(Debug)]
pub struct RowFile {
    path: PathBuf,
    format: Format,
    schema: Schema,
    rows: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Parquet,
    Csv,
    JsonLines,
}

/// Rows in order, with the values that did not fit.
pub type Batches = Box<dyn Iterator<Item = Result<(RowBatch, Vec<Misfit>), Error>>>;

impl RowFile {
    /// Opens a file and finds its columns. The types of CSV and JSON lines are those that every
    /// value of a column can be read as, so the whole file is read once.
    ///
    /// # Errors
    /// When the file cannot be read, is of no known kind, or names a column twice.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let (format, columns, rows) = match ending.to_ascii_lowercase().as_str() {
            "parquet" | "pq" => {
                let (columns, rows) = parquet::inspect(path)?;
                (Format::Parquet, columns, Some(rows))
            }
            "csv" => (Format::Csv, csv::inspect(path)?, None),
            "jsonl" | "ndjson" => {
                let (columns, rows) = json_lines::inspect(path)?;
                (Format::JsonLines, columns, Some(rows))
            }
            _ => return Err(Error::Format { path: path.to_owned() }),
        };
        let mut names = std::collections::HashSet::new();
        for (name, _) in &columns {
            if !names.insert(name.as_str()) {
                let column = name.clone();
                return Err(Error::DuplicateColumn { path: path.to_owned(), column });
            }
        }
        Ok(Self { path: path.to_owned(), format, schema: Schema::new(columns), rows })
    }

    /// The columns, in the file's order. Columns of types that have no counterpart here (lists,
    /// structs, bytes) are left out.
    #[must_use]
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The number of rows, where the format tells without reading them all.
    #[must_use]
    pub const fn rows(&self) -> Option<u64> {
        self.rows
    }

    /// The rows in order, as batches of at most `batch_rows` rows with the columns of `wanted`.
    /// Columns that the file has besides are not read.
    ///
    /// # Errors
    /// When a wanted column is absent (but see [`Self::batches_with_gaps`]) or the file cannot be
    /// read.
    pub fn batches(&self, wanted: &Arc<Schema>, batch_rows: usize) -> Result<Batches, Error> {
        let absent = wanted.fields().iter().find(|f| self.schema.index_of(&f.name).is_none());
        if let Some(field) = absent {
            return Err(Error::NoColumn {
                path: self.path.clone(),
                column: field.name.to_string(),
                found: self.schema.fields().iter().map(|f| f.name.to_string()).collect(),
            });
        }
        self.batches_with_gaps(wanted, batch_rows)
    }

    /// As [`Self::batches`], but a column that the file lacks has no value in any row, as a name
    /// left out of a request has none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn batches_with_gaps(
        &self,
        wanted: &Arc<Schema>,
        batch_rows: usize,
    ) -> Result<Batches, Error> {
        match self.format {
            Format::Parquet => parquet::batches(&self.path, wanted, batch_rows),
            Format::Csv => csv::batches(&self.path, wanted, batch_rows),
            Format::JsonLines => json_lines::batches(&self.path, wanted, batch_rows),
        }
    }
}

fn open(path: &Path) -> Result<File, Error> {
    File::open(path).map_err(|source| Error::Open { path: path.to_owned(), source })
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
