use std::sync::Arc;

use proptest::prelude::*;
use prost::Message as _;
use shipworthy_rows::{DataType, Field, Schema};

use super::*;
use crate::protobuf::messages::{Choice, Contents, Parameter, Request, RequestedOutput, Tensor};

fn schema() -> Arc<Schema> {
    Arc::new(Schema::new([("origin", DataType::String), ("distance", DataType::Float)]))
}

fn wanted(schema: &Arc<Schema>) -> Rows<'_> {
    Rows { schema, features: &[1], max_rows: 9 }
}

fn tensor(name: &str, datatype: &str, shape: &[i64], contents: Option<Contents>) -> Tensor {
    let (name, datatype, shape) = (name.to_owned(), datatype.to_owned(), shape.to_vec());
    Tensor { name, datatype, shape, contents, ..Tensor::default() }
}

fn request(inputs: Vec<Tensor>, raw_input_contents: Vec<Vec<u8>>) -> Request {
    Request { model_name: "late".to_owned(), inputs, raw_input_contents, ..Request::default() }
}

fn read(request: &Request, schema: &Arc<Schema>) -> Result<Decoded, String> {
    decode(&request.encode_to_vec(), wanted(schema)).map_err(|failure| failure.to_string())
}

fn texts(texts: &[&str]) -> Contents {
    let bytes_contents = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    Contents { bytes_contents, ..Contents::default() }
}

fn doubles(values: &[f64]) -> Contents {
    Contents { fp64_contents: values.to_vec(), ..Contents::default() }
}

#[test]
fn typed_and_raw_values_make_the_same_rows() {
    let schema = schema();
    let typed = request(
        vec![
            tensor("origin", "BYTES", &[2, 1], Some(texts(&["JFK", ""]))),
            tensor("distance", "FP64", &[2], Some(doubles(&[2475.0, f64::NAN]))),
        ],
        vec![],
    );
    let inputs =
        vec![tensor("origin", "BYTES", &[2, 1], None), tensor("distance", "FP32", &[2], None)];
    let singles = [2475.0_f32.to_le_bytes(), f32::NAN.to_le_bytes()].concat();
    let raw = request(inputs, vec![b"\x03\0\0\0JFK\0\0\0\0".to_vec(), singles]);
    let decoded = read(&typed, &schema).unwrap();
    assert_eq!(decoded.batch.cell(0, 0), Cell::String("JFK"));
    assert_eq!(decoded.batch.cell(1, 0), Cell::String(""));
    assert_eq!(decoded.batch.cell(0, 1), Cell::Float(2475.0));
    assert_eq!(decoded.batch.cell(1, 1), Cell::Missing);
    // A missing number is no number, which equals nothing.
    assert_eq!(format!("{:?}", read(&raw, &schema).unwrap()), format!("{decoded:?}"));
}

#[test]
fn each_datatype_has_its_field_of_typed_values() {
    let big = 1_u64 << 63;
    let none = Contents::default;
    let (column, integer, other) = (DataType::Float, DataType::Integer, none());
    for (datatype, data_type, contents, expect) in [
        (
            "BOOL",
            DataType::Boolean,
            Contents { bool_contents: vec![true], ..none() },
            Cell::Boolean(true),
        ),
        ("INT8", integer, Contents { int_contents: vec![-7], ..none() }, Cell::Integer(-7)),
        ("INT16", integer, Contents { int_contents: vec![-7], ..none() }, Cell::Integer(-7)),
        (
            "INT32",
            integer,
            Contents { int_contents: vec![i32::MIN], ..none() },
            Cell::Integer(i32::MIN.into()),
        ),
        (
            "INT64",
            integer,
            Contents { int64_contents: vec![i64::MIN], ..none() },
            Cell::Integer(i64::MIN),
        ),
        ("UINT8", integer, Contents { uint_contents: vec![7], ..none() }, Cell::Integer(7)),
        ("UINT16", integer, Contents { uint_contents: vec![7], ..none() }, Cell::Integer(7)),
        (
            "UINT32",
            integer,
            Contents { uint_contents: vec![u32::MAX], ..none() },
            Cell::Integer(u32::MAX.into()),
        ),
        (
            "UINT64",
            column,
            Contents { uint64_contents: vec![big], ..none() },
            Cell::Float(9_223_372_036_854_775_808.0),
        ),
        ("FP32", column, Contents { fp32_contents: vec![0.5], ..none() }, Cell::Float(0.5)),
        ("FP64", column, doubles(&[0.1]), Cell::Float(0.1)),
        ("BYTES", DataType::String, texts(&["é"]), Cell::String("é")),
    ] {
        let schema = Arc::new(Schema::new([("x", data_type)]));
        let one = |contents| request(vec![tensor("x", datatype, &[1], Some(contents))], vec![]);
        let read_one = |contents| {
            decode(
                &one(contents).encode_to_vec(),
                Rows { schema: &schema, features: &[0], max_rows: 9 },
            )
        };
        assert_eq!(read_one(contents.clone()).unwrap().batch.cell(0, 0), expect, "{datatype}");
        let (_, own) = contents_field(Element::parse(datatype).unwrap()).unwrap();
        let wrong = if datatype == "BYTES" { doubles(&[1.0]) } else { texts(&["a"]) };
        let failure = read_one(wrong).unwrap_err().to_string();
        assert!(failure.ends_with(&format!("so its values belong in {own}")), "{failure}");
        let failure = read_one(other.clone()).unwrap_err().to_string();
        assert_eq!(failure, "input `x` has 0 values for a shape of 1");
    }
}

#[test]
fn typed_values_one_by_one_and_in_parts_are_read_too() {
    // Fields of contents: 5 twice, and in them values without a list around.
    let schema = Arc::new(Schema::new([("x", DataType::Integer)]));
    let rows = Rows { schema: &schema, features: &[0], max_rows: 9 };
    let input = b"\x0a\x01x\x12\x05INT64\x18\x03\x2a\x04\x18\x05\x18\x06\x2a\x03\x1a\x01\x07";
    let message = [&[0x2a, input.len().try_into().unwrap()], &input[..]].concat();
    let decoded = decode(&message, rows).unwrap();
    let cells: Vec<_> = (0..3).map(|row| decoded.batch.cell(row, 0)).collect();
    assert_eq!(cells, [Cell::Integer(5), Cell::Integer(6), Cell::Integer(7)]);
}

#[test]
fn a_single_matrix_fills_the_features_and_other_tensors_are_counted() {
    let schema: Arc<Schema> = Arc::new(
        [
            Field::new("key", DataType::String),
            Field::new("a", DataType::Float),
            Field::new("b", DataType::Float),
        ]
        .into_iter()
        .collect(),
    );
    let rows = Rows { schema: &schema, features: &[1, 2], max_rows: 9 };
    let matrix = tensor("input-0", "FP64", &[2, 2], Some(doubles(&[1.0, 2.0, 3.0, 4.0])));
    let decoded = decode(&request(vec![matrix], vec![]).encode_to_vec(), rows).unwrap();
    assert_eq!(decoded.batch.cell(1, 1), Cell::Float(3.0));
    let inputs = vec![
        tensor("a", "FP64", &[1], Some(doubles(&[1.0]))),
        tensor("other", "FP64", &[1, 7], Some(Contents::default())),
    ];
    let decoded = decode(&request(inputs, vec![]).encode_to_vec(), rows).unwrap();
    assert_eq!((decoded.undeclared, decoded.batch.cell(0, 2)), (1, Cell::Missing));
}

#[test]
fn values_of_another_type_are_told() {
    let schema = schema();
    let inputs = vec![
        tensor("distance", "BYTES", &[2], Some(texts(&["far", "near"]))),
        tensor(
            "origin",
            "INT64",
            &[2],
            Some(Contents { int64_contents: vec![5, 6], ..Contents::default() }),
        ),
    ];
    let decoded = read(&request(inputs, vec![]), &schema).unwrap();
    let found = decoded.misfits.iter().map(|m| (m.row, m.column, m.found.as_str()));
    let expect = [(0, 0, "5"), (0, 1, "\"far\""), (1, 0, "6"), (1, 1, "\"near\"")];
    assert_eq!(found.collect::<Vec<_>>(), expect);
}

#[test]
fn what_is_no_request_is_refused() {
    let schema = schema();
    let distance =
        |datatype, shape: &[i64], contents| tensor("distance", datatype, shape, Some(contents));
    let check = |inputs: Vec<Tensor>, raw: Vec<Vec<u8>>, expect: &str| {
        assert_eq!(read(&request(inputs, raw), &schema).unwrap_err(), expect);
    };
    check(vec![], vec![], "the body has no `inputs`");
    let one = || distance("FP64", &[1], doubles(&[1.0]));
    check(vec![one(), one()], vec![], "input `distance` stands twice");
    check(vec![one()], vec![vec![], vec![]], "raw_input_contents has 2 entries for 1 inputs");
    check(vec![one()], vec![vec![0; 7]], "input `distance` has 7 bytes for 1 values of FP64");
    check(
        vec![distance("FP64", &[-1], doubles(&[]))],
        vec![],
        "input `distance` has an axis below zero",
    );
    check(
        vec![distance("FP64", &[i64::MAX], doubles(&[]))],
        vec![],
        "the request has more than 9 rows",
    );
    check(
        vec![distance("FP64", &[1; 65], doubles(&[1.0]))],
        vec![],
        "an input has more than 64 axes",
    );
    check(
        vec![distance("BF16", &[1], doubles(&[1.0]))],
        vec![],
        "input `distance` has the unknown datatype `BF16`",
    );
    check(
        vec![distance("FP16", &[1], doubles(&[1.0]))],
        vec![],
        "input `distance` is FP16, which comes in raw_input_contents only",
    );
    check(
        vec![distance("FP64", &[1], doubles(&[1.0, 2.0]))],
        vec![],
        "input `distance` has more than the 1 values of its shape",
    );
    let bad_text = Contents { bytes_contents: vec![vec![0xff]], ..Contents::default() };
    check(
        vec![tensor("origin", "BYTES", &[1], Some(bad_text))],
        vec![],
        "input `origin` has a text that is not UTF-8",
    );
}

#[test]
fn an_endless_list_of_nothing_takes_no_memory() {
    // Two bytes each: an input, an output, an entry of raw values.
    for (tag, name) in [(0x2a, "inputs"), (0x32, "outputs"), (0x3a, "raw_input_contents")] {
        let message = [tag, 0].repeat(MAX_TENSORS + 1);
        let decoded = decode(&message, wanted(&schema())).map(drop);
        let refused = [envelope(&message).map(drop), decoded];
        let refused =
            refused.into_iter().filter_map(Result::err).map(|failure| failure.to_string());
        assert!(
            refused.last().is_some_and(|text| text.contains(name) || name == "outputs"),
            "{name}"
        );
    }
}

#[test]
fn the_envelope_says_what_the_answer_needs() {
    let output =
        |name: &str| RequestedOutput { name: name.to_owned(), ..RequestedOutput::default() };
    let value = Parameter { choice: Some(Choice::Bool(true)) };
    let mut request = Request {
        model_version: "sha256:12".to_owned(),
        id: "seven".to_owned(),
        parameters: [("any".to_owned(), value)].into(),
        outputs: vec![output("prediction")],
        ..request(vec![tensor("x", "FP64", &[1], None)], vec![vec![0; 8]])
    };
    let read = envelope(&request.encode_to_vec()).unwrap();
    assert_eq!((&*read.model, &*read.version, &*read.id), ("late", "sha256:12", "seven"));
    assert!(read.is_raw && read.wants("prediction") && !read.wants("decision"));
    request.raw_input_contents.clear();
    request.outputs.clear();
    let read = envelope(&request.encode_to_vec()).unwrap();
    assert!(!read.is_raw && read.wants("decision"));
}

prop_compose! {
    fn any_request()(
        names in prop::collection::vec("(origin|distance|[a-z]{0,3})", 0..4),
        datatypes in prop::collection::vec("(BYTES|FP64|FP32|INT8|BOOL|UINT64|[A-Z]{0,4})", 4),
        shapes in prop::collection::vec(prop::collection::vec(-1_i64..4, 0..3), 4),
        bytes_contents in prop::collection::vec(any::<Vec<u8>>(), 0..3),
        fp64_contents in prop::collection::vec(any::<f64>(), 0..3),
        int_contents in prop::collection::vec(any::<i32>(), 0..3),
        raw_input_contents in prop::collection::vec(any::<Vec<u8>>(), 0..4),
    ) -> Request {
        let contents = Contents { bytes_contents, fp64_contents, int_contents, ..Contents::default() };
        let inputs = names.iter().zip(datatypes).zip(shapes);
        let inputs = inputs.map(|((name, datatype), shape)| tensor(name, &datatype, &shape, Some(contents.clone())));
        request(inputs.collect(), raw_input_contents)
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(message: Vec<u8>) {
        let _ = envelope(&message);
        let _ = decode(&message, wanted(&schema()));
    }

    #[test]
    fn no_message_that_is_nearly_a_request_panics(
        request in any_request(), cut in 0_usize..200, flip in 0_usize..200, with: u8,
    ) {
        let mut message = request.encode_to_vec();
        let _ = decode(&message, wanted(&schema()));
        if let Some(byte) = message.get_mut(flip) {
            *byte ^= with;
        }
        message.truncate(message.len().saturating_sub(cut));
        let _ = envelope(&message);
        let _ = decode(&message, wanted(&schema()));
    }

    #[test]
    fn values_come_through_unchanged(numbers in prop::collection::vec(-1e300..1e300_f64, 1..9)) {
        let schema = schema();
        let length = i64::try_from(numbers.len()).unwrap();
        let input = tensor("distance", "FP64", &[length], Some(doubles(&numbers)));
        let decoded = read(&request(vec![input], vec![]), &schema).unwrap();
        for (row, number) in numbers.iter().enumerate() {
            prop_assert_eq!(decoded.batch.cell(row, 1), Cell::Float(*number));
        }
    }
}
