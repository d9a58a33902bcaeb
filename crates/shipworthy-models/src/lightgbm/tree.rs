//! One tree of the file: lists with one entry per split, or per leaf. A child is the number of a
//! split, or the number of a leaf as its complement (`-1` is leaf 0).

use std::str::FromStr;

use super::text::Fields;
use crate::forest::{
    Builder, LinearLeaf, Missing, Reading, ShapeError, SourceNode, Test, ZERO_THRESHOLD,
};

/// Most leaves of a tree: its lists are short of 1 GiB of text.
const MAX_LEAVES: usize = 1 << 24;

/// What is wrong inside a tree.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A field that must be there.
    #[error("it has no `{field}`")]
    MissingField {
        /// The field's name.
        field: &'static str,
    },
    /// An entry that is no number of its kind.
    #[error("entry {entry} of `{field}` is not a number of its kind")]
    Entry {
        /// The list.
        field: &'static str,
        /// Position in it.
        entry: usize,
    },
    /// A list of the wrong length.
    #[error("`{field}` has {found} entries instead of {expected}")]
    Length {
        /// The list.
        field: &'static str,
        /// One per split or per leaf.
        expected: usize,
        /// Entries in the file.
        found: usize,
    },
    /// A number of leaves that no tree has.
    #[error("it has {leaves} leaves")]
    Leaves {
        /// As written.
        leaves: usize,
    },
    /// A way to treat missing values that is not known.
    #[error("split {split} has decision type {decision_type}")]
    DecisionType {
        /// The split.
        split: usize,
        /// As written.
        decision_type: u8,
    },
    /// A categorical split whose set is not there.
    #[error("split {split} has no set of categories")]
    NoCategories {
        /// The split.
        split: usize,
    },
    /// A value that cannot be compared or added.
    #[error("entry {entry} of `{field}` is not finite")]
    NotFinite {
        /// The list.
        field: &'static str,
        /// Position in it.
        entry: usize,
    },
    /// The nodes do not form a tree.
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

/// Checks a tree and adds it; marks the features that it splits by category.
pub(super) fn push(
    builder: &mut Builder<f64>,
    output: u32,
    fields: &Fields<'_>,
    categorical: &mut [bool],
) -> Result<(), Error> {
    let tree = Tree::parse(fields)?;
    let leaves = (0..tree.leaf_value.len()).map(|leaf| tree.leaf(leaf));
    let splits = (0..tree.split_feature.len()).map(|split| tree.split(split));
    let nodes: Vec<_> = splits.chain(leaves).collect::<Result<_, _>>()?;
    for (feature, decision_type) in tree.split_feature.iter().zip(&tree.decision_type) {
        let feature = usize::try_from(*feature).ok().and_then(|at| categorical.get_mut(at));
        if let Some(flag) = feature {
            *flag |= decision_type & CATEGORICAL != 0;
        }
    }
    Ok(builder.push_tree(output, &nodes)?)
}

/// Bits of a decision type (`kCategoricalMask`, `kDefaultLeftMask`); the missing type is above.
const CATEGORICAL: u8 = 1;
const DEFAULT_LEFT: u8 = 2;
const MISSING_SHIFT: u8 = 2;

struct Tree {
    split_feature: Vec<i64>,
    threshold: Vec<f64>,
    decision_type: Vec<u8>,
    left_child: Vec<i64>,
    right_child: Vec<i64>,
    leaf_value: Vec<f64>,
    /// The codes of each categorical set.
    sets: Vec<Vec<i64>>,
    linear: Option<Linear>,
}

/// What a linear tree has beside the values of its leaves.
struct Linear {
    constants: Vec<f64>,
    /// Feature and coefficient, of all leaves.
    terms: Vec<(i64, f64)>,
    /// Where the terms of each leaf begin; one more than there are leaves.
    starts: Vec<usize>,
}

impl Tree {
    fn parse(fields: &Fields<'_>) -> Result<Self, Error> {
        let leaves: usize = one(fields, "num_leaves")?;
        if leaves == 0 || leaves > MAX_LEAVES {
            return Err(Error::Leaves { leaves });
        }
        let splits = leaves - 1;
        let tree = Self {
            split_feature: list(fields, "split_feature", splits)?,
            threshold: list(fields, "threshold", splits)?,
            decision_type: decision_types(fields, splits)?,
            left_child: list(fields, "left_child", splits)?,
            right_child: list(fields, "right_child", splits)?,
            leaf_value: list(fields, "leaf_value", leaves)?,
            sets: sets(fields)?,
            linear: linear(fields, leaves)?,
        };
        finite("leaf_value", &tree.leaf_value)?;
        match tree.threshold.iter().position(|threshold| threshold.is_nan()) {
            Some(entry) => Err(Error::NotFinite { field: "threshold", entry }),
            None => Ok(tree),
        }
    }

    fn leaf(&self, leaf: usize) -> Result<SourceNode<'_, f64>, Error> {
        let values = std::slice::from_ref(&self.leaf_value[leaf]);
        let linear = self.linear.as_ref().map(|linear| LinearLeaf {
            constant: linear.constants[leaf],
            terms: &linear.terms[linear.starts[leaf]..linear.starts[leaf + 1]],
        });
        Ok(SourceNode::Leaf { id: leaf as u32, values, linear })
    }

    fn split(&self, split: usize) -> Result<SourceNode<'_, f64>, Error> {
        let children = [self.node(self.left_child[split]), self.node(self.right_child[split])];
        let (feature, threshold) = (self.split_feature[split], self.threshold[split]);
        let decision_type = self.decision_type[split];
        if decision_type & CATEGORICAL != 0 {
            let set = (threshold >= 0.0).then_some(threshold as usize);
            let codes = set.and_then(|set| self.sets.get(set));
            let codes = codes.ok_or(Error::NoCategories { split })?;
            let [inside, outside] = children;
            return Ok(SourceNode::Split {
                feature,
                reading: Reading::TruncatedCode,
                test: Test::NotIn(codes),
                children: [outside, inside],
            });
        }
        let left = decision_type & DEFAULT_LEFT != 0;
        let missing = match (decision_type >> MISSING_SHIFT, left) {
            (0, _) => Missing::AsZero,
            (1, true) => Missing::LeftWithZero,
            (1, false) => Missing::RightWithZero,
            (2, true) => Missing::Left,
            (2, false) => Missing::Right,
            _ => return Err(Error::DecisionType { split, decision_type }),
        };
        // LightGBM takes for 0 what is no further from it than this, before it compares.
        let test = match threshold.abs() <= ZERO_THRESHOLD {
            true if threshold < 0.0 => Test::Below(-ZERO_THRESHOLD),
            true => Test::AtMost(ZERO_THRESHOLD),
            false => Test::AtMost(threshold),
        };
        Ok(SourceNode::Split { feature, reading: Reading::Number(missing), test, children })
    }

    /// The position of a child among the nodes: splits first, then leaves.
    fn node(&self, child: i64) -> i64 {
        let splits = self.split_feature.len() as i64;
        if child >= splits {
            i64::MAX
        } else if child >= 0 {
            child
        } else {
            splits.saturating_add(!child)
        }
    }
}

fn one<T: FromStr>(fields: &Fields<'_>, field: &'static str) -> Result<T, Error> {
    let value = fields.get(field).ok_or(Error::MissingField { field })?;
    value.trim().parse().map_err(|_| Error::Entry { field, entry: 0 })
}

/// A list that must be there and of this length, unless that is 0.
fn list<T: FromStr>(
    fields: &Fields<'_>,
    field: &'static str,
    expected: usize,
) -> Result<Vec<T>, Error> {
    if expected == 0 {
        return Ok(Vec::new());
    }
    let values = entries(fields, field)?;
    match values.len() {
        found if found == expected => Ok(values),
        found => Err(Error::Length { field, expected, found }),
    }
}

fn entries<T: FromStr>(fields: &Fields<'_>, field: &'static str) -> Result<Vec<T>, Error> {
    let text = fields.get(field).ok_or(Error::MissingField { field })?;
    let parse =
        |(entry, text): (usize, &str)| text.parse().map_err(|_| Error::Entry { field, entry });
    text.split_ascii_whitespace().enumerate().map(parse).collect()
}

/// Absent in old files, where all splits are numeric and take missing values as 0.
fn decision_types(fields: &Fields<'_>, splits: usize) -> Result<Vec<u8>, Error> {
    if fields.contains_key("decision_type") {
        list(fields, "decision_type", splits)
    } else {
        Ok(vec![0; splits])
    }
}

/// Sets of codes, as bits in words of 32, with the words where each begins and ends.
fn sets(fields: &Fields<'_>) -> Result<Vec<Vec<i64>>, Error> {
    let count: usize = if fields.contains_key("num_cat") { one(fields, "num_cat")? } else { 0 };
    if count == 0 {
        return Ok(Vec::new());
    }
    let bounds: Vec<usize> = list(fields, "cat_boundaries", count.saturating_add(1))?;
    let words: Vec<u32> = entries(fields, "cat_threshold")?;
    let set = |(entry, bounds): (usize, &[usize])| {
        let words = words.get(bounds[0]..bounds[1]);
        let words = words.ok_or(Error::Entry { field: "cat_boundaries", entry })?;
        let codes = (0..words.len() * 32).filter(|code| words[code / 32] >> (code % 32) & 1 == 1);
        Ok(codes.map(|code| code as i64).collect())
    };
    bounds.windows(2).enumerate().map(set).collect()
}

fn linear(fields: &Fields<'_>, leaves: usize) -> Result<Option<Linear>, Error> {
    let is_linear: u8 =
        if fields.contains_key("is_linear") { one(fields, "is_linear")? } else { 0 };
    if is_linear == 0 {
        return Ok(None);
    }
    let constants = list(fields, "leaf_const", leaves)?;
    finite("leaf_const", &constants)?;
    let counts: Vec<usize> = list(fields, "num_features", leaves)?;
    let mut starts = vec![0_usize];
    for count in &counts {
        starts.push(starts[starts.len() - 1].saturating_add(*count));
    }
    let terms = starts[leaves];
    let features: Vec<i64> = list(fields, "leaf_features", terms)?;
    let coefficients: Vec<f64> = list(fields, "leaf_coeff", terms)?;
    finite("leaf_coeff", &coefficients)?;
    let terms = features.into_iter().zip(coefficients).collect();
    Ok(Some(Linear { constants, terms, starts }))
}

fn finite(field: &'static str, values: &[f64]) -> Result<(), Error> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(entry) => Err(Error::NotFinite { field, entry }),
        None => Ok(()),
    }
}
