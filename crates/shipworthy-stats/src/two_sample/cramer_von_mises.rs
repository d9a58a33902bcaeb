//! The Cramér–von Mises test.

use super::TestResult;
use super::sorted::Sorted;
use crate::Error;
use crate::special::cramer_von_mises_sf;

/// Two-sample Cramér–von Mises test for continuous values: the statistic T > 0, and its p-value for
/// large samples.
///
/// Source: Anderson, Ann. Math. Stat. 33 (1962), equations 10 to 14. Tied values get their mean
/// rank, which inflates T: with many ties the p-value is far too small, so use another test for
/// values on a grid. Checked with scipy's `cramervonmises_2samp`, `method="asymptotic"`: the
/// statistic to 1e-9, the p-value to scipy's own error of 1e-7.
///
/// # Errors
/// [`Error::EmptySample`], [`Error::NotFinite`], and [`Error::Constant`] when all values are one.
pub fn cramer_von_mises(reference: &[f64], current: &[f64]) -> Result<TestResult, Error> {
    let samples = Sorted::new(reference, current)?;
    let (n, m) = samples.sizes();
    let (n, m) = (n as f64, m as f64);
    let (mut of_reference, mut of_current) = (Ranks::default(), Ranks::default());
    let mut below = 0.0;
    let mut values = 0_u64;
    for tie in samples.ties() {
        let run = (tie.reference + tie.current) as f64;
        let rank = below + (run + 1.0) / 2.0;
        of_reference.add(tie.reference, rank);
        of_current.add(tie.current, rank);
        below += run;
        values += 1;
    }
    if values == 1 {
        return Err(Error::Constant { input: "values" });
    }
    let (rows, product) = (n + m, n * m);
    let statistic = (of_reference.squares / m + of_current.squares / n) / rows
        - (4.0 * product - 1.0) / (6.0 * rows);
    let mean = (1.0 + 1.0 / rows) / 6.0;
    let variance = (rows + 1.0) / (rows * rows)
        * (4.0 * product * rows - 3.0 * (n * n + m * m) - 2.0 * product)
        / (45.0 * 4.0 * product);
    let limit = 1.0 / 6.0 + (statistic - mean) / (45.0 * variance).sqrt();
    Ok(TestResult { statistic, p_value: cramer_von_mises_sf(limit)? })
}

/// Σ (rank in both − rank in its own sample)².
#[derive(Default)]
struct Ranks {
    seen: f64,
    squares: f64,
}

impl Ranks {
    /// `count` rows of one rank: Σ over i of (rank − seen − i)².
    fn add(&mut self, count: u64, rank: f64) {
        let count = count as f64;
        let gap = rank - self.seen - (count + 1.0) / 2.0;
        self.squares += count * gap * gap + count * (count * count - 1.0) / 12.0;
        self.seen += count;
    }
}
