//! `shipworthy contract import SUITE`.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value};
use shipworthy_contract::expectations::Declared;
use shipworthy_contract::{Imported, ImportedColumn};

use crate::commands::init::quote;
use crate::{input, output};

/// The longest suite, in bytes: sets of values make them long.
const MAX_BYTES: u64 = 16 << 20;

pub(super) fn run(source: &Path) -> Result<()> {
    let imported = Imported::parse(&input::text_up_to(source, MAX_BYTES)?)
        .with_context(|| format!("{} cannot be imported", source.display()))?;
    let (text, unwritten) = written(&imported);
    let left_out = imported.left_out.iter().map(|left| format!("  {}: {}", left.what, left.why));
    let left_out: Vec<_> = left_out.chain(unwritten).collect();
    if !left_out.is_empty() {
        output::note(&format!("not translated:\n{}", left_out.join("\n")));
    }
    output::line(text.trim())
}

/// The sections, and what TOML has no words for.
fn written(imported: &Imported) -> (String, Vec<String>) {
    let mut text = String::new();
    for column in &imported.columns {
        let Some(lines) = column_lines(column) else { continue };
        text += &format!("\n[[column]]\n{}\n", lines.join("\n"));
    }
    let mut unwritten = Vec::new();
    for declared in &imported.expectations {
        match inline(&declared.kwargs) {
            Some(kwargs) => {
                let name = quote::text(&declared.name);
                text += &format!("\n[[expect]]\ntype = {name}\nkwargs = {kwargs}\n");
            }
            None => unwritten.push(refused(declared)),
        }
    }
    (text, unwritten)
}

fn refused(declared: &Declared) -> String {
    let kwargs = Value::Object(declared.kwargs.clone());
    format!("  {} {kwargs}: TOML has no null, and no number that long", declared.name)
}

/// The keys of a `[[column]]`; none without a type, which was listed already.
fn column_lines(column: &ImportedColumn) -> Option<Vec<String>> {
    let note = if column.is_type_guessed { "  # a guess from its rules" } else { "" };
    let mut lines = vec![
        format!("name = {}", quote::text(&column.name)),
        format!("type = \"{}\"{note}", column.data_type?),
        format!("required = {}", column.required),
    ];
    let bounds = [("min", column.min), ("max", column.max)];
    for (key, bound) in bounds.into_iter().filter_map(|(key, bound)| Some((key, bound?))) {
        lines.push(format!("{key} = {}", quote::number(bound)));
    }
    if let Some(set) = &column.one_of {
        lines.push(format!("one_of = {}", quote::texts(set.iter().map(String::as_str))));
    }
    Some(lines)
}

/// An inline table. An argument that is null is as good as absent.
fn inline(table: &Map<String, Value>) -> Option<String> {
    let present = table.iter().filter(|(_, value)| !value.is_null());
    let pairs = present.map(|(name, value)| Some(format!("{} = {}", key(name), toml(value)?)));
    let pairs: Vec<_> = pairs.collect::<Option<_>>()?;
    Some(if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) })
}

fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { quote::text(name) }
}

fn toml(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) if number.is_u64() && !number.is_i64() => None,
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(quote::text(text)),
        Value::Array(values) => {
            let values: Vec<_> = values.iter().map(toml).collect::<Option<_>>()?;
            Some(format!("[{}]", values.join(", ")))
        }
        Value::Object(table) => inline(table),
    }
}
