//! From the nodes of a file to the flat layout, with every check the walk relies on.
//!
//! **Invariant:** after `push_tree` the tree is a tree: children in range, each node reached once,
//! no deeper than [`MAX_DEPTH`]. A format's loader checks what is its own (numbers, names).

use std::collections::HashMap;

use super::linear::{LinearLeaf, LinearLeaves};
use super::sets::SetBuilder;
use super::slots::{Reading, Slot};
use super::{CATEGORICAL, Forest, LANES, Node, Tree};
use crate::scalar::{Key, Scalar};

/// Most nodes of a forest: 1 GiB of them; the largest public models have some ten million.
const MAX_NODES: usize = 1 << 26;
/// Most leaf values: 1 GiB of doubles.
const MAX_VALUES: usize = 1 << 27;
/// Most slots: positions of keys stay below the mark of categories.
const MAX_SLOTS: usize = (1 << 27) - 1;
/// Trees up to here are walked without looking; measured.
const BALANCED_DEPTH: u32 = 8;
/// Steps of a deeper tree before it pays to look; measured.
const DEEP_SURE: u32 = 4;
/// Deepest leaf: leaf-wise growth makes chains, but a path of thousands is an attack on latency.
const MAX_DEPTH: usize = 4_096;

/// Why nodes are not a tree.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No nodes at all.
    #[error("it has no nodes")]
    Empty,
    /// A child that does not exist.
    #[error("node {node} has child {child}, outside the tree of {nodes} nodes")]
    ChildOutOfRange {
        /// The parent.
        node: usize,
        /// The child's number as written.
        child: i64,
        /// Nodes of the tree.
        nodes: usize,
    },
    /// Two paths to one node, or a cycle.
    #[error("node {node} is reached more than once")]
    ReachedTwice {
        /// The node.
        node: usize,
    },
    /// No path to a node.
    #[error("node {node} is never reached")]
    Unreached {
        /// The node.
        node: usize,
    },
    /// A path to a node that is marked as deleted.
    #[error("node {node} is deleted but has a parent")]
    Deleted {
        /// The node.
        node: usize,
    },
    /// A feature the model does not have.
    #[error("node {node} splits on feature {feature} of {features}")]
    FeatureOutOfRange {
        /// The node.
        node: usize,
        /// The feature as written.
        feature: i64,
        /// Features of the model.
        features: usize,
    },
    /// A category code below 0 or from 2^24.
    #[error("node {node} has category code {code}, outside 0 to {}", super::sets::CODE_LIMIT - 1)]
    CategoryOutOfRange {
        /// The node.
        node: usize,
        /// The code as written.
        code: i64,
    },
    /// More than a limit allows.
    #[error("more than {limit} {what}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

/// One node as a file has it; children are numbers of nodes in the same tree.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SourceNode<'a, S> {
    /// Adds its values, one for each output from the tree's on.
    Leaf {
        /// The leaf's number in the file.
        id: u32,
        values: &'a [S],
        /// A function of the row in the place of its (one) value.
        linear: Option<LinearLeaf<'a>>,
    },
    /// Sends a row on.
    Split { feature: i64, reading: Reading, test: Test<'a, S>, children: [i64; 2] },
    /// Pruned; must not be reached.
    Deleted,
}

/// What a split asks; thresholds are not NaN.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Test<'a, S> {
    /// A number below the threshold goes left.
    Below(S),
    /// A number at most the threshold goes left.
    AtMost(S),
    /// A code outside the set goes left.
    NotIn(&'a [i64]),
}

/// Collects trees.
#[derive(Debug)]
pub(crate) struct Builder<S: Scalar> {
    features: usize,
    forest: Forest<S>,
    slots: HashMap<Slot, u32>,
    sets: SetBuilder,
}

impl<S: Scalar> Builder<S> {
    /// For a model of so many features; its sums begin at `base`, one per output, at least one.
    /// Each leaf has `leaf_width` values, at least one.
    pub(crate) fn new(features: usize, base: Vec<S>, leaf_width: usize) -> Self {
        let forest = Forest {
            nodes: Vec::new(),
            values: Vec::new(),
            leaf_width,
            ids: Vec::new(),
            trees: Vec::new(),
            slots: Vec::new(),
            words: Vec::new(),
            linear: LinearLeaves::default(),
            base,
        };
        Self { features, forest, slots: HashMap::new(), sets: SetBuilder::default() }
    }

    /// Adds a tree, root first, whose leaves count for `output` and those after it; breadth first,
    /// so that the upper levels, which every row visits, share cache lines.
    pub(crate) fn push_tree(
        &mut self,
        output: u32,
        source: &[SourceNode<'_, S>],
    ) -> Result<(), Error> {
        let start = self.forest.nodes.len();
        if source.is_empty() {
            return Err(Error::Empty);
        }
        let nodes = start + source.len();
        within("nodes", nodes, MAX_NODES)?;
        within("leaf values", nodes.saturating_mul(self.forest.leaf_width), MAX_VALUES)?;
        let mut reached = vec![false; source.len()];
        let mut order = Vec::with_capacity(source.len());
        reached[0] = true;
        order.push(0);
        let (mut next, mut level_end, mut depth) = (0, 1, 0);
        let mut has_categories = false;
        while let Some(&id) = order.get(next) {
            if next == level_end {
                level_end = order.len();
                depth += 1;
                within("levels in one tree", depth, MAX_DEPTH)?;
            }
            let child = match &source[id] {
                SourceNode::Split { children, test, .. } => {
                    has_categories |= matches!(test, Test::NotIn(_));
                    let child = start + order.len();
                    for &child in children {
                        order.push(reach(id, child, &mut reached)?);
                    }
                    child
                }
                SourceNode::Leaf { .. } | SourceNode::Deleted => start + next,
            };
            self.push_node(id, &source[id], child as u32)?;
            next += 1;
        }
        check_unreached(source, &reached)?;
        let (root, depth) = (start as u32, depth as u32);
        let sure = if depth > BALANCED_DEPTH { DEEP_SURE } else { depth };
        self.forest.trees.push(Tree { root, depth, sure, output, has_categories });
        Ok(())
    }

    /// The finished forest.
    pub(crate) fn finish(self) -> Result<Forest<S>, Error> {
        let Self { mut forest, sets, .. } = self;
        let mut limits = vec![0; forest.slots.len()];
        let sets = sets.finish(&mut limits)?;
        for (slot, limit) in forest.slots.iter_mut().zip(limits) {
            slot.code_limit = limit;
        }
        for node in &mut forest.nodes {
            if node.slot & CATEGORICAL != 0 {
                let start = sets.starts[node.threshold.to_code() as usize];
                node.threshold = S::Key::from_code(start.cast_signed());
            }
            // From the number of a slot to the position of its first key.
            let (flag, slot) = (node.slot & CATEGORICAL, node.slot & !CATEGORICAL);
            node.slot = flag | (slot * LANES as u32);
        }
        forest.words = sets.words;
        Ok(forest)
    }

    fn push_node(
        &mut self,
        id: usize,
        source: &SourceNode<'_, S>,
        child: u32,
    ) -> Result<(), Error> {
        let forest_end = (self.forest.nodes.len() + 1) * self.forest.leaf_width;
        let (node, file_id) = match *source {
            SourceNode::Leaf { id: file_id, values, linear } => {
                let values = values.iter().copied().take(self.forest.leaf_width);
                self.forest.values.extend(values);
                if let Some(leaf) = linear {
                    self.forest.linear.push(child as usize, id, leaf, self.features)?;
                }
                (Node { threshold: S::Key::HIGHEST, slot: 0, child }, file_id)
            }
            SourceNode::Split { feature, reading, test, .. } => {
                let slot = self.slot(id, feature, reading)?;
                let (threshold, flag) = match test {
                    Test::Below(threshold) => (threshold.key_before(), 0),
                    Test::AtMost(threshold) => (threshold.key(), 0),
                    Test::NotIn(codes) => {
                        (S::Key::from_code(self.sets.push(id, slot, codes)?), CATEGORICAL)
                    }
                };
                (Node { threshold, slot: slot | flag, child }, id as u32)
            }
            SourceNode::Deleted => return Err(Error::Deleted { node: id }),
        };
        self.forest.values.resize(forest_end, S::default());
        self.forest.nodes.push(node);
        self.forest.ids.push(file_id);
        Ok(())
    }

    /// The slot of a feature that reads in a way.
    fn slot(&mut self, node: usize, feature: i64, reading: Reading) -> Result<u32, Error> {
        let features = self.features;
        let known = u32::try_from(feature).ok().filter(|&feature| (feature as usize) < features);
        let feature = known.ok_or(Error::FeatureOutOfRange { node, feature, features })?;
        let slots = &mut self.forest.slots;
        let next = slots.len() as u32;
        within("features and ways to read them", slots.len(), MAX_SLOTS)?;
        let slot = Slot { feature, reading, code_limit: 0 };
        Ok(*self.slots.entry(slot).or_insert_with(|| {
            slots.push(slot);
            next
        }))
    }
}

/// Marks a child as reached.
fn reach(node: usize, child: i64, reached: &mut [bool]) -> Result<usize, Error> {
    let nodes = reached.len();
    let id = usize::try_from(child).ok().filter(|&id| id < nodes);
    let id = id.ok_or(Error::ChildOutOfRange { node, child, nodes })?;
    if std::mem::replace(&mut reached[id], true) {
        return Err(Error::ReachedTwice { node: id });
    }
    Ok(id)
}

fn check_unreached<S>(source: &[SourceNode<'_, S>], reached: &[bool]) -> Result<(), Error> {
    let mut pairs = source.iter().zip(reached);
    let lost = pairs.position(|(node, reached)| !reached && !matches!(node, SourceNode::Deleted));
    lost.map_or(Ok(()), |node| Err(Error::Unreached { node }))
}

pub(super) fn within(what: &'static str, size: usize, limit: usize) -> Result<(), Error> {
    if size <= limit { Ok(()) } else { Err(Error::TooLarge { what, limit }) }
}
