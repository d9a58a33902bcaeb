//! The port: whoever answers rows, and how its time is taken.

use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::rows::Rows;

/// A library with a model loaded, on one thread.
pub(crate) trait Contender {
    /// Answers the rows of `range` into `out`, one prediction a row.
    fn predict(&mut self, rows: &Rows, range: Range<usize>, out: &mut [f64]) -> Result<()>;

    /// What a row costs, in microseconds, when `batch` of them are asked at a time.
    fn us_per_row(&mut self, rows: &Rows, batch: usize) -> Result<f64> {
        let mut out = vec![0.0; batch];
        // What the contender before left in the caches is not this one's to pay for.
        for range in rows.batches(batch).take(WARM_UP_ROWS.div_ceil(batch)) {
            self.predict(rows, range, &mut out)?;
        }
        let mut answered = 0;
        let start = Instant::now();
        while start.elapsed() < LONG_ENOUGH {
            for range in rows.batches(batch) {
                answered += range.len();
                self.predict(rows, range, &mut out)?;
            }
        }
        Ok(start.elapsed().as_secs_f64() * 1e6 / answered as f64)
    }
}

const WARM_UP_ROWS: usize = 1_000;
/// Of one measurement: far above the clock's resolution, and short enough for many rounds.
const LONG_ENOUGH: Duration = Duration::from_millis(20);
