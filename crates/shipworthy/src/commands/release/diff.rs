//! `shipworthy release diff A B`.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};
use shipworthy_control::comparison::{Comparison, Pair, Side, compare};
use shipworthy_control::release::Shelf;
use shipworthy_control::statement::latest;
use shipworthy_core::ReleaseId;
use shipworthy_core::attestation::predicate;

use super::shelf;
use crate::cli::Outcome;
use crate::output;
use crate::state::StateArgs;

#[derive(ClapArgs, Debug)]
pub(super) struct Args {
    /// The first release: its id, at least six digits of it, or its slot.
    #[arg(value_name = "A")]
    a: String,

    /// The second release.
    #[arg(value_name = "B")]
    b: String,

    #[command(flatten)]
    state: StateArgs,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let shelf = shelf(&args.state)?;
    let (a, b) = (shelf.resolve(&args.a)?, shelf.resolve(&args.b)?);
    let compared = compare(&side(&shelf, &a)?, &side(&shelf, &b)?);
    if args.json {
        output::json(&json!({"a": a.to_string(), "b": b.to_string(), "differences": compared}))?;
    } else {
        output::line(&table(&a, &b, &compared))?;
    }
    Ok(Outcome::Done)
}

/// A release, as far as it is compared.
///
/// # Errors
/// When it is not kept whole.
pub(crate) fn side(shelf: &Shelf, id: &ReleaseId) -> Result<Side> {
    shelf.require_files(id)?;
    let manifest = shelf.manifest(id)?;
    let file = &manifest.contract;
    let contract = shelf.bundles.read_verified(id, &file.name, &file.sha256)?;
    let contract = serde_json::from_slice(&contract).context("the contract cannot be read")?;
    let said = shelf.statements(id)?;
    let quality = latest(&said, predicate::QUALITY).cloned().unwrap_or_default();
    Ok(Side { manifest: serde_json::to_value(&manifest)?, contract, quality })
}

fn table(a: &ReleaseId, b: &ReleaseId, compared: &Comparison) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["", a.short(), b.short(), "b − a"]);
    let Comparison { metrics, parameters, contract, data, rest } = compared;
    let parts = [
        ("metrics", metrics),
        ("parameters", parameters),
        ("contract", contract),
        ("data", data),
        ("rest", rest),
    ];
    for (name, pairs) in parts {
        add(&mut table, name, pairs);
    }
    table.trim_fmt()
}

fn add(table: &mut Table, part: &str, pairs: &BTreeMap<String, Pair>) {
    if pairs.is_empty() {
        table.add_row([part, "the same", "", ""]);
        return;
    }
    table.add_row([part, "", "", ""]);
    for (name, pair) in pairs {
        let difference = pair.difference().map(|difference| format!("{difference:+.4}"));
        table.add_row([
            format!("  {name}"),
            shown(pair.a.as_ref()),
            shown(pair.b.as_ref()),
            difference.unwrap_or_default(),
        ]);
    }
}

/// A value in a cell: long ones by their beginning.
fn shown(value: Option<&Value>) -> String {
    const MAX_CHARACTERS: usize = 48;
    let text = match value {
        None => "–".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => match number.as_f64() {
            Some(float) if number.is_f64() => format!("{float:.4}"),
            _ => number.to_string(),
        },
        Some(other) => other.to_string(),
    };
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
