use super::*;
use proptest::prelude::*;
use shipworthy_rows::{Cell, DataType, Field, Schema};
use std::sync::Arc;

fn schema() -> Arc<Schema> {
    Arc::new(Schema::new([
        ("origin", DataType::String),
        ("distance", DataType::Float),
        ("hour", DataType::Integer),
    ]))
}

/// The features are `distance` and `hour`.
fn wanted(schema: &Arc<Schema>) -> Rows<'_> {
    Rows { schema, features: &[1, 2], max_rows: 3 }
}

fn read(body: &str) -> Result<Decoded, Failure> {
    decode(body.as_bytes(), wanted(&schema()))
}

#[track_caller]
fn check(body: &str, undeclared: usize) {
    let decoded = read(body).unwrap();
    let row = |row| -> Vec<Cell<'_>> { (0..3).map(|c| decoded.batch.cell(row, c)).collect() };
    assert_eq!(row(0)[1..], [Cell::Float(2475.0), Cell::Integer(5)], "{body}");
    assert_eq!(row(1)[1..], [Cell::Missing, Cell::Integer(6)], "{body}");
    assert_eq!((decoded.batch.rows(), decoded.misfits.len()), (2, 0), "{body}");
    assert_eq!(decoded.undeclared, undeclared, "{body}");
}

#[track_caller]
fn refused(body: &str, expect: &str) {
    assert_eq!(read(body).unwrap_err().to_string(), expect, "{body}");
}

#[test]
fn all_forms_say_the_same() {
    check(
        r#"{"dataframe_split": {"index": [0, 1], "columns": ["hour", "x", "distance"],
            "data": [[5, "a", 2475], [6, "b", NaN]]}}"#,
        2,
    );
    check(r#"{"dataframe_split": {"data": [[2475, 5], [null, 6]]}}"#, 0);
    check(r#"{"dataframe_split": {"data": [[2475, 5], [NaN, 6]], "columns": [0, 1]}}"#, 0);
    check(r#"{"dataframe_records": [{"distance": 2475, "hour": 5}, {"hour": 6, "x": 1}]}"#, 1);
    for form in ["instances", "inputs"] {
        let of = |value: &str| format!("{{\"{form}\": {value}, \"params\": {{\"a\": 1}}}}");
        check(&of(r#"[{"distance": 2475, "hour": 5}, {"hour": 6.0, "distance": NaN}]"#), 1);
        check(&of("[[2475, 5], [null, 6]]"), 1);
        check(&of(r#"{"hour": [5, 6], "x": [1, 2], "distance": [2475, NaN]}"#), 3);
    }
}

#[test]
fn a_form_is_asked_for_once() {
    let none = "the body has none of dataframe_split, dataframe_records, instances, inputs";
    refused("{}", none);
    refused(r#"{"data": [], "params": null}"#, none);
    let two = "the body has inputs and instances: only one of them can be answered";
    refused(r#"{"inputs": [], "instances": [[1, 2]]}"#, two);
    refused(r#"{"inputs": []}"#, "`inputs` has no rows");
    refused(r#"{"inputs": {}}"#, "`inputs` has no rows");
    refused(r#"{"inputs": {"x": [1]}}"#, "`inputs` has no rows");
    refused(r#"{"dataframe_split": {"data": []}}"#, "`dataframe_split` has no rows");
    refused(r#"{"dataframe_split": {}}"#, "`dataframe_split` has no `data`");
    let none = read(r#"{"dataframe_split": {"columns": [], "data": [[]]}}"#).unwrap();
    assert_eq!(none.batch.cell(0, 1), Cell::Missing);
    let more = "`dataframe_split` has no member `dtypes`";
    refused(r#"{"dataframe_split": {"data": [], "dtypes": []}}"#, more);
    let twice = "`hour` stands twice in `columns`";
    refused(r#"{"dataframe_split": {"columns": ["hour", "hour"], "data": []}}"#, twice);
}

#[test]
fn what_is_wrong_is_told_by_its_place_in_the_body() {
    let at = |line: usize, column: usize, what: &str| {
        format!("the body is malformed at line {line}, column {column}: {what}")
    };
    refused("[]", &at(1, 0, "invalid type: sequence, expected an object"));
    let lengths = at(2, 13, "row 0 has 1 values for 2 columns");
    refused("{\"dataframe_split\": {\"columns\": [\"x\", \"hour\"],\n \"data\": [[1]]}}", &lengths);
    let record = "invalid type: sequence, expected an object with the columns of one row";
    refused(r#"{"dataframe_records": [[1, 2]]}"#, &at(1, 24, record));
    let lengths = at(1, 45, "`hour` has 1 values, but another column 2");
    refused(r#"{"inputs": {"distance": [1, NaN], "hour": [5]}}"#, &lengths);
    let lengths = at(1, 48, "`hour` has 1 values, but another column 2");
    refused(r#"{"inputs": {"distance": [NaN, null], "hour": [5]}}"#, &lengths);
    let list = "invalid type: integer `5`, expected a list of the values of `hour`";
    refused(r#"{"inputs": {"hour": 5}}"#, &at(1, 21, list));
    refused(r#"{"inputs": {"hour": [5], "hour": [5]}}"#, &at(1, 34, "`hour` stands twice"));
    let names = "a column's name is a text";
    refused(r#"{"dataframe_split": {"columns": [[1]], "data": [[1]]}}"#, &at(1, 37, names));
}

#[test]
fn more_rows_than_allowed_are_refused_in_every_form() {
    let limit = "the request has more than 3 rows";
    refused(r#"{"instances": [{}, {}, {}, {}]}"#, limit);
    refused(r#"{"inputs": {"hour": [1, 2, 3, 4]}}"#, limit);
    refused(r#"{"dataframe_split": {"columns": ["hour"], "data": [[1], [2], [3], [4]]}}"#, limit);
}

#[test]
fn values_of_another_type_are_misfits_by_row() {
    let decoded = read(r#"{"inputs": {"hour": [5, "six"], "distance": ["far", Infinity]}}"#);
    let misfits = decoded.unwrap().misfits;
    let told: Vec<_> = misfits.iter().map(|m| (m.row, m.column, m.found.as_str())).collect();
    assert_eq!(told, [(0, 1, "\"far\""), (1, 1, "\"Infinity\""), (1, 2, "\"six\"")]);
}

#[test]
fn one_tensor_needs_no_name() {
    let fields = [Field::tensor("image", DataType::Float, 2), Field::new("note", DataType::String)];
    let schema: Arc<Schema> = Arc::new(fields.into_iter().collect());
    let wanted = Rows { schema: &schema, features: &[0], max_rows: 9 };
    for body in [
        r#"{"inputs": [[[1], [2]], [[3], [4]]]}"#,
        r#"{"inputs": {"image": [[1, 2], [[3, 4]]]}}"#,
        r#"{"dataframe_split": {"columns": ["image"], "data": [[[1, 2]], [[3, 4]]]}}"#,
    ] {
        let decoded = decode(body.as_bytes(), wanted).unwrap();
        assert_eq!(decoded.misfits, []);
        assert_eq!(
            decoded.batch.cells(1, 0).collect::<Vec<_>>(),
            [Cell::Float(3.0), Cell::Float(4.0)]
        );
    }
}

/// Bytes that look like a request, so that they get somewhere.
const NEARLY: &str = r#"(\{"(inputs|instances|dataframe_(split|records)|params)": ?[\[{])?([\[\]{}:,]|null|NaN|-?[0-9]{1,3}(\.5)?(e9)?|"(columns|data|hour|x|\\u00)"?:?){0,24}"#;

proptest! {
    #[test]
    fn no_text_that_is_nearly_a_request_panics(body in NEARLY) {
        let _ = read(&body);
    }

    #[test]
    fn no_bytes_panic(body in any::<Vec<u8>>()) {
        let _ = decode(&body, wanted(&schema()));
    }
}
