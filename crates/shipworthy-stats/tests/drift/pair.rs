//! A pair of tables under `tests/drift`, and how near an answer must be.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use shipworthy_rows::files::RowFile;
use shipworthy_rows::{Column, RowBatch, StringColumn};

/// A table of reference and a current one, with what tools say of them.
pub(crate) struct Pair {
    directory: PathBuf,
    reference: RowBatch,
    current: RowBatch,
}

/// The values of a column that are not missing, of both tables.
pub(crate) enum Values {
    Numbers(Vec<f64>, Vec<f64>),
    Texts(Vec<String>, Vec<String>),
}

impl Pair {
    pub(crate) fn read(name: &str) -> Self {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drift").join(name);
        let reference = table(&directory.join("reference.parquet"));
        let current = table(&directory.join("current.parquet"));
        Self { directory, reference, current }
    }

    pub(crate) fn expected(&self, file: &str) -> Value {
        let text = std::fs::read(self.directory.join(file)).expect("a file");
        serde_json::from_slice(&text).expect("valid JSON")
    }

    pub(crate) fn column(&self, name: &str) -> Values {
        Self::values(&self.reference, &self.current, name)
    }

    /// The reference beside each chunk of it, then beside each chunk of the current table.
    pub(crate) fn chunks(&self, name: &str, rows: usize) -> Vec<Values> {
        let chunks = |table: &RowBatch| {
            let starts = (0..table.rows()).step_by(rows);
            let positions = starts.map(|start| start..(start + rows).min(table.rows()));
            positions.map(|run| table.take(&run.collect::<Vec<_>>())).collect::<Vec<_>>()
        };
        let all = chunks(&self.reference).into_iter().chain(chunks(&self.current));
        all.map(|chunk| Self::values(&self.reference, &chunk, name)).collect()
    }

    fn values(reference: &RowBatch, current: &RowBatch, name: &str) -> Values {
        let of = |table: &RowBatch| table.column(name).expect("a column").clone();
        match (of(reference), of(current)) {
            (Column::Float(reference), Column::Float(current)) => {
                Values::Numbers(present(&reference), present(&current))
            }
            (Column::String(reference), Column::String(current)) => {
                let texts =
                    |column: &StringColumn| column.iter().flatten().map(str::to_owned).collect();
                Values::Texts(texts(&reference), texts(&current))
            }
            _ => unreachable!("{name} is neither a number nor text"),
        }
    }
}

/// The numbers that are not missing.
fn present(values: &[f64]) -> Vec<f64> {
    values.iter().copied().filter(|value| !value.is_nan()).collect()
}

fn table(path: &Path) -> RowBatch {
    let file = RowFile::open(path).expect("a Parquet file");
    let schema = Arc::new(file.schema().clone());
    let batches: Vec<RowBatch> = file
        .batches(&schema, 100_000)
        .expect("its columns")
        .map(|batch| batch.expect("rows").0)
        .collect();
    RowBatch::stack(&batches.iter().collect::<Vec<_>>()).expect("one schema")
}

/// A number, also one that JSON has no literal for.
pub(crate) fn number(value: &Value) -> f64 {
    match value.as_str() {
        Some(text) => text.parse().expect("a number"),
        None => value.as_f64().expect("a number"),
    }
}

/// A statistic: 1e-9 relative.
#[track_caller]
pub(crate) fn near(at: &str, actual: f64, expected: f64) {
    let gap = (actual - expected).abs();
    assert!(gap <= 1e-9 * expected.abs(), "{at}: {actual:e}, expected {expected:e}");
}

/// A p-value: 1e-6 relative above 1e-12, else both below that.
#[track_caller]
pub(crate) fn near_p(at: &str, actual: f64, expected: f64) {
    let gap = (actual - expected).abs();
    let same = if expected > 1e-12 { gap <= 1e-6 * expected } else { actual <= 1e-12 };
    assert!(same && (0.0..=1.0).contains(&actual), "{at}: {actual:e}, expected {expected:e}");
}
