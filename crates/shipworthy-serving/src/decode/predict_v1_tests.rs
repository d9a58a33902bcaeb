use super::*;
use shipworthy_rows::{Cell, DataType};

fn schema() -> Arc<Schema> {
    Arc::new(Schema::new([
        ("origin", DataType::String),
        ("distance", DataType::Float),
        ("hour", DataType::Integer),
    ]))
}

fn cells(decoded: &Decoded, row: usize) -> Vec<Cell<'_>> {
    (0..3).map(|column| decoded.batch.cell(row, column)).collect()
}

#[test]
fn rows_are_read_by_name_and_more_columns_than_needed_are_counted() {
    let body = br#"{"instances": [
        {"hour": 5, "origin": "JFK", "carrier": "UA", "distance": 2475, "x": {"y": [1]}},
        {"origin": "E\u0057R", "hour": 6.0}
    ], "parameters": {}}"#;
    let decoded = decode(body, &schema(), 10).unwrap();
    assert_eq!(cells(&decoded, 0), [Cell::String("JFK"), Cell::Float(2475.0), Cell::Integer(5)]);
    assert_eq!(cells(&decoded, 1), [Cell::String("EWR"), Cell::Missing, Cell::Integer(6)]);
    assert_eq!((decoded.undeclared, decoded.misfits.len()), (2, 0));
}

#[test]
fn every_value_of_another_type_is_told() {
    let body = br#"{"instances": [{"origin": 7, "distance": "far", "hour": 5.5},
        {"origin": [1], "distance": {"a": 1}, "hour": null}]}"#;
    let decoded = decode(body, &schema(), 10).unwrap();
    let found: Vec<_> =
        decoded.misfits.iter().map(|m| (m.row, m.column, m.found.as_str())).collect();
    let expected = [(0, 0, "7"), (0, 1, "\"far\""), (0, 2, "5.5"), (1, 0, "[…]"), (1, 1, "{…}")];
    assert_eq!(found, expected);
    assert_eq!(cells(&decoded, 0), [Cell::Missing; 3]);
}

#[test]
fn what_is_no_request_is_refused_with_the_place() {
    let check = |body: &str, expect: &str| {
        let failure = decode(body.as_bytes(), &schema(), 1).unwrap_err();
        assert_eq!(failure.to_string(), expect, "{body}");
    };
    check("{}", "the body has no `instances`");
    check(r#"{"instances": []}"#, "`instances` is empty");
    check(
        "{\"instances\": [\n{\"hour\": 5,}]}",
        "the body is malformed at line 2, column 12: trailing comma",
    );
    check("", "the body is malformed at line 1, column 0: EOF while parsing a value");
    check(
        r#"{"instances": [[1, 2]]}"#,
        "the body is malformed at line 1, column 15: invalid type: sequence, expected an object \
         with the columns of one row",
    );
    check(
        r#"{"instances": [{"hour": 1, "hour": 2}]}"#,
        "the body is malformed at line 1, column 33: `hour` stands twice in row 0",
    );
    check(r#"{"instances": [{}, {}]}"#, "the request has more than 1 rows");
    check(
        r#"{"instances": [{}]} x"#,
        "the body is malformed at line 1, column 21: trailing characters",
    );
}
