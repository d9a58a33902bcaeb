//! The rows that everybody answers.
//!
//! A hundred real rows, each [`COPIES`] times with its cells moved a little, in an order that no
//! branch predictor can learn. Numbers are exact in f32, so that libraries which compute in f32 and
//! those which compute in f64 read the same.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result};
use shipworthy_models::{Feature, FeatureKind};

/// Makes ten thousand rows of the hundred of a fixture.
const COPIES: usize = 100;
/// Numbers move by at most so many standard deviations of their column, and so many of the
/// categories are another row's. With a tenth of it, libraries that branch at each node are up to
/// twice as fast, because they still know the hundred rows apart; with more they lose little.
const JITTER: f64 = 0.25;
const SEED: u64 = 20_130_101;

/// Rows × features, row after row; NaN is missing, a category is its code.
pub(crate) struct Rows {
    pub(crate) width: usize,
    double: Vec<f64>,
    /// The same numbers.
    single: Vec<f32>,
}

impl Rows {
    /// The columns of a CSV that a model takes, multiplied.
    pub(crate) fn read(path: &Path, features: &[Feature]) -> Result<Self> {
        let columns =
            columns(path, features).with_context(|| format!("the rows of {}", path.display()))?;
        let spreads: Vec<f64> = columns.iter().map(|column| spread(column)).collect();
        let mut random = Random(SEED);
        let mut order: Vec<usize> =
            (0..columns[0].len() * COPIES).map(|row| row / COPIES).collect();
        random.shuffle(&mut order);
        let mut single = Vec::with_capacity(order.len() * features.len());
        for row in order {
            for ((column, spread), feature) in columns.iter().zip(&spreads).zip(features) {
                single.push(match feature.kind {
                    FeatureKind::Numeric => column[row] + JITTER * spread * random.centred(),
                    FeatureKind::Categorical if random.centred().abs() < JITTER => {
                        column[random.below(column.len())]
                    }
                    FeatureKind::Categorical => column[row],
                } as f32);
            }
        }
        let double = single.iter().map(|&value| f64::from(value)).collect();
        Ok(Self { width: features.len(), double, single })
    }

    pub(crate) fn len(&self) -> usize {
        self.single.len() / self.width
    }

    /// All rows in batches of one size; those that fill none are left out.
    pub(crate) fn batches(&self, size: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        (0..self.len() / size).map(move |at| at * size..(at + 1) * size)
    }

    /// The numbers of some rows, as f64.
    pub(crate) fn double(&self, rows: &Range<usize>) -> &[f64] {
        &self.double[rows.start * self.width..rows.end * self.width]
    }

    /// The numbers of some rows, as f32.
    pub(crate) fn single(&self, rows: &Range<usize>) -> &[f32] {
        &self.single[rows.start * self.width..rows.end * self.width]
    }
}

/// The column of each feature, as the model reads it.
fn columns(path: &Path, features: &[Feature]) -> Result<Vec<Vec<f64>>> {
    let mut reader = csv::Reader::from_path(path)?;
    let names = reader.headers()?.clone();
    let find = |feature: &Feature| {
        let at = names.iter().position(|name| *name == *feature.name);
        at.with_context(|| format!("no column {}", feature.name))
    };
    let places = features.iter().map(find).collect::<Result<Vec<usize>>>()?;
    let mut columns = vec![Vec::new(); features.len()];
    for record in reader.records() {
        let record = record?;
        for ((column, feature), &at) in columns.iter_mut().zip(features).zip(&places) {
            column.push(number(feature, &record[at]));
        }
    }
    Ok(columns)
}

/// A number, or the code of a category; NaN where there is none.
fn number(feature: &Feature, text: &str) -> f64 {
    if feature.levels.is_empty() {
        return text.parse().unwrap_or(f64::NAN);
    }
    let code = feature.levels.iter().position(|level| level == text);
    code.map_or(f64::NAN, |code| code as f64)
}

/// The standard deviation of a column's numbers.
fn spread(column: &[f64]) -> f64 {
    let present: Vec<f64> = column.iter().copied().filter(|value| !value.is_nan()).collect();
    let count = present.len().max(1) as f64;
    let mean = present.iter().sum::<f64>() / count;
    (present.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt()
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the same rows everywhere, whatever `rand` does.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Uniform in −1 to 1.
    fn centred(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    /// Uniform in 0 to `end`, without it; the bias of the remainder does not matter here.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn shuffle(&mut self, order: &mut [usize]) {
        for end in (1..order.len()).rev() {
            order.swap(end, self.below(end + 1));
        }
    }
}
