//! Expectations of quantiles, exact in bounded memory.
//!
//! Up to [`MAX_VALUES`] numbers are kept and sorted. Of more, the ranks that are asked for are found
//! by their bits, sixteen a reading from the highest: a selection by counting, in four further
//! readings at most.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::bounds::Bounds;
use super::finding::Finding;
use super::kwargs::{Kwargs, wrong};
use super::problem::Problem;
use super::scalar::{Scalar, json as shown, number};
use super::tally::{Chunk, ratio};

/// Numbers kept: 8 MB.
const MAX_VALUES: usize = 1 << 20;

/// Quantiles that one expectation may ask for.
const MAX_QUANTILES: usize = 64;

/// An expectation of quantiles, or of the median.
#[derive(Clone, Debug)]
pub(super) struct Quantiles {
    column: usize,
    asked: Asked,
    count: u64,
    search: Search,
}

#[derive(Clone, Debug)]
enum Asked {
    /// The middle value, or the mean of the two in the middle.
    Median(Bounds),
    /// The nearest value to each quantile, as pandas' `interpolation="nearest"`.
    Quantiles(Vec<(f64, Bounds)>),
}

/// How far the search is.
#[derive(Clone, Debug)]
enum Search {
    /// All numbers, as keys that are ordered as they are.
    Kept { keys: Vec<u64>, limit: usize },
    /// There were too many to keep; they are counted from the next reading on.
    Over,
    /// How many have each of the next sixteen bits, by the bits before.
    Counting { bits: u32, counts: BTreeMap<u64, Vec<u64>>, targets: Vec<Target> },
    /// The keys of the ranks.
    Found(Vec<u64>),
}

/// A rank that is looked for.
#[derive(Clone, Copy, Debug)]
struct Target {
    /// The bits of its key that are known.
    prefix: u64,
    /// Its rank from 0 among the numbers with these bits.
    rank: u64,
}

const BITS_A_PASS: u32 = 16;

impl Quantiles {
    /// The median of a column.
    ///
    /// # Errors
    /// When an argument is wrong, or the column has no numbers.
    pub(super) fn median(kwargs: &mut Kwargs<'_>) -> Result<Self, Problem> {
        let column = Self::column(kwargs)?;
        let bounds = Bounds::of_numbers(kwargs)?;
        Ok(Self::new(column, Asked::Median(bounds), MAX_VALUES))
    }

    /// `quantile_ranges`: quantiles, and a range for each.
    ///
    /// # Errors
    /// When an argument is wrong, or the column has no numbers.
    pub(super) fn several(kwargs: &mut Kwargs<'_>) -> Result<Self, Problem> {
        const WANTED: &str =
            "an object with `quantiles` (at most 64, from 0 to 1) and as many `value_ranges`";
        let column = Self::column(kwargs)?;
        let exact =
            kwargs.get("allow_relative_error").filter(|value| **value != Value::Bool(false));
        if exact.is_some() {
            return Err(wrong("allow_relative_error", "false (quantiles are exact)", exact));
        }
        let ranges = kwargs.required("quantile_ranges", WANTED)?;
        let refuse = || wrong("quantile_ranges", WANTED, Some(ranges));
        let list = |name| ranges.get(name).and_then(Value::as_array).ok_or_else(refuse);
        let (quantiles, values) = (list("quantiles")?, list("value_ranges")?);
        if quantiles.len() != values.len() || !(1..=MAX_QUANTILES).contains(&quantiles.len()) {
            return Err(refuse());
        }
        let pairs = quantiles.iter().zip(values).map(|(quantile, range)| {
            let quantile = quantile.as_f64().filter(|q| (0.0..=1.0).contains(q));
            Some((quantile?, range_of(range)?))
        });
        let asked = pairs.collect::<Option<Vec<_>>>().ok_or_else(refuse)?;
        Ok(Self::new(column, Asked::Quantiles(asked), MAX_VALUES))
    }

    fn column(kwargs: &mut Kwargs<'_>) -> Result<usize, Problem> {
        let column = kwargs.column("column")?;
        match column.is_numeric() {
            true => Ok(column.index),
            false => Err(column.refuse("its values are no numbers")),
        }
    }

    const fn new(column: usize, asked: Asked, limit: usize) -> Self {
        Self { column, asked, count: 0, search: Search::Kept { keys: Vec::new(), limit } }
    }

    /// Takes in the rows of a chunk.
    pub(super) fn see(&mut self, chunk: &Chunk<'_>) {
        let column = &chunk.batch.columns()[self.column];
        chunk.each(column, |_, cell| {
            number(cell).into_iter().for_each(|value| self.add(key(value)));
        });
    }

    fn add(&mut self, key: u64) {
        match &mut self.search {
            Search::Kept { keys, limit } => {
                self.count += 1;
                keys.push(key);
                if keys.len() > *limit {
                    self.search = Search::Over;
                }
            }
            Search::Over => self.count += 1,
            Search::Counting { bits, counts, .. } => {
                let prefix = key.checked_shr(64 - *bits).unwrap_or(0);
                if let Some(counts) = counts.get_mut(&prefix) {
                    counts[digit(key, *bits)] += 1;
                }
            }
            Search::Found(_) => {}
        }
    }

    /// Adds what was gathered of other rows in a first pass.
    pub(super) fn merge(&mut self, other: Self) {
        let count = self.count + other.count;
        match other.search {
            Search::Kept { keys, .. } => keys.into_iter().for_each(|key| self.add(key)),
            _ => self.search = Search::Over,
        }
        self.count = count;
    }

    /// Whether the rows must be read again.
    pub(super) fn another_pass(&mut self) -> bool {
        let (bits, targets) = match std::mem::replace(&mut self.search, Search::Over) {
            Search::Kept { mut keys, .. } => {
                keys.sort_unstable();
                let at = |rank: u64| keys.get(usize::try_from(rank).ok()?).copied();
                self.search = Search::Found(self.ranks().into_iter().filter_map(at).collect());
                return false;
            }
            Search::Over => {
                let ranks = self.ranks().into_iter();
                (0, ranks.map(|rank| Target { prefix: 0, rank }).collect())
            }
            Search::Counting { bits, counts, targets } => {
                (bits + BITS_A_PASS, targets.iter().map(|target| target.next(&counts)).collect())
            }
            found @ Search::Found(_) => {
                self.search = found;
                return false;
            }
        };
        self.search = Search::go_on(bits, targets);
        matches!(self.search, Search::Counting { .. })
    }

    /// The ranks that are asked for, from 0.
    fn ranks(&self) -> Vec<u64> {
        let Some(last) = self.count.checked_sub(1) else { return Vec::new() };
        match &self.asked {
            Asked::Median(_) => vec![last / 2, last.div_ceil(2)],
            Asked::Quantiles(asked) => asked.iter().map(|(q, _)| nearest(*q, last)).collect(),
        }
    }

    /// The result. Without values what is expected does not hold.
    pub(super) fn finish(self) -> Finding {
        let Search::Found(keys) = self.search else { return Finding::observed(false, Value::Null) };
        let values: Vec<f64> = keys.into_iter().map(value).collect();
        match (&self.asked, values[..].as_ref()) {
            (_, []) => Finding::observed(false, Value::Null),
            (Asked::Median(bounds), [low, high, ..]) => {
                let median = Scalar::Float(low.midpoint(*high));
                Finding::observed(bounds.hold(median.cell()), shown(median.cell()))
            }
            (Asked::Median(_), _) => Finding::observed(false, Value::Null),
            (Asked::Quantiles(asked), values) => {
                let mut pairs = asked.iter().zip(values);
                let hold = pairs.all(|((_, b), value)| b.hold(Scalar::Float(*value).cell()));
                let quantiles: Vec<f64> = asked.iter().map(|(quantile, _)| *quantile).collect();
                let values = values.iter().map(|value| shown(Scalar::Float(*value).cell()));
                let values: Vec<Value> = values.collect();
                Finding::observed(hold, json!({"quantiles": quantiles, "values": values}))
            }
        }
    }
}

impl Search {
    fn go_on(bits: u32, targets: Vec<Target>) -> Self {
        if bits >= u64::BITS || targets.is_empty() {
            return Self::Found(targets.into_iter().map(|target| target.prefix).collect());
        }
        let prefixes = targets.iter().map(|target| (target.prefix, vec![0; 1 << BITS_A_PASS]));
        Self::Counting { bits, counts: prefixes.collect(), targets }
    }
}

impl Target {
    /// The target with sixteen more bits of its key.
    fn next(&self, counts: &BTreeMap<u64, Vec<u64>>) -> Self {
        let mut rank = self.rank;
        let counts = counts.get(&self.prefix).map_or(&[][..], Vec::as_slice);
        for (digit, count) in counts.iter().enumerate() {
            if rank < *count {
                return Self { prefix: (self.prefix << BITS_A_PASS) | digit as u64, rank };
            }
            rank -= count;
        }
        // The file has fewer rows than when it was first read.
        Self { prefix: self.prefix << BITS_A_PASS, rank: 0 }
    }
}

fn range_of(range: &Value) -> Option<Bounds> {
    let [low, high] = range.as_array()?.as_slice() else { return None };
    let is_end = |end: &Value| end.is_null() || end.is_number();
    (is_end(low) && is_end(high)).then(|| Bounds::closed(low.as_f64(), high.as_f64()))
}

/// The rank nearest to a quantile; the even one of two, as numpy rounds.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 and last")]
fn nearest(quantile: f64, last: u64) -> u64 {
    ((quantile * ratio(last, 1)).round_ties_even() as u64).min(last)
}

/// The bits of a float, in an order that is that of the floats.
fn key(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | (1 << 63) }
}

fn value(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

/// The sixteen bits of a key behind the first `bits`.
fn digit(key: u64, bits: u32) -> usize {
    usize::from(u16::try_from((key << bits) >> (64 - BITS_A_PASS)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(values: &[f64], quantiles: &[f64], limit: usize) -> Value {
        let asked = quantiles.iter().map(|q| (*q, Bounds::closed(None, None))).collect();
        let mut search = Quantiles::new(0, Asked::Quantiles(asked), limit);
        loop {
            values.iter().for_each(|value| search.add(key(*value)));
            if !search.another_pass() {
                return search.finish().observed_value.unwrap()["values"].clone();
            }
        }
    }

    #[test]
    fn counting_finds_what_sorting_finds() {
        let values: Vec<f64> =
            (0..997).map(|i| f64::from((i * 7919) % 997 - 400) / 8.0 * 1e3).collect();
        let quantiles = [0.0, 0.05, 0.25, 0.5, 0.501, 0.95, 1.0];
        let sorted = observed(&values, &quantiles, 10_000);
        assert_eq!(observed(&values, &quantiles, 10), sorted);
        assert_eq!(sorted[0], json!(-50_000.0));
    }

    #[test]
    fn keys_have_the_order_of_their_numbers() {
        let values = [f64::NEG_INFINITY, -2.5, -1e-300, 0.0, 1e-300, 2.5, f64::INFINITY];
        assert!(values.map(key).is_sorted());
        assert_eq!(values.map(key).map(value).map(f64::to_bits), values.map(f64::to_bits));
        assert_eq!(key(-0.0), key(0.0));
    }
}
