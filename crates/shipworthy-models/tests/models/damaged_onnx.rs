//! ONNX files that are cut, flipped or made to harm: an error, never a panic.

use shipworthy_models::format;
use shipworthy_models::onnx::{Error, Runtime};

use crate::fixtures::data;
use crate::onnx_models::load_bytes;

fn refused(bytes: &[u8]) -> Error {
    match load_bytes(bytes).map(drop) {
        Err(format::Error::Onnx(error)) => *error,
        other => panic!("{other:?}"),
    }
}

/// A field that holds bytes.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut length = content.len();
    let mut bytes = vec![number << 3 | 2];
    while length > 0x7f {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend_from_slice(content);
    bytes
}

/// A file of one graph: the version of the format, a producer, and the operators' version.
fn file(graph: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x08, 8];
    bytes.extend(field(2, b"test"));
    bytes.extend(field(7, graph));
    bytes.extend(field(8, &[0x10, 17]));
    bytes
}

/// `Y = Identity(X)` over a type and a shape, where -1 is an axis of any length.
fn identity(element: u8, shape: &[i8]) -> Vec<u8> {
    let node = [field(1, b"X"), field(2, b"Y"), field(4, b"Identity")].concat();
    let axes = shape.iter().map(|axis| match axis {
        -1 => field(1, &field(2, b"N")),
        _ => field(1, &[0x08, *axis as u8]),
    });
    let shape = axes.collect::<Vec<_>>().concat();
    let tensor = [vec![0x08, element], field(2, &shape)].concat();
    let value = |name: &[u8]| [field(1, name), field(2, &field(1, &tensor))].concat();
    [field(1, &node), field(2, b"g"), field(11, &value(b"X")), field(12, &value(b"Y"))].concat()
}

#[test]
fn a_cut_file_is_refused_wherever_it_ends() {
    let whole = std::fs::read(data("onnx_logreg_pipeline/model.onnx")).unwrap();
    for end in (16..whole.len() - 1).step_by(37) {
        if let Err(error) = load_bytes(&whole[..end]).map(drop) {
            assert!(!error.to_string().is_empty());
        }
    }
    let error = refused(&whole[..whole.len() / 2]);
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

#[test]
fn a_flipped_byte_is_an_error_or_another_model() {
    let whole = std::fs::read(data("onnx_logreg_pipeline/model.onnx")).unwrap();
    for at in (3..whole.len()).step_by(23) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x5a;
        if let Err(error) = load_bytes(&bytes).map(drop) {
            assert!(!error.to_string().is_empty());
        }
    }
}

#[test]
fn a_tensor_of_rows_is_taken_in_every_type() {
    for (element, name) in [
        (1, "FP32"),
        (2, "UINT8"),
        (3, "INT8"),
        (4, "UINT16"),
        (5, "INT16"),
        (6, "INT32"),
        (7, "INT64"),
        (8, "BYTES"),
        (9, "BOOL"),
        (10, "FP16"),
        (11, "FP64"),
        (12, "UINT32"),
        (13, "UINT64"),
    ] {
        let model = load_bytes(&file(&identity(element, &[-1, 3]))).unwrap();
        assert_eq!(model.signature().inputs[0].element.name(), name);
    }
    let complex = refused(&file(&identity(14, &[-1, 3])));
    assert!(matches!(complex, Error::Element { element: 14, .. }), "{complex}");
}

#[test]
fn a_shape_without_rows_is_refused_by_name() {
    let fixed = refused(&file(&identity(1, &[1, 3])));
    assert!(fixed.to_string().starts_with("input `X` has no axis of rows: its shape is [1, 3]"));
    let open = refused(&file(&identity(1, &[-1, -1])));
    assert!(open.to_string().starts_with("input `X` has the shape [?, ?]"), "{open}");
    let none = refused(&file(&identity(1, &[])));
    assert!(matches!(none, Error::NoRowAxis { .. }), "{none}");
}

#[test]
fn probabilities_as_maps_are_refused_with_what_to_do() {
    let map = field(5, &[0x08, 7]);
    let output = [field(1, b"P"), field(2, &field(4, &field(1, &map)))].concat();
    let graph = [identity(1, &[-1, 3]), field(12, &output)].concat();
    let error = refused(&file(&graph)).to_string();
    assert!(error.starts_with("output `P` is a sequence"), "{error}");
    assert!(error.contains("\"zipmap\": False"), "{error}");
}

#[test]
fn weights_in_another_file_are_refused_wherever_they_stand() {
    let tensor = [field(8, b"W"), vec![0x70, 1]].concat();
    let place = field(13, &[field(1, b"location"), field(2, b"/etc/passwd")].concat());
    let placed = [field(8, b"W"), place].concat();
    let attribute = [field(1, b"value"), field(5, &tensor)].concat();
    let node = [field(4, b"Constant"), field(5, &attribute)].concat();
    for hidden in [field(5, &tensor), field(5, &placed), field(1, &node)] {
        let error = refused(&file(&[identity(1, &[-1, 3]), hidden].concat()));
        assert!(matches!(&error, Error::ExternalData { tensor } if tensor == "W"), "{error}");
    }
}

#[test]
fn graphs_in_graphs_end_somewhere() {
    let mut graph = Vec::new();
    for _ in 0..2_000 {
        graph = field(1, &field(5, &field(6, &graph)));
    }
    let error = refused(&file(&graph)).to_string();
    assert!(error.contains("graphs nested too deeply"), "{error}");
}

#[test]
fn a_library_that_is_not_onnx_runtime_is_refused() {
    // The first that is opened stays; what is checked before that is not trusted.
    let missing = Runtime::check("/no/such/library.so".as_ref()).unwrap_err();
    assert!(matches!(missing, Error::Library { .. }), "{missing}");
    let other = Runtime::check("libc.so.6".as_ref()).unwrap_err();
    assert!(matches!(other, Error::NotOnnxRuntime { .. }), "{other}");
}
