//! Station 5: features and the model.

use shipworthy_models::{Answers, PredictError};
use shipworthy_rows::{Column, RowBatch};

use crate::release::LoadedRelease;

/// What the model answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicted {
    /// The numbers that decisions are made of, row after row, `width` each: a probability, one per
    /// class, or a value. Empty where a bare model file answers as it is.
    pub values: Vec<f64>,
    /// Numbers a row.
    pub width: usize,
    /// All outputs of a bare model file, in the order of its signature; else empty.
    pub outputs: Vec<Column>,
    /// Values that were categories the model does not know; it saw them as missing.
    pub unknown_categories: usize,
}

impl Predicted {
    /// The numbers of one row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..(row + 1) * self.width]
    }
}

/// Where in a model's answers the numbers stand that decisions are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) output: usize,
    /// The first of them in a row, and how many they are.
    pub(crate) first: usize,
    pub(crate) width: usize,
}

/// The model's answers to every row of `batch`, whose schema is the release's. Of trees the same
/// numbers, bit for bit, alone or in any batch, online or in a batch job.
///
/// # Errors
/// When the batch is not of the release's schema, or the model's runtime fails.
pub fn predict(release: &LoadedRelease, batch: &RowBatch) -> Result<Predicted, PredictError> {
    let Answers { mut columns, unknown_categories } = release.predictor().predict(batch)?;
    let Some(selection) = release.selection() else {
        return Ok(Predicted {
            values: Vec::new(),
            width: 0,
            outputs: columns,
            unknown_categories,
        });
    };
    let width = selection.width;
    let values = selected(columns.swap_remove(selection.output), selection, batch.rows());
    Ok(Predicted { values, width, outputs: Vec::new(), unknown_categories })
}

fn selected(column: Column, selection: Selection, rows: usize) -> Vec<f64> {
    let Selection { first, width, .. } = selection;
    match column {
        Column::Float(values) if values.len() == rows * width => values,
        Column::Float(values) => {
            let of_row = values.chunks_exact(values.len() / rows.max(1));
            of_row.flat_map(|row| &row[first..first + width]).copied().collect()
        }
        // Not reached: a release selects an output of floats.
        _ => vec![f64::NAN; rows * width],
    }
}
