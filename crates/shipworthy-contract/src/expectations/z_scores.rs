//! Expectations of how far values lie from the mean of their column, in standard deviations.

use super::finding::Finding;
use super::kwargs::Kwargs;
use super::problem::Problem;
use super::scalar::{json, number};
use super::summary::Moments;
use super::tally::{Chunk, Tally};

/// That z-scores are below a threshold. Mean and deviation are known after a first reading of the
/// rows; they are judged in a second one.
#[derive(Clone, Debug)]
pub(super) struct ZScores {
    column: usize,
    threshold: f64,
    double_sided: bool,
    mostly: f64,
    moments: Moments,
    tally: Tally,
    judges: bool,
}

impl ZScores {
    /// Binds the expectation to its column.
    ///
    /// # Errors
    /// When an argument is wrong, or the column has no numbers.
    pub(super) fn read(kwargs: &mut Kwargs<'_>) -> Result<Self, Problem> {
        let column = kwargs.column("column")?;
        if !column.is_numeric() {
            return Err(column.refuse("its values are no numbers"));
        }
        Ok(Self {
            column: column.index,
            threshold: kwargs.required_number("threshold")?,
            double_sided: kwargs.flag("double_sided")?,
            mostly: kwargs.mostly()?,
            moments: Moments::default(),
            tally: Tally::default(),
            judges: false,
        })
    }

    /// Takes in the rows of a chunk.
    pub(super) fn see(&mut self, chunk: &Chunk<'_>) {
        let column = &chunk.batch.columns()[self.column];
        if !self.judges {
            return self.moments.see(column, chunk);
        }
        let mean = self.moments.mean().unwrap_or(f64::NAN);
        let deviation = self.moments.deviation().unwrap_or(f64::NAN);
        for row in chunk.rows() {
            let cell = column.cell(row);
            self.tally.elements += 1;
            let Some(value) = number(cell) else {
                self.tally.missing += 1;
                continue;
            };
            let score = (value - mean) / deviation;
            let score = if self.double_sided { score.abs() } else { score };
            // No spread gives no score, and no score is below the threshold.
            if !matches!(score.partial_cmp(&self.threshold), Some(std::cmp::Ordering::Less)) {
                self.tally.unexpected(chunk.number(row), || json(cell));
            }
        }
    }

    /// Adds what was gathered of other rows in the same reading.
    pub(super) fn merge(&mut self, other: Self) {
        match self.judges {
            true => self.tally.merge(other.tally),
            false => self.moments.merge(&other.moments),
        }
    }

    /// Whether the rows must be read again.
    pub(super) const fn another_pass(&mut self) -> bool {
        let again = !self.judges;
        self.judges = true;
        again
    }

    /// The result.
    pub(super) fn finish(self) -> Finding {
        self.tally.finish(self.mostly)
    }
}
