//! What the file says before its first tree.

use super::text::Fields;
use super::{Error, MAX_FEATURES, MAX_OUTPUTS, within};

/// The fields that predictions need.
pub(super) struct Header<'a> {
    /// Trees per iteration: margins per row.
    pub(super) outputs: usize,
    pub(super) objective: Option<&'a str>,
    /// Random forests answer the average of their trees.
    pub(super) is_average: bool,
    pub(super) feature_names: Vec<&'a str>,
    /// Of each feature the range or the categories of the training data; empty in old files.
    pub(super) feature_infos: Vec<&'a str>,
    /// How many trees follow, where the file tells.
    pub(super) trees: Option<usize>,
}

impl<'a> Header<'a> {
    pub(super) fn parse(fields: &Fields<'a>) -> Result<Self, Error> {
        let outputs = count(fields, "num_tree_per_iteration")?;
        if outputs == 0 {
            return Err(invalid("num_tree_per_iteration", "0"));
        }
        within("outputs", outputs, MAX_OUTPUTS)?;
        let features = count(fields, "max_feature_idx")?.saturating_add(1);
        within("features", features, MAX_FEATURES)?;
        let list = |field| fields.get(field).map(|list| list.split(' ').collect::<Vec<_>>());
        let feature_names =
            list("feature_names").ok_or(Error::MissingField { field: "feature_names" })?;
        let feature_infos = list("feature_infos").unwrap_or_default();
        for (field, found) in [
            ("feature_names", feature_names.len()),
            (
                "feature_infos",
                if feature_infos.is_empty() { features } else { feature_infos.len() },
            ),
        ] {
            if found != features {
                return Err(Error::Length { field, expected: features, found });
            }
        }
        let trees = list("tree_sizes").map(|sizes| sizes.iter().filter(|s| !s.is_empty()).count());
        Ok(Self {
            outputs,
            objective: fields.get("objective").copied(),
            is_average: fields.contains_key("average_output"),
            feature_names,
            feature_infos,
            trees,
        })
    }
}

fn count(fields: &Fields<'_>, field: &'static str) -> Result<usize, Error> {
    let value = fields.get(field).ok_or(Error::MissingField { field })?;
    value.trim().parse().map_err(|_| invalid(field, value))
}

pub(super) fn invalid(field: &'static str, value: &str) -> Error {
    /// Enough to recognise a value.
    const SHOWN_CHARS: usize = 64;
    Error::Field { field, value: value.chars().take(SHOWN_CHARS).collect() }
}
