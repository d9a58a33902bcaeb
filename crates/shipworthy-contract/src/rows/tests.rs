use serde_json::{Value, json};
use shipworthy_rows::{Cell, Column, DataType, RowBatch};

use super::*;
use crate::{Checks, ColumnRules, Contract, Door, Role};

fn contract(expectations: Vec<RowExpectation>) -> Contract {
    let optional =
        |name, data_type| ColumnRules { required: false, ..ColumnRules::plain(name, data_type) };
    let columns = vec![
        ColumnRules { role: Role::Context, ..optional("dest", DataType::String) },
        ColumnRules { max: Some(3_000.0), ..optional("distance", DataType::Float) },
        optional("scheduled", DataType::Integer),
        optional("flown", DataType::Integer),
    ];
    Contract { columns, expectations }
}

fn expect(at: Door, name: &str, kwargs: &Value, on_violation: OnViolation) -> RowExpectation {
    let kwargs = kwargs.as_object().cloned().unwrap_or_default();
    RowExpectation { at, name: name.to_owned(), kwargs, on_violation, default: None }
}

fn code() -> RowExpectation {
    let kwargs = json!({"column": "dest", "regex": "^[A-Z]{3}$"});
    expect(Door::Request, "ExpectColumnValuesToMatchRegex", &kwargs, OnViolation::Reject)
}

/// Rows of (`dest`, `distance`, `scheduled`, `flown`).
fn rows(checks: &Checks, rows: &[(Option<&str>, f64, i64, i64)]) -> RowBatch {
    let columns = vec![
        Column::String(rows.iter().map(|row| row.0).collect()),
        Column::Float(rows.iter().map(|row| row.1).collect()),
        Column::Integer(rows.iter().map(|row| Some(row.2)).collect()),
        Column::Integer(rows.iter().map(|row| Some(row.3)).collect()),
    ];
    RowBatch::new(Arc::clone(checks.schema()), columns).unwrap()
}

#[test]
fn a_row_that_is_not_as_expected_is_told_with_what_would_be() {
    let order = expect(
        Door::ModelInput,
        "expect_column_pair_values_a_to_be_greater_than_b",
        &json!({"column_A": "flown", "column_B": "scheduled", "or_equal": true,
                "row_condition": "distance > 100"}),
        OnViolation::Flag,
    );
    let checks = Checks::compile(&contract(vec![code(), order])).unwrap();
    let mut batch = rows(
        &checks,
        &[
            (Some("JFK"), 500.0, 60, 60),
            (Some("jfk"), 500.0, 60, 59),
            (None, 50.0, 60, 59),
            (Some("SFO"), 5000.0, 60, 0),
        ],
    );
    let outcome = checks.check(&mut batch, &[]);
    let found: Vec<_> = outcome
        .violations
        .iter()
        .map(|v| (v.row, &*v.column, v.rule.name(), v.value.as_str(), v.hint.as_str()))
        .collect();
    let regex = "send a value that matches ^[A-Z]{3}$";
    let order = "send a value in flown that is at least that in scheduled, where distance > 100";
    let pair = "ExpectColumnPairValuesAToBeGreaterThanB";
    assert_eq!(
        found,
        [
            (1, "dest", "ExpectColumnValuesToMatchRegex", "\"jfk\"", regex),
            (1, "flown, scheduled", pair, "[59,60]", order),
            (3, "distance", "max", "5000", "send 3000 or less"),
            (3, "flown, scheduled", pair, "[0,60]", order),
        ]
    );
    assert!(outcome.is_refused() && !outcome.is_quarantined());
}

#[test]
fn a_default_stands_in_for_what_is_not_as_expected_and_the_next_sees_it() {
    let within = |min: f64, on_violation| {
        let kwargs = json!({"column": "distance", "min_value": min});
        expect(Door::Request, "ExpectColumnValuesToBeBetween", &kwargs, on_violation)
    };
    let mended = RowExpectation {
        default: Some(Default::Float(80.0)),
        ..within(50.0, OnViolation::Default)
    };
    let checks =
        Checks::compile(&contract(vec![mended, within(100.0, OnViolation::Flag)])).unwrap();
    let mut batch = rows(&checks, &[(None, 10.0, 0, 0), (None, 200.0, 0, 0)]);
    let outcome = checks.check(&mut batch, &[]);
    assert!(!outcome.is_refused());
    assert_eq!(batch.columns()[1], Column::Float(vec![80.0, 200.0]));
    let values: Vec<_> = outcome.violations.iter().map(|v| (v.row, v.value.as_str())).collect();
    assert_eq!(values, [(0, "10.0"), (0, "80.0")]);
}

#[test]
fn what_has_no_meaning_for_a_row_is_refused_by_name() {
    let check = |expectation: RowExpectation, told: &str| {
        let error = Checks::compile(&contract(vec![expectation])).unwrap_err();
        assert_eq!(error.to_string(), told);
    };
    let at = |door, name, kwargs: &Value| expect(door, name, kwargs, OnViolation::Reject);
    check(
        at(Door::Request, "ExpectColumnMeanToBeBetween", &json!({"column": "distance"})),
        "ExpectColumnMeanToBeBetween at request: it is about a whole table, and a row cannot meet \
         it by itself",
    );
    check(
        at(
            Door::Request,
            "ExpectColumnValuesToNotBeNull",
            &json!({"column": "dest", "mostly": 0.9}),
        ),
        "ExpectColumnValuesToNotBeNull at request: `mostly` must be absent where each row is \
         judged by itself, not 0.9",
    );
    check(
        at(Door::ModelInput, "ExpectColumnValuesToNotBeNull", &json!({"column": "dest"})),
        "ExpectColumnValuesToNotBeNull at model_input: the data has no column `dest`",
    );
    check(
        at(Door::Request, "ExpectColumnValuesToNotBeNul", &json!({"column": "dest"})),
        "ExpectColumnValuesToNotBeNul at request: `ExpectColumnValuesToNotBeNul` is not \
         supported; did you mean `ExpectColumnValuesToNotBeNull`?",
    );
}

#[test]
fn a_default_must_be_as_expected_and_allowed() {
    let compile = |default, max: f64| {
        let kwargs = json!({"column": "distance", "max_value": max});
        let name = "ExpectColumnValuesToBeBetween";
        let expected = expect(Door::Request, name, &kwargs, OnViolation::Default);
        Checks::compile(&contract(vec![RowExpectation { default, ..expected }])).map(|_| ())
    };
    let refused =
        Err(CompileError::ExpectationDefault { name: "ExpectColumnValuesToBeBetween".to_owned() });
    assert_eq!(compile(Some(Default::Integer(7)), 9.0), Ok(()));
    assert_eq!(compile(Some(Default::Float(7.0)), 5.0), refused);
    assert_eq!(compile(Some(Default::Float(4e3)), 1e4), refused, "above the column's own max");
    assert_eq!(compile(Some(Default::String("7".to_owned())), 9.0), refused);
    assert_eq!(compile(None, 9.0), refused);
}

#[test]
fn golden_rows_are_as_expected_where_chance_meets_it() {
    let far = expect(
        Door::Request,
        "ExpectColumnValuesToBeBetween",
        &json!({"column": "distance", "min_value": 2_900, "row_condition": "flown > 0"}),
        OnViolation::Reject,
    );
    let contract = contract(vec![far]);
    let checks = Checks::compile(&contract).unwrap();
    let mut batch = crate::golden_rows(&contract, 64, 1);
    let positive = |row| matches!(batch.cell(row, 3), Cell::Integer(flown) if flown > 0);
    assert!((0..64).any(positive), "what is expected is tried");
    assert_eq!(checks.check(&mut batch, &[]), Outcome::default());
    let never = crate::golden_rows(&self::contract(vec![code()]), 8, 1);
    assert_eq!(never.rows(), 8);
}

#[test]
fn a_contract_without_expectations_reads_and_writes_as_before() {
    let plain = contract(Vec::new());
    let text = serde_json::to_string(&plain).unwrap();
    assert!(!text.contains("expectations"), "{text}");
    assert_eq!(serde_json::from_str::<Contract>(&text).unwrap(), plain);
    let full = contract(vec![code()]);
    let value = serde_json::to_value(&full).unwrap();
    assert_eq!(
        value["expectations"][0],
        json!({"at": "request", "type": "ExpectColumnValuesToMatchRegex",
               "kwargs": {"column": "dest", "regex": "^[A-Z]{3}$"}, "on_violation": "reject"})
    );
    assert_eq!(serde_json::from_value::<Contract>(value).unwrap(), full);
}
