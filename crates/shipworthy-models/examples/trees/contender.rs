//! The port: whoever answers rows, and how its time is taken.

use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::rows::Rows;

/// A library with a model loaded, on one thread.
pub(crate) trait Contender {
    /// The answers to all rows, asked `batch` at a time.
    fn answers(&mut self, rows: &Rows, batch: usize) -> Result<Vec<f64>>;

    /// What a row costs, in microseconds, when `batch` of them are asked at a time.
    fn us_per_row(&mut self, rows: &Rows, batch: usize) -> Result<f64>;
}

/// A contender within this process.
pub(crate) trait Predict {
    /// Answers the rows of `range` into `out`, one prediction a row.
    fn predict(&mut self, rows: &Rows, range: Range<usize>, out: &mut [f64]) -> Result<()>;
}

/// Rows between two looks at the clock, and before the first.
const STRETCH_ROWS: usize = 1_000;
/// Of one measurement: far above the clock's resolution, and short enough for many rounds.
const LONG_ENOUGH: Duration = Duration::from_millis(25);

impl<P: Predict> Contender for P {
    fn answers(&mut self, rows: &Rows, batch: usize) -> Result<Vec<f64>> {
        let mut answers = vec![0.0; rows.len() / batch * batch];
        for range in rows.batches(batch) {
            self.predict(rows, range.clone(), &mut answers[range])?;
        }
        Ok(answers)
    }

    fn us_per_row(&mut self, rows: &Rows, batch: usize) -> Result<f64> {
        let mut out = vec![0.0; batch];
        let mut ranges = rows.batches(batch).collect::<Vec<_>>().into_iter().cycle();
        let mut stretch = || -> Result<usize> {
            let calls = STRETCH_ROWS.div_ceil(batch);
            ranges
                .by_ref()
                .take(calls)
                .try_for_each(|range| self.predict(rows, range, &mut out))?;
            Ok(calls * batch)
        };
        // What the contender before left in the caches is not this one's to pay for.
        stretch()?;
        let mut answered = 0;
        let start = Instant::now();
        while start.elapsed() < LONG_ENOUGH {
            answered += stretch()?;
        }
        Ok(start.elapsed().as_secs_f64() * 1e6 / answered as f64)
    }
}
