//! Trees of the file, checked and given to the runtimes.

use super::Error;
use super::document::{FLOAT_FEATURE, FeaturesInfo, Node, ObliviousTree, Split};
use crate::forest::{self, Missing, Reading, SourceNode, Test};
use crate::oblivious::{self, SourceSplit};

/// How each numeric feature is found and read.
pub(super) struct Borders {
    /// By the position among numeric features: the position among all, and whether a missing
    /// value is above all borders.
    floats: Vec<Option<(usize, bool)>>,
    /// Names of categorical features by their position among such, for messages.
    categories: Vec<(usize, String)>,
}

impl Borders {
    pub(super) fn new(info: &FeaturesInfo<'_>) -> Result<Self, Error> {
        let mut floats = Vec::new();
        for feature in &info.float_features {
            let at = feature.feature_index;
            super::within("features", at.saturating_add(1), super::MAX_FEATURES)?;
            let missing_above = match feature.nan_value_treatment.as_deref() {
                // `CatBoost` asks first whether there were any.
                Some("AsTrue") => feature.has_nans,
                Some("AsFalse" | "AsIs") | None => false,
                Some(treatment) => {
                    let (feature, treatment) = (feature.name(), treatment.to_owned());
                    return Err(Error::MissingValues { feature, treatment });
                }
            };
            if floats.len() <= at {
                floats.resize(at + 1, None);
            }
            let place = (feature.flat_feature_index, missing_above);
            if floats[at].replace(place).is_some() {
                return Err(Error::FeaturePosition { position: at });
            }
        }
        let categories = info.categorical_features.iter();
        let categories = categories.map(|feature| (feature.feature_index, feature.name()));
        Ok(Self { floats, categories: categories.collect() })
    }

    fn split(&self, tree: usize, split: &Split) -> Result<SourceSplit, Error> {
        if split.split_type != FLOAT_FEATURE {
            return Err(self.refused(tree, split));
        }
        let lacks = |field| Error::SplitField { tree, field };
        let feature = split.float_feature_index.ok_or_else(|| lacks("float_feature_index"))?;
        let border = split.border.ok_or_else(|| lacks("border"))?;
        let known = self.floats.get(feature).copied().flatten();
        let (flat, missing_above) = known.ok_or(Error::UnknownFeature { tree, feature })?;
        Ok(SourceSplit { feature: flat, missing_above, border: border as f32 })
    }

    fn refused(&self, tree: usize, split: &Split) -> Error {
        let category = split.cat_feature_index.and_then(|index| {
            let named = self.categories.iter().find(|(at, _)| *at == index);
            named.map(|(_, name)| name.clone())
        });
        // An online CTR names no feature of its own, but all that a model has are categorical.
        let all = || self.categories.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>();
        let feature = category.unwrap_or_else(|| all().join("`, `"));
        Error::Split { tree, feature, kind: split.split_type.clone() }
    }
}

/// Checks a symmetric tree and adds it; `scale` multiplies its leaves.
pub(super) fn push_oblivious(
    builder: &mut oblivious::Builder,
    at: usize,
    tree: &ObliviousTree,
    scale: f64,
    borders: &Borders,
) -> Result<(), Error> {
    let splits = tree.splits.iter().flatten().map(|split| borders.split(at, split));
    let splits = splits.collect::<Result<Vec<_>, _>>()?;
    let values: Vec<f64> = tree.leaf_values.iter().map(|value| value * scale).collect();
    let pushed = builder.push_tree(&splits, &values);
    pushed.map_err(|source| Error::ObliviousTree { tree: at, source })
}

/// Checks a non-symmetric tree and adds it; `scale` multiplies its leaves.
pub(super) fn push(
    builder: &mut forest::Builder<f64>,
    at: usize,
    tree: &Node,
    scale: f64,
    outputs: usize,
    borders: &Borders,
) -> Result<(), Error> {
    let mut flat = Flat { at, scale, outputs, borders, nodes: Vec::new(), values: Vec::new() };
    flat.push(tree)?;
    let Flat { nodes, values, .. } = flat;
    let nodes: Vec<_> = nodes.iter().map(|node| node.source(&values, outputs)).collect();
    builder.push_tree(0, &nodes).map_err(|source| Error::Tree { tree: at, source })
}

/// A tree of boxes as a list of nodes.
struct Flat<'a> {
    at: usize,
    scale: f64,
    outputs: usize,
    borders: &'a Borders,
    nodes: Vec<FlatNode>,
    values: Vec<f64>,
}

enum FlatNode {
    Leaf { leaf: usize },
    Split { split: SourceSplit, children: [i64; 2] },
}

impl Flat<'_> {
    fn push(&mut self, node: &Node) -> Result<i64, Error> {
        let position = self.nodes.len();
        if let Some(value) = &node.value {
            let mut values = value.values();
            values.iter_mut().for_each(|value| *value *= self.scale);
            let expected = self.outputs;
            if values.len() != expected {
                let found = values.len();
                return Err(Error::LeafValues { tree: self.at, expected, found });
            }
            if values.iter().any(|value| !value.is_finite()) {
                let (tree, node) = (self.at, position);
                return Err(Error::NodeNotFinite { tree, node, field: "value" });
            }
            let leaf = self.values.len() / self.outputs;
            self.values.extend(values);
            self.nodes.push(FlatNode::Leaf { leaf });
            return Ok(position as i64);
        }
        let (Some(split), Some(left), Some(right)) = (&node.split, &node.left, &node.right) else {
            return Err(Error::Node { tree: self.at, node: position });
        };
        let split = self.borders.split(self.at, split)?;
        if !split.border.is_finite() {
            return Err(Error::NodeNotFinite { tree: self.at, node: position, field: "border" });
        }
        self.nodes.push(FlatNode::Split { split, children: [0, 0] });
        let filled = [self.push(left)?, self.push(right)?];
        if let FlatNode::Split { children, .. } = &mut self.nodes[position] {
            *children = filled;
        }
        Ok(position as i64)
    }
}

impl FlatNode {
    fn source<'a>(&self, values: &'a [f64], outputs: usize) -> SourceNode<'a, f64> {
        match *self {
            Self::Leaf { leaf } => {
                let values = &values[leaf * outputs..(leaf + 1) * outputs];
                SourceNode::Leaf { id: leaf as u32, values, linear: None }
            }
            Self::Split { split, children } => {
                let missing = if split.missing_above { Missing::Right } else { Missing::Left };
                SourceNode::Split {
                    feature: split.feature as i64,
                    reading: Reading::RoundedNumber(missing),
                    test: Test::AtMost(f64::from(split.border)),
                    children,
                }
            }
        }
    }
}
