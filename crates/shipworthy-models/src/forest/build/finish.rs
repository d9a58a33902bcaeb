//! From collected trees to the layouts that are asked.

use super::{Builder, Error, Pending, PendingTree};
use crate::bins::{Place, SetBuilder, Test, within};
use crate::forest::flat::{MAX_LEAVES, Split};
use crate::forest::walk::{MAX_SLOTS, Node};
use crate::forest::{Forest, Tree, lanes};
use crate::scalar::{Key, Scalar};
use crate::simd::Simd;

/// Trees up to here are walked without looking; measured.
const BALANCED_DEPTH: u32 = 8;
/// Steps of a deeper tree before it pays to look; measured.
const DEEP_SURE: u32 = 4;

impl<S: Scalar> Builder<S> {
    /// The finished forest, for what a processor has.
    pub(in crate::forest) fn finish_for(self, simd: Simd) -> Result<Forest<S>, Error> {
        let Self { columns, sets, nodes, values, ids, leaf_width, .. } = self;
        let laid_out = sets.finish(columns.columns())?;
        let (quantizer, places) = columns.finish(laid_out);
        within("slots", quantizer.slots(), MAX_SLOTS)?;
        let layout = Layout { nodes: &nodes, tests: Tests { places, sets } };
        let mut order = Order { leaf_of_node: vec![0; nodes.len()], nodes: Vec::new() };
        let mut splits = Vec::new();
        let mut trees = Vec::with_capacity(self.trees.len());
        for tree in &self.trees {
            trees.push(layout.tree(*tree, &mut order, &mut splits));
        }
        let mut leaves = Vec::with_capacity((order.nodes.len() + MAX_LEAVES) * leaf_width);
        order.nodes.iter().for_each(|&node| {
            leaves.extend_from_slice(&values[node as usize * leaf_width..][..leaf_width]);
        });
        leaves.resize(leaves.len() + MAX_LEAVES * leaf_width, S::default());
        let mut forest = Forest {
            simd,
            quantizer,
            trees,
            nodes: nodes.iter().enumerate().map(|(at, node)| layout.node(at, node)).collect(),
            linear: self.linear.renumbered(&order.leaf_of_node, order.nodes.len()),
            leaf_of_node: order.leaf_of_node,
            splits,
            lanes: None,
            values: leaves,
            leaf_width,
            ids: order.nodes.iter().map(|&node| ids[node as usize]).collect(),
            base: self.base,
        };
        forest.lanes = forest.lay_out_lanes();
        Ok(forest)
    }
}

impl<S: Scalar> Forest<S> {
    /// The splits of a tree that is asked as a whole.
    #[inline(always)]
    pub(in crate::forest) fn splits_of(&self, tree: &Tree) -> Option<&[Split]> {
        let start = tree.splits? as usize;
        Some(&self.splits[start..start + tree.leaves as usize - 1])
    }

    fn lay_out_lanes(&self) -> Option<Vec<lanes::LaneGroup>> {
        let with_splits = |tree| Some((tree, self.splits_of(tree)?));
        let trees = self.trees.iter().map(with_splits).collect::<Option<Vec<_>>>()?;
        lanes::lay_out(self.simd, self.quantizer.slots(), &trees)
    }
}

/// Leaves as they stand from left to right, tree after tree.
struct Order {
    leaf_of_node: Vec<u32>,
    /// The node of each leaf.
    nodes: Vec<u32>,
}

/// What splits ask.
struct Tests<K> {
    places: Vec<Place<K>>,
    sets: SetBuilder,
}

struct Layout<'a, K> {
    nodes: &'a [Pending<K>],
    tests: Tests<K>,
}

impl<K: Key> Layout<'_, K> {
    /// What a split asks, and its left child; a leaf asks nothing.
    fn split(&self, node: &Pending<K>) -> Option<(Test, u32)> {
        let Tests { places, sets } = &self.tests;
        match *node {
            Pending::Leaf => None,
            Pending::Above { column, threshold, child } => {
                Some((places[column as usize].above(threshold), child))
            }
            Pending::InSet { column, set, child } => {
                let number = sets.number(set as usize);
                Some((places[column as usize].in_set(number), child))
            }
        }
    }

    fn node(&self, at: usize, node: &Pending<K>) -> Node {
        match self.split(node) {
            Some((test, child)) => Node::split(test, child),
            None => Node::leaf(at as u32),
        }
    }

    /// Goes through a tree from left to right.
    fn tree(&self, tree: PendingTree, order: &mut Order, splits: &mut Vec<Split>) -> Tree {
        let PendingTree { root, depth, output } = tree;
        let (first_leaf, first_split) = (order.nodes.len(), splits.len());
        // Splits whose left subtree is being gone through, and their subtree's first leaf.
        let mut open: Vec<(Test, usize, usize)> = Vec::new();
        let mut node = root;
        let mut has_categories = false;
        loop {
            let leaf = order.nodes.len();
            if let Some((test, child)) = self.split(&self.nodes[node]) {
                open.push((test, child as usize, leaf - first_leaf));
                has_categories |= test.mask != u8::MAX;
                node = child as usize;
                continue;
            }
            order.leaf_of_node[node] = leaf as u32;
            order.nodes.push(node as u32);
            let Some((test, child, start)) = open.pop() else { break };
            splits.push(Split { test, first_leaf: start as u8 });
            node = child + 1;
        }
        let leaves = order.nodes.len() - first_leaf;
        let as_a_whole = leaves <= MAX_LEAVES;
        if !as_a_whole {
            splits.truncate(first_split);
        }
        Tree {
            root: root as u32,
            depth,
            sure: if depth > BALANCED_DEPTH { DEEP_SURE } else { depth },
            output,
            first_leaf: first_leaf as u32,
            leaves: leaves as u32,
            splits: as_a_whole.then_some(first_split as u32),
            has_categories,
        }
    }
}
