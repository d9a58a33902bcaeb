//! The drift rules that other tools apply by default: which method, on which bins, against which
//! threshold.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::Error;
use crate::counts::{
    Binning, LogBase, chi_squared_goodness_of_fit, jensen_shannon_distance, of_categories,
    of_values,
};
use crate::input::check_sample;
use crate::sum::mean_and_deviation;
use crate::two_sample::{
    Alternative, kolmogorov_smirnov, two_proportion_z, wasserstein_normalised,
};

/// A column of the reference and of the current table, without its missing values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Samples<'a> {
    /// Any finite numbers: reference, current.
    Numbers(&'a [f64], &'a [f64]),
    /// Any texts: reference, current.
    Categories(&'a [&'a str], &'a [&'a str]),
}

/// How a column is scored.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// The p-value of [`kolmogorov_smirnov`]; of numbers only.
    KolmogorovSmirnov,
    /// The p-value of [`chi_squared_goodness_of_fit`], 0 for a category that is new.
    ChiSquared,
    /// The p-value of [`two_proportion_z`] for the share of the larger of at most two values.
    TwoProportionZ,
    /// [`wasserstein_normalised`] with a floor of 0.001; of numbers only.
    Wasserstein,
    /// [`jensen_shannon_distance`]; numbers are binned so, categories are cells.
    JensenShannon(Binning, LogBase),
}

/// Which scores are drift.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Drift {
    /// The threshold and below.
    AtMost(f64),
    /// What is below the threshold.
    Below(f64),
    /// The threshold and above.
    AtLeast(f64),
    /// What is above the threshold.
    Above(f64),
}

/// A method with its threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// How the column is scored.
    pub method: Method,
    /// Which scores are drift.
    pub drift: Drift,
}

/// What a rule says of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// A p-value or a distance.
    pub score: f64,
    /// Whether it is drift.
    pub drift: bool,
}

/// Reference rows up to which Evidently tests, and above which it measures a distance.
const EVIDENTLY_SMALL_REFERENCE: usize = 1000;

/// The rule of Evidently's `DataDriftPreset` for a column.
///
/// Numbers with at most 5 distinct values count as categories. Up to 1,000 reference rows:
/// Kolmogorov–Smirnov (p ≤ 0.05), for categories chi-squared (p < 0.05) or, with at most two of them,
/// the z test of proportions (p < 0.05). Beyond: the normalised Wasserstein distance, for categories
/// Jensen–Shannon in nats, each at least 0.1.
///
/// Source: Evidently 0.7. Checked with it.
///
/// # Errors
/// [`Error::EmptySample`], [`Error::NotFinite`], of numbers; categories are checked when scored.
pub fn evidently(samples: Samples<'_>) -> Result<Rule, Error> {
    let (distinct, rows, numbers) = match samples {
        Samples::Numbers(reference, current) => {
            check_sample("reference", reference)?;
            check_sample("current", current)?;
            (distinct_up_to(6, reference.iter().chain(current)), reference.len(), true)
        }
        // Then all categories are scored alike.
        Samples::Categories(reference, _) if reference.len() > EVIDENTLY_SMALL_REFERENCE => {
            (0, reference.len(), false)
        }
        Samples::Categories(reference, current) => {
            (distinct_up_to(6, reference.iter().chain(current)), reference.len(), false)
        }
    };
    let as_numbers = numbers && distinct > 5;
    Ok(match (rows <= EVIDENTLY_SMALL_REFERENCE, as_numbers) {
        (true, true) => Rule { method: Method::KolmogorovSmirnov, drift: Drift::AtMost(0.05) },
        (true, false) if distinct > 2 => {
            Rule { method: Method::ChiSquared, drift: Drift::Below(0.05) }
        }
        (true, false) => Rule { method: Method::TwoProportionZ, drift: Drift::Below(0.05) },
        (false, true) => Rule { method: Method::Wasserstein, drift: Drift::AtLeast(0.1) },
        (false, false) => Rule {
            method: Method::JensenShannon(Binning::Values, LogBase::Natural),
            drift: Drift::AtLeast(0.1),
        },
    })
}

/// What Evidently's `DataDriftPreset` says of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableVerdict {
    /// Of each column.
    pub columns: Vec<Verdict>,
    /// Share of the columns that drift, from 0 to 1.
    pub share: f64,
    /// Whether the table does: at least half of its columns.
    pub drift: bool,
}

/// The verdict of Evidently's `DataDriftPreset` on a table, each column by [`evidently`]. Columns are
/// scored on up to `threads` threads at a time, of which the verdict shows nothing.
///
/// Source: Evidently 0.7, whose `drift_share` is 0.5. Checked with it.
///
/// # Errors
/// [`Error::Empty`] without columns, and what the first column that cannot be scored says.
pub fn evidently_table(columns: &[Samples<'_>], threads: usize) -> Result<TableVerdict, Error> {
    if columns.is_empty() {
        return Err(Error::Empty);
    }
    let (next, verdicts) = (AtomicUsize::new(0), vec![OnceLock::new(); columns.len()]);
    let work = || {
        while let Some((samples, verdict)) = {
            let column = next.fetch_add(1, Ordering::Relaxed);
            columns.get(column).zip(verdicts.get(column))
        } {
            verdict.get_or_init(|| evidently(*samples)?.verdict(*samples));
        }
    };
    thread::scope(|scope| {
        (1..threads.min(columns.len())).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    let verdicts = verdicts.into_iter().map(|verdict| {
        verdict.into_inner().expect("every column was taken, and its thread has ended")
    });
    let columns = verdicts.collect::<Result<Vec<_>, _>>()?;
    let drifting = columns.iter().filter(|verdict| verdict.drift).count();
    let share = drifting as f64 / columns.len() as f64;
    Ok(TableVerdict { columns, share, drift: share >= 0.5 })
}

/// How many distinct values there are; stops at `most`.
fn distinct_up_to<'a, T: PartialEq + 'a>(
    most: usize,
    values: impl Iterator<Item = &'a T>,
) -> usize {
    let mut seen: Vec<&T> = Vec::with_capacity(most);
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
        if seen.len() == most {
            break;
        }
    }
    seen.len()
}

/// How NannyML's `UnivariateDriftCalculator` scores a chunk by default: Jensen–Shannon in bits, for
/// numbers on Doane's bins of the reference. [`nannyml_threshold`] has its threshold.
///
/// Source: NannyML 0.13. Checked with it.
#[must_use]
pub const fn nannyml() -> Method {
    Method::JensenShannon(Binning::Doane, LogBase::Two)
}

/// NannyML's threshold: a chunk drifts when its score is above the mean of the scores of the
/// reference's own chunks plus three of their standard deviations (of the population), at most
/// `largest`, which is 1 for every distance but Wasserstein's.
///
/// Source: NannyML 0.13, `StandardDeviationThreshold`. Checked with it.
///
/// # Errors
/// [`Error::EmptySample`], [`Error::NotFinite`], [`Error::Overflow`].
pub fn nannyml_threshold(reference_scores: &[f64], largest: f64) -> Result<Drift, Error> {
    check_sample("reference", reference_scores)?;
    let (mean, deviation) = mean_and_deviation(reference_scores);
    let upper = crate::input::finite_result("the threshold", mean + 3.0 * deviation)?;
    Ok(Drift::Above(upper.min(largest)))
}

impl Rule {
    /// Scores the column and judges the score.
    ///
    /// # Errors
    /// As [`Method::score`].
    pub fn verdict(&self, samples: Samples<'_>) -> Result<Verdict, Error> {
        let score = self.method.score(samples)?;
        Ok(Verdict { score, drift: self.drift.holds(score) })
    }
}

impl Drift {
    /// Whether the score is drift.
    #[must_use]
    pub fn holds(self, score: f64) -> bool {
        match self {
            Self::AtMost(threshold) => score <= threshold,
            Self::Below(threshold) => score < threshold,
            Self::AtLeast(threshold) => score >= threshold,
            Self::Above(threshold) => score > threshold,
        }
    }
}

impl Method {
    /// The p-value or the distance.
    ///
    /// # Errors
    /// [`Error::EmptySample`], [`Error::NotFinite`], [`Error::Overflow`],
    /// [`Error::MethodNeedsNumbers`], [`Error::TooManyCategories`] for more than two proportions.
    pub fn score(&self, samples: Samples<'_>) -> Result<f64, Error> {
        match (self, samples) {
            (Self::KolmogorovSmirnov, Samples::Numbers(r, c)) => {
                Ok(kolmogorov_smirnov(r, c)?.p_value)
            }
            (Self::Wasserstein, Samples::Numbers(r, c)) => wasserstein_normalised(r, c, 0.001),
            (Self::KolmogorovSmirnov | Self::Wasserstein, Samples::Categories(..)) => {
                Err(Error::MethodNeedsNumbers)
            }
            (Self::JensenShannon(binning, base), Samples::Numbers(r, c)) => {
                let (r, c) = binning.counts(r, c)?;
                jensen_shannon_distance(&r, &c, *base)
            }
            (Self::JensenShannon(_, base), Samples::Categories(r, c)) => {
                let (r, c) = of_categories(r, c)?;
                jensen_shannon_distance(&r, &c, *base)
            }
            (Self::ChiSquared, samples) => {
                let (r, c) = samples.cells()?;
                match chi_squared_goodness_of_fit(&r, &c) {
                    Err(Error::Unseen { .. }) => Ok(0.0),
                    result => Ok(result?.p_value),
                }
            }
            (Self::TwoProportionZ, samples) => {
                let (r, c) = samples.cells()?;
                if r.len() > 2 {
                    return Err(Error::TooManyCategories { most: 2 });
                }
                let larger = |counts: &[u64]| (counts[1..].iter().sum(), counts.iter().sum());
                Ok(two_proportion_z(larger(&r), larger(&c), Alternative::TwoSided)?.p_value)
            }
        }
    }
}

impl Samples<'_> {
    /// A cell for each value.
    fn cells(self) -> Result<(Vec<u64>, Vec<u64>), Error> {
        match self {
            Self::Numbers(reference, current) => of_values(reference, current),
            Self::Categories(reference, current) => of_categories(reference, current),
        }
    }
}
