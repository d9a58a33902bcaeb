//! The shape of the file, as far as prediction reads it. Fields that are not named here are
//! skipped.

use std::borrow::Cow;

use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow)]
    pub(super) features_info: FeaturesInfo<'a>,
    #[serde(borrow, default)]
    pub(super) model_info: ModelInfo<'a>,
    pub(super) oblivious_trees: Option<Vec<ObliviousTree>>,
    /// Non-symmetric trees (`grow_policy` other than `SymmetricTree`).
    pub(super) trees: Option<Vec<Node>>,
    /// A factor of the sum of the leaves, and what is added to it; absent in old files.
    pub(super) scale_and_bias: Option<(f64, Option<Bias>)>,
}

impl Document<'_> {
    /// Values of the first tree's leaves, at least one: outputs.
    pub(super) fn leaf_width(&self) -> usize {
        let symmetric = self.oblivious_trees.as_ref().and_then(|trees| trees.first());
        let width = symmetric.and_then(|tree| {
            let depth = tree.splits.as_ref().map_or(0, Vec::len);
            tree.leaf_values.len().checked_shr(u32::try_from(depth).ok()?)
        });
        let mut node = self.trees.as_ref().and_then(|trees| trees.first());
        while let Some(left) = node.and_then(|node| node.left.as_deref()) {
            node = Some(left);
        }
        let leaf = node.and_then(|node| node.value.as_ref());
        width.or(leaf.map(|value| value.values().len())).unwrap_or(1).max(1)
    }
}

#[derive(Deserialize)]
pub(super) struct FeaturesInfo<'a> {
    #[serde(borrow, default)]
    pub(super) float_features: Vec<FeatureInfo<'a>>,
    #[serde(borrow, default)]
    pub(super) categorical_features: Vec<FeatureInfo<'a>>,
}

#[derive(Deserialize)]
pub(super) struct FeatureInfo<'a> {
    /// The name; absent or empty when the training data had none.
    #[serde(borrow, default)]
    feature_id: Cow<'a, str>,
    /// Position among the features of its kind.
    pub(super) feature_index: usize,
    /// Position among all features.
    pub(super) flat_feature_index: usize,
    /// Whether the training data had missing values. Else none counts for more than the others.
    #[serde(default)]
    pub(super) has_nans: bool,
    #[serde(borrow)]
    pub(super) nan_value_treatment: Option<Cow<'a, str>>,
}

impl FeatureInfo<'_> {
    /// The name, or as `CatBoost` does, the position.
    pub(super) fn name(&self) -> String {
        if self.feature_id.is_empty() {
            self.flat_feature_index.to_string()
        } else {
            self.feature_id.clone().into_owned()
        }
    }
}

#[derive(Default, Deserialize)]
pub(super) struct ModelInfo<'a> {
    /// The training parameters: an object, in old files its text.
    pub(super) params: Option<serde_json::Value>,
    /// A loss of its own, in files of some versions.
    #[serde(borrow)]
    pub(super) loss_function: Option<Cow<'a, str>>,
}

/// One number, or one per output.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Bias {
    One(f64),
    Several(Vec<f64>),
}

impl Bias {
    pub(super) fn values(&self) -> Vec<f64> {
        match self {
            Self::One(bias) => vec![*bias],
            Self::Several(biases) => biases.clone(),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct ObliviousTree {
    #[serde(default)]
    pub(super) splits: Option<Vec<Split>>,
    pub(super) leaf_values: Vec<f64>,
}

#[derive(Deserialize)]
pub(super) struct Split {
    #[serde(default = "float_feature")]
    pub(super) split_type: String,
    pub(super) border: Option<f64>,
    pub(super) float_feature_index: Option<usize>,
    pub(super) cat_feature_index: Option<usize>,
}

fn float_feature() -> String {
    FLOAT_FEATURE.to_owned()
}

/// The type of a split that compares a number.
pub(super) const FLOAT_FEATURE: &str = "FloatFeature";

/// A node of a non-symmetric tree: a leaf has `value`, any other node the rest. serde_json refuses
/// what nests deeper than 128.
#[derive(Deserialize)]
pub(super) struct Node {
    pub(super) value: Option<Bias>,
    pub(super) split: Option<Split>,
    pub(super) left: Option<Box<Node>>,
    pub(super) right: Option<Box<Node>>,
}
