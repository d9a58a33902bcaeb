//! The measures, each of a rate or two.

use super::{Groups, Measure};
use crate::Error;
use crate::classification::Rate;
use crate::interval::{Coverage, Interval};

/// The least ratio of selection rates that the rule of four fifths allows.
///
/// Source: Uniform Guidelines on Employee Selection Procedures, 29 CFR § 1607.4 (D).
const FOUR_FIFTHS: f64 = 0.8;

impl Groups {
    /// Highest less lowest selection rate. Source: fairlearn's `demographic_parity_difference`.
    ///
    /// # Errors
    /// [`Error::TooFewGroups`] when fewer than two groups have rows.
    pub fn demographic_parity_difference(&self, coverage: Coverage) -> Result<Measure, Error> {
        Ok(self.extremes(Rate::Selection, coverage)?.difference())
    }

    /// Lowest selection rate as a share of the highest. Source: fairlearn's
    /// `demographic_parity_ratio`.
    ///
    /// # Errors
    /// [`Error::TooFewGroups`], and [`Error::NoRate`] when nobody is selected.
    pub fn demographic_parity_ratio(&self, coverage: Coverage) -> Result<Measure, Error> {
        self.extremes(Rate::Selection, coverage)?.ratio()
    }

    /// Whether the ratio of selection rates, as observed, is at least four fifths.
    ///
    /// # Errors
    /// As [`Self::demographic_parity_ratio`].
    pub fn four_fifths_rule(&self, coverage: Coverage) -> Result<bool, Error> {
        Ok(self.demographic_parity_ratio(coverage)?.value >= FOUR_FIFTHS)
    }

    /// Highest less lowest true positive rate. Source: fairlearn's `equal_opportunity_difference`
    /// (Hardt et al. 2016).
    ///
    /// # Errors
    /// [`Error::TooFewGroups`] when fewer than two groups have a positive row.
    pub fn equal_opportunity_difference(&self, coverage: Coverage) -> Result<Measure, Error> {
        Ok(self.extremes(Rate::TruePositive, coverage)?.difference())
    }

    /// Lowest true positive rate as a share of the highest. Source: fairlearn's
    /// `equal_opportunity_ratio`.
    ///
    /// # Errors
    /// [`Error::TooFewGroups`], and [`Error::NoRate`] when no positive row is selected.
    pub fn equal_opportunity_ratio(&self, coverage: Coverage) -> Result<Measure, Error> {
        self.extremes(Rate::TruePositive, coverage)?.ratio()
    }

    /// The larger of the gaps in true and in false positive rates. Source: fairlearn's
    /// `equalized_odds_difference` (Hardt et al. 2016).
    ///
    /// # Errors
    /// [`Error::TooFewGroups`] when fewer than two groups have a positive row, or a negative one.
    pub fn equalized_odds_difference(&self, coverage: Coverage) -> Result<Measure, Error> {
        self.of_both(coverage, f64::max, |rate, coverage| {
            Ok(self.extremes(rate, coverage)?.difference())
        })
    }

    /// The mean of the gaps in true and in false positive rates. Source: fairlearn's
    /// `equalized_odds_difference(agg="mean")`.
    ///
    /// # Errors
    /// As [`Self::equalized_odds_difference`].
    pub fn equalized_odds_difference_mean(&self, coverage: Coverage) -> Result<Measure, Error> {
        self.of_both(coverage, f64::midpoint, |rate, coverage| {
            Ok(self.extremes(rate, coverage)?.difference())
        })
    }

    /// The smaller of the ratios of true and of false positive rates. Source: fairlearn's
    /// `equalized_odds_ratio`.
    ///
    /// # Errors
    /// [`Error::TooFewGroups`], and [`Error::NoRate`] when no positive row, or no negative one, is
    /// selected.
    pub fn equalized_odds_ratio(&self, coverage: Coverage) -> Result<Measure, Error> {
        self.of_both(coverage, f64::min, |rate, coverage| self.extremes(rate, coverage)?.ratio())
    }

    /// Of true and false positive rates, whose limits hold together.
    fn of_both(
        &self,
        coverage: Coverage,
        combine: fn(f64, f64) -> f64,
        of: impl Fn(Rate, Coverage) -> Result<Measure, Error>,
    ) -> Result<Measure, Error> {
        let each = coverage.shared_by(2)?;
        let (found, raised) = (of(Rate::TruePositive, each)?, of(Rate::FalsePositive, each)?);
        let interval = Interval {
            lower: combine(found.interval.lower, raised.interval.lower),
            upper: combine(found.interval.upper, raised.interval.upper),
        };
        Ok(Measure { value: combine(found.value, raised.value), interval })
    }
}
