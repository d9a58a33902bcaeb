use super::*;
use shipworthy_rows::Cell;
use shipworthy_rows::DataType;

fn schema() -> Arc<Schema> {
    Arc::new(Schema::new([("origin", DataType::String), ("distance", DataType::Float)]))
}

#[test]
fn one_input_per_column_flat_or_nested() {
    let body = br#"{"id": "7", "inputs": [
        {"name": "distance", "shape": [2, 1], "datatype": "FP64", "data": [[2475], [null]]},
        {"name": "origin", "shape": [2], "datatype": "BYTES", "data": ["JFK", "E,\"R]"]},
        {"name": "other", "shape": [2], "datatype": "INT32", "data": [1, 2]}
    ]}"#;
    let decoded = decode(body, &schema(), 10).unwrap();
    assert_eq!(decoded.batch.cell(0, 0), Cell::String("JFK"));
    assert_eq!(decoded.batch.cell(1, 0), Cell::String("E,\"R]"));
    assert_eq!(decoded.batch.cell(0, 1), Cell::Float(2475.0));
    assert_eq!(decoded.batch.cell(1, 1), Cell::Missing);
    assert_eq!((decoded.undeclared, decoded.misfits.len()), (2, 0));
    assert_eq!(envelope(body).unwrap().id.as_deref(), Some("7"));
}

#[test]
fn values_of_another_type_are_told_in_the_order_of_rows() {
    let body = br#"{"inputs": [
        {"name": "distance", "shape": [2], "datatype": "FP64", "data": [1, "far"]},
        {"name": "origin", "shape": [2], "datatype": "BYTES", "data": [5, [1, 2]]}
    ]}"#;
    let decoded = decode(body, &schema(), 10).unwrap();
    let found: Vec<_> =
        decoded.misfits.iter().map(|m| (m.row, m.column, m.found.as_str())).collect();
    assert_eq!(found, [(0, 0, "5"), (1, 0, "[…]"), (1, 1, "\"far\"")]);
}

#[test]
fn what_is_no_request_is_refused() {
    let input = |fields: &str| format!(r#"{{"inputs": [{{"name": "distance", {fields}}}]}}"#);
    let check = |body: &str, expect: &str| {
        let failure = decode(body.as_bytes(), &schema(), 2).unwrap_err();
        assert_eq!(failure.to_string(), expect, "{body}");
    };
    check(r#"{"inputs": []}"#, "the body has no `inputs`");
    check(
        &input(r#""shape": [1, 2], "datatype": "FP64", "data": [1, 2]"#),
        "input `distance` has shape [1, 2], not [N] or [N, 1]",
    );
    check(
        &input(r#""shape": [1], "datatype": "FP65", "data": [1]"#),
        "input `distance` has the unknown datatype `FP65`",
    );
    check(
        &input(r#""shape": [2], "datatype": "FP64", "data": [1]"#),
        "input `distance` has 1 values for a shape of 2",
    );
    check(
        &input(r#""shape": [1], "datatype": "FP64", "data": [1, 2]"#),
        "the data of input `distance`: more values than its shape says at line 1 column 6",
    );
    check(
        &input(r#""shape": [18446744073709551615], "datatype": "FP64", "data": [1]"#),
        "the request has more than 2 rows",
    );
}
