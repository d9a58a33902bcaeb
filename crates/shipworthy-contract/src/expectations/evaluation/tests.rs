use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use serde_json::{Value, json};
use shipworthy_rows::{Column, RowBatch, Schema};

use super::*;
use crate::expectations::aside::tests::Memory;
use crate::expectations::names;

fn batch() -> RowBatch {
    let text = ["JFK", "EWR", "", "x1", "{}", "2013-02-01"];
    let columns = [
        ("a", Column::Float(vec![1.0, f64::NAN, -0.0, 0.0, f64::INFINITY, 2.5])),
        ("b", Column::Integer(vec![Some(3), Some(3), None, Some(i64::MIN), Some(i64::MAX), None])),
        ("c", Column::String(text.into_iter().map(Some).collect())),
        ("d", Column::Boolean(vec![Some(true), None, None, Some(false), None, Some(true)])),
        ("e", Column::Timestamp(vec!["2013-02-01T00:00:00Z".parse().ok(); 6])),
    ];
    let schema = Schema::new(columns.iter().map(|(name, column)| (*name, column.data_type())));
    RowBatch::new(Arc::new(schema), columns.into_iter().map(|(_, column)| column).collect())
        .unwrap()
}

fn evaluate(suite: &Suite, batch: &RowBatch) -> Vec<ExpectationResult> {
    let mut evaluation = Evaluation::new(suite, batch.schema());
    loop {
        for row in 0..batch.rows() {
            evaluation.see(row as u64, &batch.take(&[row]));
        }
        if !evaluation.another_pass() {
            return evaluation.finish();
        }
    }
}

fn one(name: &str, kwargs: Value) -> ExpectationResult {
    let suite = json!([{"type": name, "kwargs": kwargs}]);
    evaluate(&Suite::of_json(suite).unwrap(), &batch()).remove(0)
}

#[test]
fn what_is_not_understood_is_answered_by_name() {
    let check = |name, kwargs, expect: &str| {
        let result = one(name, kwargs);
        assert!(!result.success);
        assert_eq!(result.exception.unwrap(), expect);
    };
    check(
        "expect_column_values_to_be_betwen",
        json!({}),
        "`expect_column_values_to_be_betwen` is not supported; did you mean \
         `ExpectColumnValuesToBeBetween`?",
    );
    check(
        "ExpectColumnValuesToNotBeNull",
        json!({"column": "a", "mostli": 0.9}),
        "unknown argument `mostli`; did you mean `mostly`?",
    );
    check(
        "ExpectColumnValuesToNotBeNull",
        json!({"column": "a", "mostly": 2}),
        "`mostly` must be a number from 0 to 1, not 2",
    );
    check("ExpectColumnValuesToBeUnique", json!({"column": "z"}), "the data has no column `z`");
    check(
        "ExpectColumnValuesToBeBetween",
        json!({"column": "c", "min_value": 3}),
        "column `c` is string: `min_value` cannot be compared with its values",
    );
    check(
        "ExpectColumnMeanToBeBetween",
        json!({"column": "c"}),
        "column `c` is string: its values are no numbers",
    );
    check("ExpectColumnKlDivergence", json!({}), "`ExpectColumnKlDivergence` is not supported");
}

#[test]
fn at_least_forty_expectations_are_known_under_both_spellings() {
    assert!(names().count() >= 50);
    for name in names() {
        let snake: String = name
            .chars()
            .enumerate()
            .flat_map(|(at, c)| {
                let gap = if c.is_uppercase() && at > 0 { "_" } else { "" };
                gap.chars().chain(c.to_lowercase())
            })
            .collect();
        assert_eq!(known::class_name(&snake), name);
    }
}

#[test]
fn values_of_every_type_are_judged() {
    let holds = |name: &str, kwargs| one(name, kwargs).success;
    assert!(holds("ExpectColumnMinToBeBetween", json!({"column": "e", "min_value": "2013-01-01"})));
    assert!(holds("ExpectColumnMaxToBeBetween", json!({"column": "c", "min_value": "a"})));
    assert!(holds("ExpectColumnValuesToBeInSet", json!({"column": "d", "value_set": [true, 0]})));
    assert!(holds(
        "ExpectColumnValuesToBeBetween",
        json!({"column": "b", "min_value": i64::MIN, "max_value": i64::MAX}),
    ));
    let range = json!({"column": "b", "max_value": i64::MAX, "strict_max": true});
    let result = one("ExpectColumnValuesToBeBetween", range);
    assert_eq!(result.unexpected_index_list.unwrap(), [4]);
    let result = one("ExpectColumnValuesToBeUnique", json!({"column": "a"}));
    assert_eq!(result.unexpected_index_list.unwrap(), [2, 3]);
    let result = one("ExpectColumnValuesToBeIncreasing", json!({"column": "b"}));
    assert_eq!((result.missing_count, result.unexpected_count), (Some(2), Some(1)));
    let result = one("ExpectColumnValuesToBeJsonParseable", json!({"column": "c"}));
    assert_eq!(result.unexpected_index_list.unwrap(), [0, 1, 2, 3, 5]);
    let result = one("ExpectColumnProportionOfNonNullValuesToBeBetween", json!({"column": "d"}));
    assert_eq!(result.observed_value.unwrap(), 0.5);
}

fn arbitrary_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-e]".prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[a-e] (==|>|in|not in) ?[\\['\"(]?[0-9a-z]{0,3}['\")\\]]?".prop_map(Value::from),
        Just(json!({"quantiles": [0.5], "value_ranges": [[null, 1]]})),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| prop::collection::vec(inner, 0..4).prop_map(Value::from))
}

fn arbitrary_kwargs() -> impl Strategy<Value = Value> {
    const NAMES: &[&str] = &[
        "column_list",
        "column_set",
        "column_A",
        "column_B",
        "value_set",
        "min_value",
        "max_value",
        "strict_min",
        "mostly",
        "row_condition",
        "condition_parser",
        "regex",
        "regex_list",
        "value",
        "like_pattern",
        "strftime_format",
        "quantile_ranges",
        "threshold",
        "double_sided",
        "type_",
        "value_pairs_set",
        "sum_total",
        "ignore_row_if",
        "match_on",
        "strictly",
    ];
    let pairs = prop::collection::vec((prop::sample::select(NAMES), arbitrary_value()), 0..4);
    (pairs, "[a-e]").prop_map(|(pairs, column)| {
        let mut kwargs: serde_json::Map<_, _> =
            pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        kwargs.insert("column".to_owned(), column.into());
        kwargs.into()
    })
}

/// Arguments that each expectation takes.
fn sensible() -> Suite {
    static SUITE: LazyLock<Suite> = LazyLock::new(make_sensible);
    SUITE.clone()
}

fn make_sensible() -> Suite {
    let of = |column: &str, mut kwargs: Value| {
        kwargs["column"] = column.into();
        kwargs
    };
    let mut list = Vec::new();
    for name in names() {
        for column in ["a", "b", "c", "d", "e"] {
            for kwargs in [
                json!({}),
                json!({"min_value": 0, "max_value": 2}),
                json!({"value_set": ["JFK", 0, 2.5, true]}),
                json!({"regex": "^[A-Z]"}),
                json!({"quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0, 1]]}}),
                json!({"threshold": 1}),
                json!({"row_condition": "a >= 0"}),
            ] {
                list.push(json!({"type": name, "kwargs": of(column, kwargs)}));
            }
        }
        for kwargs in [
            json!({"column_list": ["a", "b"]}),
            json!({"column_list": ["a", "d"], "sum_total": 1, "ignore_row_if": "never"}),
            json!({"column_A": "a", "column_B": "b"}),
        ] {
            list.push(json!({"type": name, "kwargs": kwargs}));
        }
    }
    let mut suite = Suite::of_json(list.into()).unwrap();
    let is_taken = |declared: &Declared| {
        let suite = Suite { expectations: vec![declared.clone()] };
        evaluate(&suite, &batch())[0].exception.is_none()
    };
    suite.expectations.retain(is_taken);
    suite
}

fn shape(results: Vec<ExpectationResult>) -> Vec<ExpectationResult> {
    let round = |value: Value| match value.as_f64() {
        Some(number) => format!("{number:.9e}").into(),
        None => value,
    };
    let simple = |mut result: ExpectationResult| {
        result.observed_value = result.observed_value.map(round);
        // Parts do not keep the values that only the whole shows to be equal.
        result.partial_unexpected_list = None;
        result
    };
    results.into_iter().map(simple).collect()
}

#[test]
fn texts_that_are_numbered_are_judged_as_others_are() {
    let texts: Vec<String> =
        (0..6000).map(|i| format!("{}{}", ["JFK", "é"][i % 2], i % 5000)).collect();
    let column = Column::String(texts.iter().map(|text| Some(&**text)).collect());
    let schema = Arc::new(Schema::new([("c", column.data_type())]));
    let all = RowBatch::new(schema, vec![column]).unwrap();
    let mut suite = sensible();
    suite.expectations.retain(|declared| {
        declared.kwargs.get("column").is_some_and(|column| column == "c")
            && !declared.kwargs.contains_key("row_condition")
    });
    assert!(suite.expectations.len() > 20);
    let part = |first: usize, rows: usize| {
        let mut evaluation = Evaluation::new(&suite, all.schema());
        let taken: Vec<usize> = (first..first + rows).collect();
        evaluation.see(first as u64, &all.take(&taken));
        evaluation
    };
    // Either half has few enough different texts to be numbered, and the whole too many.
    let (mut halves, mut whole) = (part(0, 3000), part(0, 6000));
    halves.merge(part(3000, 3000));
    assert!(!halves.another_pass() && !whole.another_pass());
    for (halves, whole) in shape(halves.finish()).into_iter().zip(shape(whole.finish())) {
        assert_eq!(halves, whole);
    }
}

/// The results where all but three keys of an expectation are put aside, chunk by chunk.
fn evaluate_aside(
    suite: &Suite,
    batch: &RowBatch,
    chunk: usize,
    scratch: Memory,
) -> (Vec<ExpectationResult>, u32) {
    let shared = Shared::new(scratch, 3);
    let mut evaluation = Evaluation::new(suite, batch.schema()).put_aside_in(&shared);
    for passes in 1.. {
        for first in (0..batch.rows()).step_by(chunk) {
            let rows: Vec<usize> = (first..(first + chunk).min(batch.rows())).collect();
            evaluation.see(first as u64, &batch.take(&rows));
        }
        if !evaluation.another_pass() {
            return (evaluation.finish(), passes);
        }
    }
    unreachable!("it ends when no pass is asked for")
}

#[test]
fn where_the_scratch_fails_the_rows_are_read_again() {
    let suite = json!([
        {"type": "ExpectColumnValuesToBeUnique", "kwargs": {"column": "n"}},
        {"type": "ExpectColumnUniqueValueCountToBeBetween", "kwargs": {"column": "n"}},
        {"type": "ExpectColumnDistinctValuesToBeInSet", "kwargs": {"column": "n", "value_set": [1]}},
    ]);
    let suite = Suite::of_json(suite).unwrap();
    let values = (0..3000).map(|row| Some(if row < 1000 { row % 900 } else { 77 }));
    let column = Column::Integer(values.collect());
    let schema = Arc::new(Schema::new([("n", column.data_type())]));
    let all = RowBatch::new(schema, vec![column]).unwrap();
    let expected = evaluate(&suite, &all);
    assert_eq!(expected[0].unexpected_count, Some(2200));
    let unreadable = Memory::new(1 << 20, false);
    // Writing, the whole of it, fails; then reading; then nothing. The last pass finds the values.
    for (scratch, passes) in
        [(Memory::new(0, true), 2), (unreadable, 2), (Memory::new(1 << 20, true), 2)]
    {
        assert_eq!(evaluate_aside(&suite, &all, 64, scratch), (expected.clone(), passes));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_suite_makes_a_panic(
        suite in prop::collection::vec(
            (prop::sample::select(names().collect::<Vec<_>>()), arbitrary_kwargs()), 1..5)
    ) {
        let list = suite.iter().map(|(name, kwargs)| json!({"type": name, "kwargs": kwargs}));
        let suite = Suite::of_json(list.collect()).unwrap();
        let results = evaluate(&suite, &batch());
        prop_assert_eq!(results.len(), suite.expectations.len());
    }

    #[test]
    fn what_is_put_aside_is_judged_as_what_is_held(
        rows in prop::collection::vec(0_usize..6, 0..40), chunk in 1_usize..9
    ) {
        let (suite, all) = (sensible(), batch().take(&rows));
        let (aside, _) = evaluate_aside(&suite, &all, chunk, Memory::new(1 << 20, true));
        for (aside, held) in aside.into_iter().zip(evaluate(&suite, &all)) {
            prop_assert_eq!(aside, held);
        }
    }

    #[test]
    fn states_of_parts_join_to_that_of_the_whole(
        rows in prop::collection::vec(0_usize..6, 0..40), cut in 0_usize..40
    ) {
        let (suite, all) = (sensible(), batch().take(&rows));
        let cut = cut.min(rows.len());
        let whole = evaluate(&suite, &all);
        let part = |rows: std::ops::Range<usize>, evaluation: &mut Evaluation| {
            let first = rows.start as u64;
            evaluation.see(first, &all.take(&rows.collect::<Vec<_>>()));
        };
        let mut joined = Evaluation::new(&suite, all.schema());
        loop {
            if joined.is_first_pass {
                let mut later = Evaluation::new(&suite, all.schema());
                part(0..cut, &mut joined);
                part(cut..rows.len(), &mut later);
                joined.merge(later);
            } else {
                part(0..rows.len(), &mut joined);
            }
            if !joined.another_pass() {
                break;
            }
        }
        for (joined, whole) in shape(joined.finish()).into_iter().zip(shape(whole)) {
            prop_assert_eq!(joined, whole);
        }
    }
}
