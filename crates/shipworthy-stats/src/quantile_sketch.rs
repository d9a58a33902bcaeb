//! Quantiles of a stream, in bounded memory, with a bound on their relative error.

use std::collections::BTreeMap;

use crate::Error;
use crate::input::check_finite;

/// The quantiles of numbers that are seen one after another and not kept.
///
/// A quantile is off by at most `accuracy` times its value: a latency of 200 ms by 2 ms at an accuracy
/// of 0.01, in the tail as in the middle. Merging is associative and commutative, and the merge of the
/// sketches of the parts is the sketch of the whole, bit for bit.
///
/// Source: DDSketch (Masson, Rim & Lee 2019), whose buckets grow by γ = (1 + accuracy) / (1 − accuracy).
/// The smallest ones are folded together by their distance from the largest, and not by how many there
/// are, so that the order of rows and merges leaves no trace. Magnitudes below e⁻⁴⁰ ≈ 4 × 10⁻¹⁸ of the
/// largest of their sign are therefore off by that part of it instead, and so are subnormal numbers by
/// the spacing of theirs.
///
/// Memory: at most ⌈40 / ln γ⌉ buckets for each sign, 2,000 at an accuracy of 0.01.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantileSketch {
    accuracy: f64,
    /// By the magnitude.
    negative: Buckets,
    zeros: u64,
    positive: Buckets,
    least: f64,
    greatest: f64,
}

/// How far the largest magnitude is above the smallest bucket, as a logarithm.
const SPAN: f64 = 40.0;

/// Finer than this, the buckets would be more than 20,000 a sign.
const FINEST: f64 = 0.001;

const COARSEST: f64 = 0.5;

impl QuantileSketch {
    /// No number yet; quantiles will be off by at most `accuracy` of their value, from 0.001 to 0.5.
    ///
    /// # Errors
    /// [`Error::OutOfDomain`].
    pub fn new(accuracy: f64) -> Result<Self, Error> {
        if !(FINEST..=COARSEST).contains(&accuracy) {
            let (function, argument) = ("a quantile sketch", "accuracy");
            return Err(Error::OutOfDomain { function, argument, value: accuracy });
        }
        let (least, greatest) = (f64::INFINITY, f64::NEG_INFINITY);
        let buckets = Buckets::default;
        Ok(Self { accuracy, negative: buckets(), zeros: 0, positive: buckets(), least, greatest })
    }

    /// Counts one number more.
    ///
    /// # Errors
    /// [`Error::NotFinite`], [`Error::Overflow`].
    pub fn add(&mut self, value: f64) -> Result<(), Error> {
        check_finite("values", &[value])?;
        self.rows().checked_add(1).ok_or(TOO_MANY)?;
        let (index, span) = (self.index(value.abs()), self.span());
        match value {
            0.0 => self.zeros += 1,
            _ if value < 0.0 => self.negative.add(index, 1, span),
            _ => self.positive.add(index, 1, span),
        }
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
        Ok(())
    }

    /// Counts the numbers of the other sketch too.
    ///
    /// # Errors
    /// [`Error::AccuraciesDiffer`], [`Error::Overflow`]; then nothing has changed.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        if self.accuracy != other.accuracy {
            return Err(Error::AccuraciesDiffer);
        }
        self.rows().checked_add(other.rows()).ok_or(TOO_MANY)?;
        let span = self.span();
        for (here, there) in
            [(&mut self.negative, &other.negative), (&mut self.positive, &other.positive)]
        {
            there.counts.iter().for_each(|(index, count)| here.add(*index, *count, span));
        }
        self.zeros += other.zeros;
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
        Ok(())
    }

    /// Numbers counted.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.negative.rows + self.zeros + self.positive.rows
    }

    /// The number of rank ⌊share × (rows − 1)⌋, from 0, within the accuracy.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::OutOfDomain`] for a share outside [0, 1].
    pub fn quantile(&self, share: f64) -> Result<f64, Error> {
        let last = self.rows().checked_sub(1).ok_or(Error::Empty)?;
        if !(0.0..=1.0).contains(&share) {
            let (function, argument) = ("a quantile", "share");
            return Err(Error::OutOfDomain { function, argument, value: share });
        }
        let rank = ((share * last as f64).floor() as u64).min(last);
        let value = self.value_at(rank);
        // The estimate of an outer bucket may lie beyond all numbers in it.
        Ok(value.clamp(self.least, self.greatest))
    }

    fn value_at(&self, rank: u64) -> f64 {
        let of = |(index, count): (&i32, &u64)| (self.middle(*index), *count);
        let negative = self.negative.counts.iter().rev().map(of).map(|(v, count)| (-v, count));
        let positive = self.positive.counts.iter().map(of);
        let mut upto = 0;
        let mut all = negative.chain([(0.0, self.zeros)]).chain(positive);
        let found = all.find(|(_, count)| {
            upto += count;
            upto > rank
        });
        found.map_or(self.greatest, |(value, _)| value)
    }

    /// The logarithm of γ.
    fn growth(&self) -> f64 {
        (1.0 + self.accuracy).ln() - (1.0 - self.accuracy).ln()
    }

    /// Buckets of one sign.
    fn span(&self) -> i32 {
        (SPAN / self.growth()).ceil() as i32
    }

    /// The bucket i of a magnitude: above γ^(i − 1), at most γ^i.
    fn index(&self, magnitude: f64) -> i32 {
        (magnitude.ln() / self.growth()).ceil() as i32
    }

    /// The number that is as near, in parts of them, to both ends of a bucket.
    fn middle(&self, index: i32) -> f64 {
        (f64::from(index) * self.growth()).exp() * (1.0 - self.accuracy)
    }
}

const TOO_MANY: Error = Error::Overflow { metric: "a count" };

/// Rows by bucket.
#[derive(Debug, Clone, Default, PartialEq)]
struct Buckets {
    counts: BTreeMap<i32, u64>,
    rows: u64,
}

impl Buckets {
    /// Counts rows into a bucket; those that are `span` and more below the largest are one.
    fn add(&mut self, index: i32, rows: u64, span: i32) {
        let largest = self.counts.last_key_value().map(|(largest, _)| *largest);
        let floor = largest.map_or(index, |largest| largest.max(index)) - span + 1;
        if largest.is_some_and(|largest| index > largest) {
            let kept = self.counts.split_off(&floor);
            let folded: u64 = std::mem::replace(&mut self.counts, kept).into_values().sum();
            if folded > 0 {
                *self.counts.entry(floor).or_default() += folded;
            }
        }
        *self.counts.entry(index.max(floor)).or_default() += rows;
        self.rows += rows;
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const ACCURACY: f64 = 0.01;

    fn of(values: &[f64]) -> QuantileSketch {
        let mut sketch = QuantileSketch::new(ACCURACY).unwrap();
        values.iter().for_each(|value| sketch.add(*value).unwrap());
        sketch
    }

    /// Numbers of all magnitudes, and many near each other.
    fn values() -> impl Strategy<Value = Vec<f64>> {
        let near = prop_oneof![Just(0.0), 1.0..1e4, -50.0..50.0];
        vec(prop_oneof![near, prop::num::f64::NORMAL | prop::num::f64::ZERO], 1..80)
    }

    proptest! {
        #[test]
        fn the_merge_of_parts_is_the_sketch_of_the_whole(a in values(), b in values()) {
            let whole = of(&[&a[..], &b].concat());
            for (first, second) in [(&a, &b), (&b, &a)] {
                let mut merged = of(first);
                merged.merge(&of(second)).unwrap();
                prop_assert_eq!(&merged, &whole);
            }
            let mut backwards = [&a[..], &b].concat();
            backwards.reverse();
            prop_assert_eq!(of(&backwards), whole);
        }

        #[test]
        fn a_quantile_is_within_the_accuracy(values in values(), share in 0.0..=1.0) {
            let sketch = of(&values);
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let rank: f64 = share * (values.len() - 1) as f64;
            let exact = sorted[rank.floor() as usize];
            let largest = sorted[0].abs().max(sorted[values.len() - 1].abs());
            let allowed = ACCURACY * exact.abs() * (1.0 + 1e-9) + largest * (-39.9_f64).exp();
            let found = sketch.quantile(share).unwrap();
            prop_assert!((found - exact).abs() <= allowed, "{} and not {}", found, exact);
        }
    }

    #[test]
    fn the_buckets_are_bounded_whatever_comes() {
        let mut sketch = QuantileSketch::new(ACCURACY).unwrap();
        for exponent in -1000..1000 {
            for part in 0..40 {
                let magnitude = 2_f64.powi(exponent) * (1.0 + f64::from(part) / 40.0);
                sketch.add(magnitude).unwrap();
                sketch.add(-magnitude).unwrap();
            }
        }
        assert_eq!(sketch.rows(), 160_000);
        assert_eq!(sketch.span(), 2000);
        assert!(sketch.positive.counts.len() <= 2000 && sketch.negative.counts.len() <= 2000);
    }

    #[test]
    fn quantiles_are_those_of_the_paper_and_no_number_has_none() {
        let sketch = of(&[1.0, 1.0, 1.0, 10.0, 1000.0]);
        for (share, exact) in [(0.0, 1.0), (0.5, 1.0), (0.75, 10.0), (0.99, 10.0), (1.0, 1000.0)] {
            let found = sketch.quantile(share).unwrap();
            assert!((found - exact).abs() <= ACCURACY * exact, "{share}: {found}");
        }
        assert_eq!(QuantileSketch::new(ACCURACY).unwrap().quantile(0.5), Err(Error::Empty));
    }

    #[test]
    fn what_cannot_be_counted_is_refused_and_changes_nothing() {
        let mut sketch = of(&[1.0, -2.0, 0.0]);
        let before = sketch.clone();
        assert!(matches!(sketch.add(f64::NAN), Err(Error::NotFinite { .. })));
        let coarser = QuantileSketch::new(0.02).unwrap();
        assert_eq!(sketch.merge(&coarser), Err(Error::AccuraciesDiffer));
        let mut full = before.clone();
        full.zeros = u64::MAX - 2;
        assert_eq!(full.add(1.0), Err(TOO_MANY));
        assert_eq!(sketch.merge(&full), Err(TOO_MANY));
        assert_eq!(sketch, before);
        assert!(matches!(sketch.quantile(1.5), Err(Error::OutOfDomain { .. })));
        assert!(matches!(QuantileSketch::new(0.0), Err(Error::OutOfDomain { .. })));
    }
}
