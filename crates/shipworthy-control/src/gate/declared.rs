//! What a project declares.

use std::fmt;

use serde::Serialize;
use shipworthy_core::Task;

use super::{Against, Cells, Distance};

/// Each is judged on all test rows.
pub const MAX_GATES: usize = 64;

/// A gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// What reports call it.
    pub name: String,
    /// How sure it must be: 1 minus the level of its one-sided bound.
    pub confidence: f64,
    /// What is checked.
    pub check: Check,
}

/// What a gate checks.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// A metric keeps its limit.
    Metric {
        /// Which.
        metric: Metric,
        /// How far it may go.
        limit: Limit,
    },
    /// A metric is not worse than stable's by more than a margin, on the same rows.
    NonInferior {
        /// Which.
        metric: Metric,
        /// In the metric's unit.
        margin: f64,
    },
    /// A metric keeps its limit in every slice.
    Slices {
        /// Which.
        metric: Metric,
        /// How far it may go.
        limit: Limit,
        /// In which slices.
        of: Slices,
    },
    /// What the model answers is distributed as expected.
    Distribution {
        /// Between the two distributions.
        distance: Distance,
        /// The most.
        max: f64,
        /// What is expected.
        against: Against,
        /// What numbers are counted into, where the distance is one of shares.
        cells: Cells,
    },
    /// What is said happens as often, or is as large, as it is said.
    Calibration {
        /// The most of the expected calibration error, of a regression of its mean bias either way.
        max: f64,
    },
    /// Groups of people are treated alike.
    Fairness {
        /// In which sense.
        measure: Fairness,
        /// The column that says who is in which group.
        column: String,
        /// The largest difference.
        max: f64,
    },
    /// Another value of a column moves no answer by more than this.
    Invariance {
        /// The column.
        column: String,
        /// The largest change of a probability, or of the predicted number.
        max: f64,
    },
    /// A higher value of a column moves the mean answer in no wrong direction.
    Direction {
        /// A column of numbers.
        column: String,
        /// How much higher.
        by: f64,
        /// What must not happen.
        effect: Effect,
    },
    /// Where a column is missing, a metric is not worse by more than a margin.
    MissingValues {
        /// The column.
        column: String,
        /// Which metric.
        metric: Metric,
        /// In its unit.
        margin: f64,
    },
    /// No column alone tells the target: its ROC-AUC (or its squared correlation with the target of
    /// a regression) is at most this.
    Leakage {
        /// From 0 to 1.
        max: f64,
    },
    /// The share of test rows that are also rows of the training, but for noise.
    Duplicates {
        /// From 0 to 1.
        max: f64,
    },
    /// Training again makes the same release.
    Determinism,
    /// One row takes at most so many times as long as with stable, here and now.
    Latency {
        /// The ratio of the two medians.
        max: f64,
    },
}

/// How far a number may go.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// It must be at least this.
    AtLeast(f64),
    /// It must be at most this.
    AtMost(f64),
}

/// Which rows are looked at by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slices {
    /// Those of each value of a column.
    Of(String),
    /// The worst that one half of the rows shows, tested on the other half.
    Worst,
}

/// A measure of how good answers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Binary.
    RocAuc,
    /// Binary.
    AveragePrecision,
    /// Binary, multiclass; nats, smaller is better.
    LogLoss,
    /// Binary; smaller is better.
    BrierScore,
    /// Binary; ten bins of one width, smaller is better.
    ExpectedCalibrationError,
    /// Binary at the decision's threshold, multiclass.
    Accuracy,
    /// Binary at the decision's threshold.
    Precision,
    /// Binary at the decision's threshold.
    Recall,
    /// Binary at the decision's threshold.
    F1,
    /// Multiclass.
    MacroF1,
    /// Regression; in the target's unit, smaller is better.
    Rmse,
    /// Regression; in the target's unit, smaller is better.
    Mae,
    /// Regression.
    R2,
}

impl Metric {
    /// All of them by name.
    pub const ALL: [(&'static str, Self); 13] = [
        ("roc_auc", Self::RocAuc),
        ("average_precision", Self::AveragePrecision),
        ("log_loss", Self::LogLoss),
        ("brier_score", Self::BrierScore),
        ("expected_calibration_error", Self::ExpectedCalibrationError),
        ("accuracy", Self::Accuracy),
        ("precision", Self::Precision),
        ("recall", Self::Recall),
        ("f1", Self::F1),
        ("macro_f1", Self::MacroF1),
        ("rmse", Self::Rmse),
        ("mae", Self::Mae),
        ("r2", Self::R2),
    ];

    /// The name in project files and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        named(&Self::ALL, self)
    }

    /// Whether a task has it.
    #[must_use]
    pub const fn is_of(self, task: Task) -> bool {
        match self {
            Self::LogLoss | Self::Accuracy => matches!(task, Task::Binary | Task::Multiclass),
            Self::MacroF1 => matches!(task, Task::Multiclass),
            Self::Rmse | Self::Mae | Self::R2 => matches!(task, Task::Regression),
            _ => matches!(task, Task::Binary),
        }
    }

    /// Whether a smaller number is better.
    #[must_use]
    pub const fn is_loss(self) -> bool {
        matches!(
            self,
            Self::LogLoss
                | Self::BrierScore
                | Self::ExpectedCalibrationError
                | Self::Rmse
                | Self::Mae
        )
    }
}

/// In which sense groups are treated alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fairness {
    /// The largest difference of two groups' shares of positive decisions.
    DemographicParityDifference,
    /// The largest difference of two groups' true positive rates.
    EqualOpportunityDifference,
    /// The larger of the largest differences of true and of false positive rates.
    EqualizedOddsDifference,
}

impl Fairness {
    /// All of them by name.
    pub const ALL: [(&'static str, Self); 3] = [
        ("demographic_parity_difference", Self::DemographicParityDifference),
        ("equal_opportunity_difference", Self::EqualOpportunityDifference),
        ("equalized_odds_difference", Self::EqualizedOddsDifference),
    ];

    /// The name in project files and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        named(&Self::ALL, self)
    }
}

/// What a higher value must not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The mean answer must not rise.
    NotUp,
    /// It must not fall.
    NotDown,
}

impl Effect {
    /// All of them by name.
    pub const ALL: [(&'static str, Self); 2] =
        [("not_up", Self::NotUp), ("not_down", Self::NotDown)];
}

pub(super) fn named<T: PartialEq>(all: &[(&'static str, T)], wanted: T) -> &'static str {
    all.iter().find(|(_, other)| *other == wanted).map_or("", |(name, _)| *name)
}

impl Check {
    /// The kind's name.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Metric { .. } => "metric",
            Self::NonInferior { .. } => "non_inferior",
            Self::Slices { of: Slices::Of(_), .. } => "slices",
            Self::Slices { of: Slices::Worst, .. } => "worst_slice",
            Self::Distribution { .. } => "distribution",
            Self::Calibration { .. } => "calibration",
            Self::Fairness { .. } => "fairness",
            Self::Invariance { .. } => "invariance",
            Self::Direction { .. } => "direction",
            Self::MissingValues { .. } => "missing_values",
            Self::Leakage { .. } => "leakage",
            Self::Duplicates { .. } => "duplicates",
            Self::Determinism => "determinism",
            Self::Latency { .. } => "latency",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "at least {least}"),
            Self::AtMost(most) => write!(f, "at most {most}"),
        }
    }
}

/// What a gate is called that has no name of its own.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metric { metric, limit } => write!(f, "{} {limit}", metric.name()),
            Self::NonInferior { metric, margin } => {
                write!(f, "{} not worse than stable's by {margin}", metric.name())
            }
            Self::Slices { metric, limit, of: Slices::Of(column) } => {
                write!(f, "{} {limit} for each {column}", metric.name())
            }
            Self::Slices { metric, limit, of: Slices::Worst } => {
                write!(f, "{} {limit} in the worst slice", metric.name())
            }
            Self::Distribution { distance, max, against, .. } => {
                let against = against.name();
                write!(f, "{} of the answers to {against} at most {max}", distance.name())
            }
            Self::Calibration { max } => write!(f, "off by at most {max} on average"),
            Self::Fairness { measure, column, max } => {
                write!(f, "{} by {column} at most {max}", measure.name())
            }
            Self::Invariance { column, max } => {
                write!(f, "another {column} moves no answer by more than {max}")
            }
            Self::Direction { column, by, effect } => {
                let effect = if *effect == Effect::NotUp { "raises" } else { "lowers" };
                write!(f, "{column} plus {by} never {effect} the mean answer")
            }
            Self::MissingValues { column, metric, margin } => {
                write!(f, "{} without {column} not worse by {margin}", metric.name())
            }
            Self::Leakage { max } => write!(f, "no column alone tells the target above {max}"),
            Self::Duplicates { max } => {
                write!(f, "rows of the training among the test's at most {max}")
            }
            Self::Determinism => f.write_str("training again makes the same release"),
            Self::Latency { max } => write!(f, "a row at most {max} times as long as with stable"),
        }
    }
}
