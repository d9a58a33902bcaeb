//! From the nodes of a file to the flat layout, with every check the walk relies on.
//!
//! **Invariant:** after `push_tree` the tree is a tree: children in range, each node reached once,
//! no deeper than [`MAX_DEPTH`]. A format's loader checks what is its own (numbers, names).

mod finish;

use super::Forest;
use super::linear::{LinearLeaf, LinearLeaves};
use crate::bins::{self, Reading, SetBuilder, within};
use crate::scalar::Scalar;
use crate::simd::Simd;

/// Most nodes of a forest: 1 GiB of them; the largest public models have some ten million.
const MAX_NODES: usize = 1 << 26;
/// Most leaf values: 1 GiB of doubles.
const MAX_VALUES: usize = 1 << 27;
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
    #[error("node {node} has category code {code}, outside 0 to {}", bins::CODE_LIMIT - 1)]
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

/// A node until all thresholds are known.
#[derive(Clone, Copy, Debug)]
enum Pending<K> {
    Leaf,
    Above { column: u32, threshold: K, child: u32 },
    InSet { column: u32, set: u32, child: u32 },
}

/// Collects trees.
#[derive(Debug)]
pub(crate) struct Builder<S: Scalar> {
    features: usize,
    base: Vec<S>,
    leaf_width: usize,
    columns: bins::Builder<S>,
    sets: SetBuilder,
    nodes: Vec<Pending<S::Key>>,
    /// Per node, what it adds if it is a leaf.
    values: Vec<S>,
    /// The number of each node in its file.
    ids: Vec<u32>,
    linear: LinearLeaves,
    trees: Vec<PendingTree>,
}

#[derive(Clone, Copy, Debug)]
struct PendingTree {
    root: usize,
    depth: u32,
    output: u32,
}

impl<S: Scalar> Builder<S> {
    /// For a model of so many features; its sums begin at `base`, one per output, at least one.
    /// Each leaf has `leaf_width` values, at least one.
    pub(crate) fn new(features: usize, base: Vec<S>, leaf_width: usize) -> Self {
        Self {
            features,
            base,
            leaf_width,
            columns: bins::Builder::new(),
            sets: SetBuilder::default(),
            nodes: Vec::new(),
            values: Vec::new(),
            ids: Vec::new(),
            linear: LinearLeaves::default(),
            trees: Vec::new(),
        }
    }

    /// Adds a tree, root first, whose leaves count for `output` and those after it; breadth first,
    /// so that the upper levels, which every row visits, share cache lines.
    pub(crate) fn push_tree(
        &mut self,
        output: u32,
        source: &[SourceNode<'_, S>],
    ) -> Result<(), Error> {
        let start = self.nodes.len();
        if source.is_empty() {
            return Err(Error::Empty);
        }
        let nodes = start + source.len();
        within("nodes", nodes, MAX_NODES)?;
        within("leaf values", nodes.saturating_mul(self.leaf_width), MAX_VALUES)?;
        let mut reached = vec![false; source.len()];
        let mut order = Vec::with_capacity(source.len());
        reached[0] = true;
        order.push(0);
        let (mut next, mut level_end, mut depth) = (0, 1, 0);
        while let Some(&id) = order.get(next) {
            if next == level_end {
                level_end = order.len();
                depth += 1;
                within("levels in one tree", depth, MAX_DEPTH)?;
            }
            let child = start + order.len();
            if let SourceNode::Split { children, .. } = &source[id] {
                for &child in children {
                    order.push(reach(id, child, &mut reached)?);
                }
            }
            self.push_node(id, &source[id], child as u32)?;
            next += 1;
        }
        check_unreached(source, &reached)?;
        self.trees.push(PendingTree { root: start, depth: depth as u32, output });
        Ok(())
    }

    /// The finished forest.
    pub(crate) fn finish(self) -> Result<Forest<S>, Error> {
        self.finish_for(Simd::detect())
    }

    fn push_node(
        &mut self,
        id: usize,
        source: &SourceNode<'_, S>,
        child: u32,
    ) -> Result<(), Error> {
        let values_end = (self.nodes.len() + 1) * self.leaf_width;
        let (node, file_id) = match *source {
            SourceNode::Leaf { id: file_id, values, linear } => {
                self.values.extend(values.iter().copied().take(self.leaf_width));
                if let Some(leaf) = linear {
                    self.linear.push(self.nodes.len(), id, leaf, self.features)?;
                }
                (Pending::Leaf, file_id)
            }
            SourceNode::Split { feature, reading, test, .. } => {
                let column = self.column(id, feature, reading)?;
                (self.split(id, column, test, child)?, id as u32)
            }
            SourceNode::Deleted => return Err(Error::Deleted { node: id }),
        };
        self.values.resize(values_end, S::default());
        self.nodes.push(node);
        self.ids.push(file_id);
        Ok(())
    }

    fn split(
        &mut self,
        id: usize,
        column: u32,
        test: Test<'_, S>,
        child: u32,
    ) -> Result<Pending<S::Key>, Error> {
        let threshold = match test {
            Test::Below(threshold) => threshold.key_before(),
            Test::AtMost(threshold) => threshold.key(),
            Test::NotIn(codes) => {
                let others = self.columns.add_set(column);
                let set = self.sets.push(id, (column as usize, others), codes)? as u32;
                return Ok(Pending::InSet { column, set, child });
            }
        };
        self.columns.add_threshold(column, threshold);
        Ok(Pending::Above { column, threshold, child })
    }

    /// The column of a feature that reads in a way.
    fn column(&mut self, node: usize, feature: i64, reading: Reading) -> Result<u32, Error> {
        let features = self.features;
        let known = u32::try_from(feature).ok().filter(|&feature| (feature as usize) < features);
        let feature = known.ok_or(Error::FeatureOutOfRange { node, feature, features })?;
        Ok(self.columns.column(feature, reading))
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
