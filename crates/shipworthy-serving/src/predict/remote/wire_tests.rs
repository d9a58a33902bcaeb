use super::*;
use serde_json::{Value, json};
use shipworthy_models::Element;

fn signature() -> Signature {
    let pair = Tensor { shape: vec![2], ..Tensor::scalar("x".into(), Element::Fp32) };
    let word = Tensor::scalar("s".into(), Element::Bytes);
    let outputs = vec![Tensor::scalar("y".into(), Element::Fp64)];
    Signature { format: "remote", inputs: vec![pair, word], outputs }
}

fn columns(numbers: &[f64], words: &[Option<&str>]) -> [Cow<'static, Column>; 2] {
    let numbers = Column::Float(numbers.to_vec());
    [Cow::Owned(numbers), Cow::Owned(Column::String(words.iter().copied().collect()))]
}

fn plain(body: &str) -> Body {
    Body { bytes: body.to_owned().into(), json_bytes: None }
}

#[test]
fn without_the_extension_all_is_json_and_a_missing_value_is_null() {
    let rows = columns(&[0.1, f64::NAN, 2.0, 3.0], &[Some("a"), None]);
    let body = encode(&signature(), &rows, 2, false).unwrap();
    assert_eq!(body.json_bytes, None);
    let found: Value = serde_json::from_slice(&body.bytes).unwrap();
    let x =
        json!({"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [0.1, null, 2.0, 3.0]});
    let s = json!({"name": "s", "shape": [2], "datatype": "BYTES", "data": ["a", null]});
    assert_eq!(found, json!({"inputs": [x, s], "outputs": [{"name": "y"}]}));
}

#[test]
fn with_the_extension_numbers_stand_behind_the_json() {
    let rows = columns(&[0.1, f64::NAN, f64::INFINITY, 3.0], &[Some("a"), None]);
    let body = encode(&signature(), &rows, 2, true).unwrap();
    let (head, tail) = body.bytes.split_at(body.json_bytes.unwrap());
    let head: Value = serde_json::from_slice(head).unwrap();
    assert_eq!(head["parameters"], json!({"binary_data_output": true}));
    assert_eq!(head["inputs"][0]["parameters"], json!({"binary_data_size": 16}));
    assert_eq!(head["inputs"][1]["data"], json!(["a", null]));
    let numbers: Vec<f32> =
        tail.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    assert_eq!((numbers[0], numbers[2]), (0.1, f32::INFINITY));
    assert!(numbers[1].is_nan());
}

#[test]
fn a_number_that_json_cannot_say_is_not_sent_as_missing() {
    let rows = columns(&[f64::INFINITY, 0.0], &[None]);
    let error = encode(&signature(), &rows, 1, false).unwrap_err();
    assert!(error.contains("`x` has an infinite number"), "{error}");
}

#[track_caller]
fn check(answer: &str, expect: Result<&[f64], &str>) {
    match (decode(&signature(), &plain(answer), 2), expect) {
        (Ok(received), Ok(values)) => {
            assert_eq!(received.answers.columns, [Column::Float(values.to_vec())]);
        }
        (Err(error), Err(expect)) => assert!(error.contains(expect), "{error}"),
        (found, expect) => panic!("{found:?}, not {expect:?}"),
    }
}

#[test]
fn an_answer_is_read_as_promised_or_not_at_all() {
    let y = |datatype: &str, shape: &str, data: &str| {
        format!(
            r#"{{"model_name": "m", "model_version": "3", "outputs": [
            {{"name": "y", "datatype": "{datatype}", "shape": {shape}, "data": {data}}}]}}"#
        )
    };
    check(&y("FP64", "[2, 1]", "[1.5, 2]"), Ok(&[1.5, 2.0]));
    check(&y("INT64", "[2]", "[[1], [2]]"), Ok(&[1.0, 2.0]));
    check(&y("FP64", "[1]", "[1.5]"), Err("1 rows for 2"));
    check(&y("FP64", "[3]", "[1, 2, 3]"), Err("more than 2 rows"));
    check(&y("BYTES", "[2]", r#"["a", "b"]"#), Err("where FP64 was promised"));
    check(&y("FP64", "[2]", "[1]"), Err("1 values for a shape of 2"));
    check(r#"{"outputs": []}"#, Err("no `inputs`"));
    check(
        r#"{"outputs": [{"name": "z", "datatype": "FP64", "shape": [2], "data": [1, 2]}]}"#,
        Err("no output `y`"),
    );
    check("<html>", Err("malformed"));
    let version = decode(&signature(), &plain(&y("FP64", "[2]", "[1, 2]")), 2).unwrap();
    assert_eq!(version.model_version.as_deref(), Some("3"));
}
