//! The built-in trainer: gradient-boosted trees of the crate `hessboost`.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use hessboost::config::{TrainingParams, TreeMethod};
use hessboost::data::{DMatrix, FeatureType as Kind};
use hessboost::model::ModelFormat;
use hessboost::objective::{Multiclass, Objective, RegLoss};
use hessboost::training::Trainer as Booster;
use shipworthy_contract::Contract;
use shipworthy_core::{Task as Prediction, Trainer};
use shipworthy_models::encode::{Encoder, Levels};
use shipworthy_models::xgboost::{Annotation, FeatureType, annotate};
use shipworthy_models::{Feature, FeatureKind, FeatureMatrix};
use shipworthy_rows::{DataType, RowBatch};

use super::split::Split;
use super::{Error, Progress};
use crate::project::{Train, Validation};

/// What is to be learned.
pub(super) struct Task<'a> {
    pub(super) train: &'a Train,
    pub(super) task: Prediction,
    pub(super) classes: usize,
}

/// From what.
pub(super) struct Data<'a> {
    pub(super) contract: &'a Contract,
    pub(super) batch: &'a RowBatch,
    pub(super) labels: &'a [f64],
    pub(super) split: &'a Split,
}

/// A model file.
pub(super) struct Fitted {
    pub(super) model: Vec<u8>,
    /// Rounds of boosting in it.
    pub(super) rounds: u32,
}

/// Grows the trees.
pub(super) fn fit(
    task: &Task<'_>,
    data: &Data<'_>,
    progress: &mut dyn Progress,
) -> Result<Fitted, Error> {
    let (train, validation) =
        (data.matrix(&data.split.train)?, data.matrix(&data.split.validation)?);
    let parameters = parameters(task)?;
    let rounds = task.train.rounds;
    let mut booster = Booster::new(&parameters, &train, rounds as usize)
        .eval(&validation, "validation")
        .on_round(|round| {
            let done = u32::try_from(round.iteration()).map_or(rounds, |done| done + 1);
            let score = round.scores().last().map(|(_, _, score)| score);
            progress.round(done, rounds, score);
            ControlFlow::Continue(())
        });
    if let Some(patience) = NonZeroUsize::new(task.train.early_stopping_rounds as usize) {
        booster = booster.early_stopping_rounds(patience);
    }
    let trained = booster.train()?.model;
    let json = trained.encode(ModelFormat::XgboostJson)?;
    let rounds = trained.best_iteration().map_or(trained.num_boost_rounds(), |best| best + 1);
    let model = annotate(&json, &annotations(data.contract))
        .map_err(shipworthy_models::format::Error::from)?;
    Ok(Fitted { model, rounds: u32::try_from(rounds).unwrap_or(u32::MAX) })
}

/// The trainer as a manifest names it.
pub(super) fn describe(train: &Train) -> Result<Trainer, serde_json::Error> {
    let p = &train.parameters;
    let parameters = BTreeMap::from([
        ("rounds".to_owned(), train.rounds.into()),
        ("early_stopping_rounds".to_owned(), train.early_stopping_rounds.into()),
        ("validation".to_owned(), validation(&train.validation)),
        ("learning_rate".to_owned(), p.learning_rate.into()),
        ("max_depth".to_owned(), p.max_depth.into()),
        ("min_child_weight".to_owned(), p.min_child_weight.into()),
        ("subsample".to_owned(), p.subsample.into()),
        ("colsample_bytree".to_owned(), p.colsample_bytree.into()),
        ("reg_lambda".to_owned(), p.reg_lambda.into()),
        ("reg_alpha".to_owned(), p.reg_alpha.into()),
        ("gamma".to_owned(), p.gamma.into()),
        ("max_bin".to_owned(), p.max_bin.into()),
    ]);
    Ok(Trainer {
        name: "builtin".to_owned(),
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        seed: Some(train.seed),
        parameters,
    })
}

/// The rows that chose the number of rounds, as a manifest names them.
pub(super) fn validation(validation: &Validation) -> serde_json::Value {
    match validation {
        Validation::Last(length) => serde_json::json!({"last_s": length.as_secs_f64()}),
        Validation::Share(share) => serde_json::json!({"share": share}),
    }
}

fn parameters(task: &Task<'_>) -> Result<TrainingParams, Error> {
    let objective = match task.task {
        Prediction::Binary => Objective::BinaryLogistic(RegLoss::default()),
        Prediction::Multiclass => Objective::Softprob(Multiclass::new(task.classes)?),
        Prediction::Regression => Objective::SquaredError(RegLoss::default()),
    };
    let p = &task.train.parameters;
    Ok(TrainingParams::builder()
        .objective(objective)
        .tree_method(TreeMethod::Hist)
        .seed(task.train.seed)
        .eta(p.learning_rate)
        .max_depth(p.max_depth as usize)
        .min_child_weight(p.min_child_weight)
        .subsample(p.subsample)
        .colsample_bytree(p.colsample_bytree)
        .lambda(p.reg_lambda)
        .alpha(p.reg_alpha)
        .gamma(p.gamma)
        .max_bin(p.max_bin as usize)
        .build()?)
}

impl Data<'_> {
    /// The features and labels of some rows, encoded as they will be when serving.
    fn matrix(&self, rows: &[usize]) -> Result<DMatrix, Error> {
        let features: Vec<Feature> = self
            .contract
            .features()
            .map(|column| Feature {
                name: column.name.as_str().into(),
                kind: match column.data_type {
                    DataType::String => FeatureKind::Categorical,
                    _ => FeatureKind::Numeric,
                },
                levels: Vec::new(),
            })
            .collect();
        let levels: Levels = self
            .contract
            .features()
            .filter_map(|column| Some((column.name.clone(), column.categories.clone()?)))
            .collect();
        let batch = self.batch.take(rows);
        let mut matrix = FeatureMatrix::new();
        Encoder::compile(&features, &levels, batch.schema())?.encode(&batch, &mut matrix)?;
        let kinds: Vec<Kind> = features
            .iter()
            .map(|feature| match feature.kind {
                FeatureKind::Numeric => Kind::Numerical,
                FeatureKind::Categorical => Kind::Categorical,
            })
            .collect();
        let labels: Vec<f32> = rows.iter().map(|row| narrow(self.labels[*row])).collect();
        let values: Vec<f32> = matrix.values().iter().copied().map(narrow).collect();
        Ok(DMatrix::from_dense(&values, matrix.rows(), matrix.width())?
            .with_labels(&labels)?
            .with_feature_types(&kinds)?)
    }
}

/// Names, types and categories of the features, as XGBoost writes them.
fn annotations(contract: &Contract) -> Vec<Annotation<'_>> {
    let annotation = contract.features().map(|column| Annotation {
        name: &column.name,
        feature_type: match column.data_type {
            DataType::Boolean => FeatureType::Indicator,
            DataType::Integer => FeatureType::Integer,
            DataType::Float | DataType::Timestamp => FeatureType::Float,
            DataType::String => FeatureType::Categorical,
        },
        levels: column.categories.as_deref().unwrap_or_default(),
    });
    annotation.collect()
}

/// Labels and features are f32 in XGBoost's world.
#[allow(clippy::cast_possible_truncation, reason = "the trainer's own precision")]
const fn narrow(value: f64) -> f32 {
    value as f32
}
