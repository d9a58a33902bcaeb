use super::*;
use crate::decode::Rows as Wanted;
use proptest::prelude::*;
use shipworthy_rows::{Cell, DataType, Field, Schema};
use std::sync::Arc;

fn wanted(schema: &Arc<Schema>, max_rows: usize) -> Wanted<'_> {
    Wanted { schema, features: &[0, 1, 2], max_rows }
}

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
    let decoded = decode(body, wanted(&schema(), 10)).unwrap();
    assert_eq!(cells(&decoded, 0), [Cell::String("JFK"), Cell::Float(2475.0), Cell::Integer(5)]);
    assert_eq!(cells(&decoded, 1), [Cell::String("EWR"), Cell::Missing, Cell::Integer(6)]);
    assert_eq!((decoded.undeclared, decoded.misfits.len()), (2, 0));
}

#[test]
fn each_record_may_have_an_order_of_its_own() {
    let body = br#"{"instances": [{"hour": 1, "origin": "A", "distance": 2},
        {"x": 0, "hour": 3, "x": 0, "distance": 4}, {"origin": "B", "hour": 5, "distance": 6},
        {"distance": 8, "hour": 7, "origin": "C"}, {}]}"#;
    let decoded = decode(body, wanted(&schema(), 10)).unwrap();
    let float = |value| Cell::Float(value);
    assert_eq!(cells(&decoded, 0), [Cell::String("A"), float(2.0), Cell::Integer(1)]);
    assert_eq!(cells(&decoded, 1), [Cell::Missing, float(4.0), Cell::Integer(3)]);
    assert_eq!(cells(&decoded, 2), [Cell::String("B"), float(6.0), Cell::Integer(5)]);
    assert_eq!(cells(&decoded, 3), [Cell::String("C"), float(8.0), Cell::Integer(7)]);
    assert_eq!(cells(&decoded, 4), [Cell::Missing; 3]);
    assert_eq!((decoded.undeclared, decoded.misfits.len()), (2, 0));
}

#[test]
fn every_value_of_another_type_is_told() {
    let body = br#"{"instances": [{"origin": 7, "distance": "far", "hour": 5.5},
        {"origin": [1], "distance": {"a": 1}, "hour": null}]}"#;
    let decoded = decode(body, wanted(&schema(), 10)).unwrap();
    let found: Vec<_> =
        decoded.misfits.iter().map(|m| (m.row, m.column, m.found.as_str())).collect();
    let expected = [(0, 0, "7"), (0, 1, "\"far\""), (0, 2, "5.5"), (1, 0, "[…]"), (1, 1, "{…}")];
    assert_eq!(found, expected);
    assert_eq!(cells(&decoded, 0), [Cell::Missing; 3]);
}

#[test]
fn what_is_no_request_is_refused_with_the_place() {
    let check = |body: &str, expect: &str| {
        let failure = decode(body.as_bytes(), wanted(&schema(), 1)).unwrap_err();
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
        "the body is malformed at line 1, column 21: row 0 has 2 values for 3 features",
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

#[test]
fn a_list_has_the_features_in_their_order() {
    let schema = schema();
    let wanted = Wanted { schema: &schema, features: &[1, 2], max_rows: 9 };
    let decoded = decode(br#"{"instances": [[2475, 5], [null, 6.0]]}"#, wanted).unwrap();
    assert_eq!(cells(&decoded, 0), [Cell::Missing, Cell::Float(2475.0), Cell::Integer(5)]);
    assert_eq!(cells(&decoded, 1), [Cell::Missing, Cell::Missing, Cell::Integer(6)]);
    for (body, expect) in [
        (r#"{"instances": [[1]]}"#, "row 0 has 1 values for 2 features"),
        (r#"{"instances": [[1, 2], [1, 2, 3]]}"#, "row 1 has 3 values for 2 features"),
    ] {
        let failure = decode(body.as_bytes(), wanted).unwrap_err();
        assert!(failure.to_string().ends_with(expect), "{failure}");
    }
}

#[test]
fn a_tensor_is_nested_arrays_and_stands_alone_where_it_is_the_only_feature() {
    let fields = [Field::tensor("image", DataType::Float, 4), Field::new("note", DataType::String)];
    let schema: Arc<Schema> = Arc::new(fields.into_iter().collect());
    let wanted = Wanted { schema: &schema, features: &[0], max_rows: 9 };
    let body =
        br#"{"instances": [{"image": [[1, 2], [3, 4]], "note": "x"}, [[5, 6], [7, 8]], {}]}"#;
    let decoded = decode(body, wanted).unwrap();
    let row = |row| decoded.batch.cells(row, 0).collect::<Vec<_>>();
    assert_eq!(row(0)[3], Cell::Float(4.0));
    assert_eq!(row(1)[0], Cell::Float(5.0));
    assert_eq!(row(2), [Cell::Missing; 4]);
    let decoded = decode(br#"{"instances": [{"image": [1, 2, 3]}, {"image": 7}]}"#, wanted);
    let misfits = decoded.unwrap().misfits;
    assert_eq!(misfits[0].found, "an array of 3 values instead of 4");
    assert_eq!(misfits[1].found, "7");
}

#[test]
fn a_tensor_of_another_size_or_type_is_missing_as_a_whole() {
    let fields = [Field::tensor("image", DataType::Float, 2), Field::new("note", DataType::String)];
    let schema: Arc<Schema> = Arc::new(fields.into_iter().collect());
    let wanted = Wanted { schema: &schema, features: &[0, 1], max_rows: 9 };
    let body = br#"{"instances": [{"image": [1, 2, 3]}, {"image": [1, "far"]}, {"image": [1]},
        {"image": null}, [[[4], [null]], "x"], {"image": {"a": 1}}, {"image": [{}, 1]}]}"#;
    let decoded = decode(body, wanted).unwrap();
    let found: Vec<_> = decoded.misfits.iter().map(|m| (m.row, m.found.as_str())).collect();
    let array = |count| format!("an array of {count} values instead of 2");
    let (long, short) = (array(3), array(1));
    let expected = [(0, &*long), (1, "\"far\""), (2, &*short), (5, "{…}"), (6, "{…}")];
    assert_eq!(found, expected);
    for row in [0, 1, 2, 3, 5, 6] {
        assert_eq!(decoded.batch.cells(row, 0).collect::<Vec<_>>(), [Cell::Missing; 2], "{row}");
    }
    assert_eq!(decoded.batch.cell(4, 0), Cell::Float(4.0));
    assert_eq!(decoded.batch.cell(4, 1), Cell::String("x"));
}

#[test]
fn the_only_feature_needs_no_list() {
    let schema = schema();
    let wanted = Wanted { schema: &schema, features: &[1], max_rows: 9 };
    let decoded = decode(br#"{"instances": [1, 2.5, null, [3], "far"]}"#, wanted).unwrap();
    let floats: Vec<_> = (0..4).map(|row| decoded.batch.cell(row, 1)).collect();
    assert_eq!(floats, [Cell::Float(1.0), Cell::Float(2.5), Cell::Missing, Cell::Float(3.0)]);
    assert_eq!(decoded.misfits[0].found, "\"far\"");
    let failure = decode(br#"{"instances": [1]}"#, super::Rows { features: &[0, 1], ..wanted });
    let expect = "the body is malformed at line 1, column 16: invalid type: integer `1`, expected \
                  an object with the columns of one row, or a list of its values";
    assert_eq!(failure.unwrap_err().to_string(), expect);
}

/// Bytes that look like a request, so that they get somewhere.
const NEARLY: &str = r#"(\{"instances": ?\[)?([\[\]{}:,]|null|true|-?[0-9]{1,3}(\.5)?(e9)?|"(origin|hour|x|\\u00)"?){0,24}"#;

proptest! {
    #[test]
    fn no_text_that_is_nearly_a_request_panics(body in NEARLY) {
        let _ = decode(body.as_bytes(), wanted(&schema(), 3));
    }

    #[test]
    fn no_bytes_panic(body in any::<Vec<u8>>()) {
        let _ = decode(&body, wanted(&schema(), 9));
    }
}
