use super::*;
use proptest::prelude::*;
use shipworthy_rows::{Cell, DataType, Field, Schema};
use std::sync::Arc;

fn wanted(schema: &Arc<Schema>, max_rows: usize) -> Rows<'_> {
    Rows { schema, features: &[1], max_rows }
}

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
    let decoded = decode(body, None, wanted(&schema(), 10)).unwrap();
    assert_eq!(decoded.batch.cell(0, 0), Cell::String("JFK"));
    assert_eq!(decoded.batch.cell(1, 0), Cell::String("E,\"R]"));
    assert_eq!(decoded.batch.cell(0, 1), Cell::Float(2475.0));
    assert_eq!(decoded.batch.cell(1, 1), Cell::Missing);
    assert_eq!((decoded.undeclared, decoded.misfits.len()), (2, 0));
    assert_eq!(envelope(body, None).unwrap().id.as_deref(), Some("7"));
}

#[test]
fn values_of_another_type_are_told_in_the_order_of_rows() {
    let body = br#"{"inputs": [
        {"name": "distance", "shape": [2], "datatype": "FP64", "data": [1, "far"]},
        {"name": "origin", "shape": [2], "datatype": "BYTES", "data": [5, {"a": 2}]}
    ]}"#;
    let decoded = decode(body, None, wanted(&schema(), 10)).unwrap();
    let found: Vec<_> =
        decoded.misfits.iter().map(|m| (m.row, m.column, m.found.as_str())).collect();
    assert_eq!(found, [(0, 0, "5"), (1, 0, "{…}"), (1, 1, "\"far\"")]);
}

#[test]
fn what_is_no_request_is_refused() {
    let input = |fields: &str| format!(r#"{{"inputs": [{{"name": "distance", {fields}}}]}}"#);
    let check = |body: &str, expect: &str| {
        let failure = decode(body.as_bytes(), None, wanted(&schema(), 2)).unwrap_err();
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
        "the data of input `distance`: more values than its shape says at line 1 column 5",
    );
    check(
        &input(r#""shape": [18446744073709551615], "datatype": "FP64", "data": [1]"#),
        "the request has more than 2 rows",
    );
}

/// One tensor column of four values, and one number.
fn image() -> Arc<Schema> {
    let fields = [Field::tensor("image", DataType::Float, 4), Field::new("n", DataType::Integer)];
    Arc::new(fields.into_iter().collect())
}

#[test]
fn a_tensor_column_takes_as_many_values_a_row_however_nested() {
    let body = br#"{"inputs": [{"name": "image", "shape": [2, 1, 2, 2], "datatype": "FP32",
        "data": [[[[1, 2], [3, 4]]], [[[5, 6], [7, NaN]]]]},
        {"name": "n", "shape": [2], "datatype": "INT64", "data": [1, 2]}]}"#;
    let decoded = decode(body, None, wanted(&image(), 9)).unwrap();
    let row: Vec<_> = decoded.batch.cells(1, 0).collect();
    assert_eq!(row, [Cell::Float(5.0), Cell::Float(6.0), Cell::Float(7.0), Cell::Missing]);
    let wrong =
        br#"{"inputs": [{"name": "image", "shape": [1, 5], "datatype": "FP32", "data": []}]}"#;
    let failure = decode(wrong, None, wanted(&image(), 9)).unwrap_err();
    assert_eq!(
        failure.to_string(),
        "input `image` has shape [1, 5], not [N, …] with 4 values a row"
    );
}

#[test]
fn a_single_matrix_fills_the_feature_columns_in_their_order() {
    let schema: Arc<Schema> = Arc::new(Schema::new([
        ("key", DataType::String),
        ("a", DataType::Float),
        ("b", DataType::Float),
    ]));
    let wanted = Rows { schema: &schema, features: &[1, 2], max_rows: 9 };
    let body = br#"{"inputs": [{"name": "input-0", "shape": [2, 2], "datatype": "FP32",
        "data": [1, 2, 3, -Infinity]}]}"#;
    let decoded = decode(body, None, wanted).unwrap();
    assert_eq!(decoded.batch.cell(1, 1), Cell::Float(3.0));
    assert_eq!(decoded.batch.cell(1, 2), Cell::Float(f64::NEG_INFINITY));
    assert_eq!(decoded.batch.cell(1, 0), Cell::Missing);
    assert_eq!((decoded.undeclared, decoded.misfits.len()), (0, 0));
}

#[test]
fn values_may_follow_the_json_in_binary() {
    let head = br#"{"inputs": [
        {"name": "distance", "shape": [2], "datatype": "FP32", "parameters": {"binary_data_size": 8}},
        {"name": "origin", "shape": [2, 1], "datatype": "BYTES", "parameters": {"binary_data_size": 14}}
    ]}"#;
    let mut body = head.to_vec();
    body.extend(1.5_f32.to_le_bytes());
    body.extend(f32::NAN.to_le_bytes());
    for text in ["JFK", "LGA"] {
        body.extend(3_u32.to_le_bytes());
        body.extend(text.as_bytes());
    }
    let decoded = decode(&body, Some(head.len()), wanted(&schema(), 9)).unwrap();
    assert_eq!(decoded.batch.cell(0, 1), Cell::Float(1.5));
    assert_eq!(decoded.batch.cell(1, 1), Cell::Missing);
    assert_eq!(decoded.batch.cell(1, 0), Cell::String("LGA"));
    for end in head.len()..body.len() {
        assert!(decode(&body[..end], Some(head.len()), wanted(&schema(), 9)).is_err(), "{end}");
    }
    let failure = decode(&body, Some(body.len() + 1), wanted(&schema(), 9)).unwrap_err();
    assert!(failure.to_string().starts_with("Inference-Header-Content-Length is"), "{failure}");
}

#[test]
fn what_is_no_number_in_json_is_read_outside_of_texts_only() {
    let body = br#"{"inputs": [
        {"name": "distance", "shape": [2], "datatype": "FP64", "data": [NaN, Infinity]},
        {"name": "origin", "shape": [2], "datatype": "BYTES", "data": ["a \"NaN", "Infinity"]}
    ]}"#;
    let decoded = decode(body, None, wanted(&schema(), 9)).unwrap();
    assert_eq!(decoded.batch.cell(0, 1), Cell::Missing);
    assert_eq!(decoded.batch.cell(1, 1), Cell::Float(f64::INFINITY));
    assert_eq!(decoded.batch.cell(0, 0), Cell::String("a \"NaN"));
    assert_eq!(decoded.batch.cell(1, 0), Cell::String("Infinity"));
}

#[test]
fn outputs_are_wanted_by_name_and_form() {
    let wants = |body: &str, output: &str| envelope(body.as_bytes(), None).unwrap().wants(output);
    assert_eq!(wants("{}", "any"), Some(false));
    assert_eq!(wants(r#"{"parameters": {"binary_data_output": true}}"#, "any"), Some(true));
    let chosen =
        r#"{"outputs": [{"name": "a", "parameters": {"binary_data": true}}, {"name": "b"}]}"#;
    assert_eq!(wants(chosen, "a"), Some(true));
    assert_eq!(wants(chosen, "b"), Some(false));
    assert_eq!(wants(chosen, "c"), None);
}

proptest! {
    #[test]
    fn no_bytes_panic(head in any::<Vec<u8>>(), tail in any::<Vec<u8>>(), cut in 0..64_usize) {
        let shapes = br#"{"inputs":[{"name":"distance","shape":[1],"datatype":"FP64","parameters":{"binary_data_size":8}}]}"#;
        for body in [head, [shapes.to_vec(), tail].concat()] {
            let _ = decode(&body, None, wanted(&schema(), 9));
            let _ = decode(&body, Some(body.len().saturating_sub(cut)), wanted(&image(), 9));
            let _ = decode(&body, Some(shapes.len()), wanted(&schema(), 9));
        }
    }
}
