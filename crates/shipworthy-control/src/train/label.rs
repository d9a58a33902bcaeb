//! The target: from what the data has to the codes that are learned.

use shipworthy_core::Task;
use shipworthy_rows::{Cell, DataType, Schema};

use super::Error;
use crate::project::{Classes, Comparison, Label, Literal, Model};

/// A target as the data has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Raw {
    /// Whether the declared comparison, or a boolean target, holds.
    Holds(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// The column that holds the target or what it is made from, and the type to read it as.
pub(super) fn column(model: &Model, schema: &Schema) -> Result<(String, DataType), Error> {
    if let Some(label) = &model.label {
        let data_type = match label.literal {
            Literal::Number(_) => DataType::Float,
            Literal::Text(_) => DataType::String,
        };
        return Ok((label.column.clone(), data_type));
    }
    let found = schema.index_of(&model.target).map(|index| schema.fields()[index].data_type);
    match (found, model.task) {
        (None, _) => {
            let names: Vec<_> = schema.fields().iter().map(|field| &*field.name).collect();
            Err(target(
                format!("the training data has no column `{}`", model.target),
                &format!("it has {}; or say how it is made: label = \"…\"", names.join(", ")),
            ))
        }
        (Some(DataType::Timestamp), _) | (Some(DataType::String), Task::Regression) => Err(target(
            format!("the target `{}` is no {} target", model.target, model.task.name()),
            "name another column, or another task",
        )),
        (Some(DataType::String | DataType::Boolean), _) => {
            Ok((model.target.clone(), found.unwrap_or(DataType::String)))
        }
        (Some(_), _) => Ok((model.target.clone(), DataType::Float)),
    }
}

/// The target of one row; `None` when it is missing.
pub(super) fn raw(model: &Model, cell: Cell<'_>) -> Option<Raw> {
    if let Some(label) = &model.label {
        return holds(label, cell).map(Raw::Holds);
    }
    match cell {
        Cell::Missing | Cell::Timestamp(_) => None,
        Cell::Boolean(value) => Some(Raw::Holds(value)),
        Cell::Integer(_) => None,
        Cell::Float(value) => Some(Raw::Number(value)),
        Cell::String(value) => Some(Raw::Text(value.to_owned())),
    }
}

fn holds(label: &Label, cell: Cell<'_>) -> Option<bool> {
    match (cell, &label.literal) {
        (Cell::Float(value), Literal::Number(literal)) => {
            let order = value.partial_cmp(literal)?;
            Some(match label.comparison {
                Comparison::Above => order.is_gt(),
                Comparison::AtLeast => order.is_ge(),
                Comparison::Below => order.is_lt(),
                Comparison::AtMost => order.is_le(),
                Comparison::Equal => order.is_eq(),
                Comparison::NotEqual => order.is_ne(),
            })
        }
        (Cell::String(value), Literal::Text(literal)) => match label.comparison {
            Comparison::Equal => Some(value == literal),
            Comparison::NotEqual => Some(value != literal),
            _ => None,
        },
        _ => None,
    }
}

/// The code of each target (its class, or the number itself) and the names of the classes.
pub(super) fn resolve(model: &Model, raw: &[Raw]) -> Result<(Vec<f64>, Vec<String>), Error> {
    match model.task {
        Task::Regression => Ok((raw.iter().map(number).collect(), Vec::new())),
        Task::Binary => binary(model, raw),
        Task::Multiclass => multiclass(model, raw),
    }
}

/// How the target is made, in words that are part of a release.
pub(super) fn description(model: &Model) -> String {
    model.label.as_ref().map_or_else(|| model.target.clone(), ToString::to_string)
}

fn binary(model: &Model, raw: &[Raw]) -> Result<(Vec<f64>, Vec<String>), Error> {
    let names = distinct(raw);
    if matches!(raw.first(), Some(Raw::Text(_))) {
        let classes = text_classes(model, &names)?;
        let codes = raw.iter().map(|raw| f64::from(u8::from(name(raw) == classes[1])));
        return Ok((codes.collect(), classes));
    }
    if names.iter().any(|name| !matches!(name.as_str(), "0" | "1")) {
        return Err(target(
            format!("the binary target `{}` has values other than 0 and 1", model.target),
            "say which of them are positive, for example label = \"column > 15\"",
        ));
    }
    let classes = match &model.classes {
        Classes::Named(classes) => classes.clone(),
        Classes::None | Classes::FromData => model.default_classes().to_vec(),
    };
    Ok((raw.iter().map(number).collect(), classes))
}

/// Negative, positive.
fn text_classes(model: &Model, names: &[String]) -> Result<Vec<String>, Error> {
    if let Classes::Named(classes) = &model.classes {
        return known(model, names, classes).map(|()| classes.clone());
    }
    let [first, second] = names else {
        let message = format!("the binary target `{}` has {} values", model.target, names.len());
        return Err(target(message, "a binary target has two; try task = \"multiclass\""));
    };
    match &model.positive {
        Some(positive) if positive == first => Ok(vec![second.clone(), first.clone()]),
        Some(positive) if positive == second => Ok(names.to_vec()),
        Some(positive) => Err(target(
            format!("no row has the positive class `{positive}`"),
            &format!("the target has `{first}` and `{second}`"),
        )),
        None => Err(target(
            format!("the target `{}` has `{first}` and `{second}`", model.target),
            &format!("say which is predicted: positive = {second:?} in [model]"),
        )),
    }
}

fn multiclass(model: &Model, raw: &[Raw]) -> Result<(Vec<f64>, Vec<String>), Error> {
    let names = distinct(raw);
    let classes = match &model.classes {
        Classes::Named(classes) => {
            known(model, &names, classes)?;
            classes.clone()
        }
        Classes::None | Classes::FromData => names,
    };
    if classes.len() < 2 {
        let message = format!("the target `{}` has one class only", model.target);
        return Err(target(message, "there is nothing to learn from it"));
    }
    let code = |raw: &Raw| {
        let name = name(raw);
        let position = classes.iter().position(|class| *class == name);
        position.map_or(f64::NAN, |position| position as f64)
    };
    Ok((raw.iter().map(code).collect(), classes))
}

/// Every value of the data must be a declared class.
fn known(model: &Model, names: &[String], classes: &[String]) -> Result<(), Error> {
    match names.iter().find(|name| !classes.contains(name)) {
        None => Ok(()),
        Some(name) => Err(target(
            format!("the target `{}` has the value `{name}`", model.target),
            &format!("`classes` in [model] names {}", classes.join(", ")),
        )),
    }
}

/// The different values: numbers by size, texts by letter.
fn distinct(raw: &[Raw]) -> Vec<String> {
    let mut numbers: Vec<f64> = raw.iter().map(number).filter(|value| !value.is_nan()).collect();
    if !numbers.is_empty() {
        numbers.sort_by(f64::total_cmp);
        let mut names: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        names.dedup();
        return names;
    }
    let names: std::collections::BTreeSet<String> = raw.iter().map(name).collect();
    names.into_iter().collect()
}

fn name(raw: &Raw) -> String {
    match raw {
        Raw::Holds(_) | Raw::Number(_) => number(raw).to_string(),
        Raw::Text(text) => text.clone(),
    }
}

fn number(raw: &Raw) -> f64 {
    match raw {
        Raw::Holds(holds) => f64::from(u8::from(*holds)),
        Raw::Number(value) => *value,
        Raw::Text(_) => f64::NAN,
    }
}

fn target(message: String, hint: &str) -> Error {
    Error::Target { message, hint: hint.to_owned() }
}
