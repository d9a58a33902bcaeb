use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Columns, expectations and what was left out, a line each.
fn lines(source: &Value) -> Vec<String> {
    let imported = Imported::parse(&source.to_string()).unwrap();
    let columns = imported.columns.iter().map(|column| {
        let mut line = format!("{}:", column.name);
        let guessed = if column.is_type_guessed { "?" } else { "" };
        line += &column.data_type.map_or(String::new(), |kind| format!(" {kind}{guessed}"));
        line += if column.required { " required" } else { "" };
        line += &column.min.map_or(String::new(), |min| format!(" min {min}"));
        line += &column.max.map_or(String::new(), |max| format!(" max {max}"));
        line + &column.one_of.as_ref().map_or(String::new(), |set| format!(" one of {set:?}"))
    });
    let expectations = imported.expectations.iter();
    let expectations =
        expectations.map(|one| format!("{} {}", one.name, Value::from(one.kwargs.clone())));
    let left = imported.left_out.iter().map(|left| format!("{}: {}", left.what, left.why));
    columns.chain(expectations).chain(left).collect()
}

#[test]
fn a_suite_becomes_columns_and_expectations() {
    let suite = json!({"expectation_suite_name": "s", "expectations": [
        {"expectation_type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a"}},
        {"expectation_type": "expect_column_values_to_be_of_type",
            "kwargs": {"column": "a", "type_": "int64"}},
        {"expectation_type": "expect_column_values_to_be_between",
            "kwargs": {"column": "a", "min_value": 0, "max_value": 9, "strict_min": false}},
        {"expectation_type": "expect_column_values_to_be_between",
            "kwargs": {"column": "a", "min_value": 1, "mostly": 0.9}},
        {"expectation_type": "expect_column_values_to_be_in_set",
            "kwargs": {"column": "b", "value_set": ["x", "y"]}},
        {"expectation_type": "expect_column_values_to_match_regex",
            "kwargs": {"column": "c", "regex": "^x"}},
        {"expectation_type": "expect_column_to_exist", "kwargs": {"column": "d"}},
        {"expectation_type": "expect_column_kl_divergence", "kwargs": {"column": "a"}},
    ]});
    assert_eq!(
        lines(&suite),
        [
            "a: integer required min 0 max 9",
            "b: string? one of [\"x\", \"y\"]",
            "c: string?",
            "d:",
            "ExpectColumnValuesToBeBetween {\"column\":\"a\",\"min_value\":1,\"mostly\":0.9}",
            "ExpectColumnValuesToMatchRegex {\"column\":\"c\",\"regex\":\"^x\"}",
            "expect_column_kl_divergence {\"column\":\"a\"}: `expect_column_kl_divergence` is not \
             supported",
            "column `d`: nothing says its type: declare it with a `type` of your own",
        ]
    );
}

#[test]
fn a_schema_of_pydantic_becomes_columns_and_expectations() {
    let schema = json!({
        "$defs": {"Channel": {"enum": ["web", "store"], "title": "Channel", "type": "string"}},
        "properties": {
            "amount": {"exclusiveMinimum": 0, "maximum": 1e4, "title": "Amount", "type": "number"},
            "channel": {"$ref": "#/$defs/Channel"},
            "age": {"anyOf": [{"minimum": 0, "type": "integer"}, {"type": "null"}], "default": 7},
            "at": {"format": "date-time", "title": "At", "type": "string"},
            "code": {"maxLength": 3, "pattern": "^[A-Z]+$", "type": "string"},
            "kind": {"const": "card", "type": "string"},
            "level": {"enum": [1, 2], "type": "integer"},
            "tags": {"items": {"type": "string"}, "type": "array"},
            "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            "loop": {"$ref": "#/properties/loop"},
        },
        "required": ["amount", "channel", "at", "age"],
        "title": "Payment",
        "type": "object",
    });
    assert_eq!(
        lines(&schema),
        [
            "age: integer min 0",
            "amount: float required max 10000",
            "at: timestamp required",
            "channel: string required one of [\"web\", \"store\"]",
            "code: string",
            "kind: string one of [\"card\"]",
            "level: integer",
            "ExpectColumnValuesToBeBetween {\"column\":\"amount\",\"min_value\":0,\"strict_min\":true}",
            "ExpectColumnValueLengthsToBeBetween {\"column\":\"code\",\"max_value\":3}",
            "ExpectColumnValuesToMatchRegex {\"column\":\"code\",\"regex\":\"^[A-Z]+$\"}",
            "ExpectColumnValuesToBeInSet {\"column\":\"level\",\"value_set\":[1,2]}",
            "`default`: 7 of `age`: a value that is absent stays missing; `on_violation = \
             \"default\"` with a `default` puts one in its place",
            "property `either`: `anyOf` of several types: a column has one",
            "property `loop`: its references go in a circle",
            "property `tags`: `array` is not a single value",
        ]
    );
}

#[test]
fn what_is_neither_is_told() {
    let error = Imported::parse("{\"a\": 1}").unwrap_err().to_string();
    assert!(error.starts_with("neither a suite"), "{error}");
    assert!(Imported::parse("{").is_err());
    assert!(Imported::parse("{\"properties\": 3}").is_err());
}

proptest! {
    #[test]
    fn no_schema_makes_a_panic(
        keys in prop::collection::vec(
            (prop::sample::select(vec!["type", "enum", "anyOf", "$ref", "minimum", "const"]),
             prop::sample::select(vec![
                json!("string"), json!(["string", "null"]), json!([]), json!({}), json!(-1.5),
                json!("#/properties/a"), json!("#"), json!([{"type": "null"}]), json!(null),
             ])), 0..5)
    ) {
        let schema: Map<_, _> = keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let _ = Imported::parse(&json!({"properties": {"a": schema}}).to_string());
    }
}
