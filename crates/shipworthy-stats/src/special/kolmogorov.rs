//! The distribution of the one-sample Kolmogorov–Smirnov statistic.

use std::f64::consts::{LN_10, PI};

use super::check_domain;
use super::deviance::{binomial_weight, stirling_error};
use crate::Error;

/// Chance that the largest gap between the empirical distribution of `n` rows and the true one is
/// at least `gap`, in [0, 1].
///
/// Source: the choice of methods of Simard & L'Ecuyer, J. Stat. Software 39(11) (2011): twice
/// Smirnov's one-sided formula in the tail, the matrix of Marsaglia, Tsang & Wang (2003) for small
/// gaps, the expansion of Pelz & Good (1976) between them for large `n`. Checked with scipy's
/// `kstwo.sf`. `n` ≥ 1, `gap` is any number. O(n) time in the tail.
///
/// # Errors
/// [`Error::OutOfDomain`] for NaN and for no rows.
pub fn kolmogorov_sf(n: u64, gap: f64) -> Result<f64, Error> {
    const NAME: &str = "the Kolmogorov distribution";
    let rows = n as f64;
    check_domain(NAME, "n", rows, n > 0)?;
    check_domain(NAME, "gap", gap, !gap.is_nan())?;
    let scaled = rows * gap;
    let square = scaled * gap;
    let tail_starts = if n <= 140 { 4.0 } else { 2.2 };
    let probability = if scaled <= 0.5 {
        1.0
    } else if gap >= 1.0 {
        0.0
    } else if gap >= 0.5 || square >= tail_starts {
        // Beyond 370 the result is below the smallest float.
        if square > 400.0 { 0.0 } else { 2.0 * smirnov_sf(n, gap) }
    } else if n <= 140 || (n <= 100_000 && scaled * gap.sqrt() <= 1.4) {
        1.0 - matrix_cdf(n, gap)
    } else {
        1.0 - expansion_cdf(rows, gap)
    };
    Ok(probability.clamp(0.0, 1.0))
}

/// Chance that the empirical distribution rises above the true one by `gap` somewhere.
///
/// Source: Smirnov 1944, d Σ C(n, j) (d + j/n)^(j−1) (1 − d − j/n)^(n−j); all terms are positive.
fn smirnov_sf(n: u64, gap: f64) -> f64 {
    let rows = n as f64;
    let last = (rows * (1.0 - gap)).floor() as u64;
    let terms = (0..=last).map(|j| {
        let below = j as f64 / rows + gap;
        binomial_weight(j as f64, rows, -rows * gap) / below
    });
    gap * terms.sum::<f64>()
}

/// Source: Marsaglia, Tsang & Wang, J. Stat. Software 8(18) (2003).
fn matrix_cdf(n: u64, gap: f64) -> f64 {
    let rows = n as f64;
    let k = (rows * gap) as usize + 1;
    let size = 2 * k - 1;
    let (power, tens) = Matrix::of_gap(size, k as f64 - rows * gap).power(n);
    // n! / n^n is √(2πn) e^-n with Stirling's error.
    let scale = stirling_error(rows) - rows + f64::from(tens) * LN_10;
    power.at(k - 1, k - 1) * (2.0 * PI * rows).sqrt() * scale.exp()
}

struct Matrix {
    size: usize,
    cells: Vec<f64>,
}

impl Matrix {
    /// The matrix H of the paper, `h` in (0, 1].
    fn of_gap(size: usize, h: f64) -> Self {
        let mut cells = vec![0.0; size * size];
        for row in 0..size {
            for column in 0..=(row + 1).min(size - 1) {
                let mut value = 1.0;
                if column == 0 {
                    value -= h.powi(row as i32 + 1);
                }
                if row == size - 1 {
                    value -= h.powi((size - column) as i32);
                }
                if column == 0 && row == size - 1 {
                    value += (2.0 * h - 1.0).max(0.0).powi(size as i32);
                }
                let factorial: f64 = (1..=(row + 1 - column)).map(|i| i as f64).product();
                cells[row * size + column] = value / factorial;
            }
        }
        Self { size, cells }
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        self.cells[row * self.size + column]
    }

    fn times(&self, other: &Self) -> Self {
        let size = self.size;
        let mut cells = vec![0.0; size * size];
        for (row, result) in cells.chunks_exact_mut(size).enumerate() {
            for (middle, source) in other.cells.chunks_exact(size).enumerate() {
                let factor = self.at(row, middle);
                result.iter_mut().zip(source).for_each(|(sum, value)| *sum += factor * value);
            }
        }
        Self { size, cells }
    }

    /// The n-th power, n ≥ 1, as a matrix times a power of ten.
    fn power(self, n: u64) -> (Self, i32) {
        if n == 1 {
            return (self, 0);
        }
        let odd = (n % 2 == 1).then(|| Self { size: self.size, cells: self.cells.clone() });
        let (half, tens) = self.power(n / 2);
        let mut result = half.times(&half);
        let mut tens = 2 * tens;
        if let Some(base) = odd {
            result = result.times(&base);
        }
        if result.at(result.size / 2, result.size / 2) > 1e140 {
            result.cells.iter_mut().for_each(|cell| *cell *= 1e-140);
            tens += 140;
        }
        (result, tens)
    }
}

/// Source: Pelz & Good, J. R. Stat. Soc. B 38 (1976), to the term in n^-3/2.
fn expansion_cdf(n: f64, gap: f64) -> f64 {
    let z = n.sqrt() * gap;
    let (s, pi2) = (z * z, PI * PI);
    let (s2, s3) = (s * s, s * s * s);
    let mut k = [0.0; 4];
    for m in (1..).step_by(2).map(f64::from) {
        let m2 = m * m * pi2;
        let q = (-m2 / (8.0 * s)).exp();
        if q < 1e-40 {
            break;
        }
        k[0] += q;
        k[1] += q * (m2 / 4.0 - s);
        k[2] += q
            * (6.0 * s3
                + 2.0 * s2
                + (2.0 * s2 - 5.0 * s) * m2 / 4.0
                + (1.0 - 2.0 * s) * m2 * m2 / 16.0);
        k[3] += q
            * (-30.0 * s3 - 90.0 * s2 * s2
                + (135.0 * s2 - 96.0 * s3) * m2 / 4.0
                + (212.0 * s2 - 60.0 * s) * m2 * m2 / 16.0
                + (5.0 - 30.0 * s) * m2.powi(3) / 64.0);
    }
    let mut even = [0.0; 2];
    for m in (1..).map(f64::from) {
        let m2 = m * m * pi2;
        let q = (-m2 / (2.0 * s)).exp();
        if q < 1e-40 {
            break;
        }
        even[0] += q * m2;
        even[1] += q * m2 * (3.0 * s - m2);
    }
    let terms = [
        k[0] / z,
        k[1] / (6.0 * s2),
        k[2] / (72.0 * s3 * z) - even[0] / (36.0 * s * z),
        k[3] / (6480.0 * s3 * s2) + even[1] / (216.0 * s3),
    ];
    (2.0 * PI).sqrt() * terms.iter().rev().fold(0.0, |sum, term| sum / n.sqrt() + term)
}
