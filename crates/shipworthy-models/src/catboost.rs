//! `CatBoost` models: the JSON of `save_model(format="json")`.
//!
//! Read are symmetric and non-symmetric trees over numeric features. A tree that splits on a
//! category, a text or an embedding is refused, with the feature named: such a split needs tables
//! of target statistics (CTR) or hashes of the training strings.
//!
//! Source: `CatBoost` `catboost/libs/model/model_export/json_model_helpers.cpp` and
//! `catboost/libs/model/eval_processing.h`; conventions confirmed against catboost 1.2.

mod document;
mod objective;
mod tree;

use std::collections::BTreeMap;

use crate::ensemble::Trees;
use crate::forest::{self, ShapeError};
use crate::oblivious;
use crate::{Description, Feature, FeatureKind, TreeEnsemble};
use document::{Bias, Document, FeaturesInfo};
use tree::Borders;

pub use crate::oblivious::BuildError as ObliviousError;

/// Most features.
const MAX_FEATURES: usize = 1 << 20;
/// Most classes or targets: each costs a margin per row.
const MAX_OUTPUTS: usize = 1 << 14;

/// Why a file is not a model that can be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not JSON, or not of `CatBoost`'s shape.
    #[error("the file is not a CatBoost model in JSON")]
    Json(#[source] serde_json::Error),
    /// A loss whose transform is not known.
    #[error("loss function `{name}` is not supported")]
    Loss {
        /// Its name.
        name: String,
    },
    /// A split that is no comparison of a number.
    #[error("tree {tree} splits on `{feature}` by {kind}, which is not supported")]
    Split {
        /// Position of the tree.
        tree: usize,
        /// The feature, or what is known of it.
        feature: String,
        /// The kind of the split.
        kind: String,
    },
    /// A comparison that lacks a side.
    #[error("tree {tree} has a split by number without `{field}`")]
    SplitField {
        /// Position of the tree.
        tree: usize,
        /// The field's name.
        field: &'static str,
    },
    /// A split on a numeric feature that the file does not describe.
    #[error("tree {tree} splits on the unknown float feature {feature}")]
    UnknownFeature {
        /// Position of the tree.
        tree: usize,
        /// The position as written.
        feature: usize,
    },
    /// Features whose positions do not fit together.
    #[error("two features have position {position}")]
    FeaturePosition {
        /// The position among all features.
        position: usize,
    },
    /// A word for missing values that is not known.
    #[error("feature `{feature}` treats missing values as `{treatment}`, which is not known")]
    MissingValues {
        /// The feature.
        feature: String,
        /// As written.
        treatment: String,
    },
    /// A node of a non-symmetric tree that is neither leaf nor split.
    #[error("node {node} of tree {tree} has neither a value nor a split with two children")]
    Node {
        /// Position of the tree.
        tree: usize,
        /// Position of the node, each before its left and then its right child.
        node: usize,
    },
    /// A number of a node that is not finite.
    #[error("the {field} of node {node} of tree {tree} is not finite")]
    NodeNotFinite {
        /// Position of the tree.
        tree: usize,
        /// Position of the node, as above.
        node: usize,
        /// Its border or its value.
        field: &'static str,
    },
    /// A number that is not finite.
    #[error("`{field}` has a value that is not finite")]
    NotFinite {
        /// The field's name.
        field: &'static str,
    },
    /// Something wrong inside one symmetric tree.
    #[error("tree {tree} is damaged")]
    ObliviousTree {
        /// Position of the tree.
        tree: usize,
        /// What is wrong.
        #[source]
        source: ObliviousError,
    },
    /// Something wrong inside one non-symmetric tree.
    #[error("tree {tree} is damaged")]
    Tree {
        /// Position of the tree.
        tree: usize,
        /// What is wrong.
        #[source]
        source: ShapeError,
    },
    /// A leaf of another width than the others.
    #[error("tree {tree} has a leaf of {found} values instead of {expected}")]
    LeafValues {
        /// Position of the tree.
        tree: usize,
        /// One per output.
        expected: usize,
        /// In the file.
        found: usize,
    },
    /// No trees, or trees of two kinds.
    #[error("the file has neither `oblivious_trees` nor `trees`")]
    NoTrees,
    /// Trees that ask for too much together.
    #[error("the trees are too large")]
    Forest(#[source] ShapeError),
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

/// Reads a model.
///
/// # Errors
/// When the file is damaged or of a kind that is not supported.
pub fn load(bytes: &[u8]) -> Result<TreeEnsemble, Error> {
    let document: Document<'_> = serde_json::from_slice(bytes).map_err(Error::Json)?;
    let scale = document.scale_and_bias.as_ref().map_or(1.0, |(scale, _)| *scale);
    let base = base(&document)?;
    if !scale.is_finite() || base.iter().any(|bias| !bias.is_finite()) {
        return Err(Error::NotFinite { field: "scale_and_bias" });
    }
    let outputs = base.len();
    let objective = objective::parse(&document.model_info)?;
    let features = features(&document.features_info)?;
    let borders = Borders::new(&document.features_info)?;
    let (trees, count) = match (&document.oblivious_trees, &document.trees) {
        (Some(trees), _) => {
            let mut builder = oblivious::Builder::new(base);
            for (at, tree) in trees.iter().enumerate() {
                tree::push_oblivious(&mut builder, at, tree, scale, &borders)?;
            }
            (Trees::Oblivious(builder.finish()), trees.len())
        }
        (None, Some(trees)) => {
            let mut builder = forest::Builder::new(features.len(), base, outputs);
            for (at, tree) in trees.iter().enumerate() {
                tree::push(&mut builder, at, tree, scale, outputs, &borders)?;
            }
            (Trees::Double(builder.finish().map_err(Error::Forest)?), trees.len())
        }
        (None, None) => return Err(Error::NoTrees),
    };
    let description = Description {
        format: "catboost",
        objective: objective.name,
        transform: objective.transform,
        features,
        outputs,
        trees: count,
        trees_in_file: count,
    };
    Ok(TreeEnsemble::new(description, trees, 1.0))
}

/// Where the sums begin: one bias per output. Files of old versions have none or a single 0, and
/// only their leaves tell how many outputs there are.
fn base(document: &Document<'_>) -> Result<Vec<f64>, Error> {
    let bias = document.scale_and_bias.as_ref().and_then(|(_, bias)| bias.as_ref());
    let base = match bias {
        Some(Bias::Several(biases)) if !biases.is_empty() => biases.clone(),
        Some(Bias::One(bias)) if *bias != 0.0 => vec![*bias],
        _ => {
            let outputs = document.leaf_width();
            within("outputs", outputs, MAX_OUTPUTS)?;
            vec![0.0; outputs]
        }
    };
    within("outputs", base.len(), MAX_OUTPUTS)?;
    Ok(base)
}

/// All features by their positions in a row; one that the file leaves out is named by its position.
fn features(info: &FeaturesInfo<'_>) -> Result<Vec<Feature>, Error> {
    let kinds = [
        (FeatureKind::Numeric, &info.float_features),
        (FeatureKind::Categorical, &info.categorical_features),
    ];
    let mut by_position = BTreeMap::new();
    for (kind, features) in kinds {
        for feature in features {
            let position = feature.flat_feature_index;
            within("features", position.saturating_add(1), MAX_FEATURES)?;
            let named = Feature { name: feature.name().into(), kind, levels: Vec::new() };
            if by_position.insert(position, named).is_some() {
                return Err(Error::FeaturePosition { position });
            }
        }
    }
    let count = by_position.keys().next_back().map_or(0, |last| last + 1);
    let unnamed = |position: usize| Feature {
        name: position.to_string().into(),
        kind: FeatureKind::Numeric,
        levels: Vec::new(),
    };
    let feature = |at| by_position.remove(&at).unwrap_or_else(|| unnamed(at));
    Ok((0..count).map(feature).collect())
}

fn within(what: &'static str, found: usize, limit: usize) -> Result<(), Error> {
    if found <= limit { Ok(()) } else { Err(Error::TooLarge { what, found, limit }) }
}
