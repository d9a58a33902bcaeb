//! A suite of Great Expectations as columns and expectations.

use serde_json::{Map, Value};
use shipworthy_rows::DataType;

use super::{Imported, texts};
use crate::expectations::{Declared, Problem, Suite, class_name, data_type_of, known_name};

/// Reads a suite.
pub(super) fn read(suite: &Suite) -> Imported {
    let mut imported = Imported::default();
    for declared in &suite.expectations {
        let name = class_name(&declared.name);
        if let Err(problem) = known_name(&declared.name) {
            leave_out(&mut imported, declared, &problem);
        } else if !becomes_rule(&mut imported, &name, &declared.kwargs) {
            guess_type(&mut imported, &name, &declared.kwargs);
            imported.expectations.push(Declared { name, ..declared.clone() });
        }
    }
    move_what_does_not_fit(&mut imported);
    for column in imported.columns.iter().filter(|column| column.data_type.is_none()) {
        let what = format!("column `{}`", column.name);
        let why = "nothing says its type: declare it with a `type` of your own".to_owned();
        imported.left_out.push(super::LeftOut { what, why });
    }
    imported
}

/// A rule that the type, once known, cannot hold is an expectation after all.
fn move_what_does_not_fit(imported: &mut Imported) {
    for at in 0..imported.columns.len() {
        let column = &mut imported.columns[at];
        let name = Value::from(column.name.as_str());
        let is_number = matches!(column.data_type, Some(DataType::Integer | DataType::Float));
        let (min, max) = match is_number {
            true => (None, None),
            false => (column.min.take(), column.max.take()),
        };
        let is_text = column.data_type == Some(DataType::String);
        let set = if is_text { None } else { column.one_of.take() };
        if min.is_some() || max.is_some() {
            let ends = [("min_value", min), ("max_value", max)];
            let ends = ends.into_iter().filter_map(|(name, end)| Some((name, Value::from(end?))));
            let kwargs = ends.chain([("column", name.clone())]);
            imported.expect("ExpectColumnValuesToBeBetween", kwargs);
        }
        if let Some(set) = set {
            let kwargs = [("column", name), ("value_set", set.into())];
            imported.expect("ExpectColumnValuesToBeInSet", kwargs);
        }
    }
}

fn leave_out(imported: &mut Imported, declared: &Declared, problem: &Problem) {
    let kwargs = Value::Object(declared.kwargs.clone());
    imported.leave_out(format!("{} {kwargs}", declared.name), problem.to_string());
}

/// Makes a rule of a column of it, where one says the same. Says whether it did.
fn becomes_rule(imported: &mut Imported, name: &str, kwargs: &Map<String, Value>) -> bool {
    let Some(column) = kwargs.get("column").and_then(Value::as_str) else { return false };
    let is_plain = |taken: &[&str]| {
        let harmless = ["column", "mostly", "strict_min", "strict_max", "condition_parser"];
        kwargs.iter().all(|(name, value)| {
            taken.contains(&name.as_str())
                || name == "column"
                || value.is_null()
                || (harmless.contains(&name.as_str())
                    && (*value == Value::Bool(false) || value.as_f64() == Some(1.0)))
        })
    };
    let number = |name| kwargs.get(name).filter(|value| !value.is_null()).map(Value::as_f64);
    match name {
        "ExpectColumnValuesToNotBeNull" if is_plain(&[]) => imported.column(column).required = true,
        "ExpectColumnToExist" if is_plain(&[]) => {
            imported.column(column);
        }
        "ExpectColumnValuesToBeBetween" if is_plain(&["min_value", "max_value"]) => {
            let (min, max) = (number("min_value"), number("max_value"));
            if min == Some(None) || max == Some(None) {
                return false;
            }
            let column = imported.column(column);
            let guess = DataType::Float;
            column.min = min.flatten().or(column.min);
            column.max = max.flatten().or(column.max);
            if column.data_type.is_none() {
                (column.data_type, column.is_type_guessed) = (Some(guess), true);
            }
        }
        "ExpectColumnValuesToBeInSet" if is_plain(&["value_set"]) => {
            let set = kwargs.get("value_set").and_then(Value::as_array);
            let Some(set) = set.and_then(|set| texts(set)) else { return false };
            let column = imported.column(column);
            if column.data_type.is_none() {
                (column.data_type, column.is_type_guessed) = (Some(DataType::String), true);
            }
            column.one_of = Some(set);
        }
        "ExpectColumnValuesToBeOfType" | "ExpectColumnValuesToBeInTypeList" => {
            let one = kwargs.get("type_").into_iter();
            let several = kwargs.get("type_list").and_then(Value::as_array);
            let mut names = one.chain(several.into_iter().flatten()).filter_map(Value::as_str);
            let Some(data_type) = names.find_map(data_type_of) else { return false };
            let column = imported.column(column);
            (column.data_type, column.is_type_guessed) = (Some(data_type), false);
        }
        _ => return false,
    }
    true
}

/// What is expected of text alone says that a column is text.
fn guess_type(imported: &mut Imported, name: &str, kwargs: &Map<String, Value>) {
    let Some(column) = kwargs.get("column").and_then(Value::as_str) else { return };
    let of = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let guess = if of(&["Regex", "LikePattern", "Lengths", "Strftime", "Dateutil", "Json"]) {
        DataType::String
    } else if of(&["Mean", "Median", "Stdev", "Sum", "Quantile", "ZScores"]) {
        DataType::Float
    } else {
        return;
    };
    let column = imported.column(column);
    if column.data_type.is_none() {
        (column.data_type, column.is_type_guessed) = (Some(guess), true);
    }
}
