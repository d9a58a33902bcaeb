//! XGBoost models: the JSON and the UBJSON that versions 1.x to 3.x write.
//!
//! Read are `gbtree` and `dart`, numeric and categorical splits, one tree per output. Refused by
//! name: `gblinear`, vector-leaf trees, unknown objectives. Everything in a file is checked here;
//! a model that loads cannot fail later.
//!
//! Source: XGBoost `doc/model.schema`, `src/tree/tree_model.cc`, `src/gbm/gbtree_model.cc`,
//! `src/data/cat_container.cc`; conventions confirmed against xgboost 1.7, 2.1 and 3.2.

mod annotate;
mod categories;
mod document;
mod objective;
mod tree;
mod ubjson;

use std::sync::Arc;

pub use annotate::{Annotation, FeatureType, annotate};

use crate::ensemble::Trees;
use crate::forest::{Builder, ShapeError};
use crate::{Description, Feature, FeatureKind, TreeEnsemble};
use document::{Document, Learner, Number, TreesBlock};
use objective::Objective;

/// Largest file: the builder's limits would be reached long before.
const MAX_MODEL_BYTES: usize = 2 << 30;
/// Most features, also of those that a file without names would have us name.
const MAX_FEATURES: usize = 1 << 20;
/// Most classes or targets: each costs a margin per row.
const MAX_OUTPUTS: usize = 1 << 14;

/// Why a file is not a model that can be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not JSON, or not of XGBoost's shape.
    #[error("the file is not an XGBoost model in JSON")]
    Json(#[source] serde_json::Error),
    /// Not UBJSON, or not of XGBoost's shape.
    #[error("the file is not an XGBoost model in UBJSON")]
    Ubjson(#[source] UbjsonError),
    /// A booster that is no sum of trees.
    #[error("booster `{name}` is not supported: only `gbtree` and `dart` are")]
    Booster {
        /// The booster's name.
        name: String,
    },
    /// An objective whose transform is not known.
    #[error("objective `{name}` is not supported")]
    Objective {
        /// The objective's name.
        name: String,
    },
    /// Trees whose leaves hold one value per output.
    #[error("tree {tree} has vector leaves (`multi_output_tree`), which are not supported")]
    VectorLeaves {
        /// Position of the tree.
        tree: usize,
    },
    /// A field that must be there.
    #[error("the file has no `{field}`")]
    MissingField {
        /// The field's name.
        field: &'static str,
    },
    /// A parameter that does not parse, or is out of its range.
    #[error("`{field}` is {value}")]
    Parameter {
        /// The field's name.
        field: &'static str,
        /// What the file says.
        value: String,
    },
    /// An array of the wrong length.
    #[error("`{field}` has {found} entries instead of {expected}")]
    Length {
        /// The field's name.
        field: &'static str,
        /// What other fields ask for.
        expected: usize,
        /// Entries in the file.
        found: usize,
    },
    /// Something wrong inside one tree.
    #[error("tree {tree} is damaged")]
    Tree {
        /// Position of the tree.
        tree: usize,
        /// What is wrong.
        #[source]
        source: tree::Error,
    },
    /// Trees that ask for too much together.
    #[error("the trees are too large")]
    Forest(#[source] ShapeError),
    /// Category names that do not decode.
    #[error("the categories of feature {feature} are damaged: {reason}")]
    Categories {
        /// Position of the feature.
        feature: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// More than a limit allows.
    #[error("{found} {what}: more than {limit}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// In the file.
        found: usize,
        /// The limit.
        limit: usize,
    },
}

pub use tree::Error as TreeError;
pub use ubjson::Error as UbjsonError;

/// How to read a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Use every tree, also those after `best_iteration` of a training that stopped early.
    pub all_trees: bool,
}

/// Reads a model; where training stopped early it ends at the best iteration, as XGBoost's
/// scikit-learn interface predicts.
///
/// # Errors
/// When the file is damaged or of a kind that is not supported.
pub fn load(bytes: &[u8]) -> Result<TreeEnsemble, Error> {
    load_with(bytes, Options::default())
}

/// [`load`] with a choice of trees.
///
/// # Errors
/// When the file is damaged or of a kind that is not supported.
pub fn load_with(bytes: &[u8], options: Options) -> Result<TreeEnsemble, Error> {
    within("bytes", bytes.len(), MAX_MODEL_BYTES)?;
    let Document { learner } = if is_ubjson(bytes) {
        ubjson::from_slice(bytes).map_err(Error::Ubjson)?
    } else {
        serde_json::from_slice(bytes).map_err(Error::Json)?
    };
    let objective = Objective::parse(&learner.objective.name)?;
    let parameters = &learner.learner_model_param;
    let num_feature = parameters.num_feature.count("num_feature")?;
    within("features", num_feature, MAX_FEATURES)?;
    let outputs = output_count(&learner)?;
    let base_margins = objective.base_margins(&parameters.base_score.0, outputs)?;
    let (block, weights) = learner.gradient_booster.trees()?;
    let trees_in_file = block.trees.len();
    let groups = groups(block, outputs)?;
    let trees = trees_used(&learner, block, outputs, options)?;
    let mut builder = Builder::new(num_feature, base_margins, 1);
    for (index, source) in block.trees[..trees].iter().enumerate() {
        let weight = weights.map_or(1.0, |weights| weights[index]);
        if source.leaf_width()? > 1 {
            return Err(Error::VectorLeaves { tree: index });
        }
        tree::push(&mut builder, groups[index], source, weight)
            .map_err(|source| Error::Tree { tree: index, source })?;
    }
    let features = features(&learner, block, num_feature)?;
    let description = Description {
        format: "xgboost",
        objective: learner.objective.name.into_owned(),
        transform: objective.transform,
        features,
        outputs,
        trees,
        trees_in_file,
    };
    let forest = builder.finish().map_err(Error::Forest)?;
    Ok(TreeEnsemble::new(description, Trees::Single(forest), 1.0))
}

/// Whether an object in binary begins here: `{`, and the length of its first key.
#[must_use]
pub(crate) const fn is_ubjson(bytes: &[u8]) -> bool {
    matches!(bytes, [b'{', b'i' | b'U' | b'I' | b'l' | b'L' | b'#' | b'$', ..])
}

/// Margins per row: classes or targets, of which a model has one kind.
fn output_count(learner: &Learner<'_>) -> Result<usize, Error> {
    let parameters = &learner.learner_model_param;
    let count = |number: &Option<Number>, field| {
        number.as_ref().map_or(Ok(0), |number| number.count(field))
    };
    let classes = count(&parameters.num_class, "num_class")?;
    let targets = count(&parameters.num_target, "num_target")?;
    let outputs = classes.max(targets).max(1);
    within("outputs", outputs, MAX_OUTPUTS)?;
    Ok(outputs)
}

/// The output that each tree counts for.
fn groups(block: &TreesBlock<'_>, outputs: usize) -> Result<Vec<u32>, Error> {
    let (expected, found) = (block.trees.len(), block.tree_info.len());
    if found != expected {
        return Err(Error::Length { field: "tree_info", expected, found });
    }
    let group = |&group: &i64| {
        let known = u32::try_from(group).ok().filter(|&group| (group as usize) < outputs);
        known.ok_or_else(|| Error::Parameter { field: "tree_info", value: group.to_string() })
    };
    block.tree_info.iter().map(group).collect()
}

/// How many trees, from the first, predictions use.
fn trees_used(
    learner: &Learner<'_>,
    block: &TreesBlock<'_>,
    outputs: usize,
    options: Options,
) -> Result<usize, Error> {
    let all = block.trees.len();
    let Some(best) = learner.attributes.best_iteration.as_ref().filter(|_| !options.all_trees)
    else {
        return Ok(all);
    };
    let invalid = || Error::Parameter { field: "best_iteration", value: best.0.to_string() };
    let iterations = best.count("best_iteration")?.checked_add(1).ok_or_else(invalid)?;
    let used = match &block.iteration_indptr {
        Some(starts) => starts.get(iterations).and_then(|&start| usize::try_from(start).ok()),
        None => {
            let forest = block.gbtree_model_param.num_parallel_tree.as_ref();
            let forest = forest.map_or(Ok(1), |number| number.count("num_parallel_tree"))?.max(1);
            iterations.checked_mul(forest).and_then(|trees| trees.checked_mul(outputs))
        }
    };
    used.filter(|&used| used <= all).ok_or_else(invalid)
}

/// Names, kinds and levels; a file without names gets `f0`, `f1`, … as XGBoost prints them.
fn features(
    learner: &Learner<'_>,
    block: &TreesBlock<'_>,
    num_feature: usize,
) -> Result<Vec<Feature>, Error> {
    let given = |field, found| match found {
        0 => Ok(()),
        found if found == num_feature => Ok(()),
        found => Err(Error::Length { field, expected: num_feature, found }),
    };
    given("feature_names", learner.feature_names.len())?;
    given("feature_types", learner.feature_types.len())?;
    let mut levels = categories::levels(block.cats.as_ref(), num_feature)?;
    let split_by_category = tree::categorical_features(&block.trees, num_feature);
    let feature = |index: usize| {
        let name = learner.feature_names.get(index);
        let declared = learner.feature_types.get(index).is_some_and(|code| code == "c");
        let levels = levels.get_mut(index).map(std::mem::take).unwrap_or_default();
        let categorical = declared || split_by_category[index] || !levels.is_empty();
        Feature {
            name: name.map_or_else(|| format!("f{index}").into(), |name| Arc::from(name.as_ref())),
            kind: if categorical { FeatureKind::Categorical } else { FeatureKind::Numeric },
            levels,
        }
    };
    Ok((0..num_feature).map(feature).collect())
}

fn within(what: &'static str, found: usize, limit: usize) -> Result<(), Error> {
    if found <= limit { Ok(()) } else { Err(Error::TooLarge { what, found, limit }) }
}

impl From<ShapeError> for tree::Error {
    fn from(error: ShapeError) -> Self {
        Self::Shape(error)
    }
}
