//! Many rows at once.

use super::{BLOCK_GROUPS, Forest, Scratch, Tree, flat, walk};
use crate::FeatureMatrix;
use crate::bins::{GROUP_ROWS, GroupBins};
use crate::scalar::Scalar;
use crate::simd::{Kernel, Vectors};

impl<S: Scalar> Forest<S> {
    /// Sums of up to [`super::BLOCK_ROWS`] rows from `first` on.
    pub(super) fn sum_block(
        &self,
        features: &FeatureMatrix,
        first: usize,
        scratch: &mut Scratch<S>,
        margins: &mut [f64],
    ) {
        let outputs = self.outputs();
        let rows = margins.len() / outputs;
        let Scratch { bins, sums } = scratch;
        let groups = if rows > GROUP_ROWS { BLOCK_GROUPS } else { 1 };
        let bins =
            self.quantizer.fill_groups(self.simd, groups, features.rows_from(first, rows), bins);
        sums.clear();
        for output in (0..groups).flat_map(|_| &self.base) {
            sums.resize(sums.len() + GROUP_ROWS, *output);
        }
        self.simd.run(AddBlock { forest: self, groups, bins, sums });
        for (margins, sums) in
            margins.chunks_mut(GROUP_ROWS * outputs).zip(sums.chunks_exact(GROUP_ROWS * outputs))
        {
            for (row, margins) in margins.chunks_exact_mut(outputs).enumerate() {
                let sums = sums.iter().skip(row).step_by(GROUP_ROWS);
                margins.iter_mut().zip(sums).for_each(|(margin, sum)| *margin = sum.to_f64());
            }
        }
    }
}

/// Adds all trees to the sums of some groups of rows: in each, output after output.
struct AddBlock<'a, S: Scalar> {
    forest: &'a Forest<S>,
    groups: usize,
    bins: &'a [GroupBins],
    sums: &'a mut [S],
}

impl<S: Scalar> Kernel for AddBlock<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vectors>(mut self, vectors: V) {
        let (pairs, rest) = self.forest.trees.as_chunks::<2>();
        for pair in pairs {
            // Of few rows, two trees are asked in turn; of many, groups are.
            if self.groups == 1 {
                self.ask::<V, 2, 1>(vectors, pair.each_ref());
            } else {
                pair.iter().for_each(|tree| self.ask::<V, 1, BLOCK_GROUPS>(vectors, [tree]));
            }
        }
        for tree in rest {
            if self.groups == 1 {
                self.ask::<V, 1, 1>(vectors, [tree]);
            } else {
                self.ask::<V, 1, BLOCK_GROUPS>(vectors, [tree]);
            }
        }
    }
}

impl<S: Scalar> AddBlock<'_, S> {
    #[inline(always)]
    fn ask<V: Vectors, const TREES: usize, const GROUPS: usize>(
        &mut self,
        vectors: V,
        trees: [&Tree; TREES],
    ) {
        let mut splits = [&[][..]; TREES];
        for (splits, tree) in splits.iter_mut().zip(trees) {
            let Some(known) = self.forest.splits_of(tree) else {
                trees.iter().for_each(|tree| self.walk(tree));
                return;
            };
            *splits = known;
        }
        let slots = self.forest.quantizer.slots();
        let exits = if trees.iter().any(|tree| tree.has_categories) {
            vectors.exits::<TREES, GROUPS, true>(splits, self.bins, slots)
        } else {
            vectors.exits::<TREES, GROUPS, false>(splits, self.bins, slots)
        };
        for (tree, exits) in trees.into_iter().zip(&exits) {
            for (group, exits) in exits.iter().enumerate() {
                self.add_exits(tree, group, exits);
            }
        }
    }

    fn walk(&mut self, tree: &Tree) {
        let forest = self.forest;
        let slots = forest.quantizer.slots();
        for group in 0..self.groups {
            let bins = self.bins[group * slots..(group + 1) * slots].as_flattened();
            let view = walk::View { nodes: &forest.nodes, bins, stride: GROUP_ROWS };
            let mut leaves = [0; GROUP_ROWS];
            let (walks, _) = leaves.as_chunks_mut::<{ walk::WALKS }>();
            for (at, leaves) in walks.iter_mut().enumerate() {
                let nodes = view.rows(tree, at * walk::WALKS);
                for (leaf, node) in leaves.iter_mut().zip(nodes) {
                    *leaf = forest.leaf_of_node[node as usize];
                }
            }
            if forest.leaf_width > 1 {
                for (row, leaf) in leaves.into_iter().enumerate() {
                    self.add_leaf(tree, group, row, leaf as usize);
                }
                continue;
            }
            for (sum, leaf) in self.sums_of(tree, group).iter_mut().zip(leaves) {
                *sum += forest.values[leaf as usize];
            }
        }
    }

    /// The sums of a group of rows that a tree of one value a leaf counts for.
    #[inline(always)]
    fn sums_of(&mut self, tree: &Tree, group: usize) -> &mut [S] {
        let first = (group * self.forest.base.len() + tree.output as usize) * GROUP_ROWS;
        &mut self.sums[first..first + GROUP_ROWS]
    }

    /// Adds a leaf for each row of a group, by its number in the tree.
    #[inline(always)]
    fn add_exits(&mut self, tree: &Tree, group: usize, exits: &[u8; GROUP_ROWS]) {
        let Forest { values, leaf_width, .. } = self.forest;
        if *leaf_width > 1 {
            for (row, exit) in exits.iter().enumerate() {
                self.add_leaf(tree, group, row, tree.first_leaf as usize + usize::from(*exit));
            }
            return;
        }
        let values = values[tree.first_leaf as usize..].first_chunk::<{ flat::MAX_LEAVES }>();
        let values = values.expect("the builder adds as many values as this takes");
        for (sum, exit) in self.sums_of(tree, group).iter_mut().zip(exits) {
            *sum += values[usize::from(*exit)];
        }
    }

    /// Adds a leaf, by its number among all, to the sums of one row.
    fn add_leaf(&mut self, tree: &Tree, group: usize, row: usize, leaf: usize) {
        let Forest { values, leaf_width, base, .. } = self.forest;
        let sums = &mut self.sums[group * base.len() * GROUP_ROWS..][..base.len() * GROUP_ROWS];
        let sums = sums.iter_mut().skip(tree.output as usize * GROUP_ROWS + row);
        let values = &values[leaf * leaf_width..(leaf + 1) * leaf_width];
        sums.step_by(GROUP_ROWS).zip(values).for_each(|(sum, value)| *sum += *value);
    }
}
