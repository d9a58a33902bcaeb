//! From row batches to the feature matrix of a model.
//!
//! **Invariant:** compiled once, an encoder cannot fail on a batch of its schema, and allocates
//! nothing per row. What a model cannot know (a missing value, an unknown category) becomes NaN,
//! never a number.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use shipworthy_rows::{Column, DataType, RowBatch, Schema, StringColumn};

use crate::{Feature, FeatureKind, FeatureMatrix};

/// Why rows cannot become features.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The model asks for a column that is not there.
    #[error("the model's feature `{column}` is not a column")]
    MissingColumn {
        /// The feature.
        column: Arc<str>,
    },
    /// A type that has no meaning as a number.
    #[error("column `{column}` is a {data_type}, which the model cannot read")]
    Type {
        /// The column.
        column: Arc<str>,
        /// Its type.
        data_type: DataType,
    },
    /// Text, and nobody says which code each category has.
    #[error("column `{column}` is text, and the model's categories of it are not known")]
    NoLevels {
        /// The column.
        column: Arc<str>,
    },
    /// Whole numbers or booleans whose category names are not such.
    #[error("column `{column}` is a {data_type}, but the model knows the category `{level}`")]
    LevelType {
        /// The column.
        column: Arc<str>,
        /// Its type.
        data_type: DataType,
        /// The category that is not of this type.
        level: String,
    },
    /// One category with two codes.
    #[error("the categories of column `{column}` have `{level}` twice")]
    DuplicateLevel {
        /// The column.
        column: Arc<str>,
        /// The category.
        level: String,
    },
    /// The model file and the caller name other categories: codes would be mixed up.
    #[error("the categories of column `{column}` are not those in the model file")]
    LevelsDiffer {
        /// The column.
        column: Arc<str>,
    },
    /// More categories than f32 codes can tell apart.
    #[error("column `{column}` has {levels} categories, more than {MAX_LEVELS}")]
    TooManyLevels {
        /// The column.
        column: Arc<str>,
        /// Its categories.
        levels: usize,
    },
    /// Another number of values a row.
    #[error("column `{column}` has {found} values a row, and the model takes {expected}")]
    Width {
        /// The column.
        column: Arc<str>,
        /// What it has.
        found: usize,
        /// What the model takes.
        expected: usize,
    },
    /// A batch of other columns than the encoder was compiled for.
    #[error("the batch has another schema than the encoder")]
    OtherSchema,
}

/// XGBoost carries codes as f32: exact up to 2^24.
const MAX_LEVELS: usize = 1 << 24;

/// Category names in code order, by column.
pub type Levels = BTreeMap<String, Vec<String>>;

/// Turns batches of one schema into the matrix of one model.
#[derive(Clone, Debug)]
pub struct Encoder {
    schema: Arc<Schema>,
    features: Vec<Source>,
}

/// Where a feature comes from.
#[derive(Clone, Debug)]
struct Source {
    column: usize,
    codes: Codes,
}

/// How a value becomes a number.
#[derive(Clone, Debug)]
enum Codes {
    /// As it is.
    Value,
    /// By its name.
    Text(HashMap<Box<str>, f64>),
    /// By its whole number; of booleans 0 and 1.
    Whole(HashMap<i64, f64>),
}

impl Encoder {
    /// Plans how each feature is read from a column of its name. Categories come from the model
    /// file where it names them, else from `levels`.
    ///
    /// # Errors
    /// When a feature has no column, or its column has a type that cannot become that feature.
    pub fn compile(
        features: &[Feature],
        levels: &Levels,
        schema: &Arc<Schema>,
    ) -> Result<Self, Error> {
        let sources = features.iter().map(|feature| Source::compile(feature, levels, schema));
        Ok(Self { schema: Arc::clone(schema), features: sources.collect::<Result<_, _>>()? })
    }

    /// Fills `out` with the features of every row (`batch.rows() × features`), reusing its
    /// memory. Returns how many values were categories the model does not know; they are NaN.
    ///
    /// # Errors
    /// When the batch is not of the schema this was compiled for.
    pub fn encode(&self, batch: &RowBatch, out: &mut FeatureMatrix) -> Result<usize, Error> {
        if !Arc::ptr_eq(batch.schema(), &self.schema) && batch.schema() != &self.schema {
            return Err(Error::OtherSchema);
        }
        out.reset(batch.rows(), self.features.len());
        let sources = self.features.iter().enumerate();
        Ok(sources.map(|(at, from)| from.fill(&batch.columns()[from.column], at, out)).sum())
    }
}

impl Source {
    fn compile(feature: &Feature, levels: &Levels, schema: &Schema) -> Result<Self, Error> {
        let name = || Arc::clone(&feature.name);
        let column = schema
            .index_of(&feature.name)
            .ok_or_else(|| Error::MissingColumn { column: name() })?;
        let data_type = schema.fields()[column].data_type;
        let levels = known_levels(feature, levels)?;
        let codes = match (data_type, feature.kind) {
            (DataType::String, _) if levels.is_empty() => {
                return Err(Error::NoLevels { column: name() });
            }
            (DataType::String, _) => Codes::Text(codes(feature, levels, |level| Ok(level.into()))?),
            (DataType::Boolean | DataType::Integer, FeatureKind::Categorical)
                if !levels.is_empty() =>
            {
                let whole = |level: &str| {
                    let error =
                        || Error::LevelType { column: name(), data_type, level: level.to_owned() };
                    whole(level, data_type).ok_or_else(error)
                };
                Codes::Whole(codes(feature, levels, whole)?)
            }
            (DataType::Float, FeatureKind::Categorical) if !levels.is_empty() => {
                return Err(Error::Type { column: name(), data_type });
            }
            (DataType::Timestamp, _) => return Err(Error::Type { column: name(), data_type }),
            (DataType::Boolean | DataType::Integer | DataType::Float, _) => Codes::Value,
        };
        Ok(Self { column, codes })
    }

    /// Writes one feature of all rows; counts unknown categories.
    fn fill(&self, column: &Column, at: usize, out: &mut FeatureMatrix) -> usize {
        match (column, &self.codes) {
            (Column::Boolean(values), Codes::Value) => fill(at, out, values, |value| {
                value.map_or(f64::NAN, |value| f64::from(u8::from(value)))
            }),
            #[allow(clippy::cast_precision_loss, reason = "features are numbers, as in training")]
            (Column::Integer(values), Codes::Value) => {
                fill(at, out, values, |value| value.map_or(f64::NAN, |value| value as f64))
            }
            (Column::Float(values), Codes::Value) => fill(at, out, values, |value| *value),
            (Column::String(values), Codes::Text(codes)) => fill_text(at, out, values, codes),
            (Column::Integer(values), Codes::Whole(codes)) => {
                fill_whole(at, out, values.iter().copied(), codes)
            }
            (Column::Boolean(values), Codes::Whole(codes)) => {
                fill_whole(at, out, values.iter().map(|value| value.map(i64::from)), codes)
            }
            // Not reached: `compile` pairs codes with the column's type. The matrix stays NaN.
            _ => 0,
        }
    }
}

/// Levels of the file, or else of the caller; when both name them they must agree.
fn known_levels<'a>(feature: &'a Feature, levels: &'a Levels) -> Result<&'a [String], Error> {
    let given = levels.get(feature.name.as_ref()).map_or(&[][..], Vec::as_slice);
    let column = || Arc::clone(&feature.name);
    let known = match (feature.levels.is_empty(), given.is_empty()) {
        (true, _) => given,
        (false, false) if given != feature.levels => {
            return Err(Error::LevelsDiffer { column: column() });
        }
        (false, _) => &feature.levels,
    };
    if known.len() > MAX_LEVELS {
        return Err(Error::TooManyLevels { column: column(), levels: known.len() });
    }
    Ok(known)
}

/// The code of each level.
#[allow(clippy::cast_precision_loss, reason = "codes are below 2^24")]
fn codes<K: std::hash::Hash + Eq>(
    feature: &Feature,
    levels: &[String],
    key: impl Fn(&str) -> Result<K, Error>,
) -> Result<HashMap<K, f64>, Error> {
    let mut codes = HashMap::with_capacity(levels.len());
    for (code, level) in levels.iter().enumerate() {
        if codes.insert(key(level)?, code as f64).is_some() {
            let column = Arc::clone(&feature.name);
            return Err(Error::DuplicateLevel { column, level: level.clone() });
        }
    }
    Ok(codes)
}

/// The whole number that a level names.
fn whole(level: &str, data_type: DataType) -> Option<i64> {
    match (level, data_type) {
        ("false" | "False", DataType::Boolean) => Some(0),
        ("true" | "True", DataType::Boolean) => Some(1),
        _ => level.parse().ok(),
    }
}

fn fill<T>(at: usize, out: &mut FeatureMatrix, values: &[T], number: impl Fn(&T) -> f64) -> usize {
    for (feature, value) in out.column_mut(at).zip(values) {
        *feature = number(value);
    }
    0
}

fn fill_text(
    at: usize,
    out: &mut FeatureMatrix,
    values: &StringColumn,
    codes: &HashMap<Box<str>, f64>,
) -> usize {
    let mut unknown = 0;
    for (feature, value) in out.column_mut(at).zip(values.iter()) {
        let Some(value) = value else { continue };
        match codes.get(value) {
            Some(code) => *feature = *code,
            None => unknown += 1,
        }
    }
    unknown
}

fn fill_whole(
    at: usize,
    out: &mut FeatureMatrix,
    values: impl Iterator<Item = Option<i64>>,
    codes: &HashMap<i64, f64>,
) -> usize {
    let mut unknown = 0;
    for (feature, value) in out.column_mut(at).zip(values) {
        let Some(value) = value else { continue };
        match codes.get(&value) {
            Some(code) => *feature = *code,
            None => unknown += 1,
        }
    }
    unknown
}
