//! Results for people.

use serde_json::Value;

use super::ExpectationResult;

/// Longer values are shown by their beginning.
const MAX_CHARACTERS: usize = 60;

/// Arguments for people, in the order of their names.
pub(super) fn arguments<'a>(kwargs: impl Iterator<Item = (&'a String, &'a Value)>) -> String {
    let told = kwargs.filter(|(name, _)| *name != "condition_parser");
    let told = told.map(|(name, value)| format!("{name} {}", shown(value)));
    told.collect::<Vec<_>>().join(", ")
}

impl ExpectationResult {
    /// What was expected: the arguments, in the order of their names.
    #[must_use]
    pub fn expected(&self) -> String {
        arguments(self.kwargs.iter())
    }

    /// What was found: how many rows are not as expected, what was measured, or why nothing was.
    #[must_use]
    pub fn found(&self) -> String {
        if let Some(exception) = &self.exception {
            return exception.clone();
        }
        match (self.unexpected_count, self.element_count, &self.observed_value) {
            (Some(unexpected), Some(all), _) => format!("{unexpected} of {all} rows"),
            (_, _, Some(observed)) => shown(observed),
            (other, _, None) => {
                let count = |count: Option<u64>, what| {
                    count.filter(|count| *count > 0).map(|count| format!("{count} {what}"))
                };
                let parts =
                    [count(other, "other values"), count(self.missing_count, "values are absent")];
                let parts: Vec<_> = parts.into_iter().flatten().collect();
                if parts.is_empty() { "not there".to_owned() } else { parts.join(", ") }
            }
        }
    }

    /// The first rows that are not as expected, with their values; of different values, which have
    /// no row, the values alone.
    #[must_use]
    pub fn first_rows(&self) -> String {
        const ROWS: usize = 3;
        let values = self.partial_unexpected_list.as_deref().unwrap_or_default();
        let values = values.iter().take(ROWS).map(shown);
        match &self.unexpected_index_list {
            None => values.collect::<Vec<_>>().join(", "),
            Some(rows) => {
                let rows = rows.iter().zip(values).map(|(row, value)| format!("{row}: {value}"));
                rows.collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// The result in a line.
    #[must_use]
    pub fn line(&self) -> String {
        let rows = self.first_rows();
        let rows = if rows.is_empty() { rows } else { format!(" ({rows})") };
        format!("{} {}: {}{rows}", self.expectation, self.expected(), self.found())
    }
}

pub(super) fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) if !text.is_empty() => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
