//! LightGBM models: the text of `save_model`, versions v2 to v4.
//!
//! Read are numeric and categorical splits, the three ways to treat missing values, linear trees,
//! random forests, every built-in objective. Everything in a file is checked here; a model that
//! loads cannot fail later.
//!
//! Source: LightGBM `src/io/tree.cpp` (`Tree::Tree`), `include/LightGBM/tree.h` (decisions),
//! `src/boosting/gbdt_model_text.cpp`; conventions confirmed against lightgbm 2.3, 3.3 and 4.7.

mod categories;
mod header;
mod objective;
mod text;
mod tree;

use crate::ensemble::Trees;
use crate::forest::{Builder, ShapeError};
use crate::{Description, TreeEnsemble};
use header::Header;
use objective::Objective;
use text::Sections;

pub use tree::Error as TreeError;

/// Most features.
const MAX_FEATURES: usize = 1 << 20;
/// Most classes: each costs a margin per row.
const MAX_OUTPUTS: usize = 1 << 14;

/// Why a file is not a model that can be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not text, or not LightGBM's.
    #[error("the file is not a LightGBM model in text")]
    NotText,
    /// A field that must be there.
    #[error("the file has no `{field}`")]
    MissingField {
        /// The field's name.
        field: &'static str,
    },
    /// A field that does not parse, or is out of its range.
    #[error("`{field}` is `{value}`")]
    Field {
        /// The field's name.
        field: &'static str,
        /// What the file says, shortened.
        value: String,
    },
    /// A list of the wrong length.
    #[error("`{field}` has {found} entries instead of {expected}")]
    Length {
        /// The field's name.
        field: &'static str,
        /// What other fields ask for.
        expected: usize,
        /// Entries in the file.
        found: usize,
    },
    /// The file ends before its last tree does.
    #[error("the file ends in or after tree {trees} of {expected}: it is cut off")]
    CutOff {
        /// Trees that begin.
        trees: usize,
        /// Trees that `tree_sizes` announces.
        expected: usize,
    },
    /// An objective whose transform is not known.
    #[error("objective `{name}` is not supported")]
    Objective {
        /// The objective's name.
        name: String,
    },
    /// Levels of pandas columns that cannot be told apart, though some are no text.
    #[error(
        "the file has the categories of {lists} pandas columns and {columns} categorical features, \
         and does not tell which are which: train with unordered categories only, and without a \
         list of categorical features"
    )]
    PandasColumns {
        /// Lists of levels.
        lists: usize,
        /// Features that are certainly categorical.
        columns: usize,
    },
    /// Something wrong inside one tree.
    #[error("tree {tree} is damaged")]
    Tree {
        /// Position of the tree.
        tree: usize,
        /// What is wrong.
        #[source]
        source: TreeError,
    },
    /// Trees that ask for too much together.
    #[error("the trees are too large")]
    Forest(#[source] ShapeError),
    /// More than a limit allows.
    #[error("{found} {what}: more than {limit}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// In the file.
        found: usize,
        /// The limit.
        limit: usize,
    },
}

/// Reads a model; all trees of the file count (LightGBM writes only those up to the best
/// iteration, unless asked for more).
///
/// # Errors
/// When the file is damaged or of a kind that is not supported.
pub fn load(bytes: &[u8]) -> Result<TreeEnsemble, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::NotText)?;
    let sections = Sections::split(text).ok_or(Error::NotText)?;
    let header = Header::parse(&sections.header)?;
    let (outputs, count) = (header.outputs, sections.trees.len());
    let announced = header.trees.unwrap_or(count);
    if !sections.is_complete {
        return Err(Error::CutOff { trees: count, expected: announced });
    }
    if announced != count {
        return Err(Error::Length { field: "tree_sizes", expected: count, found: announced });
    }
    if count % outputs != 0 {
        return Err(Error::Length {
            field: "Tree",
            expected: count.next_multiple_of(outputs),
            found: count,
        });
    }
    let objective = Objective::parse(header.objective)?;
    let mut builder = Builder::new(header.feature_names.len(), vec![0.0; outputs], 1);
    let mut categorical = vec![false; header.feature_names.len()];
    for (at, fields) in sections.trees.iter().enumerate() {
        let output = (at % outputs) as u32;
        tree::push(&mut builder, output, fields, &mut categorical)
            .map_err(|source| Error::Tree { tree: at, source })?;
    }
    let features = categories::features(&header, &categorical, &sections)?;
    let iterations = (count / outputs).max(1);
    #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^53 iterations")]
    let share = if header.is_average { 1.0 / iterations as f64 } else { 1.0 };
    let description = Description {
        format: "lightgbm",
        objective: header.objective.unwrap_or("none").to_owned(),
        transform: objective.transform,
        features,
        outputs,
        trees: count,
        trees_in_file: count,
    };
    let forest = builder.finish().map_err(Error::Forest)?;
    Ok(TreeEnsemble::new(description, Trees::Double(forest), share * objective.slope))
}

fn within(what: &'static str, found: usize, limit: usize) -> Result<(), Error> {
    if found <= limit { Ok(()) } else { Err(Error::TooLarge { what, found, limit }) }
}
