//! Whether a file is one that the runtime may be given.
//!
//! Field numbers are those of `onnx.proto` (ONNX 1.23), which never change.

use super::wire::{Message, Value};
use super::{Error, MAX_BYTES};

/// Graphs in attributes of nodes, one within another; conditions and loops nest two or three deep.
const MAX_DEPTH: usize = 16;

/// Checks that a whole file may be given to the runtime, which [`super::OnnxModel::load`] does first.
///
/// # Errors
/// When the file is damaged, stands not alone, or has inputs or outputs that are not tensors.
pub fn check(bytes: &[u8]) -> Result<(), Error> {
    if bytes.len() > MAX_BYTES {
        return Err(Error::TooLarge { bytes: bytes.len() });
    }
    let file = Message::new(bytes);
    // The runtime takes such a file for one of its own format, which is not ONNX.
    if bytes.get(4..8) == Some(b"ORTM") {
        return Err(file.damaged("the mark of another format"));
    }
    let mut graphs = 0;
    file.fields(|field, value| match (field, value) {
        (7, Value::Bytes(graph)) => {
            graphs += 1;
            boundary(graph)?;
            walk_graph(graph, MAX_DEPTH)
        }
        // Functions (25) have nodes (7).
        (25, Value::Bytes(function)) => function.fields(|field, value| match (field, value) {
            (7, Value::Bytes(node)) => walk_node(node, MAX_DEPTH),
            _ => Ok(()),
        }),
        _ => Ok(()),
    })?;
    if graphs == 1 { Ok(()) } else { Err(file.damaged("not exactly one graph")) }
}

/// Inputs (11) and outputs (12) of the outermost graph.
fn boundary(graph: Message<'_>) -> Result<(), Error> {
    graph.fields(|field, value| match (field, value) {
        (11, Value::Bytes(input)) => check_value("input", input),
        (12, Value::Bytes(output)) => check_value("output", output),
        _ => Ok(()),
    })
}

/// A name (1) and a type (2), which must be a tensor of a known element type.
fn check_value(side: &'static str, info: Message<'_>) -> Result<(), Error> {
    let (mut name, mut element, mut kind) = (String::new(), 0, "of no type");
    info.fields(|field, value| match (field, value) {
        (1, Value::Bytes(text)) => {
            name = text.text();
            Ok(())
        }
        (2, Value::Bytes(type_proto)) => type_proto.fields(|field, value| {
            kind = match (field, value) {
                (1, Value::Bytes(tensor)) => {
                    element = element_type(tensor)?;
                    TENSOR
                }
                (4, _) => "a sequence",
                (5, _) => "a map",
                (8, _) => "a sparse tensor",
                (9, _) => "optional",
                (6, _) => return Ok(()),
                _ => "of an unknown type",
            };
            Ok(())
        }),
        _ => Ok(()),
    })?;
    if kind != TENSOR {
        // What skl2onnx makes of a classifier's probabilities when it is not told otherwise.
        let advice = match kind {
            "a sequence" | "a map" => "; with skl2onnx convert with `options={\"zipmap\": False}`",
            _ => "",
        };
        return Err(Error::NotTensor { side, name, kind, advice });
    }
    // Float to bool, half, double, and the unsigned ones: all but complex and below a byte.
    match element {
        1..=13 => Ok(()),
        _ => Err(Error::Element { side, name, element }),
    }
}

const TENSOR: &str = "a tensor";

fn element_type(tensor: Message<'_>) -> Result<u64, Error> {
    let mut element = 0;
    tensor.fields(|field, value| {
        if let (1, Value::Number(number)) = (field, value) {
            element = number;
        }
        Ok(())
    })?;
    Ok(element)
}

/// Nodes (1), weights (5), and sparse weights (15).
fn walk_graph(graph: Message<'_>, depth: usize) -> Result<(), Error> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(graph.damaged("graphs nested too deeply"));
    };
    graph.fields(|field, value| match (field, value) {
        (1, Value::Bytes(node)) => walk_node(node, depth),
        (5, Value::Bytes(tensor)) => check_tensor(tensor),
        (15, Value::Bytes(sparse)) => check_sparse(sparse),
        _ => Ok(()),
    })
}

/// Attributes (5), which hold tensors (5, 10), graphs (6, 11) and sparse tensors (22, 23).
fn walk_node(node: Message<'_>, depth: usize) -> Result<(), Error> {
    let attribute = |field, value: Value<'_>| match (field, value) {
        (5 | 10, Value::Bytes(tensor)) => check_tensor(tensor),
        (6 | 11, Value::Bytes(graph)) => walk_graph(graph, depth),
        (22 | 23, Value::Bytes(sparse)) => check_sparse(sparse),
        _ => Ok(()),
    };
    node.fields(|field, value| match (field, value) {
        (5, Value::Bytes(attributes)) => attributes.fields(attribute),
        _ => Ok(()),
    })
}

/// Values (1) and indices (2).
fn check_sparse(sparse: Message<'_>) -> Result<(), Error> {
    sparse.fields(|field, value| match (field, value) {
        (1 | 2, Value::Bytes(tensor)) => check_tensor(tensor),
        _ => Ok(()),
    })
}

/// A name (8), and neither a place in another file (13) nor the mark that there is one (14).
fn check_tensor(tensor: Message<'_>) -> Result<(), Error> {
    let (mut name, mut external) = (String::new(), false);
    tensor.fields(|field, value| {
        match (field, value) {
            (8, Value::Bytes(text)) => name = text.text(),
            (13, _) => external = true,
            (14, Value::Number(location)) => external |= location != 0,
            _ => {}
        }
        Ok(())
    })?;
    if external { Err(Error::ExternalData { tensor: name }) } else { Ok(()) }
}
