//! A row that is as it should be is checked without an allocation. A test program of its own: it
//! counts what its allocator is asked for.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::hint::black_box;
use std::sync::Arc;

use serde_json::{Value, json};
use shipworthy_contract::{Checks, Contract};
use shipworthy_rows::{Cell, Column, RowBatch, Timestamp};

fn contract() -> Contract {
    let column = |name: &str, data_type: &str| {
        json!({"name": name, "type": data_type, "role": "feature", "required": true,
               "on_violation": "reject"})
    };
    let expect = |name: &str, kwargs: Value| json!({"at": "request", "type": name, "kwargs": kwargs, "on_violation": "reject"});
    let contract = json!({
        "columns": [column("dest", "string"), column("distance", "float"),
                    column("flown", "integer"), column("at", "timestamp")],
        "expectations": [
            expect("ExpectColumnValuesToMatchRegex", json!({"column": "dest", "regex": "^[A-Z]{3}$"})),
            expect("ExpectColumnValueLengthsToEqual", json!({"column": "dest", "value": 3})),
            expect("ExpectColumnValuesToBeInSet", json!({"column": "dest", "value_set": ["JFK"]})),
            expect("ExpectColumnValuesToBeBetween",
                json!({"column": "distance", "min_value": 1, "row_condition": "dest == \"JFK\""})),
            expect("ExpectColumnValuesToMatchRegex", json!({"column": "distance", "regex": r"\.5$"})),
            expect("ExpectColumnValuesToMatchRegex", json!({"column": "at", "regex": "^2013"})),
            expect("ExpectColumnPairValuesAToBeGreaterThanB",
                json!({"column_A": "distance", "column_B": "flown"})),
            expect("ExpectMulticolumnValuesToBeUnique",
                json!({"column_list": ["dest", "distance", "flown"]})),
        ],
    });
    serde_json::from_value(contract).unwrap()
}

#[test]
fn a_good_row_costs_no_allocation() {
    let checks = Checks::compile(&contract()).unwrap();
    let columns = vec![
        Column::String([Some("JFK")].into_iter().collect()),
        Column::Float(vec![760.5]),
        Column::Integer(vec![Some(120)]),
        Column::Timestamp(vec![Some("2013-01-01T05:00:00.25Z".parse::<Timestamp>().unwrap())]),
    ];
    let mut row = RowBatch::new(Arc::clone(checks.schema()), columns).unwrap();
    // A pattern makes room for its work when it is first asked.
    assert!(checks.check(&mut row, &[]).violations.is_empty());
    let asked = allocation_counter::measure(|| {
        for _ in 0..100 {
            assert!(black_box(checks.check(black_box(&mut row), &[])).violations.is_empty());
        }
    });
    assert_eq!(asked.count_total, 0);
    // And it does count: what is wrong has to be told.
    let mut bad = row.take(&[0]);
    bad.set(0, 1, Cell::Float(0.5));
    let told = allocation_counter::measure(|| {
        assert!(!checks.check(&mut bad, &[]).violations.is_empty());
    });
    assert!(told.count_total > 0);
}
