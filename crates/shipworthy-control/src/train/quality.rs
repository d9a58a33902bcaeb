//! How good a model is, measured through the runtime that will serve it.

use serde::{Serialize, Serializer};
use shipworthy_core::Task;
use shipworthy_rows::RowBatch;
use shipworthy_serving::predict;
use shipworthy_serving::release::LoadedRelease;
use shipworthy_stats::{classification, multiclass, regression};

use super::Error;
use super::split::Split;

/// What a training tells about itself. Not part of a release's name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Rounds of boosting in the model, if it was trained here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounds: Option<u32>,
    /// Where the rows of the source went.
    pub rows: RowCounts,
    /// On the rows that chose the number of rounds: flattered a little. Absent when the model was
    /// made elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<Quality>,
    /// On rows that the training never saw; of a model from elsewhere nobody knows that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<Quality>,
}

/// Where the rows of the source went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// Rows in the source.
    pub source: u64,
    /// Dropped, for the target is not known.
    pub without_label: u64,
    /// Dropped, for a server would refuse them.
    pub breaking_contract: u64,
    /// In no window.
    pub outside_windows: u64,
    /// Trees were grown on these.
    pub train: u64,
    /// These chose the number of rounds.
    pub validation: u64,
    /// Never seen.
    pub test: u64,
}

/// Quality on some rows; a number that is not defined there (one class only, say) is absent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// The rows.
    pub rows: usize,
    /// By name, in the order that reports show them; in JSON an object.
    #[serde(serialize_with = "by_name")]
    pub metrics: Vec<(&'static str, f64)>,
    /// Predicted and observed shares (binary tasks).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calibration: Vec<Calibration>,
}

/// Rows of similar prediction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// Rows in the bin.
    pub rows: usize,
    /// Their mean predicted probability.
    pub predicted: f64,
    /// The share of them that was positive.
    pub observed: f64,
}

fn by_name<S: Serializer>(
    metrics: &[(&'static str, f64)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(metrics.iter().copied())
}

/// Bins of calibration: wide enough that each has rows to speak of.
const CALIBRATION_BINS: usize = 10;

/// What is examined, and on what.
pub(super) struct Examined<'a> {
    pub(super) release: &'a LoadedRelease,
    pub(super) task: Task,
    pub(super) batch: &'a RowBatch,
    pub(super) labels: &'a [f64],
}

/// Measures the validation and test slices.
pub(super) fn report(
    examined: &Examined<'_>,
    split: &Split,
    rows: RowCounts,
    rounds: Option<u32>,
) -> Result<Report, Error> {
    let test = match split.test.as_slice() {
        [] => None,
        rows => Some(quality(examined, rows)?),
    };
    let validation = Some(quality(examined, &split.validation)?);
    Ok(Report { rounds, rows, validation, test })
}

/// Measures some rows.
pub(super) fn quality(examined: &Examined<'_>, rows: &[usize]) -> Result<Quality, Error> {
    let predicted = predict(examined.release, &examined.batch.take(rows))?;
    let labels: Vec<f64> = rows.iter().map(|row| examined.labels[*row]).collect();
    let (metrics, calibration) = match examined.task {
        Task::Binary => binary(&labels, &predicted.values),
        Task::Multiclass => (many(&labels, &predicted.values, predicted.width), Vec::new()),
        Task::Regression => (numbers(&labels, &predicted.values), Vec::new()),
    };
    Ok(Quality { rows: rows.len(), metrics, calibration })
}

type Metrics = Vec<(&'static str, f64)>;

/// A metric that is not defined on these rows is left out.
fn defined<E>(metrics: impl IntoIterator<Item = (&'static str, Result<f64, E>)>) -> Metrics {
    metrics.into_iter().filter_map(|(name, value)| Some((name, value.ok()?))).collect()
}

fn binary(labels: &[f64], scores: &[f64]) -> (Metrics, Vec<Calibration>) {
    let labels: Vec<bool> = labels.iter().map(|label| *label > 0.5).collect();
    let bins = CALIBRATION_BINS;
    let metrics = defined([
        ("roc_auc", classification::roc_auc(&labels, scores)),
        ("log_loss", classification::log_loss(&labels, scores)),
        ("brier_score", classification::brier_score(&labels, scores)),
        (
            "expected_calibration_error",
            classification::expected_calibration_error(&labels, scores, bins),
        ),
    ]);
    let table = classification::reliability_table(&labels, scores, bins).unwrap_or_default();
    let calibration = table.iter().map(|bin| Calibration {
        rows: bin.count,
        predicted: bin.mean_predicted,
        observed: bin.observed_rate,
    });
    (metrics, calibration.collect())
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "labels are class codes here: small whole numbers"
)]
fn many(labels: &[f64], probabilities: &[f64], classes: usize) -> Metrics {
    let labels: Vec<usize> = labels.iter().map(|label| *label as usize).collect();
    let predicted = multiclass::most_probable(probabilities, classes).unwrap_or_default();
    defined([
        ("log_loss", multiclass::log_loss(&labels, probabilities, classes)),
        ("accuracy", multiclass::accuracy(&labels, &predicted)),
        ("macro_f1", multiclass::macro_f1(&labels, &predicted, classes)),
    ])
}

fn numbers(targets: &[f64], predictions: &[f64]) -> Metrics {
    defined([
        ("rmse", regression::rmse(targets, predictions)),
        ("mae", regression::mae(targets, predictions)),
        ("r2", regression::r2(targets, predictions)),
    ])
}
