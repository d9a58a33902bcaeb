//! Which features are categories, and how they are called.
//!
//! The file lists the levels of every categorical column of the pandas frame, in the frame's order
//! and without names: `pandas_categorical:[["a", "b"], [10, 20]]`. Among them are columns of
//! ordered categories, which the trees split as numbers. Which columns these are follows from what
//! the file says of each feature, or else it is not clear, and codes must not be guessed.
//!
//! Source: `_data_from_pandas` of LightGBM's Python package, `BinMapper::bin_info_string`.

use super::Error;
use super::header::{Header, invalid};
use super::text::Sections;
use crate::{Feature, FeatureKind};

/// Names, kinds and, from pandas, levels. `split_by_category` tells what the trees know.
pub(super) fn features(
    header: &Header<'_>,
    split_by_category: &[bool],
    sections: &Sections<'_>,
) -> Result<Vec<Feature>, Error> {
    let infos = (0..header.feature_names.len()).map(|at| Info::parse(header.feature_infos.get(at)));
    let infos: Vec<Info> = infos.collect();
    let mut categorical: Vec<bool> = split_by_category.to_vec();
    for (flag, info) in categorical.iter_mut().zip(&infos) {
        *flag |= matches!(info, Info::Categories { .. });
    }
    for feature in sections.categorical_feature.unwrap_or_default().split(',') {
        // Names, as the command line takes them, are not read: the frame has numbers.
        let feature = feature.trim().parse().ok().and_then(|at: usize| categorical.get_mut(at));
        feature.into_iter().for_each(|flag| *flag = true);
    }
    let lists = pandas_levels(sections.pandas_categorical)?;
    let columns = columns(&categorical, &infos, &lists)?;
    let mut features: Vec<Feature> =
        header.feature_names.iter().zip(categorical).map(named).collect();
    for (column, levels) in columns.into_iter().zip(lists) {
        features[column].kind = FeatureKind::Categorical;
        features[column].levels = levels.names;
    }
    Ok(features)
}

fn named((name, is_category): (&&str, bool)) -> Feature {
    let kind = if is_category { FeatureKind::Categorical } else { FeatureKind::Numeric };
    Feature { name: (*name).into(), kind, levels: Vec::new() }
}

/// The feature of each list; none when that is not clear and the levels are all text, which the
/// caller can name where codes are asked for. A whole number would be taken for a code.
fn columns(categorical: &[bool], infos: &[Info], lists: &[Levels]) -> Result<Vec<usize>, Error> {
    let known = categorical.iter().filter(|flag| **flag).count();
    let largest = lists.iter().map(|list| list.names.len()).max().unwrap_or(0);
    // Without ordered categories, the columns are the categorical features. Else they are these
    // and all that may be ordered, unless there are too many such.
    let may_be = |at: &usize| {
        categorical[*at] || lists.len() > known && infos[*at].may_be_codes_below(largest)
    };
    let columns: Vec<usize> = (0..infos.len()).filter(may_be).collect();
    let fits =
        |(column, list): (&usize, &Levels)| infos[*column].may_be_codes_below(list.names.len());
    if columns.len() == lists.len() && columns.iter().zip(lists).all(fits) {
        return Ok(columns);
    }
    if lists.iter().all(|list| list.are_text) {
        return Ok(Vec::new());
    }
    Err(Error::PandasColumns { lists: lists.len(), columns: known })
}

/// What the training data had in a feature.
enum Info {
    /// One value only, or nothing is known.
    None,
    /// Numbers from the first to the second: `[-1.5:3]`.
    Range(f64, f64),
    /// Category codes up to this: `2:-1:0:1`; -1 is a missing value.
    Categories { largest: i64 },
}

impl Info {
    fn parse(text: Option<&&str>) -> Self {
        let text = text.copied().unwrap_or_default();
        if text.is_empty() || text == "none" {
            return Self::None;
        }
        if let Some(range) = text.strip_prefix('[') {
            let range = range.trim_end_matches(']').split_once(':');
            let range =
                range.and_then(|(least, most)| Some((least.parse().ok()?, most.parse().ok()?)));
            return range.map_or(Self::None, |(least, most)| Self::Range(least, most));
        }
        let codes = text.split(':').filter_map(|code| code.parse().ok());
        Self::Categories { largest: codes.max().unwrap_or(-1) }
    }

    /// Whether all may have been codes of so many levels.
    #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^53 levels")]
    fn may_be_codes_below(&self, levels: usize) -> bool {
        match *self {
            Self::None => true,
            Self::Range(least, most) => {
                least >= 0.0 && least.fract() == 0.0 && most.fract() == 0.0 && most < levels as f64
            }
            Self::Categories { largest } => largest < levels as i64,
        }
    }
}

/// The levels of one column of the frame.
struct Levels {
    names: Vec<String>,
    are_text: bool,
}

fn pandas_levels(json: Option<&str>) -> Result<Vec<Levels>, Error> {
    let Some(json) = json.map(str::trim).filter(|json| !json.is_empty()) else {
        return Ok(Vec::new());
    };
    let columns: Option<Vec<Vec<serde_json::Value>>> =
        serde_json::from_str(json).map_err(|_| invalid("pandas_categorical", json))?;
    let levels = |column: Vec<serde_json::Value>| Levels {
        are_text: column.iter().all(serde_json::Value::is_string),
        names: column.into_iter().map(level_name).collect(),
    };
    Ok(columns.unwrap_or_default().into_iter().map(levels).collect())
}

/// pandas makes floats of whole numbers where some are missing; to it, 1.0 is the category 1.
fn level_name(level: serde_json::Value) -> String {
    /// From here on floats skip whole numbers.
    const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;
    match (level.as_f64(), level) {
        (_, serde_json::Value::String(text)) => text,
        (Some(number), _) if number.fract() == 0.0 && number.abs() < MAX_WHOLE => {
            format!("{}", number as i64)
        }
        (_, other) => other.to_string(),
    }
}
