//! The two buffers around a model: features in, predictions out.
//!
//! **Invariant:** a buffer keeps its memory when it is reset, so a caller that reuses one
//! allocates only while its batches still grow.
//!
//! Numbers are f64, which holds the f32 of XGBoost exactly.

use crate::bins::Bins;
use crate::forest::Scratch;

/// Rows × features, row after row; NaN is missing.
#[derive(Clone, Debug, Default)]
pub struct FeatureMatrix {
    width: usize,
    rows: usize,
    values: Vec<f64>,
}

impl FeatureMatrix {
    /// A matrix without rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Becomes `rows × width` missing values.
    pub fn reset(&mut self, rows: usize, width: usize) {
        self.values.clear();
        self.values.resize(rows.saturating_mul(width), f64::NAN);
        self.width = width;
        self.rows = rows;
    }

    /// The number of rows.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The number of features.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// All features, row after row.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The features of one row.
    ///
    /// # Panics
    /// When there is no such row, as a slice does.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// Some rows as they lie.
    pub(crate) fn rows_from(&self, first: usize, rows: usize) -> Rows<'_> {
        let values = &self.values[first * self.width..(first + rows) * self.width];
        Rows { width: self.width, values }
    }

    /// The features of one row, to write.
    ///
    /// # Panics
    /// When there is no such row, as a slice does.
    pub fn row_mut(&mut self, row: usize) -> &mut [f64] {
        &mut self.values[row * self.width..(row + 1) * self.width]
    }

    /// One feature of all rows, to write.
    pub fn column_mut(&mut self, column: usize) -> impl Iterator<Item = &mut f64> {
        self.values.iter_mut().skip(column).step_by(self.width.max(1))
    }
}

/// Some rows of a matrix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    pub(crate) width: usize,
    pub(crate) values: &'a [f64],
}

/// What a model answered: margins and predictions of each row.
#[derive(Clone, Debug, Default)]
pub struct Predictions {
    rows: usize,
    margin_width: usize,
    prediction_width: usize,
    margins: Vec<f64>,
    predictions: Vec<f64>,
    scratch: AllScratch,
}

/// What each layout of trees needs while it predicts; only one of them grows.
#[derive(Clone, Debug, Default)]
pub(crate) struct AllScratch {
    pub(crate) single: Scratch<f32>,
    pub(crate) double: Scratch<f64>,
    pub(crate) bins: Bins,
}

impl Predictions {
    /// A buffer without rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Becomes `rows` answers of these widths, all zero. Called by models.
    pub fn reset(&mut self, rows: usize, margin_width: usize, prediction_width: usize) {
        self.rows = rows;
        self.margin_width = margin_width;
        self.prediction_width = prediction_width;
        self.margins.clear();
        self.margins.resize(rows.saturating_mul(margin_width), 0.0);
        self.predictions.clear();
        self.predictions.resize(rows.saturating_mul(prediction_width), 0.0);
    }

    /// The number of rows answered.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Margins per row.
    #[must_use]
    pub const fn margin_width(&self) -> usize {
        self.margin_width
    }

    /// Predictions per row.
    #[must_use]
    pub const fn prediction_width(&self) -> usize {
        self.prediction_width
    }

    /// The raw scores of one row, before the transform.
    ///
    /// # Panics
    /// When there is no such row, as a slice does.
    #[must_use]
    pub fn margin(&self, row: usize) -> &[f64] {
        &self.margins[row * self.margin_width..(row + 1) * self.margin_width]
    }

    /// The predictions of one row: a probability per class, a value, or a class index.
    ///
    /// # Panics
    /// When there is no such row, as a slice does.
    #[must_use]
    pub fn prediction(&self, row: usize) -> &[f64] {
        &self.predictions[row * self.prediction_width..(row + 1) * self.prediction_width]
    }

    /// All predictions, row after row.
    #[must_use]
    pub fn predictions(&self) -> &[f64] {
        &self.predictions
    }

    /// All margins, row after row, to write.
    pub fn margins_mut(&mut self) -> &mut [f64] {
        &mut self.margins
    }

    /// All margins to fill, with the memory that helps.
    pub(crate) fn sums_mut(&mut self) -> (&mut [f64], &mut AllScratch) {
        (&mut self.margins, &mut self.scratch)
    }

    /// All margins to read and all predictions to write, both row after row.
    pub fn transform_mut(&mut self) -> (&[f64], &mut [f64]) {
        (&self.margins, &mut self.predictions)
    }
}
