use super::*;
use crate::decode::predict_v1;
use proptest::prelude::*;
use shipworthy_rows::{Field, Schema};

fn schema() -> Arc<Schema> {
    Arc::new(["a", "b", "é"].map(|name| Field::new(name, DataType::Float)).into_iter().collect())
}

const MAX_ROWS: usize = 3;

fn wanted(schema: &Arc<Schema>) -> Rows<'_> {
    Rows { schema, features: &[2, 0], max_rows: MAX_ROWS }
}

/// All that is read, floats as bits.
fn read(decoded: Option<Decoded>) -> Option<(Vec<Vec<u64>>, usize, usize)> {
    let Decoded { batch, misfits, undeclared } = decoded?;
    let bits = |column: &Column| match column {
        Column::Float(values) => values.iter().map(|value| value.to_bits()).collect(),
        _ => Vec::new(),
    };
    Some((batch.columns().iter().map(bits).collect(), misfits.len(), undeclared))
}

/// Reads a body plainly, and makes sure that the general decoder reads the same.
fn plain(body: &str) -> Option<(Vec<Vec<u64>>, usize, usize)> {
    let schema = schema();
    let plain = read(decode(body.as_bytes(), wanted(&schema)));
    if plain.is_some() {
        let general = predict_v1::decode_any(body.as_bytes(), wanted(&schema)).ok();
        assert_eq!(plain, read(general), "{body}");
    }
    plain
}

#[test]
fn rows_of_one_shape_are_read() {
    let check = |body: &str, expect: [&[f64]; 3]| {
        let (columns, ..) = plain(body).expect(body);
        assert_eq!(
            columns,
            expect.map(|column| column.iter().map(|v| v.to_bits()).collect::<Vec<_>>())
        );
    };
    let nan = f64::NAN;
    check(
        r#"{"instances":[{"b":1,"a":-2.50},{"b":null,"a":-0}]}"#,
        [&[-2.5, -0.0], &[1.0, nan], &[nan, nan]],
    );
    check(
        "\t{ \"instances\" : [ [ 20.714039999999997 , 9007199254740993 ] ,\n[0.1,1]]}\r\n",
        [&[9_007_199_254_740_992.0, 1.0], &[nan, nan], &[20.714_039_999_999_997, 0.1]],
    );
    check(
        r#"{"instances":[{"é":123456789012345678901234567890.5}]}"#,
        [&[nan], &[nan], &[1.234_567_890_123_456_8e29]],
    );
}

#[test]
fn what_is_not_plain_is_left_to_the_general_decoder() {
    for body in [
        "",
        "{",
        "[]",
        r#"{"instances":[]}"#,
        r#"{"instances":[{}]}"#,
        r#"{"instances":[[]]}"#,
        r#"{"instances":[[1]]}"#,
        r#"{"instances":[[1,2,3]]}"#,
        r#"{"instances":[1]}"#,
        r#"{"instances":[[1,2],[1,2],[1,2],[1,2]]}"#,
        r#"{"instances":[[1,2]],"x":1}"#,
        r#"{"instances":[[1,2]]} x"#,
        r#"{"instances":[[1,2],]}"#,
        r#"{"instances":[[1,2]"#,
        r#"{"instances":[{"a":1,"a":2}]}"#,
        r#"{"instances":[{"a":1,"c":2}]}"#,
        r#"{"instances":[{"a":1},{"b":1}]}"#,
        r#"{"instances":[{"\u0061":1}]}"#,
        r#"{"instances":[{"a":1},{"a":1,"b":2}]}"#,
        r#"{"instances":[{"a":"1"}]}"#,
        r#"{"instances":[{"a":01}]}"#,
        r#"{"instances":[{"a":1.}]}"#,
        r#"{"instances":[{"a":.5}]}"#,
        r#"{"instances":[{"a":+1}]}"#,
        r#"{"instances":[{"a":- 1}]}"#,
        r#"{"instances":[{"a":--1}]}"#,
        r#"{"instances":[{"a":nul}]}"#,
        r#"{"instances":[{"a":true}]}"#,
        r#"{"instances":[{"a":1e5}]}"#,
        r#"{"instances":[{"a":1 2}]}"#,
        r#"{"instances":[{"a" 1}]}"#,
        r#"{"inputs":[{"a":1}]}"#,
    ] {
        assert_eq!(plain(body), None, "{body}");
    }
    let long = format!(r#"{{"instances":[{{"a":1{}}}]}}"#, "0".repeat(309));
    assert_eq!(plain(&long), None);
}

#[test]
fn other_columns_than_floats_are_left_to_the_general_decoder() {
    for field in [Field::new("a", DataType::Integer), Field::tensor("a", DataType::Float, 2)] {
        let schema: Arc<Schema> = Arc::new(std::iter::once(field).collect());
        let wanted = Rows { schema: &schema, features: &[0], max_rows: MAX_ROWS };
        assert_eq!(decode(br#"{"instances":[[1]]}"#, wanted), None);
    }
}

/// Nearly always plain.
const ROWS: &str = r#" ?\{"instances" ?:\[(\{"a" ?:V,"é":V\}(, ?\{"a":V,"é": V\}){0,3}|\[V,V\](,\[ ?V,V\]){0,2})\]\} ?"#;
/// Nearly always a number.
const VALUE: &str =
    "-?(0|[0-9]{1,3}|[1-9][0-9]{0,24})(\\.[0-9]{0,3}|\\.[0-9]{1,24}|e[0-9]{1,3})?|null";

proptest! {
    #[test]
    fn what_is_read_plainly_is_read_by_the_general_decoder_alike(
        rows in ROWS, values in prop::collection::vec(VALUE, 8), at: usize, cut in 0..40_usize,
    ) {
        let mut body = rows;
        for value in &values {
            body = body.replacen('V', value, 1);
        }
        plain(&body);
        // And with a piece missing.
        let start = body.floor_char_boundary(at % body.len());
        let end = body.floor_char_boundary((start + cut / 8).min(body.len()));
        body.replace_range(start..end.max(start), "");
        plain(&body);
    }

    #[test]
    fn any_float_is_read_back(value in any::<f64>(), decimals in 0..20_usize) {
        for text in [format!("{value}"), format!("{:.decimals$}", value % 1e6)] {
            plain(&format!(r#"{{"instances":[[{text},0]]}}"#));
        }
    }
}
