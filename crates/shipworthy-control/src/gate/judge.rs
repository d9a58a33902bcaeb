//! Judges a release by the gates of its project.

use shipworthy_core::{Clock, Task};
use shipworthy_rows::RowBatch;
use shipworthy_serving::predict;
use shipworthy_serving::release::LoadedRelease;

use super::judged::Finding;
use super::plots::{Parts, Plot, plots};
use super::{Check, Gate, Report, Slices, answers, cost, data, quality};
use crate::train::HeldOut;

/// Whether training again makes the same release, or why that cannot be told.
pub type Again<'a> = &'a dyn Fn() -> Result<bool, String>;

/// Everything that a release is judged by.
pub struct Ground<'a> {
    /// The rows that its training never saw, and those that it learned from.
    pub rows: &'a HeldOut,
    /// From this probability on the answer of a binary task is positive.
    pub threshold: f64,
    /// The release.
    pub candidate: &'a LoadedRelease,
    /// What it is held against, if there is one.
    pub stable: Option<&'a LoadedRelease>,
    /// Trains again.
    pub again: Again<'a>,
    /// For latencies.
    pub clock: &'a dyn Clock,
}

/// Why a model is not judged: it does not answer.
pub type Error = shipworthy_serving::PredictError;

/// The answers of a release to some rows.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    pub(super) values: Vec<f64>,
    /// Numbers a row.
    pub(super) width: usize,
}

impl Answers {
    pub(super) fn of(release: &LoadedRelease, batch: &RowBatch) -> Result<Self, Error> {
        let predicted = predict(release, batch)?;
        Ok(Self { values: predicted.values, width: predicted.width })
    }
}

impl Ground<'_> {
    pub(super) const fn task(&self) -> Task {
        self.rows.output.task
    }

    /// Judges the release by each gate.
    ///
    /// # Errors
    /// When the release, or the one that it is held against, does not answer.
    pub fn judge(&self, gates: &[Gate]) -> Result<Report, Error> {
        let known = self.known()?;
        let (mut judged, mut drawn) = (Vec::with_capacity(gates.len()), plots(&known)?);
        for gate in gates {
            let mut finding = known.judge(gate)?;
            if let Check::Slices { metric, limit, of: Slices::Of(column) } = &gate.check {
                let parts = std::mem::take(&mut finding.parts);
                let parts = Parts::new((*metric, *limit), column, gate.confidence, parts);
                drawn.push(Plot::Slices(parts));
            }
            judged.push(finding.under(gate));
        }
        let names = (self.candidate.id(), self.stable.map(LoadedRelease::id));
        Ok(Report::new(names, known.rows(), judged, drawn))
    }

    /// The answers to the test rows.
    pub(super) fn known(&self) -> Result<Known<'_>, Error> {
        let test = &self.rows.test.batch;
        let candidate = Answers::of(self.candidate, test)?;
        let stable = self.stable.map(|stable| Answers::of(stable, test)).transpose()?;
        Ok(Known { ground: self, candidate, stable })
    }
}

/// What every gate looks at.
pub(super) struct Known<'a> {
    pub(super) ground: &'a Ground<'a>,
    pub(super) candidate: Answers,
    pub(super) stable: Option<Answers>,
}

impl Known<'_> {
    /// Number of test rows.
    pub(super) const fn rows(&self) -> usize {
        self.ground.rows.test.labels.len()
    }

    fn judge(&self, gate: &Gate) -> Result<Finding, Error> {
        let sure = gate.confidence;
        if self.ground.rows.test.labels.is_empty() {
            let why = "there are no test rows; `test` in [train] keeps some";
            return Ok(Finding::undecided(why));
        }
        match &gate.check {
            Check::Metric { metric, limit } => Ok(quality::metric(self, *metric, *limit, sure)),
            Check::NonInferior { metric, margin } => {
                Ok(quality::non_inferior(self, *metric, *margin, sure))
            }
            Check::Slices { metric, limit, of } => {
                Ok(quality::slices(self, (*metric, *limit), of, sure))
            }
            Check::Calibration { max } => Ok(quality::calibration(self, *max, sure)),
            Check::Fairness { measure, column, max } => {
                Ok(quality::fairness(self, *measure, column, *max, sure))
            }
            Check::Distribution { distance, max, against, cells } => {
                answers::distribution(self, *distance, (against, cells), (*max, sure))
            }
            Check::Invariance { column, max } => answers::invariance(self, column, *max),
            Check::Direction { column, by, effect } => {
                answers::direction(self, (column, *by), *effect, sure)
            }
            Check::MissingValues { column, metric, margin } => {
                answers::missing_values(self, (column, *metric), *margin, sure)
            }
            Check::Leakage { max } => Ok(data::leakage(self, *max, sure)),
            Check::Duplicates { max } => Ok(data::duplicates(self, *max)),
            Check::Determinism => Ok(cost::determinism(self.ground.again)),
            Check::Latency { max } => cost::latency(self.ground, *max, sure),
        }
    }
}
