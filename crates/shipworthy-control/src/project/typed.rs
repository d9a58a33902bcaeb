//! The project file as typed: every value with its place, nothing filled in.

use shipworthy_core::{Output, Task};
use toml::de::DeTable;

use super::Project;
use super::columns::{self, TypedColumn};
use super::diagnosis::Mistakes;
use super::expect::{self, Ground, TypedExpectation};
use super::fields::ROOT;
use super::gate::{self, TypedGate};
use super::identity::{self, Identity};
use super::model::{self, Classes, TypedModel};
use super::policy::{self, LedgerSizes, Limits, TypedDecision};
use super::reader::Table;
use super::rollout::{self, TypedRollout};
use super::source::{self, TypedSource};
use super::train::{self, TypedTrain};

/// All sections as typed.
#[derive(Debug)]
pub(super) struct Typed {
    identity: Option<Identity>,
    /// `[source]`.
    pub(super) source: TypedSource,
    /// `[model]`.
    pub(super) model: TypedModel,
    /// `[decision]`.
    pub(super) decision: TypedDecision,
    limits: Limits,
    ledger: LedgerSizes,
    /// Every `[[column]]`.
    pub(super) columns: Vec<TypedColumn>,
    /// Every `[[expect]]`.
    pub(super) expectations: Vec<TypedExpectation>,
    /// `[train]`.
    pub(super) train: TypedTrain,
    /// Every `[[gate]]`.
    pub(super) gates: Vec<TypedGate>,
    /// `[rollout]`.
    pub(super) rollout: TypedRollout,
}

impl Typed {
    /// Reads every section, and reports what is wrong with each by itself.
    pub(super) fn read(document: &DeTable<'_>, text: &str, mistakes: &Mistakes) -> Self {
        let root = Table::root(&ROOT, document, mistakes);
        let required = |name, section| root.field(name).required().table(section);
        let optional = |name, section| root.field(name).table(section);
        let columns = || root.field("column").required().tables(&columns::SECTION);
        let expectations = || root.field("expect").tables(&expect::SECTION);
        let identity = Identity::read(required("project", &identity::SECTION), mistakes);
        let train = TypedTrain::read(optional("train", &train::SECTION), mistakes);
        // A model that is there already was trained on what nobody must have here.
        let source = if train.is_of_a_file() {
            optional("source", &source::SECTION)
        } else {
            required("source", &source::SECTION)
        };
        let typed = Self {
            identity,
            source: TypedSource::read(source, mistakes),
            model: TypedModel::read(required("model", &model::SECTION), text, mistakes),
            decision: TypedDecision::read(optional("decision", &policy::DECISION)),
            limits: Limits::read(optional("limits", &policy::LIMITS)),
            ledger: LedgerSizes::read(optional("ledger", &policy::LEDGER), mistakes),
            columns: columns().into_iter().map(TypedColumn::read).collect(),
            expectations: expectations().into_iter().map(TypedExpectation::read).collect(),
            train,
            gates: gate::read(root.field("gate").tables(&gate::SECTION), mistakes),
            rollout: TypedRollout::read(optional("rollout", &rollout::SECTION), mistakes),
        };
        root.finish();
        typed
    }

    /// What expectations must fit, if every column could be read.
    pub(super) fn ground(&self) -> Option<Ground> {
        let columns = self.columns.iter().map(TypedColumn::rules);
        let has_source = self.source.is_present;
        Some(Ground { columns: columns.collect::<Option<_>>()?, output: self.output(), has_source })
    }

    /// The shape of the answers, as far as the file tells it.
    fn output(&self) -> Option<Output> {
        let (task, target) = (self.model.task.as_ref()?.value, self.model.target.as_ref()?);
        let classes = match (task, self.model.classes()?) {
            (Task::Multiclass, Classes::Named(classes)) => classes,
            (Task::Multiclass, _) => return None,
            // One number, whatever the classes are called.
            (Task::Binary | Task::Regression, _) => Vec::new(),
        };
        Some(Output { task, target: target.value.clone(), classes })
    }

    /// The project, if every section could be read.
    pub(super) fn validated(self) -> Option<Project> {
        let ground = self.ground()?;
        let gates = self.gates.into_iter().map(TypedGate::validated);
        let expectations = self.expectations.into_iter().enumerate();
        let expectations = expectations.map(|(at, expectation)| expectation.validated(at, &ground));
        let expectations = expectations.collect::<Option<_>>()?;
        Some(Project {
            identity: self.identity?,
            source: self.source.validated()?,
            model: self.model.validated()?,
            decision: self.decision.validated(),
            limits: self.limits,
            ledger: self.ledger,
            columns: ground.columns,
            expectations,
            train: self.train.validated(),
            gates: gates.collect::<Option<_>>()?,
            rollout: self.rollout.validated(),
        })
    }
}
