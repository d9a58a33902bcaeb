//! One row, few rows and many, at every level of vector instructions, against the splits as they
//! are in the file.

use proptest::prelude::*;

use super::build::{Builder, SourceSplit};
use crate::FeatureMatrix;
use crate::bins::Bins;
use crate::simd::Simd;

const FEATURES: usize = 4;

#[derive(Clone, Debug)]
struct Tree {
    splits: Vec<SourceSplit>,
    values: Vec<f64>,
}

fn tree(depth: usize, outputs: usize) -> impl Strategy<Value = Tree> {
    let split =
        (0..FEATURES, any::<bool>(), -300..300_i16).prop_map(|(feature, missing_above, border)| {
            SourceSplit { feature, missing_above, border: f32::from(border) / 100.0 }
        });
    let values = prop::collection::vec(-1.0..1.0_f64, outputs << depth);
    (prop::collection::vec(split, depth), values)
        .prop_map(|(splits, values)| Tree { splits, values })
}

fn trees(depth: usize, outputs: usize) -> impl Strategy<Value = (usize, Vec<Tree>)> {
    let trees = (0..=depth).prop_flat_map(move |depth| tree(depth, outputs));
    (Just(outputs), prop::collection::vec(trees, 1..90))
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        8 => (-310..310_i16).prop_map(|value| f64::from(value) / 100.0),
    ]
}

fn is_above(split: &SourceSplit, row: &[f64]) -> bool {
    let value = row[split.feature] as f32;
    if value.is_nan() { split.missing_above } else { value > split.border }
}

fn check(outputs: usize, trees: &[Tree], rows: &[[f64; FEATURES]]) {
    let mut features = FeatureMatrix::new();
    features.reset(rows.len(), FEATURES);
    rows.iter().enumerate().for_each(|(at, row)| features.row_mut(at).copy_from_slice(row));
    for simd in Simd::levels() {
        let mut builder = Builder::new(vec![0.25; outputs]);
        trees.iter().for_each(|tree| builder.push_tree(&tree.splits, &tree.values).unwrap());
        let forest = builder.finish_for(simd);
        let mut margins = vec![0.0; rows.len() * outputs];
        forest.sum(&features, &mut Bins::default(), &mut margins);
        for (row, margins) in rows.iter().zip(margins.chunks_exact(outputs)) {
            let mut sums = vec![0.25; outputs];
            let mut leaves = Vec::new();
            for tree in trees {
                let answers = tree.splits.iter().map(|split| is_above(split, row));
                let leaf =
                    answers.enumerate().fold(0, |at, (level, yes)| at | usize::from(yes) << level);
                let values = &tree.values[leaf * outputs..(leaf + 1) * outputs];
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
                leaves.push(leaf as u32);
            }
            assert_eq!(margins, sums, "{simd:?} {row:?}");
            assert_eq!(forest.leaves(row), leaves, "{simd:?} {row:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_layout_gives_the_bits_of_the_file(
        (outputs, trees) in prop_oneof![trees(6, 1), trees(10, 1), trees(4, 3)],
        rows in prop::collection::vec(prop::array::uniform4(value()), 1..140),
    ) {
        check(outputs, &trees, &rows);
        check(outputs, &trees, &rows[..1]);
    }
}
