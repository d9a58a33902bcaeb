//! From the nodes of a file to the flat layout, with every check the walk relies on.
//!
//! **Invariant:** after `push_tree` the tree is a tree: children in range, each node reached once,
//! no deeper than [`MAX_DEPTH`]. A format's loader checks what is its own (numbers, names).

use super::{CATEGORICAL, CategorySets, DEFAULT_LEFT, FEATURE, LEAF, Node, Tree, TreeEnsemble};
use crate::Description;

/// Most nodes of an ensemble: 1 GiB of them; the largest public models have some ten million.
const MAX_NODES: usize = 1 << 26;
/// Deepest leaf: leaf-wise growth makes chains, but a path of thousands is an attack on latency.
const MAX_DEPTH: usize = 4_096;
/// Most 32-bit words of category sets: 64 MiB. One set may span 2^24 codes, so a short file could
/// otherwise ask for gigabytes.
const MAX_CATEGORY_WORDS: usize = 1 << 24;
/// The first code a set cannot hold: the formats carry codes as f32, exact below 2^24.
const CATEGORY_LIMIT: u32 = 1 << 24;

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
    #[error("node {node} has category code {code}, outside 0 to {}", CATEGORY_LIMIT - 1)]
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
pub(crate) enum SourceNode<'a> {
    /// Adds a value.
    Leaf { value: f32 },
    /// A number below the threshold goes left.
    Threshold { threshold: f32, split: Split },
    /// A code in the set goes right.
    Categories { codes: &'a [i64], split: Split },
    /// Pruned; must not be reached.
    Deleted,
}

/// Where a split looks and leads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split {
    pub(crate) feature: i64,
    pub(crate) default_left: bool,
    pub(crate) children: [i64; 2],
}

/// Collects trees.
#[derive(Debug)]
pub(crate) struct Builder {
    features: usize,
    nodes: Vec<Node>,
    trees: Vec<Tree>,
    sets: CategorySets,
}

impl Builder {
    /// For a model of so many features (below 2^29).
    pub(crate) fn new(features: usize) -> Self {
        Self { features, nodes: Vec::new(), trees: Vec::new(), sets: CategorySets::default() }
    }

    /// Adds a tree, root first, whose leaves count for `output`; breadth first, so that the upper
    /// levels, which every row visits, share cache lines.
    pub(crate) fn push_tree(
        &mut self,
        output: u32,
        source: &[SourceNode<'_>],
    ) -> Result<(), Error> {
        let start = self.nodes.len();
        if source.is_empty() {
            return Err(Error::Empty);
        }
        within("nodes", start + source.len(), MAX_NODES)?;
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
            let mut node = self.node(id, &source[id])?;
            if let Some(split) = source[id].split() {
                node.child = (start + order.len()) as u32;
                for child in split.children {
                    order.push(reach(id, child, &mut reached)?);
                }
            }
            self.nodes.push(node);
            next += 1;
        }
        check_unreached(source, &reached)?;
        self.trees.push(Tree { root: start as u32, output });
        Ok(())
    }

    /// The finished ensemble; `base_margins` holds one value per output, at least one.
    pub(crate) fn finish(self, description: Description, base_margins: Vec<f32>) -> TreeEnsemble {
        let Self { nodes, trees, sets, .. } = self;
        TreeEnsemble { description, nodes, trees, sets, base_margins }
    }

    /// The node without its child, which the layout decides.
    fn node(&mut self, id: usize, source: &SourceNode<'_>) -> Result<Node, Error> {
        let (payload, feature) = match *source {
            SourceNode::Leaf { value } => (value.to_bits(), LEAF),
            SourceNode::Threshold { threshold, split } => {
                (threshold.to_bits(), self.feature(id, split)?)
            }
            SourceNode::Categories { codes, split } => {
                (self.push_set(id, codes)?, CATEGORICAL | self.feature(id, split)?)
            }
            SourceNode::Deleted => return Err(Error::Deleted { node: id }),
        };
        Ok(Node { payload, feature, child: 0, id: id as u32 })
    }

    fn feature(&self, node: usize, split: Split) -> Result<u32, Error> {
        let flag = if split.default_left { DEFAULT_LEFT } else { 0 };
        let known = u32::try_from(split.feature)
            .ok()
            .filter(|&feature| feature < FEATURE && (feature as usize) < self.features);
        let unknown =
            Error::FeatureOutOfRange { node, feature: split.feature, features: self.features };
        known.map(|feature| feature | flag).ok_or(unknown)
    }

    fn push_set(&mut self, node: usize, codes: &[i64]) -> Result<u32, Error> {
        let start = self.sets.words.len();
        for &code in codes {
            let code = u32::try_from(code)
                .ok()
                .filter(|&code| code < CATEGORY_LIMIT)
                .ok_or(Error::CategoryOutOfRange { node, code })?;
            let word = start + (code / 32) as usize;
            if word >= self.sets.words.len() {
                within("words of category sets", word + 1, MAX_CATEGORY_WORDS)?;
                self.sets.words.resize(word + 1, 0);
            }
            self.sets.words[word] |= 1 << (code % 32);
        }
        self.sets.ranges.push((start as u32, self.sets.words.len() as u32));
        Ok((self.sets.ranges.len() - 1) as u32)
    }
}

impl SourceNode<'_> {
    /// The split, when it is one.
    pub(crate) const fn split(&self) -> Option<Split> {
        match *self {
            Self::Threshold { split, .. } | Self::Categories { split, .. } => Some(split),
            Self::Leaf { .. } | Self::Deleted => None,
        }
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

fn check_unreached(source: &[SourceNode<'_>], reached: &[bool]) -> Result<(), Error> {
    let mut pairs = source.iter().zip(reached);
    let lost = pairs.position(|(node, reached)| !reached && !matches!(node, SourceNode::Deleted));
    lost.map_or(Ok(()), |node| Err(Error::Unreached { node }))
}

fn within(what: &'static str, size: usize, limit: usize) -> Result<(), Error> {
    if size <= limit { Ok(()) } else { Err(Error::TooLarge { what, limit }) }
}
