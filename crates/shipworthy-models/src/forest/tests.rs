//! Every layout, at every level of vector instructions, against a walk through the source.

use proptest::prelude::*;

use super::{Builder, Forest, Missing, Reading, Scratch, SourceNode, Test};
use crate::FeatureMatrix;
use crate::scalar::Scalar;
use crate::simd::Simd;

const FEATURES: usize = 6;
/// Its values are category codes.
const CATEGORICAL: usize = 5;

/// A split or a leaf; children are positions in the tree.
#[derive(Clone, Debug)]
enum Node {
    Leaf(Vec<f64>),
    Above { feature: usize, missing_right: bool, threshold: f64, children: [usize; 2] },
    In { codes: Vec<i64>, children: [usize; 2] },
}

#[derive(Clone, Copy, Debug)]
struct Shape {
    trees: usize,
    leaves: usize,
    leaf_width: usize,
    outputs: usize,
    with_categories: bool,
    /// Thresholds are multiples of one part in so many.
    grid: i32,
}

/// A generator that needs no crate: what it gives need not be good, only different.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) as usize % end
    }

    fn number(&mut self, grid: i32) -> f64 {
        f64::from(self.below(2 * grid as usize) as i32 - grid) / f64::from(grid)
    }
}

/// A tree that grows by splitting some leaf: uneven, as leaf-wise growth makes them.
fn tree(random: &mut Random, shape: Shape) -> Vec<Node> {
    let leaf = |random: &mut Random| {
        Node::Leaf((0..shape.leaf_width).map(|_| random.number(1_000_003)).collect())
    };
    let mut nodes = vec![leaf(random)];
    let mut leaves = vec![0];
    while leaves.len() < shape.leaves {
        let at = random.below(leaves.len());
        let split = leaves.swap_remove(at);
        let children = [nodes.len(), nodes.len() + 1];
        nodes[split] = if shape.with_categories && random.below(3) == 0 {
            let codes = (0..1 + random.below(9)).map(|_| random.below(40) as i64).collect();
            Node::In { codes, children }
        } else {
            let feature = random.below(FEATURES - usize::from(shape.with_categories));
            let missing_right = random.below(2) == 1;
            Node::Above { feature, missing_right, threshold: random.number(shape.grid), children }
        };
        for child in children {
            nodes.push(leaf(random));
            leaves.push(child);
        }
    }
    nodes
}

fn build<S: Scalar>(trees: &[Vec<Node>], shape: Shape, simd: Simd) -> Forest<S> {
    let base = (0..shape.outputs).map(|output| S::from_f64(output as f64)).collect();
    let mut builder = Builder::<S>::new(FEATURES, base, shape.leaf_width);
    for (at, tree) in trees.iter().enumerate() {
        let values: Vec<Vec<S>> = tree.iter().map(values_of).collect();
        let nodes: Vec<_> = tree
            .iter()
            .zip(&values)
            .enumerate()
            .map(|(at, (node, v))| source(at, node, v))
            .collect();
        builder.push_tree(output_of(at, shape) as u32, &nodes).unwrap();
    }
    builder.finish_for(simd).unwrap()
}

fn output_of(tree: usize, shape: Shape) -> usize {
    if shape.leaf_width > 1 { 0 } else { tree % shape.outputs }
}

fn values_of<S: Scalar>(node: &Node) -> Vec<S> {
    match node {
        Node::Leaf(values) => values.iter().map(|value| S::from_f64(*value)).collect(),
        _ => Vec::new(),
    }
}

fn source<'a, S: Scalar>(at: usize, node: &'a Node, values: &'a [S]) -> SourceNode<'a, S> {
    let numbers = |children: &[usize; 2]| children.map(|child| child as i64);
    match node {
        Node::Leaf(_) => SourceNode::Leaf { id: at as u32, values, linear: None },
        Node::Above { feature, missing_right, threshold, children } => SourceNode::Split {
            feature: *feature as i64,
            reading: Reading::Number(if *missing_right { Missing::Right } else { Missing::Left }),
            test: Test::AtMost(S::from_f64(*threshold)),
            children: numbers(children),
        },
        Node::In { codes, children } => SourceNode::Split {
            feature: CATEGORICAL as i64,
            reading: Reading::Code { missing_in_set: true },
            test: Test::NotIn(codes),
            children: numbers(children),
        },
    }
}

/// The leaf that a row reaches, found the plain way.
fn leaf<S: Scalar>(tree: &[Node], row: &[f64]) -> usize {
    let mut at = 0;
    loop {
        let (right, children) = match &tree[at] {
            Node::Leaf(_) => return at,
            Node::Above { feature, missing_right, threshold, children } => {
                let value = row[*feature];
                let above = S::from_f64(value) > S::from_f64(*threshold);
                (if value.is_nan() { *missing_right } else { above }, children)
            }
            Node::In { codes, children } => {
                let value = row[CATEGORICAL];
                let is_in = |code: &i64| value > -1.0 && value.trunc() == *code as f64;
                (value.is_nan() || value >= 0.0 && codes.iter().any(is_in), children)
            }
        };
        at = children[usize::from(right)];
    }
}

fn sums<S: Scalar>(trees: &[Vec<Node>], shape: Shape, row: &[f64]) -> Vec<f64> {
    let mut sums: Vec<S> = (0..shape.outputs).map(|output| S::from_f64(output as f64)).collect();
    for (at, tree) in trees.iter().enumerate() {
        let values = values_of::<S>(&tree[leaf::<S>(tree, row)]);
        let first = output_of(at, shape);
        sums[first..].iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
    }
    sums.iter().map(|sum| sum.to_f64()).collect()
}

fn rows(random: &mut Random, count: usize, grid: i32) -> FeatureMatrix {
    let mut features = FeatureMatrix::new();
    features.reset(count, FEATURES);
    for row in 0..count {
        for (at, value) in features.row_mut(row).iter_mut().enumerate() {
            *value = match random.below(12) {
                0 => f64::NAN,
                1 => [f64::INFINITY, f64::NEG_INFINITY, -0.0][random.below(3)],
                _ if at == CATEGORICAL => random.below(45) as f64 - 2.5 * random.below(2) as f64,
                _ => random.number(grid),
            };
        }
    }
    features
}

fn check<S: Scalar>(seed: u64, shape: Shape, count: usize) {
    let mut random = Random(seed);
    let trees: Vec<_> = (0..shape.trees).map(|_| tree(&mut random, shape)).collect();
    let features = rows(&mut random, count, shape.grid);
    for simd in Simd::levels() {
        let forest = build::<S>(&trees, shape, simd);
        let mut margins = vec![0.0; count * shape.outputs];
        forest.sum(&features, &mut Scratch::default(), &mut margins);
        for (row, margins) in margins.chunks_exact(shape.outputs).enumerate() {
            let row = features.row(row);
            let expected = sums::<S>(&trees, shape, row);
            let bits = |sums: &[f64]| sums.iter().map(|sum| sum.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(margins), bits(&expected), "{simd:?} {shape:?} {row:?}");
            let leaves: Vec<_> = trees.iter().map(|tree| leaf::<S>(tree, row) as u32).collect();
            assert_eq!(forest.leaves(row), leaves, "{simd:?} {shape:?} {row:?}");
        }
    }
}

fn shape() -> impl Strategy<Value = Shape> {
    let sizes = (1..70_usize, prop_oneof![1..40_usize, 120..140_usize]);
    let outputs = prop_oneof![Just((1, 1)), Just((1, 3)), Just((3, 3))];
    let grid = prop_oneof![Just(4), Just(20), Just(100), Just(5_000)];
    (sizes, outputs, any::<bool>(), grid).prop_map(
        |((trees, leaves), (leaf_width, outputs), with_categories, grid)| Shape {
            trees,
            leaves,
            leaf_width,
            outputs,
            with_categories,
            grid,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_layout_gives_the_bits_of_a_plain_walk(
        seed: u64,
        shape in shape(),
        count in prop_oneof![1..5_usize, 20..70_usize, 250..340_usize],
    ) {
        check::<f32>(seed, shape, count);
        check::<f64>(seed, shape, count);
    }
}

#[test]
fn trees_of_one_leaf_and_at_the_limit_of_exits_are_summed() {
    for leaves in [1, 2, 255, 256, 257, 700] {
        for (trees, with_categories) in [(3, false), (9, true)] {
            let shape =
                Shape { trees, leaves, leaf_width: 1, outputs: 1, with_categories, grid: 600 };
            for count in [1, 64, 300] {
                check::<f32>(leaves as u64, shape, count);
                check::<f64>(leaves as u64, shape, count);
            }
        }
    }
}

#[test]
fn more_slots_than_lanes_can_look_up_are_walked() {
    // Some 40 thousand thresholds, in slots of 255.
    let shape = Shape {
        trees: 300,
        leaves: 250,
        leaf_width: 1,
        outputs: 1,
        with_categories: false,
        grid: 1_000_000,
    };
    check::<f32>(1, shape, 3);
}
