//! What would be as expected of a row, in words that follow "send".

use serde_json::{Map, Value};

use super::words::shown;

/// What to send for an expectation of this name (as Great Expectations 1.x has it); none for one that
/// is not about a row.
pub(super) fn wanted(name: &str, kwargs: &Map<String, Value>) -> Option<String> {
    let told = |name: &str| kwargs.get(name).map(shown).unwrap_or_default();
    let is = |name: &str| kwargs.get(name).and_then(Value::as_bool).unwrap_or(false);
    let wanted = match name {
        "ExpectColumnValuesToNotBeNull" => "a value".to_owned(),
        "ExpectColumnValuesToBeNull" => "no value".to_owned(),
        "ExpectColumnValuesToBeBetween" => format!("a value {}", range(kwargs)),
        "ExpectColumnValuesToBeInSet" => format!("one of {}", told("value_set")),
        "ExpectColumnValuesToNotBeInSet" => format!("none of {}", told("value_set")),
        "ExpectColumnValueLengthsToEqual" => format!("a text of {} characters", told("value")),
        "ExpectColumnValueLengthsToBeBetween" => {
            format!("a text with a length {}", range(kwargs))
        }
        "ExpectColumnValuesToMatchStrftimeFormat" => {
            format!("a date of the format {}", told("strftime_format"))
        }
        "ExpectColumnValuesToBeDateutilParseable" => "a date".to_owned(),
        "ExpectColumnValuesToBeJsonParseable" => "JSON".to_owned(),
        "ExpectColumnPairValuesToBeEqual" => "the same value in both".to_owned(),
        "ExpectColumnPairValuesAToBeGreaterThanB" if is("or_equal") => {
            format!("a value in {} that is at least that in {}", told("column_A"), told("column_B"))
        }
        "ExpectColumnPairValuesAToBeGreaterThanB" => {
            format!("a larger value in {} than in {}", told("column_A"), told("column_B"))
        }
        "ExpectColumnPairValuesToBeInSet" => format!("one of {}", told("value_pairs_set")),
        "ExpectSelectColumnValuesToBeUniqueWithinRecord" | "ExpectMulticolumnValuesToBeUnique" => {
            "different values".to_owned()
        }
        "ExpectMulticolumnSumToEqual" => format!("values with the sum {}", told("sum_total")),
        _ => matching(name, kwargs)?,
    };
    let condition = kwargs.get("row_condition").filter(|condition| !condition.is_null());
    let condition = condition.map(|condition| format!(", where {}", shown(condition)));
    Some(wanted + &condition.unwrap_or_default())
}

/// The ends of a range: `of at least 10 and below 20`.
fn range(kwargs: &Map<String, Value>) -> String {
    let end = |name: &str, strict: &str, words: [&str; 2]| {
        let value = kwargs.get(name).filter(|value| !value.is_null())?;
        let is_strict = kwargs.get(strict).and_then(Value::as_bool).unwrap_or(false);
        Some(format!("{} {}", words[usize::from(is_strict)], shown(value)))
    };
    let low = end("min_value", "strict_min", ["of at least", "above"]);
    let high = end("max_value", "strict_max", ["of at most", "below"]);
    low.into_iter().chain(high).collect::<Vec<_>>().join(" and ")
}

/// A text and patterns.
fn matching(name: &str, kwargs: &Map<String, Value>) -> Option<String> {
    let patterns = ["regex", "regex_list", "like_pattern", "like_pattern_list"];
    let pattern = patterns.iter().find_map(|pattern| kwargs.get(*pattern))?;
    let verb = if name.contains("ToNotMatch") { "does not match" } else { "matches" };
    Some(format!("a value that {verb} {}", shown(pattern)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::expectations::{record, value_check};

    #[test]
    fn every_expectation_of_a_row_has_its_words() {
        let kwargs = json!({
            "regex": "^x", "regex_list": ["^x"], "like_pattern": "x%", "like_pattern_list": ["x%"],
        });
        let values = value_check::ALL.iter().map(|(name, _)| *name);
        for name in values.chain(record::ALL.iter().map(|(name, _)| *name)) {
            assert!(wanted(name, kwargs.as_object().unwrap()).is_some(), "{name}");
        }
        assert_eq!(wanted("ExpectColumnMeanToBeBetween", &Map::new()), None);
    }

    #[test]
    fn what_is_wanted_reads_after_send() {
        let check = |name: &str, kwargs: Value, expect: &str| {
            assert_eq!(wanted(name, kwargs.as_object().unwrap()).unwrap(), expect);
        };
        check(
            "ExpectColumnValuesToBeBetween",
            json!({"min_value": 1, "max_value": 9, "strict_max": true}),
            "a value of at least 1 and below 9",
        );
        check(
            "ExpectColumnValuesToBeInSet",
            json!({"value_set": ["JFK", "LGA"], "row_condition": "carrier == \"UA\""}),
            "one of [\"JFK\",\"LGA\"], where carrier == \"UA\"",
        );
        check(
            "ExpectColumnValuesToNotMatchRegex",
            json!({"regex": "^x"}),
            "a value that does not match ^x",
        );
        check(
            "ExpectColumnPairValuesAToBeGreaterThanB",
            json!({"column_A": "Price", "column_B": "Amount", "or_equal": true}),
            "a value in Price that is at least that in Amount",
        );
    }
}
