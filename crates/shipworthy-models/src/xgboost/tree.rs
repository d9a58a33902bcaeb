//! One tree of the file: parallel arrays, one entry per node, and segments of category codes.
//!
//! A leaf has left child -1 and its value in `split_conditions`. A pruned node keeps its place and
//! has the split index 2^31 - 1 (`kDeletedNodeMarker` without its top bit).

use super::document::TreeBlock;
use crate::forest::{Builder, Missing, Reading, ShapeError, SourceNode, Test};

/// The child of a leaf.
const NO_CHILD: i64 = -1;
/// The split index of a pruned node.
const DELETED: i64 = (1 << 31) - 1;

/// What is wrong inside a tree.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An array of the wrong length.
    #[error("`{field}` has {found} entries instead of {expected}")]
    Length {
        /// The array.
        field: &'static str,
        /// One per node, or one per categorical node.
        expected: usize,
        /// Entries in the file.
        found: usize,
    },
    /// A threshold or leaf value beyond f32.
    #[error("the value of node {node} is not finite")]
    NotFinite {
        /// The node.
        node: usize,
    },
    /// A split type other than 0 (numeric) and 1 (categorical).
    #[error("node {node} has split type {split_type}")]
    SplitType {
        /// The node.
        node: usize,
        /// As written.
        split_type: i64,
    },
    /// A category segment outside its array, of an unknown node, or overlapping.
    #[error("category segment {segment} is outside its array or its tree")]
    Segment {
        /// Position of the segment.
        segment: usize,
    },
    /// A categorical split without a set.
    #[error("categorical node {node} has no categories")]
    NoCategories {
        /// The node.
        node: usize,
    },
    /// The nodes do not form a tree.
    #[error(transparent)]
    Shape(ShapeError),
}

/// Checks a tree and adds it; `weight` multiplies its leaves.
pub(super) fn push(
    builder: &mut Builder<f32>,
    output: u32,
    tree: &TreeBlock<'_>,
    weight: f32,
) -> Result<(), Error> {
    check_lengths(tree)?;
    let sets = category_sets(tree)?;
    let values: Vec<f32> = tree.split_conditions.iter().map(|value| value * weight).collect();
    let nodes = (0..tree.left_children.len()).map(|node| source(tree, &sets, &values, node));
    let nodes = nodes.collect::<Result<Vec<_>, _>>()?;
    Ok(builder.push_tree(output, &nodes)?)
}

/// Which features some node splits by category.
pub(super) fn categorical_features(trees: &[TreeBlock<'_>], num_feature: usize) -> Vec<bool> {
    let mut categorical = vec![false; num_feature];
    for tree in trees {
        for (&feature, &split_type) in tree.split_indices.iter().zip(&tree.split_type) {
            let known = usize::try_from(feature).ok().and_then(|index| categorical.get_mut(index));
            if let Some(flag) = known {
                *flag |= split_type == 1;
            }
        }
    }
    categorical
}

fn check_lengths(tree: &TreeBlock<'_>) -> Result<(), Error> {
    let expected = tree.left_children.len();
    let split_types = if tree.split_type.is_empty() { expected } else { tree.split_type.len() };
    let arrays = [
        ("right_children", tree.right_children.len()),
        ("split_indices", tree.split_indices.len()),
        ("split_conditions", tree.split_conditions.len()),
        ("default_left", tree.default_left.len()),
        ("split_type", split_types),
    ];
    check_equal(expected, &arrays)?;
    let segments = [
        ("categories_segments", tree.categories_segments.len()),
        ("categories_sizes", tree.categories_sizes.len()),
    ];
    check_equal(tree.categories_nodes.len(), &segments)
}

fn check_equal(expected: usize, arrays: &[(&'static str, usize)]) -> Result<(), Error> {
    match arrays.iter().find(|(_, found)| *found != expected) {
        Some(&(field, found)) => Err(Error::Length { field, expected, found }),
        None => Ok(()),
    }
}

/// The category codes of each node; segments are disjoint, so all together cost one array.
fn category_sets<'a>(tree: &'a TreeBlock<'_>) -> Result<Vec<Option<&'a [i64]>>, Error> {
    if tree.categories_nodes.is_empty() {
        return Ok(Vec::new());
    }
    let mut sets = vec![None; tree.left_children.len()];
    let mut total = 0;
    for (segment, &node) in tree.categories_nodes.iter().enumerate() {
        let invalid = || Error::Segment { segment };
        let start = usize::try_from(tree.categories_segments[segment]).map_err(|_| invalid())?;
        let size = usize::try_from(tree.categories_sizes[segment]).map_err(|_| invalid())?;
        let end = start.checked_add(size).ok_or_else(invalid)?;
        let codes = tree.categories.get(start..end).ok_or_else(invalid)?;
        total += size;
        let set = usize::try_from(node).ok().and_then(|node| sets.get_mut(node));
        let set = set.filter(|set| set.is_none() && total <= tree.categories.len());
        *set.ok_or_else(invalid)? = Some(codes);
    }
    Ok(sets)
}

fn source<'a>(
    tree: &TreeBlock<'_>,
    sets: &[Option<&'a [i64]>],
    leaf_values: &'a [f32],
    node: usize,
) -> Result<SourceNode<'a, f32>, Error> {
    let children = [tree.left_children[node], tree.right_children[node]];
    let feature = tree.split_indices[node];
    if feature == DELETED {
        return Ok(SourceNode::Deleted);
    }
    if children[0] == NO_CHILD {
        let values = std::slice::from_ref(&leaf_values[node]);
        return match values[0].is_finite() {
            true => Ok(SourceNode::Leaf { id: node as u32, values, linear: None }),
            false => Err(Error::NotFinite { node }),
        };
    }
    let left = tree.default_left[node].0;
    let threshold = tree.split_conditions[node];
    let (reading, test) = match tree.split_type.get(node).copied().unwrap_or(0) {
        0 if threshold.is_finite() => {
            let missing = if left { Missing::Left } else { Missing::Right };
            (Reading::Number(missing), Test::Below(threshold))
        }
        0 => return Err(Error::NotFinite { node }),
        1 => {
            let codes = sets.get(node).copied().flatten().ok_or(Error::NoCategories { node })?;
            (Reading::Code { missing_in_set: !left }, Test::NotIn(codes))
        }
        split_type => return Err(Error::SplitType { node, split_type }),
    };
    Ok(SourceNode::Split { feature, reading, test, children })
}
