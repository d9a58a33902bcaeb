//! What came out of an expectation.

use serde::Serialize;
use serde_json::{Map, Value};

use super::tally::ratio;

/// The result of one expectation, with the names that Great Expectations gives them. What an
/// expectation has no use for is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExpectationResult {
    /// The suite's own name for it; its place from 0 when it has none.
    pub id: Value,
    /// The name as the suite writes it.
    pub expectation: String,
    /// The arguments as the suite writes them.
    pub kwargs: Map<String, Value>,
    /// Whether it holds.
    pub success: bool,
    /// Rows that the row condition selects.
    pub element_count: Option<u64>,
    /// Those without a value, which are not judged. Of a set of distinct values: the values of the
    /// set that are not there.
    pub missing_count: Option<u64>,
    /// Rows (of a set: distinct values) that are not as expected.
    pub unexpected_count: Option<u64>,
    /// The unexpected in percent of those with a value.
    pub unexpected_percent: Option<f64>,
    /// What was measured, where something is.
    pub observed_value: Option<Value>,
    /// The first [`super::MAX_ROWS`] unexpected rows, from 0, in order.
    pub unexpected_index_list: Option<Vec<u64>>,
    /// The values of the first twenty of them.
    pub partial_unexpected_list: Option<Vec<Value>>,
    /// Why it could not be evaluated.
    pub exception: Option<String>,
}

/// A result before it is told whose it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Finding {
    pub(super) success: bool,
    pub(super) element_count: Option<u64>,
    pub(super) missing_count: Option<u64>,
    pub(super) unexpected_count: Option<u64>,
    pub(super) observed_value: Option<Value>,
    pub(super) unexpected_rows: Option<Vec<u64>>,
    pub(super) unexpected_values: Option<Vec<Value>>,
    pub(super) exception: Option<String>,
}

impl Finding {
    /// Of something that was measured.
    pub(super) fn observed(success: bool, value: Value) -> Self {
        let observed_value = (!value.is_null()).then_some(value);
        Self { success, observed_value, ..Self::default() }
    }

    /// Of something that could not be evaluated.
    pub(super) fn exception(why: &impl ToString) -> Self {
        Self { exception: Some(why.to_string()), ..Self::default() }
    }

    /// The result of the expectation with this identity.
    pub(super) fn of(self, declared: &super::Declared) -> ExpectationResult {
        let judged = self.element_count.map(|all| all - self.missing_count.unwrap_or(0));
        let percent = judged.zip(self.unexpected_count);
        ExpectationResult {
            id: declared.id.clone(),
            expectation: declared.name.clone(),
            kwargs: declared.kwargs.clone(),
            success: self.success,
            element_count: self.element_count,
            missing_count: self.missing_count,
            unexpected_count: self.unexpected_count,
            unexpected_percent: percent
                .filter(|(judged, _)| *judged > 0)
                .map(|(judged, unexpected)| ratio(unexpected, judged) * 100.0),
            observed_value: self.observed_value,
            unexpected_index_list: self.unexpected_rows,
            partial_unexpected_list: self.unexpected_values,
            exception: self.exception,
        }
    }
}
