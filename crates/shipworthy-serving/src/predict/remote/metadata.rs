//! What the other server says of its model: `GET /v2/models/NAME`.

use serde::Deserialize;
use serde_json::Value;
use shipworthy_contract::Contract;
use shipworthy_core::Output;
use shipworthy_models::{Element, Signature, Tensor};

/// A model's metadata, as the Open Inference Protocol has it.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    inputs: Vec<TensorMetadata>,
    #[serde(default)]
    outputs: Vec<TensorMetadata>,
    #[serde(default)]
    parameters: Value,
}

/// What a server says of a model beyond the protocol, as this one does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// The rules of its input.
    pub contract: Option<Contract>,
    /// What it predicts.
    pub output: Option<Output>,
}

#[derive(Debug, Deserialize)]
struct TensorMetadata {
    name: String,
    datatype: String,
    shape: Vec<i64>,
}

/// `GET /v2`.
#[derive(Debug, Deserialize)]
pub(super) struct ServerMetadata {
    #[serde(default)]
    extensions: Vec<String>,
}

impl ServerMetadata {
    /// Whether values may be sent and asked for as they stand in memory.
    pub(super) fn takes_binary(&self) -> bool {
        self.extensions.iter().any(|extension| extension == "binary_tensor_data")
    }
}

impl Metadata {
    /// What is said beyond the protocol, as far as it can be read.
    pub(super) fn told(&self) -> Told {
        Told {
            contract: Contract::deserialize(&self.parameters["contract"]).ok(),
            output: Output::deserialize(&self.parameters["output"]).ok(),
        }
    }

    /// What the model takes and answers.
    ///
    /// # Errors
    /// With what is missing or cannot be read.
    pub(super) fn signature(&self) -> Result<Signature, String> {
        let read = |tensors: &[TensorMetadata], kind: &str| {
            if tensors.is_empty() {
                return Err(format!(
                    "its metadata names no {kind}; declare them there (with MLServer in \
                     model-settings.json, with Triton in config.pbtxt)"
                ));
            }
            tensors.iter().map(|tensor| tensor.read(kind)).collect()
        };
        let (inputs, outputs) = (read(&self.inputs, "inputs")?, read(&self.outputs, "outputs")?);
        Ok(Signature { format: "remote", inputs, outputs })
    }
}

impl TensorMetadata {
    fn read(&self, kind: &str) -> Result<Tensor, String> {
        /// As many values a row as no model takes, and as memory can bear.
        const MAX_WIDTH: usize = 1 << 24;
        let kind = kind.trim_end_matches('s');
        let Self { name, datatype, shape } = self;
        let bad = |why: &str| Err(format!("its {kind} `{name}` {why}"));
        // Some servers write what the protocol calls BYTES as KServe's clients do.
        let datatype = if datatype == "STRING" { "BYTES" } else { datatype };
        let Some(element) = Element::parse(datatype) else {
            return bad(&format!("has the datatype {datatype:?}, which is not of the protocol"));
        };
        let Some((rows, axes)) = shape.split_first() else {
            return bad("has no axis for the rows");
        };
        if *rows != -1 {
            return bad(&format!(
                "has the shape {shape:?}: its first axis must be -1, any number of rows"
            ));
        }
        let axes: Option<Vec<usize>> =
            axes.iter().map(|axis| usize::try_from(*axis).ok().filter(|axis| *axis > 0)).collect();
        let width = |axes: &Vec<usize>| {
            axes.iter().try_fold(1_usize, |width, axis| width.checked_mul(*axis))
        };
        match axes.filter(|axes| width(axes).is_some_and(|width| width <= MAX_WIDTH)) {
            // One value a row is `[N]` or `[N, 1]`.
            Some(shape) if shape == [1] => Ok(Tensor::scalar(name.as_str().into(), element)),
            Some(shape) => Ok(Tensor { shape, ..Tensor::scalar(name.as_str().into(), element) }),
            None => {
                bad(&format!("has the shape {shape:?}: only the first axis may be of any length"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, type and shape after the rows.
    type Told<'a> = (&'a str, Element, &'a [usize]);

    #[track_caller]
    fn check(metadata: &str, expect: Result<&[Told<'_>], &str>) {
        let metadata: Metadata = serde_json::from_str(metadata).unwrap();
        match (metadata.signature(), expect) {
            (Ok(signature), Ok(expect)) => {
                let tensors = signature.inputs.iter().chain(&signature.outputs);
                let tensors: Vec<_> =
                    tensors.map(|tensor| (&*tensor.name, tensor.element, &*tensor.shape)).collect();
                assert_eq!(tensors, expect);
            }
            (Err(error), Err(expect)) => assert!(error.contains(expect), "{error}"),
            (found, expect) => panic!("{found:?}, not {expect:?}"),
        }
    }

    const Y: &str = r#""outputs": [{"name": "y", "datatype": "FP64", "shape": [-1, 1]}]"#;

    #[test]
    fn inputs_and_outputs_become_a_signature() {
        let inputs = r#"[{"name": "x", "datatype": "FP32", "shape": [-1, 2, 3]},
                         {"name": "s", "datatype": "BYTES", "shape": [-1]}]"#;
        let expect: &[Told<'_>] =
            &[("x", Element::Fp32, &[2, 3]), ("s", Element::Bytes, &[]), ("y", Element::Fp64, &[])];
        check(&format!(r#"{{"name": "m", "inputs": {inputs}, {Y}}}"#), Ok(expect));
    }

    #[test]
    fn what_cannot_be_called_is_told() {
        let input = |datatype: &str, shape: &str| {
            let input = format!(r#"{{"name": "x", "datatype": "{datatype}", "shape": {shape}}}"#);
            format!(r#"{{"inputs": [{input}], {Y}}}"#)
        };
        check("{}", Err("names no inputs"));
        check(
            r#"{"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1]}]}"#,
            Err("no outputs"),
        );
        check(&input("FP8", "[-1]"), Err("input `x` has the datatype \"FP8\""));
        check(&input("FP32", "[]"), Err("no axis for the rows"));
        check(&input("FP32", "[8, 4]"), Err("must be -1"));
        check(&input("FP32", "[-1, -1]"), Err("only the first axis"));
        check(&input("FP32", "[-1, 4294967296, 4294967296]"), Err("only the first axis"));
    }
}
