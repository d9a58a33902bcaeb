//! MLflow's scoring protocol, version 2.0 and later, as JSON.
//!
//! Source: `mlflow/pyfunc/scoring_server/__init__.py` (`infer_and_parse_data`) and
//! <https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/#json-input>. Exactly one of
//!
//! - `dataframe_split`: `{"columns": […], "data": [[…], …]}`, an `index` is ignored;
//! - `dataframe_records`: `[{"column": value, …}, …]`;
//! - `instances` and `inputs`: records, lists of the features in their order, or one list per
//!   column.
//!
//! Columns without names (none, or numbers, as pandas gives them) are the features in their order.
//! `params` are for models that have some; they are counted as undeclared. Python writes a missing
//! number as `NaN`: a body that is refused for it is read again with `null`.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::columns::ColumnReader;
use super::fragment::Fragment;
use super::row::{RowList, RowReader};
use super::stand_ins::StandIns;
use super::{Decoded, Rows};
use crate::Failure;

/// The forms that rows may have.
const FORMS: [&str; 4] = ["dataframe_split", "dataframe_records", "instances", "inputs"];

const HINT: &str = "send one of {\"dataframe_split\": {\"columns\": […], \"data\": [[…], …]}}, \
                    {\"dataframe_records\": [{\"column\": value, …}, …]}, {\"instances\": …} and \
                    {\"inputs\": …}";

/// Reads a body as rows.
pub(crate) fn decode(body: &[u8], wanted: Rows<'_>) -> Result<Decoded, Failure> {
    let read = request(body, wanted);
    let Err(Failure::Malformed { .. }) = &read else { return read };
    let Some(stand_ins) = StandIns::of(body) else { return read };
    request(&stand_ins.text, wanted).map_err(|failure| match failure {
        Failure::Malformed { line, column, message } => {
            Failure::Malformed { line, column: stand_ins.column(line, column), message }
        }
        other => other,
    })
}

fn request(body: &[u8], wanted: Rows<'_>) -> Result<Decoded, Failure> {
    let (mut forms, mut params) = (Vec::new(), 0);
    for (name, fragment) in Fragment::whole(body).members()? {
        match FORMS.into_iter().find(|form| *form == name) {
            Some(form) => forms.push((form, fragment)),
            None if name == "params" && !fragment.is_null() => params += fragment.members()?.len(),
            None => {}
        }
    }
    let [(form, fragment)] = &forms[..] else {
        let found: Vec<_> = forms.iter().map(|(form, _)| *form).collect();
        return Err(bad(match found[..] {
            [] => format!("the body has none of {}", FORMS.join(", ")),
            _ => format!("the body has {}: only one of them can be answered", found.join(" and ")),
        }));
    };
    let decoded = match *form {
        "dataframe_split" => split(fragment, wanted)?,
        "dataframe_records" => rows(fragment, RowReader::records(wanted))?,
        _ if fragment.is_object() => columns(fragment, wanted)?,
        _ => rows(fragment, RowReader::new(wanted))?,
    };
    let mut decoded = decoded.ok_or_else(|| bad(format!("`{form}` has no rows")))?;
    decoded.undeclared += params;
    Ok(decoded)
}

/// A list of rows; `None` when it is empty.
fn rows(fragment: &Fragment<'_>, mut reader: RowReader<'_>) -> Result<Option<Decoded>, Failure> {
    let read = fragment.read(RowList(&mut reader));
    let count = reader.count();
    let decoded = reader.finish(read)?;
    Ok((count > 0).then_some(decoded))
}

/// One list per column.
fn columns(fragment: &Fragment<'_>, wanted: Rows<'_>) -> Result<Option<Decoded>, Failure> {
    let mut reader = ColumnReader::new(wanted);
    for (name, values) in fragment.members()? {
        if let Some(list) = reader.list(&name) {
            let read = values.read(list);
            if read.is_err() && reader.is_too_long() {
                break;
            }
            read?;
        } else {
            let count = values.parse::<Vec<IgnoredAny>>().map_or(1, |values| values.len());
            reader.count_undeclared(count);
        }
    }
    reader.finish()
}

/// `{"columns": […], "data": [[…], …]}`.
fn split(fragment: &Fragment<'_>, wanted: Rows<'_>) -> Result<Option<Decoded>, Failure> {
    let (mut names, mut data) = (None, None);
    for (name, fragment) in fragment.members()? {
        let place = match &*name {
            "columns" => &mut names,
            "data" => &mut data,
            "index" => continue,
            name => return Err(bad(format!("`dataframe_split` has no member `{name}`"))),
        };
        if place.replace(fragment).is_some() {
            return Err(bad(format!("`{name}` stands twice in `dataframe_split`")));
        }
    }
    let data = data.ok_or_else(|| bad("`dataframe_split` has no `data`".to_owned()))?;
    let reader = match names.filter(|names| !names.is_null()) {
        None => RowReader::new(wanted),
        Some(names) => ordered(&names.parse::<Vec<ColumnName<'_>>>()?, wanted)?,
    };
    rows(&data, reader)
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a column's name is a text")]
enum ColumnName<'a> {
    /// Where nobody gave names, pandas has numbers.
    Number(i64),
    Text(#[serde(borrow)] Cow<'a, str>),
}

/// A reader of lists with these columns.
fn ordered<'r>(names: &[ColumnName<'_>], wanted: Rows<'r>) -> Result<RowReader<'r>, Failure> {
    let is_unnamed = names.iter().all(|name| matches!(name, ColumnName::Number(_)));
    if is_unnamed && !names.is_empty() {
        return Ok(RowReader::new(wanted));
    }
    let mut seen = HashSet::new();
    let mut order = Vec::with_capacity(names.len());
    for name in names {
        let name = match name {
            ColumnName::Number(number) => Cow::Owned(number.to_string()),
            ColumnName::Text(text) => Cow::Borrowed(&**text),
        };
        let index = wanted.schema.index_of(&name);
        if index.is_some_and(|index| !seen.insert(index)) {
            return Err(bad(format!("`{name}` stands twice in `columns`")));
        }
        order.push(index);
    }
    Ok(RowReader::ordered(wanted, order))
}

fn bad(message: String) -> Failure {
    Failure::BadRequest { message, hint: HINT }
}

#[cfg(test)]
#[path = "mlflow_json_tests.rs"]
mod tests;
