//! Values as text, as CSV has them.

use crate::{Cell, Column, DataType, Timestamp};

/// Whether text stands for no value: it is empty, or a word that pandas and R write for one.
#[must_use]
pub fn is_missing_text(text: &str) -> bool {
    matches!(text, "" | "NA" | "NaN" | "nan" | "null" | "NULL" | "None")
}

impl Column {
    /// Appends the value that `text` says, decimal if it is a number. Where it says none of this
    /// column's type, a missing one, and gives the text back, shortened and in quotes.
    pub fn push_text(&mut self, text: &str) -> Option<String> {
        /// Enough to recognise the value, too little to carry a document into a record.
        const SHOWN_CHARS: usize = 64;
        if is_missing_text(text) {
            self.push_missing();
            return None;
        }
        let cell = cell(self.data_type(), text);
        self.push(cell.unwrap_or(Cell::Missing));
        let shown = || text.chars().take(SHOWN_CHARS).collect::<String>();
        cell.is_none().then(|| format!("{:?}", shown()))
    }
}

fn cell(data_type: DataType, text: &str) -> Option<Cell<'_>> {
    match data_type {
        DataType::Boolean => match text {
            "true" | "True" | "TRUE" => Some(Cell::Boolean(true)),
            "false" | "False" | "FALSE" => Some(Cell::Boolean(false)),
            _ => None,
        },
        DataType::Integer => integer(text).map(Cell::Integer),
        DataType::Float => text.parse().ok().filter(|v: &f64| v.is_finite()).map(Cell::Float),
        DataType::String => Some(Cell::String(text)),
        DataType::Timestamp => text.parse::<Timestamp>().ok().map(Cell::Timestamp),
    }
}

/// `5`, and `5.0` too: pandas writes columns of integers so when values are missing, and a request
/// may say it so.
fn integer(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| whole(text.parse().ok()?))
}

/// The integer that a float is, if it is one.
#[allow(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
pub(crate) fn whole(value: f64) -> Option<i64> {
    /// 2^53: above it, floats skip whole numbers.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_as_its_columns_type() {
        let check = |data_type, text, expect: Cell<'_>, misfit: Option<&str>| {
            let mut column = Column::with_capacity(data_type, 1);
            assert_eq!(column.push_text(text).as_deref(), misfit, "{text}");
            assert_eq!((column.len(), column.cell(0)), (1, expect), "{text}");
        };
        check(DataType::Integer, "5.0", Cell::Integer(5), None);
        check(DataType::Integer, "5.5", Cell::Missing, Some("\"5.5\""));
        check(DataType::Float, "-1e3", Cell::Float(-1000.0), None);
        check(DataType::Float, "inf", Cell::Missing, Some("\"inf\""));
        check(DataType::Boolean, "True", Cell::Boolean(true), None);
        check(DataType::String, "NaN", Cell::Missing, None);
        check(DataType::Timestamp, "soon", Cell::Missing, Some("\"soon\""));
    }
}
