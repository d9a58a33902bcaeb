//! What every training has, whoever trains: rows, labels, slices, and what is known in the end.

use std::path::Path;

use serde_json::{Value, json};
use shipworthy_contract::Contract;
use shipworthy_core::{Output, TrainingSet};
use shipworthy_rows::RowBatch;
use shipworthy_serving::release::LoadedRelease;

use super::quality::{Examined, Report, RowCounts};
use super::rows::{self, Source};
use super::split::{self, Split};
use super::{Error, Progress, expectations, label, quality};
use crate::project::Project;
use crate::{golden, reference};

/// The rows of a project, ready to learn from.
pub(super) struct Learning<'a> {
    project: &'a Project,
    directory: &'a Path,
    source: Source,
    /// The code of each row's class, or its number.
    pub(super) labels: Vec<f64>,
    /// Who sees which rows.
    pub(super) split: Split,
    /// The project's contract with the categories of the rows that are learned from.
    pub(super) contract: Contract,
    /// The expected shape of the output.
    pub(super) output: Output,
}

impl<'a> Learning<'a> {
    /// Reads the source of a project that lies in `directory`.
    pub(super) fn read(
        project: &'a Project,
        directory: &'a Path,
        progress: &mut dyn Progress,
    ) -> Result<Self, Error> {
        let source = project.source.as_ref().ok_or(Error::NoSource)?;
        let source = rows::read(project, source, directory, progress)?;
        let (labels, classes) = label::resolve(&project.model, &source.labels)?;
        let split = split::split(&project.train, &source.places)?;
        let learning = split.learning();
        let contract = rows::with_categories(project.contract(), &source.batch, &learning);
        let (task, target) = (project.model.task, project.model.target.clone());
        let output = Output { task, target, classes };
        let learned: Vec<f64> = learning.iter().map(|row| labels[*row]).collect();
        let learned = (&source.batch.take(&learning), &*learned);
        expectations::of_training_set(project, learned, &output, progress)?;
        Ok(Self { project, directory, source, labels, split, contract, output })
    }

    /// The contract's columns of all rows.
    pub(super) const fn batch(&self) -> &RowBatch {
        &self.source.batch
    }

    /// Measures what was learned; the source must still be what was read.
    pub(super) fn report(
        &self,
        release: &LoadedRelease,
        rounds: Option<u32>,
        progress: &mut dyn Progress,
    ) -> Result<Report, Error> {
        let task = self.output.task;
        let examined = Examined { release, task, batch: self.batch(), labels: &self.labels };
        let counts = RowCounts {
            source: self.source.rows,
            without_label: self.source.without_label,
            breaking_contract: self.source.breaking_contract,
            outside_windows: self.source.outside_windows,
            train: self.split.train.len() as u64,
            validation: self.split.validation.len() as u64,
            test: self.split.test.len() as u64,
        };
        let report = quality::report(&examined, &self.split, counts, rounds)?;
        let Split { test, validation, .. } = &self.split;
        let unseen = if test.is_empty() { validation } else { test };
        expectations::of_answers(release, &self.batch().take(unseen), progress)?;
        rows::check_unchanged(&self.source.file, self.directory)?;
        Ok(report)
    }

    /// What was learned from.
    pub(super) fn training_set(&self) -> TrainingSet {
        let window = self.project.train.window;
        let learning = self.split.learning();
        let times = || learning.iter().filter_map(|row| self.source.places[*row].at);
        TrainingSet {
            files: vec![self.source.file.clone()],
            label: label::description(&self.project.model),
            rows: self.split.train.len() as u64,
            validation_rows: self.split.validation.len() as u64,
            from: window.from,
            until: window.until,
            first: times().min(),
            last: times().max(),
        }
    }

    /// Rows at even distances: in a source in the order of time, of all its times.
    pub(super) fn reference(&self) -> Vec<Value> {
        let train = &self.split.train;
        let count = train.len().min(reference::MAX_ROWS);
        let chosen = (0..count).map(|index| train[index * train.len() / count]);
        let object = |row| golden::object(self.batch(), row);
        chosen.map(|row| json!({ "row": object(row), "label": self.labels[row] })).collect()
    }
}
