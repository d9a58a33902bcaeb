//! From the inputs of an MLflow signature to a contract.
//!
//! Source: `mlflow/types/schema.py` (`DataType`, `ColSpec`, `TensorSpec`).

use serde_json::Value;
use shipworthy_contract::{ColumnRules, Contract, OnViolation, Role};
use shipworthy_models::{Signature, Tensor};
use shipworthy_rows::DataType;
use shipworthy_serving::release::bare_contract;

/// Why a signature makes no contract.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not what MLflow writes.
    #[error("input {at} of the signature is no column and no tensor")]
    Shape {
        /// Its place, from 1.
        at: usize,
    },
    /// Values that no column holds.
    #[error(
        "column `{column}` is of MLflow's type {found}, which no column of a row has: boolean, \
         integer, long, float, double, string and datetime are taken"
    )]
    Type {
        /// The column.
        column: String,
        /// Its type.
        found: String,
    },
    /// Columns beside tensors, or columns of which only some have names.
    #[error("the signature mixes columns with tensors, or columns that have names with others")]
    Mixed,
    /// A model of something else.
    #[error(
        "the model reads `{missing}`, which is not in the signature; a contract of your own says \
         what it reads: --contract FILE"
    )]
    Missing {
        /// An input of the model.
        missing: String,
    },
    /// Another number of values.
    #[error("the signature has {signature} values a row, and the model takes {model}")]
    Width {
        /// Of the signature.
        signature: usize,
        /// Of the model.
        model: usize,
    },
}

/// A column of the signature.
struct Spec {
    name: Option<String>,
    data_type: DataType,
    required: bool,
}

/// The contract of a model whose inputs these are; those of its file where there are none.
pub(super) fn contract(
    inputs: &[Value],
    model: &Signature,
    notes: &mut Vec<String>,
) -> Result<Contract, Error> {
    let is_tensor = |input: &Value| input["type"] == "tensor";
    if inputs.iter().all(is_tensor) {
        check_width(inputs, model)?;
        return Ok(bare_contract(model));
    }
    if inputs.iter().any(is_tensor) {
        return Err(Error::Mixed);
    }
    let specs = inputs.iter().enumerate().map(|(at, input)| Spec::read(at, input));
    let specs = specs.collect::<Result<Vec<_>, _>>()?;
    let names = names(&specs, model, notes)?;
    let columns = specs.iter().zip(names).map(|(spec, name)| {
        let input = model.inputs.iter().find(|input| *input.name == *name);
        let is_read = input.is_some() || is_by_place(&specs, model);
        if !is_read {
            notes.push(format!("`{name}` is recorded as context: the model does not read it"));
        }
        spec.column(name, if is_read { Role::Feature } else { Role::Context })
    });
    let mut contract = Contract::new(columns.collect());
    require_what_onnx_needs(&mut contract, model, notes);
    Ok(contract)
}

impl Spec {
    fn read(at: usize, input: &Value) -> Result<Self, Error> {
        let found = input["type"].as_str().ok_or(Error::Shape { at: at + 1 })?;
        let name = input["name"].as_str().map(str::to_owned);
        let data_type = match found {
            "boolean" => DataType::Boolean,
            "integer" | "long" => DataType::Integer,
            "float" | "double" => DataType::Float,
            "string" => DataType::String,
            "datetime" => DataType::Timestamp,
            _ => {
                let column = name.unwrap_or_else(|| (at + 1).to_string());
                return Err(Error::Type { column, found: found.to_owned() });
            }
        };
        Ok(Self { name, data_type, required: input["required"].as_bool().unwrap_or(true) })
    }

    fn column(&self, name: String, role: Role) -> ColumnRules {
        ColumnRules {
            name,
            data_type: self.data_type,
            width: 1,
            role,
            required: self.required,
            min: None,
            max: None,
            one_of: None,
            categories: None,
            on_violation: OnViolation::Reject,
            default: None,
        }
    }
}

/// What the columns are called. The model file decides, for it is read by its own names: where it
/// has none, or spells them otherwise, columns are taken in the order of the signature.
fn names(specs: &[Spec], model: &Signature, notes: &mut Vec<String>) -> Result<Vec<String>, Error> {
    let given: Vec<&str> = specs.iter().filter_map(|spec| spec.name.as_deref()).collect();
    if !given.is_empty() && given.len() < specs.len() {
        return Err(Error::Mixed);
    }
    let missing = model.inputs.iter().find(|input| !given.contains(&&*input.name));
    let own = given.iter().map(|name| (*name).to_owned()).collect();
    let Some(missing) = missing else { return Ok(own) };
    if !given.is_empty() && is_by_place(specs, model) {
        return Ok(own);
    }
    let stands_for = |(at, input): (usize, &Tensor)| {
        let name = given.get(at).copied();
        name.is_none_or(|name| is_same(name, &input.name) || is_number(at, &input.name))
    };
    let is_other = || !model.inputs.iter().enumerate().all(stands_for);
    if specs.len() != model.inputs.len() || is_other() {
        return Err(Error::Missing { missing: missing.name.to_string() });
    }
    for (name, input) in given.iter().zip(&model.inputs) {
        if **name != *input.name {
            notes.push(format!("`{name}` is called `{}`, as in the model file", input.name));
        }
    }
    Ok(model.inputs.iter().map(|input| input.name.to_string()).collect())
}

/// Whether the columns are the elements of a tensor, in order.
fn is_by_place(specs: &[Spec], model: &Signature) -> bool {
    let widths = || model.inputs.iter().map(Tensor::width);
    widths().any(|width| width > 1) && widths().sum::<usize>() == specs.len()
}

/// Whether a file has this spelling of a name: LightGBM puts `_` in the place of white space and
/// of what JSON has a meaning for.
fn is_same(name: &str, in_file: &str) -> bool {
    let plain = |c: char| if c.is_alphanumeric() { c } else { '_' };
    name.chars().map(plain).eq(in_file.chars().map(plain))
}

/// Whether a file that has no names calls its column at this place so.
fn is_number(at: usize, in_file: &str) -> bool {
    ["f", "Column_", ""].iter().any(|start| *in_file == format!("{start}{at}"))
}

fn check_width(inputs: &[Value], model: &Signature) -> Result<(), Error> {
    let width = |(at, input): (usize, &Value)| {
        let shape = input["tensor-spec"]["shape"].as_array().and_then(|shape| shape.get(1..));
        let axes = shape.ok_or(Error::Shape { at: at + 1 })?.iter();
        let axes =
            axes.map(|axis| usize::try_from(axis.as_i64()?).ok()).collect::<Option<Vec<_>>>();
        Ok(axes.map(|axes| axes.into_iter().fold(1_usize, usize::saturating_mul)))
    };
    let widths = inputs.iter().enumerate().map(width).collect::<Result<Option<Vec<_>>, _>>()?;
    let taken = model.inputs.iter().map(Tensor::width).sum();
    match widths.map(|widths| widths.into_iter().fold(0, usize::saturating_add)) {
        Some(signature) if signature != taken && !inputs.is_empty() => {
            Err(Error::Width { signature, model: taken })
        }
        _ => Ok(()),
    }
}

/// ONNX has missing values among floats alone, whatever the signature says.
fn require_what_onnx_needs(contract: &mut Contract, model: &Signature, notes: &mut Vec<String>) {
    for column in &mut contract.columns {
        let is_optional = !column.required && column.role == Role::Feature;
        if model.format == "onnx" && is_optional && column.data_type != DataType::Float {
            column.required = true;
            let name = &column.name;
            notes.push(format!("`{name}` is required: ONNX has missing values among floats alone"));
        }
    }
}

#[cfg(test)]
mod tests;
