//! A release in memory: everything that makes an answer, ready to make one.

use std::sync::Arc;

use shipworthy_contract::{Checks, CompileError, Contract, sample_row};
use shipworthy_core::{Output, ReleaseId, Task};
use shipworthy_models::encode::{self, Encoder, Levels};
use shipworthy_models::{Model, Transform};
use shipworthy_rows::Schema;

use crate::predict;

/// Why a release cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The contract makes no sense.
    #[error("the release's contract does not compile")]
    Contract(#[from] CompileError),
    /// The contract does not feed the model.
    #[error("the release's contract does not fit its model")]
    Encode(#[from] encode::Error),
    /// The model answers in another shape than the release declares.
    #[error(
        "a {} model with {classes} classes answers {expected} numbers a row, but this one {found}",
        task.name()
    )]
    Shape {
        /// The declared task.
        task: Task,
        /// The declared classes.
        classes: usize,
        /// Numbers a row by that declaration.
        expected: usize,
        /// Numbers a row by the model file.
        found: usize,
    },
    /// The first answer failed.
    #[error("the model did not answer a row made from the contract: {why}")]
    WarmUp {
        /// Why.
        why: String,
    },
}

/// A release that can answer. Immutable.
#[derive(Debug)]
pub struct LoadedRelease {
    id: ReleaseId,
    commit: Option<String>,
    output: Output,
    contract: Contract,
    checks: Checks,
    encoder: Encoder,
    model: Arc<dyn Model>,
    /// `"name":` of each column, as it stands in a record.
    keys: Vec<String>,
}

impl LoadedRelease {
    /// Compiles the contract, fits it to the model, and lets the model answer one row.
    ///
    /// # Errors
    /// When contract, model and declared output do not fit each other.
    pub fn new(
        id: ReleaseId,
        commit: Option<String>,
        output: Output,
        contract: Contract,
        model: Arc<dyn Model>,
    ) -> Result<Self, Error> {
        check_shape(&output, model.as_ref())?;
        let checks = Checks::compile(&contract)?;
        let encoder = Encoder::compile(model.features(), &levels(&contract), checks.schema())?;
        let keys = contract.columns.iter();
        let keys = keys.map(|column| format!("{}:", serde_json::Value::from(column.name.as_str())));
        let keys = keys.collect();
        let release = Self { id, commit, output, contract, checks, encoder, model, keys };
        release.warm_up()?;
        Ok(release)
    }

    /// The release's id.
    #[must_use]
    pub const fn id(&self) -> &ReleaseId {
        &self.id
    }

    /// The commit that the release follows from.
    #[must_use]
    pub fn commit(&self) -> Option<&str> {
        self.commit.as_deref()
    }

    /// What it predicts.
    #[must_use]
    pub const fn output(&self) -> &Output {
        &self.output
    }

    /// What it takes.
    #[must_use]
    pub const fn contract(&self) -> &Contract {
        &self.contract
    }

    /// The columns of its input.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        self.checks.schema()
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &dyn Model {
        self.model.as_ref()
    }

    /// Numbers that the model answers a row.
    #[must_use]
    pub fn prediction_width(&self) -> usize {
        self.model.describe().transform.prediction_width(self.model.outputs())
    }

    pub(crate) const fn checks(&self) -> &Checks {
        &self.checks
    }

    pub(crate) const fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    pub(crate) fn keys(&self) -> &[String] {
        &self.keys
    }

    fn warm_up(&self) -> Result<(), Error> {
        let row = sample_row(&self.contract);
        let refused = |why: String| Error::WarmUp { why };
        let predicted = predict::predict(self, &row).map_err(|error| refused(error.to_string()))?;
        if predicted.values.iter().all(|value| value.is_finite()) {
            Ok(())
        } else {
            Err(refused(format!("it answered {:?}", predicted.values)))
        }
    }
}

/// Categories of each column in the order of their codes.
fn levels(contract: &Contract) -> Levels {
    let columns = contract.columns.iter();
    columns.filter_map(|c| Some((c.name.clone(), c.categories.clone()?))).collect()
}

fn check_shape(output: &Output, model: &dyn Model) -> Result<(), Error> {
    let classes = output.classes.len();
    let expected = match output.task {
        Task::Binary | Task::Regression => 1,
        Task::Multiclass => classes,
    };
    let found = model.describe().transform.prediction_width(model.outputs());
    let is_class_index = model.describe().transform == Transform::Argmax;
    let names_both = output.task != Task::Binary || classes == 2;
    if expected == found && !is_class_index && names_both {
        return Ok(());
    }
    Err(Error::Shape { task: output.task, classes, expected, found })
}
