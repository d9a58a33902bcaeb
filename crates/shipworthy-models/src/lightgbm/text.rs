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
    /// JSON: the levels of each categorical column.
    pub(super) pandas_categorical: Option<&'a str>,
}

impl<'a> Sections<'a> {
    /// `None` when the first line is not `tree`.
    pub(super) fn split(text: &'a str) -> Option<Self> {
        let mut lines = text.lines().map(str::trim_end);
        if lines.next() != Some("tree") {
            return None;
        }
        let mut sections = Self {
            header: Fields::new(),
            trees: Vec::new(),
            is_complete: false,
            pandas_categorical: None,
        };
        for line in lines {
            if let Some(levels) = line.strip_prefix("pandas_categorical:") {
                sections.pandas_categorical = Some(levels);
            } else if sections.is_complete {
                // Importances and parameters, which predictions do not need.
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
