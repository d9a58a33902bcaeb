//! The rows that a model is judged on, beside those that it learned from.

use std::path::Path;

use shipworthy_core::Output;
use shipworthy_rows::RowBatch;

use super::learning::Learning;
use super::{Error, Progress};
use crate::project::Project;

/// Some rows of a source.
#[derive(Clone, Debug)]
pub struct Labelled {
    /// The contract's columns.
    pub batch: RowBatch,
    /// The code of each row's class, or its number.
    pub labels: Vec<f64>,
}

/// The rows of a project as its training splits them.
#[derive(Clone, Debug)]
pub struct HeldOut {
    /// Never seen; empty where the project keeps none.
    pub test: Labelled,
    /// Trees were grown on these.
    pub learned: Labelled,
    /// The expected shape of the output.
    pub output: Output,
}

/// Reads the source of a project that lies in `directory`, and splits it as a training does.
///
/// # Errors
/// As [`train`](super::train()) has them of the source.
pub fn held_out(
    project: &Project,
    directory: &Path,
    progress: &mut dyn Progress,
) -> Result<HeldOut, Error> {
    let learning = Learning::read(project, directory, progress)?;
    let labelled = |rows: &[usize]| Labelled {
        batch: learning.batch().take(rows),
        labels: rows.iter().map(|row| learning.labels[*row]).collect(),
    };
    Ok(HeldOut {
        test: labelled(&learning.split.test),
        learned: labelled(&learning.split.train),
        output: learning.output.clone(),
    })
}
