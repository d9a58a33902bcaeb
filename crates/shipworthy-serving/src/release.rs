//! A release in memory: everything that makes an answer, ready to make one.

use std::sync::Arc;

use shipworthy_contract::{
    Checks, ColumnRules, CompileError, Contract, Door, OnViolation, Role, RowChecks, sample_row,
};
use shipworthy_core::{Output, ReleaseId, Task};
use shipworthy_models::encode::{self, Levels};
use shipworthy_models::{Signature, Tensor};
use shipworthy_rows::{DataType, Schema};

use crate::chain::Chain;
use crate::predict::{self, Batcher, Batching, LoadedModel, Runtime, Selection};

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
    decision: Option<Decision>,
    contract: Contract,
    checks: Checks,
    runtime: Runtime,
    /// Puts requests together, where that pays.
    batcher: Option<Batcher>,
    /// The columns that the model sees, in order.
    features: Vec<usize>,
    /// `"name":` of each column, as it stands in a record.
    keys: Vec<String>,
}

/// How numbers become decisions; absent for a bare model file, which answers as it is.
#[derive(Debug)]
struct Decision {
    output: Output,
    selection: Selection,
    /// Of what the model says.
    expected: RowChecks,
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
        model: impl Into<LoadedModel>,
    ) -> Result<Self, Error> {
        let model = model.into();
        let selection = select(&output, &model)?;
        let schema = Arc::new(answer_schema(&output));
        let expected = RowChecks::compile(contract.expected_at(Door::ModelOutput), &schema)?;
        let decision = Some(Decision { output, selection, expected });
        let release = Self::assemble(id, commit, decision, contract, &model)?;
        Ok(match model {
            LoadedModel::Here(_) => release,
            LoadedModel::Elsewhere(_) => release.batched(Batching::REMOTE),
        })
    }

    /// A bare model: its inputs and outputs are those of its own metadata, no value is required
    /// (but what ONNX has no missing value for), and what it says is the answer.
    ///
    /// # Errors
    /// When the model does not take a row of its own inputs.
    pub fn bare(id: ReleaseId, model: impl Into<LoadedModel>) -> Result<Self, Error> {
        let model = model.into();
        Self::assemble(id, None, None, bare_contract(&model.signature()), &model)
    }

    /// The same release, whose requests are put together.
    #[must_use]
    pub fn batched(self, batching: Batching) -> Self {
        let batcher = Some(Batcher::new(self.runtime.clone(), batching));
        Self { batcher, ..self }
    }

    fn assemble(
        id: ReleaseId,
        commit: Option<String>,
        decision: Option<Decision>,
        contract: Contract,
        model: &LoadedModel,
    ) -> Result<Self, Error> {
        let checks = Checks::compile(&contract)?;
        let columns = contract.columns.iter().enumerate();
        let features = columns.filter(|(_, column)| column.role == Role::Feature);
        let features: Vec<usize> = features.map(|(index, _)| index).collect();
        let runtime = model.bind(checks.schema(), &features, &levels(&contract))?;
        let keys = contract.columns.iter();
        let keys = keys.map(|column| format!("{}:", serde_json::Value::from(column.name.as_str())));
        let keys = keys.collect();
        let batcher = None;
        let release =
            Self { id, commit, decision, contract, checks, runtime, batcher, features, keys };
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

    /// What it predicts; `None` for a bare model file.
    #[must_use]
    pub fn output(&self) -> Option<&Output> {
        self.decision.as_ref().map(|decision| &decision.output)
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

    /// What its model takes and answers.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        self.runtime.signature()
    }

    /// Numbers a row that decisions are made of; 0 for a bare model file.
    #[must_use]
    pub fn prediction_width(&self) -> usize {
        self.selection().map_or(0, |selection| selection.width)
    }

    pub(crate) fn selection(&self) -> Option<Selection> {
        self.decision.as_ref().map(|decision| decision.selection)
    }

    /// What is expected of its answers, if anything is.
    pub(crate) fn expected(&self) -> Option<&RowChecks> {
        let expected = self.decision.as_ref().map(|decision| &decision.expected);
        expected.filter(|expected| !expected.is_empty())
    }

    pub(crate) const fn checks(&self) -> &Checks {
        &self.checks
    }

    pub(crate) const fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(crate) const fn batcher(&self) -> Option<&Batcher> {
        self.batcher.as_ref()
    }

    /// Whether its model must be waited for; else it answers where the request is worked on.
    pub(crate) const fn must_be_awaited(&self) -> bool {
        self.batcher.is_some() || matches!(self.runtime, Runtime::Elsewhere(_))
    }

    /// Whether its model answers, as far as is known: one on another server may be away.
    pub(crate) fn is_available(&self) -> bool {
        match &self.runtime {
            Runtime::Here(_) => true,
            Runtime::Elsewhere(bound) => bound.remote().is_available(),
        }
    }

    /// How often its model went away; never, where it runs in this process.
    pub(crate) fn outages(&self) -> u64 {
        match &self.runtime {
            Runtime::Here(_) => 0,
            Runtime::Elsewhere(bound) => bound.remote().outages(),
        }
    }

    pub(crate) fn features(&self) -> &[usize] {
        &self.features
    }

    pub(crate) fn keys(&self) -> &[String] {
        &self.keys
    }

    fn warm_up(&self) -> Result<(), Error> {
        let predicted = predict::predict(self, &sample_row(&self.contract));
        let predicted =
            predicted.map_err(|error| Error::WarmUp { why: Chain(&error).to_string() })?;
        if predicted.values.iter().all(|value| value.is_finite()) {
            Ok(())
        } else {
            Err(Error::WarmUp { why: format!("it answered {:?}", predicted.values) })
        }
    }
}

/// What is said of a row, as columns that something can be expected of: `prediction`, or for
/// several classes the probability of each, by its name.
#[must_use]
pub fn answer_schema(output: &Output) -> Schema {
    match output.task {
        Task::Binary | Task::Regression => Schema::new([("prediction", DataType::Float)]),
        Task::Multiclass => {
            Schema::new(output.classes.iter().map(|class| (class.as_str(), DataType::Float)))
        }
    }
}

/// The inputs of a model file as columns: no value is required, but what ONNX has no missing value
/// for.
#[must_use]
pub fn bare_contract(signature: &Signature) -> Contract {
    let column = |input: &Tensor| ColumnRules {
        name: input.name.to_string(),
        data_type: input.element.data_type(),
        width: input.width(),
        role: Role::Feature,
        // In ONNX only floats may be missing: what the runtime could not take is refused by name.
        required: signature.format == "onnx" && input.element.data_type() != DataType::Float,
        min: None,
        max: None,
        one_of: None,
        categories: (!input.levels.is_empty()).then(|| input.levels.clone()),
        on_violation: OnViolation::Reject,
        default: None,
    };
    Contract::new(signature.inputs.iter().map(column).collect())
}

/// Categories of each column in the order of their codes.
fn levels(contract: &Contract) -> Levels {
    let columns = contract.columns.iter();
    columns.filter_map(|c| Some((c.name.clone(), c.categories.clone()?))).collect()
}

/// Finds the output that decisions are made of: the first of floats that has as many numbers a row
/// as the task needs. Of two probabilities of a binary task the second is the positive class's.
fn select(output: &Output, model: &LoadedModel) -> Result<Selection, Error> {
    let classes = output.classes.len();
    let expected = match output.task {
        Task::Binary | Task::Regression => 1,
        Task::Multiclass => classes,
    };
    let signature = model.signature();
    let floats = signature.outputs.iter().enumerate();
    let floats = floats.filter(|(_, tensor)| tensor.element.data_type() == DataType::Float);
    let mut widths = floats.map(|(at, tensor)| (at, tensor.width()));
    let fits = |(at, found): (usize, usize)| match output.task {
        Task::Binary if found == 2 => Some(Selection { output: at, first: 1, width: 1 }),
        _ if found == expected => Some(Selection { output: at, first: 0, width: expected }),
        _ => None,
    };
    let selection = widths.clone().find_map(fits);
    let names_both = output.task != Task::Binary || classes == 2;
    selection.filter(|_| names_both && !model.answers_class_index()).ok_or_else(|| {
        let found = widths.next().map_or(0, |(_, width)| width);
        Error::Shape { task: output.task, classes, expected, found }
    })
}
