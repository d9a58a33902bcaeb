//! Whether groups of people are treated alike, and how sure that is.
//!
//! Measures are those of fairlearn over a classifier's decisions: rates by group, and the gap (or
//! the ratio) between the groups with the highest and the lowest rate.
//!
//! A rate of a group without a row to divide by (no positive row for a true positive rate) does not
//! exist; fairlearn answers 0. Here it is an error, and gaps are over the groups that have the rate.
//!
//! The interval of a gap follows from Wilson intervals of all its rates that hold together
//! (Bonferroni): the true highest rate is at least the highest lower limit and at most the highest
//! upper one, and so for the lowest. It allows for the choice of the two extreme groups among many,
//! and a small group makes it wide.

mod measures;

use crate::Error;
use crate::classification::{ConfusionMatrix, Rate};
use crate::input::check_paired;
use crate::interval::{Coverage, Interval};

/// Most groups that are compared: beyond it hardly a row is left for each.
pub const MAX_GROUPS: usize = 10_000;

/// A measure over groups, with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// As observed, in [0, 1].
    pub value: f64,
    /// Where it lies, within [0, 1]; it holds the value.
    pub interval: Interval,
}

/// How the rows of each group were decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    counts: Vec<ConfusionMatrix>,
}

impl Groups {
    /// Counts the rows by group: `groups[i]` is the group of row i, a number below `count`.
    ///
    /// Allocates four counters a group.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::LengthsDiffer`], [`Error::GroupCount`] for `count` of 0 or beyond
    /// [`MAX_GROUPS`], [`Error::ClassOutOfRange`] for a group that is not below `count`.
    pub fn of(
        labels: &[bool],
        decisions: &[bool],
        groups: &[usize],
        count: usize,
    ) -> Result<Self, Error> {
        check_paired(labels.len(), decisions.len())?;
        check_paired(labels.len(), groups.len())?;
        if count == 0 || count > MAX_GROUPS {
            return Err(Error::GroupCount { count, max: MAX_GROUPS });
        }
        if let Some(index) = groups.iter().position(|&group| group >= count) {
            let class = groups[index];
            return Err(Error::ClassOutOfRange { input: "groups", index, class, classes: count });
        }
        let mut counts = vec![ConfusionMatrix::default(); count];
        for ((&label, &decision), &group) in labels.iter().zip(decisions).zip(groups) {
            counts[group].add(label, decision);
        }
        Ok(Self { counts })
    }

    /// The counts of each group, by its number.
    #[must_use]
    pub fn counts(&self) -> &[ConfusionMatrix] {
        &self.counts
    }

    /// The groups of which a rate is not defined, for lack of a row to divide by.
    pub fn without(&self, rate: Rate) -> impl Iterator<Item = usize> {
        let groups = self.counts.iter().enumerate();
        groups.filter(move |(_, counts)| counts.proportion(rate).is_err()).map(|(group, _)| group)
    }

    /// The extremes of a rate, over the groups that have it.
    fn extremes(&self, rate: Rate, coverage: Coverage) -> Result<Extremes, Error> {
        let proportions: Vec<_> =
            self.counts.iter().filter_map(|counts| counts.proportion(rate).ok()).collect();
        if proportions.len() < 2 {
            return Err(Error::TooFewGroups { found: proportions.len() });
        }
        let coverage = coverage.shared_by(proportions.len())?;
        let mut extremes = Extremes::NONE;
        for proportion in proportions {
            extremes.add(proportion.value(), proportion.wilson(coverage));
        }
        Ok(extremes)
    }
}

/// The highest and the lowest rate of some groups, and their limits.
#[derive(Clone, Copy)]
struct Extremes {
    highest: f64,
    lowest: f64,
    highest_limits: Interval,
    lowest_limits: Interval,
}

impl Extremes {
    const NONE: Self = Self {
        highest: 0.0,
        lowest: 1.0,
        highest_limits: Interval { lower: 0.0, upper: 0.0 },
        lowest_limits: Interval { lower: 1.0, upper: 1.0 },
    };

    fn add(&mut self, rate: f64, limits: Interval) {
        self.highest = self.highest.max(rate);
        self.lowest = self.lowest.min(rate);
        let (highest, lowest) = (&mut self.highest_limits, &mut self.lowest_limits);
        highest.lower = highest.lower.max(limits.lower);
        highest.upper = highest.upper.max(limits.upper);
        lowest.lower = lowest.lower.min(limits.lower);
        lowest.upper = lowest.upper.min(limits.upper);
    }

    fn difference(&self) -> Measure {
        let (highest, lowest) = (self.highest_limits, self.lowest_limits);
        let interval = Interval {
            lower: (highest.lower - lowest.upper).max(0.0),
            upper: highest.upper - lowest.lower,
        };
        Measure { value: self.highest - self.lowest, interval }
    }

    fn ratio(&self) -> Result<Measure, Error> {
        if self.highest == 0.0 {
            return Err(Error::NoRate);
        }
        let (highest, lowest) = (self.highest_limits, self.lowest_limits);
        let upper = if highest.lower > lowest.upper { lowest.upper / highest.lower } else { 1.0 };
        let interval = Interval { lower: lowest.lower / highest.upper, upper };
        Ok(Measure { value: self.lowest / self.highest, interval })
    }
}

#[cfg(test)]
mod tests;
