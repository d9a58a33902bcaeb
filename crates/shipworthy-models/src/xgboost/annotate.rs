//! Writing feature names, types and category names into an existing model file.
//!
//! **Invariant:** no number of the model changes, not even its text: every block that is not
//! replaced is copied byte for byte.

use std::collections::BTreeMap;

use serde_json::value::{RawValue, to_raw_value};

use super::Error;

/// XGBoost's name for the type of a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeatureType {
    /// `float`.
    Float,
    /// `int`: whole numbers.
    Integer,
    /// `i`: 0 or 1.
    Indicator,
    /// `c`: category codes.
    Categorical,
}

impl FeatureType {
    /// As the file spells it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Integer => "int",
            Self::Indicator => "i",
            Self::Categorical => "c",
        }
    }
}

/// What to write about one feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation<'a> {
    /// The column's name.
    pub name: &'a str,
    /// The column's type.
    pub feature_type: FeatureType,
    /// Category names in code order, all different; empty unless categorical.
    pub levels: &'a [String],
}

type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// The model with names, types and (as XGBoost 3.1 and later write them) category names of its
/// features, one annotation per feature, in order; what the file said of them before is replaced.
/// XGBoost then predicts from a data frame with text categories. (xgboost 3.2 itself mixes up
/// names beyond ASCII that come from pandas; from an Arrow table it reads them right.)
///
/// # Errors
/// When the file is not a tree model with so many features, or category names are those of a
/// numeric feature or occur twice.
pub fn annotate(json: &[u8], features: &[Annotation<'_>]) -> Result<Vec<u8>, Error> {
    let mut document: Fields<'_> = serde_json::from_slice(json).map_err(Error::Json)?;
    let mut learner = fields(&document, "learner")?;
    check(&learner, features)?;

    let names: Vec<&str> = features.iter().map(|feature| feature.name).collect();
    let types: Vec<&str> = features.iter().map(|feature| feature.feature_type.code()).collect();
    let (names, types) = (raw(&names)?, raw(&types)?);
    learner.insert("feature_names".to_owned(), &names);
    learner.insert("feature_types".to_owned(), &types);

    let mut booster = fields(&learner, "gradient_booster")?;
    // `dart` wraps the trees once more.
    let mut dart = booster.get("gbtree").map(|raw| parse(raw)).transpose()?;
    let mut model = fields(dart.as_ref().unwrap_or(&booster), "model")?;
    let cats = raw(&CategoryBlock::new(features)?)?;
    model.insert("cats".to_owned(), &cats);
    let model = raw(&model)?;
    let wrapped;
    if let Some(mut dart) = dart.take() {
        dart.insert("model".to_owned(), &model);
        wrapped = raw(&dart)?;
        booster.insert("gbtree".to_owned(), &wrapped);
    } else {
        booster.insert("model".to_owned(), &model);
    }
    let booster = raw(&booster)?;
    learner.insert("gradient_booster".to_owned(), &booster);
    let learner = raw(&learner)?;
    document.insert("learner".to_owned(), &learner);
    serde_json::to_vec(&document).map_err(Error::Json)
}

/// XGBoost's `CatContainer`.
#[derive(serde::Serialize)]
struct CategoryBlock {
    enc: Vec<CategoryNames>,
    /// Where each feature's codes begin when all are counted in one row.
    feature_segments: Vec<i32>,
    /// Per feature, its codes in the order of their names.
    sorted_idx: Vec<i32>,
}

#[derive(serde::Serialize)]
struct CategoryNames {
    offsets: Vec<i32>,
    values: Vec<i8>,
}

impl CategoryBlock {
    /// Empty when no feature has category names, as XGBoost writes it.
    fn new(features: &[Annotation<'_>]) -> Result<Self, Error> {
        let mut block =
            Self { enc: Vec::new(), feature_segments: Vec::new(), sorted_idx: Vec::new() };
        if features.iter().all(|feature| feature.levels.is_empty()) {
            return Ok(block);
        }
        block.feature_segments.push(0);
        for (index, feature) in features.iter().enumerate() {
            let damaged = |reason| Error::Categories { feature: index, reason };
            block.enc.push(CategoryNames::new(feature.levels).map_err(damaged)?);
            block.sorted_idx.extend(sorted(feature.levels).map_err(damaged)?);
            let end = i32::try_from(block.sorted_idx.len());
            block.feature_segments.push(end.map_err(|_| damaged("too many categories"))?);
        }
        Ok(block)
    }
}

impl CategoryNames {
    fn new(levels: &[String]) -> Result<Self, &'static str> {
        let mut names = Self { offsets: Vec::new(), values: Vec::new() };
        if !levels.is_empty() {
            names.offsets.push(0);
        }
        for level in levels {
            names.values.extend(level.bytes().map(u8::cast_signed));
            let end = i32::try_from(names.values.len()).map_err(|_| "the names are too long")?;
            names.offsets.push(end);
        }
        Ok(names)
    }
}

/// The codes in the order of their names, bytes compared as XGBoost compares them: signed.
fn sorted(levels: &[String]) -> Result<Vec<i32>, &'static str> {
    let key = |&code: &usize| levels[code].bytes().map(u8::cast_signed);
    let mut codes: Vec<usize> = (0..levels.len()).collect();
    codes.sort_by(|a, b| key(a).cmp(key(b)));
    if codes.windows(2).any(|pair| levels[pair[0]] == levels[pair[1]]) {
        return Err("a name occurs twice");
    }
    codes.into_iter().map(|code| i32::try_from(code).map_err(|_| "too many categories")).collect()
}

fn check(learner: &Fields<'_>, features: &[Annotation<'_>]) -> Result<(), Error> {
    let parameters = fields(learner, "learner_model_param")?;
    let num_feature = parameters.get("num_feature");
    let num_feature = num_feature.ok_or(Error::MissingField { field: "num_feature" })?;
    let num_feature: super::Number<'_> =
        serde_json::from_str(num_feature.get()).map_err(Error::Json)?;
    let (expected, found) = (num_feature.count("num_feature")?, features.len());
    if found != expected {
        return Err(Error::Length { field: "feature_names", expected, found });
    }
    let named = |feature: &Annotation<'_>| {
        feature.feature_type != FeatureType::Categorical && !feature.levels.is_empty()
    };
    match features.iter().position(named) {
        Some(feature) => Err(Error::Categories { feature, reason: "it is not categorical" }),
        None => Ok(()),
    }
}

fn fields<'a>(object: &Fields<'a>, field: &'static str) -> Result<Fields<'a>, Error> {
    parse(object.get(field).ok_or(Error::MissingField { field })?)
}

fn parse(raw: &RawValue) -> Result<Fields<'_>, Error> {
    serde_json::from_str(raw.get()).map_err(Error::Json)
}

fn raw(value: &impl serde::Serialize) -> Result<Box<RawValue>, Error> {
    to_raw_value(value).map_err(Error::Json)
}
