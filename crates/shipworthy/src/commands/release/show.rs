//! `shipworthy release show RELEASE` and `list`.

use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};
use shipworthy_core::Manifest;
use shipworthy_store::{Release, Reproducibility, Retention};

use super::{One, shelf};
use crate::cli::Outcome;
use crate::output;
use crate::state::StateArgs;

#[derive(ClapArgs, Debug)]
pub(super) struct ListArgs {
    /// How many, the newest first.
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20,
        value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,

    #[command(flatten)]
    state: StateArgs,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(one: &One) -> Result<Outcome> {
    let shelf = shelf(&one.state)?;
    let id = shelf.resolve(&one.release)?;
    let release = shelf.store.release(&id)?.context("it was there a moment ago")?;
    let manifest = shelf.manifest(&id)?;
    if one.json {
        output::json(&shown(&release, &serde_json::to_value(&manifest)?))?;
    } else {
        output::line(&text(&release, &manifest))?;
    }
    Ok(Outcome::Done)
}

pub(super) fn list(args: &ListArgs) -> Result<Outcome> {
    let releases = shelf(&args.state)?.store.latest_releases(None, args.limit)?;
    let read = |release: Release| Ok((serde_json::from_str(&release.manifest)?, release));
    let releases: Vec<(Value, Release)> = releases.into_iter().map(read).collect::<Result<_>>()?;
    if args.json {
        let releases = releases.iter().map(|(manifest, release)| shown(release, manifest));
        output::json(&json!({"releases": releases.collect::<Vec<_>>()}))?;
    } else {
        output::line(&table(&releases))?;
    }
    Ok(Outcome::Done)
}

fn unreproducible(release: &Release) -> Option<&str> {
    match &release.reproducibility {
        Reproducibility::Reproducible => None,
        Reproducibility::Unreproducible { reason } => Some(reason),
    }
}

fn shown(release: &Release, manifest: &Value) -> Value {
    json!({
        "release": release.id.to_string(),
        "created_at": release.created_at.to_string(),
        "reproducible": unreproducible(release).is_none(),
        "unreproducible_reason": unreproducible(release),
        "retention": release.retention.as_str(),
        "manifest": manifest,
    })
}

fn table(releases: &[(Value, Release)]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["release", "project", "commit", "made", ""]);
    for (manifest, release) in releases {
        let word = |value: &Value| value.as_str().map(|text| text.chars().take(40).collect());
        let commit: Option<String> = word(&manifest["commit"]);
        let commit = commit.map(|commit| commit.chars().take(12).collect());
        table.add_row([
            release.id.short().to_owned(),
            word(&manifest["project"]).unwrap_or_default(),
            commit.unwrap_or_else(|| "none: unreproducible".to_owned()),
            release.created_at.to_string(),
            match release.retention {
                Retention::Kept => String::new(),
                Retention::Held | Retention::Pruned => release.retention.as_str().to_owned(),
            },
        ]);
    }
    table.trim_fmt()
}

fn text(release: &Release, manifest: &Manifest) -> String {
    let Manifest { project, commit, trainer, training_set, output, .. } = manifest;
    let mut lines = vec![
        release.id.to_string(),
        format!("project     {project}: predicts {}", output.target),
        format!("made        {}", release.created_at),
    ];
    lines.push(match (commit, unreproducible(release)) {
        (Some(commit), _) => format!("commit      {commit}"),
        (None, why) => format!("commit      none: {}", why.unwrap_or("unknown")),
    });
    let parameters = serde_json::to_string(&trainer.parameters).unwrap_or_default();
    lines.push(format!("trainer     {} {}, seed {}", trainer.name, trainer.version, trainer.seed));
    lines.push(format!("parameters  {parameters}"));
    lines.push(format!(
        "trained on  {} rows, stopped by {}; label: {}",
        training_set.rows, training_set.validation_rows, training_set.label
    ));
    let data = training_set.files.iter();
    lines.extend(data.map(|file| format!("data        {} {}", file.sha256, file.path)));
    let files = manifest.files();
    lines.extend(files.map(|file| format!("file        {} {}", file.sha256, file.name)));
    lines.join("\n")
}
