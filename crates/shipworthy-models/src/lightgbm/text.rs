//! The file as sections of `key=value` lines.

use std::collections::HashMap;

/// The fields of a section by name.
pub(super) type Fields<'a> = HashMap<&'a str, &'a str>;

/// The parts of a file.
pub(super) struct Sections<'a> {
    pub(super) header: Fields<'a>,
    pub(super) trees: Vec<Fields<'a>>,
    /// Whether the line `end of trees` is there (v2 files have none, but all that followed it).
    pub(super) is_complete: bool,
    /// The features that training was told are categorical, as `0,2`.
    pub(super) categorical_feature: Option<&'a str>,
    /// JSON: the levels of each categorical column.
    pub(super) pandas_categorical: Option<&'a str>,
}

impl<'a> Sections<'a> {
    /// `None` when the first line is not `tree`.
    pub(super) fn split(text: &'a str) -> Option<Self> {
        // Only what LightGBM never has in a name: a name may end with other white space.
        let mut lines = text.lines().map(|line| line.trim_end_matches([' ', '\r']));
        if lines.next() != Some("tree") {
            return None;
        }
        let mut sections = Self {
            header: Fields::new(),
            trees: Vec::new(),
            is_complete: false,
            categorical_feature: None,
            pandas_categorical: None,
        };
        for line in lines {
            if let Some(levels) = line.strip_prefix("pandas_categorical:") {
                sections.pandas_categorical = Some(levels);
            } else if sections.is_complete {
                // Of importances and parameters, predictions need this one.
                let given = line.strip_prefix("[categorical_feature:");
                let given = given.and_then(|given| given.strip_suffix(']'));
                sections.categorical_feature = given.or(sections.categorical_feature);
            } else if line == "end of trees"
                || line.starts_with("feature_importances")
                || line == "feature importances:"
            {
                sections.is_complete = true;
            } else if line.starts_with("Tree=") {
                sections.trees.push(Fields::new());
            } else if !line.is_empty() {
                let (key, value) = line.split_once('=').unwrap_or((line, ""));
                sections.trees.last_mut().unwrap_or(&mut sections.header).insert(key, value);
            }
        }
        Some(sections)
    }
}
