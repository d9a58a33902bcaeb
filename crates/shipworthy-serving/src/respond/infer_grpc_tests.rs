use std::borrow::Cow;

use prost::Message as _;
use shipworthy_rows::{Column, StringColumn};

use super::*;
use crate::protobuf::messages::{Contents, Tensor};

fn read(element: Element, values: Column, is_raw: bool) -> Tensor {
    let shape = vec![values.len(), 1];
    let tensor = OutputTensor { name: "out", element, shape, values: Cow::Owned(values) };
    Tensor::decode(&*output(&tensor, is_raw).0).unwrap()
}

#[test]
fn each_datatype_has_its_field_of_typed_values() {
    let none = Contents::default;
    let integers = || [-1, 2].into_iter().collect::<Vec<i64>>();
    let whole = |values: Vec<i64>| {
        let mut column = Column::with_capacity(shipworthy_rows::DataType::Integer, values.len());
        for value in values {
            assert!(column.push(Cell::Integer(value)));
        }
        column
    };
    let mut booleans = Column::with_capacity(shipworthy_rows::DataType::Boolean, 2);
    assert!(booleans.push(Cell::Boolean(true)) && booleans.push(Cell::Boolean(false)));
    let texts: StringColumn = [Some("é"), None].into_iter().collect();
    for (element, values, expect) in [
        (Element::Bool, booleans, Contents { bool_contents: vec![true, false], ..none() }),
        (Element::Int8, whole(integers()), Contents { int_contents: vec![-1, 2], ..none() }),
        (Element::Int32, whole(integers()), Contents { int_contents: vec![-1, 2], ..none() }),
        (Element::Int64, whole(integers()), Contents { int64_contents: vec![-1, 2], ..none() }),
        (Element::Uint8, whole(vec![255, 0]), Contents { uint_contents: vec![255, 0], ..none() }),
        (Element::Uint64, whole(vec![7, 0]), Contents { uint64_contents: vec![7, 0], ..none() }),
        (
            Element::Fp32,
            Column::Float(vec![0.5, f64::INFINITY]),
            Contents { fp32_contents: vec![0.5, f32::INFINITY], ..none() },
        ),
        (
            Element::Fp64,
            Column::Float(vec![0.1, -2.0]),
            Contents { fp64_contents: vec![0.1, -2.0], ..none() },
        ),
        (
            Element::Bytes,
            Column::String(texts),
            Contents { bytes_contents: vec!["é".into(), vec![]], ..none() },
        ),
    ] {
        let typed = read(element, values.clone(), false);
        assert_eq!(
            (&*typed.name, &*typed.datatype, &*typed.shape),
            ("out", element.name(), &[2, 1][..])
        );
        assert_eq!(typed.contents, Some(expect), "{element:?}");
        assert_eq!(read(element, values, true).contents, None, "{element:?}");
    }
}

#[test]
fn parameters_are_texts_by_name() {
    use crate::protobuf::messages::{Choice, Parameter, Request};
    let mut message = Message::default();
    parameter(&mut message, "release", "sha256:12");
    parameter(&mut message, "decision_ids", "");
    // Answers have their parameters in the same field as requests.
    let read = Request::decode(&*message.0).unwrap().parameters;
    let text = |text: &str| Parameter { choice: Some(Choice::String(text.to_owned())) };
    assert_eq!(read["release"], text("sha256:12"));
    assert_eq!(read["decision_ids"], text(""));
}
