//! The type of a column whose file does not say it.

use crate::{DataType, Timestamp, is_missing_text};

/// The types that every value so far can be read as.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guess {
    seen: bool,
    boolean: bool,
    integer: bool,
    float: bool,
    timestamp: bool,
}

impl Default for Guess {
    fn default() -> Self {
        Self { seen: false, boolean: true, integer: true, float: true, timestamp: true }
    }
}

impl Guess {
    /// Takes in a value that is written as text whatever its type.
    pub(super) fn see_text(&mut self, text: &str) {
        if is_missing_text(text) {
            return;
        }
        self.seen = true;
        self.boolean &= matches!(text, "true" | "false" | "True" | "False" | "TRUE" | "FALSE");
        self.integer &= self.integer && text.parse::<i64>().is_ok();
        self.float &= self.float && text.parse::<f64>().is_ok_and(f64::is_finite);
        self.timestamp &= self.timestamp && text.parse::<Timestamp>().is_ok();
    }

    /// Takes in a value that is known to be text.
    pub(super) fn see_string(&mut self, text: &str) {
        self.seen = true;
        (self.boolean, self.integer, self.float) = (false, false, false);
        self.timestamp &= self.timestamp && text.parse::<Timestamp>().is_ok();
    }

    /// The narrowest type of all values; text when there was none.
    pub(super) const fn data_type(&self) -> DataType {
        match self {
            Self { seen: false, .. } => DataType::String,
            Self { boolean: true, .. } => DataType::Boolean,
            Self { integer: true, .. } => DataType::Integer,
            Self { float: true, .. } => DataType::Float,
            Self { timestamp: true, .. } => DataType::Timestamp,
            _ => DataType::String,
        }
    }
}
