//! Metrics with their one-sided bounds.

use std::collections::BTreeMap;

use shipworthy_core::Task;
use shipworthy_stats::bootstrap::Bootstrap;
use shipworthy_stats::bound::{CalibrationBins, UpperBound, calibration_error, mean_bias};
use shipworthy_stats::classification::{
    ConfusionMatrix, Delong, DelongPair, Rate, average_precision, average_precision_difference,
    average_precision_interval, brier_score, expected_calibration_error, log_loss, roc_auc,
};
use shipworthy_stats::fairness::Groups;
use shipworthy_stats::interval::{Coverage, Interval, Proportion};
use shipworthy_stats::{Error, multiclass, regression};

use super::judge::{Answers, Known};
use super::{Fairness, Metric};

/// Of no meaning, and never another: the same rows give the same verdict.
const SEED: u64 = 20_261_127;
/// Each evaluates the metric on all rows.
const RESAMPLES: usize = 1_000;
/// Of expected calibration errors.
const BINS: usize = 10;

/// A number, and how low and how high it may be in truth: either end holds by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Estimate {
    pub(super) const fn new(value: f64, Interval { lower, upper }: Interval) -> Self {
        Self { value, low: lower, high: upper }
    }

    /// Of a distance, which is at least 0.
    pub(super) const fn at_most(UpperBound { value, upper }: UpperBound) -> Self {
        Self { value, low: 0.0, high: upper }
    }
}

/// Labels and answers of the same rows.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    task: Task,
    threshold: f64,
    labels: Vec<f64>,
    answers: Vec<f64>,
    /// Numbers of an answer.
    width: usize,
}

impl Measured {
    /// Of the test rows.
    pub(super) fn of(known: &Known<'_>, answers: &Answers) -> Self {
        Self {
            task: known.ground.task(),
            threshold: known.ground.threshold,
            labels: known.ground.rows.test.labels.clone(),
            answers: answers.values.clone(),
            width: answers.width,
        }
    }

    /// Some of the rows.
    pub(super) fn take(&self, rows: &[usize]) -> Self {
        let mut answers = Vec::with_capacity(rows.len() * self.width);
        for row in rows {
            answers.extend_from_slice(&self.answers[row * self.width..(row + 1) * self.width]);
        }
        Self { labels: rows.iter().map(|row| self.labels[*row]).collect(), answers, ..*self }
    }

    pub(super) const fn rows(&self) -> usize {
        self.labels.len()
    }

    /// How wrong each answer is: its squared error, of a multiclass task 1 where another class is
    /// told, of a regression its absolute error.
    pub(super) fn losses(&self) -> Result<Vec<f64>, Error> {
        let pairs = self.labels.iter().zip(&self.answers);
        Ok(match self.task {
            Task::Binary => pairs.map(|(label, answer)| (answer - label).powi(2)).collect(),
            Task::Regression => pairs.map(|(label, answer)| (answer - label).abs()).collect(),
            Task::Multiclass => {
                let told = multiclass::most_probable(&self.answers, self.width)?;
                let pairs = self.classes().into_iter().zip(told);
                pairs.map(|(class, told)| f64::from(u8::from(class != told))).collect()
            }
        })
    }

    /// The class that each row is told; a regression tells none.
    pub(super) fn decided(&self) -> Result<Option<Vec<usize>>, Error> {
        let is_positive = |answer: &f64| usize::from(*answer >= self.threshold);
        Ok(match self.task {
            Task::Binary => Some(self.answers.iter().map(is_positive).collect()),
            Task::Multiclass => Some(multiclass::most_probable(&self.answers, self.width)?),
            Task::Regression => None,
        })
    }

    fn is_positive(&self) -> Vec<bool> {
        self.labels.iter().map(|label| *label > 0.5).collect()
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "labels are class codes here: small whole numbers"
    )]
    fn classes(&self) -> Vec<usize> {
        self.labels.iter().map(|label| *label as usize).collect()
    }

    fn confusion(&self) -> Result<ConfusionMatrix, Error> {
        ConfusionMatrix::at_threshold(&self.is_positive(), &self.answers, self.threshold)
    }
}

/// A metric of some rows.
pub(super) fn point(rows: &Measured, metric: Metric) -> Result<f64, Error> {
    let (labels, scores, width) = (|| rows.is_positive(), &*rows.answers, rows.width);
    match metric {
        Metric::RocAuc => roc_auc(&labels(), scores),
        Metric::AveragePrecision => average_precision(&labels(), scores),
        Metric::LogLoss if rows.task == Task::Multiclass => {
            multiclass::log_loss(&rows.classes(), scores, width)
        }
        Metric::LogLoss => log_loss(&labels(), scores),
        Metric::BrierScore => brier_score(&labels(), scores),
        Metric::ExpectedCalibrationError => expected_calibration_error(&labels(), scores, BINS),
        Metric::Accuracy if rows.task == Task::Multiclass => {
            multiclass::accuracy(&rows.classes(), &multiclass::most_probable(scores, width)?)
        }
        Metric::Accuracy => rows.confusion()?.accuracy(),
        Metric::Precision => rows.confusion()?.precision(),
        Metric::Recall => rows.confusion()?.recall(),
        Metric::F1 => rows.confusion()?.f1(),
        Metric::MacroF1 => {
            let predicted = multiclass::most_probable(scores, width)?;
            multiclass::macro_f1(&rows.classes(), &predicted, width)
        }
        Metric::Rmse => regression::rmse(&rows.labels, scores),
        Metric::Mae => regression::mae(&rows.labels, scores),
        Metric::R2 => regression::r2(&rows.labels, scores),
    }
}

/// A metric of some rows with its bounds: `DeLong`'s of the log odds of the area under the curve, the
/// jackknife's of an average precision, Wilson's of shares, those of a calibration error, and the BCa
/// bootstrap's of everything else.
pub(super) fn estimate(rows: &Measured, metric: Metric, sure: f64) -> Result<Estimate, Error> {
    let coverage = Coverage::one_sided(sure)?;
    if metric == Metric::RocAuc {
        let delong = Delong::of(&rows.is_positive(), &rows.answers)?;
        return Ok(Estimate::new(point(rows, metric)?, delong.logit_interval(coverage)?));
    }
    if metric == Metric::ExpectedCalibrationError {
        // A bootstrap's corrections do not reach a bias that is as large as the value.
        return calibration(rows, coverage);
    }
    let value = point(rows, metric)?;
    if metric == Metric::AveragePrecision {
        let interval = average_precision_interval(&rows.is_positive(), &rows.answers, coverage)?;
        return Ok(Estimate::new(value, interval));
    }
    if let Some(share) = share(rows, metric)? {
        return Ok(Estimate::new(value, share.wilson(coverage)));
    }
    let bootstrap = Bootstrap::new(SEED, RESAMPLES)?;
    let again = |indices: &[usize]| point(&rows.take(indices), metric);
    Ok(Estimate::new(value, bootstrap.of_indices(rows.rows(), coverage, again)?))
}

/// A metric that is a share of rows, as one.
fn share(rows: &Measured, metric: Metric) -> Result<Option<Proportion>, Error> {
    if metric == Metric::Accuracy && rows.task == Task::Multiclass {
        let predicted = multiclass::most_probable(&rows.answers, rows.width)?;
        let labels = rows.classes();
        let right = labels.iter().zip(&predicted).filter(|(label, told)| label == told);
        return Proportion::new(right.count() as u64, rows.rows() as u64).map(Some);
    }
    if !matches!(metric, Metric::Accuracy | Metric::Precision | Metric::Recall) {
        return Ok(None);
    }
    let rate = match metric {
        Metric::Precision => Rate::Precision,
        Metric::Recall => Rate::TruePositive,
        _ => Rate::Accuracy,
    };
    rows.confusion()?.proportion(rate).map(Some)
}

/// A metric of new answers less that of old ones to the same rows.
pub(super) fn difference(
    (new, old): (&Measured, &Measured),
    metric: Metric,
    sure: f64,
) -> Result<Estimate, Error> {
    let coverage = Coverage::one_sided(sure)?;
    let value = point(new, metric)? - point(old, metric)?;
    if new.answers == old.answers {
        // The same answers, so no rows would tell a difference.
        return Ok(Estimate { value, low: value, high: value });
    }
    if metric == Metric::RocAuc {
        let pair = DelongPair::of(&new.is_positive(), &new.answers, &old.answers)?;
        return Ok(Estimate::new(value, pair.recovered_interval(coverage)?));
    }
    if metric == Metric::ExpectedCalibrationError {
        let each = coverage.shared_by(2)?;
        let (new, old) = (calibration(new, each)?, calibration(old, each)?);
        return Ok(Estimate { value, low: new.low - old.high, high: new.high - old.low });
    }
    if metric == Metric::AveragePrecision {
        let (labels, scores) = (new.is_positive(), [&*new.answers, &*old.answers]);
        let interval = average_precision_difference(&labels, scores, coverage)?;
        return Ok(Estimate::new(value, interval));
    }
    let bootstrap = Bootstrap::new(SEED, RESAMPLES)?;
    let again = |indices: &[usize]| {
        Ok(point(&new.take(indices), metric)? - point(&old.take(indices), metric)?)
    };
    Ok(Estimate::new(value, bootstrap.of_indices(new.rows(), coverage, again)?))
}

/// How far what is said is from what happens: over bins of equal mass, of a multiclass task what is
/// said of the class that is told (Guo et al. 2017); of a regression on average.
pub(super) fn calibrated(rows: &Measured, sure: f64) -> Result<Estimate, Error> {
    let coverage = Coverage::one_sided(sure)?;
    let bins = CalibrationBins::EqualMass(BINS);
    let found = match rows.task {
        Task::Binary => calibration_error(&rows.is_positive(), &rows.answers, bins, coverage)?,
        Task::Multiclass => {
            let told = multiclass::most_probable(&rows.answers, rows.width)?;
            let answers = rows.answers.chunks(rows.width);
            let said: Vec<f64> = answers.zip(&told).map(|(row, told)| row[*told]).collect();
            let pairs = rows.classes().into_iter().zip(told);
            let is_right: Vec<bool> = pairs.map(|(class, told)| class == told).collect();
            calibration_error(&is_right, &said, bins, coverage)?
        }
        Task::Regression => {
            return mean_bias(&rows.labels, &rows.answers, coverage).map(Estimate::at_most);
        }
    };
    Ok(Estimate::new(found.value, found.interval))
}

/// The metric over bins of one width.
fn calibration(rows: &Measured, coverage: Coverage) -> Result<Estimate, Error> {
    let bins = CalibrationBins::EqualWidth(BINS);
    let found = calibration_error(&rows.is_positive(), &rows.answers, bins, coverage)?;
    Ok(Estimate::new(found.value, found.interval))
}

/// How differently groups are treated.
pub(super) fn fairness(
    rows: &Measured,
    groups: &[String],
    measure: Fairness,
    sure: f64,
) -> Result<Estimate, Error> {
    let coverage = Coverage::one_sided(sure)?;
    let mut numbers = BTreeMap::<&str, usize>::new();
    for group in groups {
        let next = numbers.len();
        numbers.entry(group).or_insert(next);
    }
    let decided: Vec<bool> = rows.answers.iter().map(|score| *score >= rows.threshold).collect();
    let of_row: Vec<usize> = groups.iter().map(|group| numbers[group.as_str()]).collect();
    let groups = Groups::of(&rows.is_positive(), &decided, &of_row, numbers.len())?;
    let found = match measure {
        Fairness::DemographicParityDifference => groups.demographic_parity_difference(coverage),
        Fairness::EqualOpportunityDifference => groups.equal_opportunity_difference(coverage),
        Fairness::EqualizedOddsDifference => groups.equalized_odds_difference(coverage),
    }?;
    Ok(Estimate::new(found.value, found.interval))
}
