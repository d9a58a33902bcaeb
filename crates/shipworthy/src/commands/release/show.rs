//! `shipworthy release show RELEASE`.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use shipworthy_control::statement::{Said, latest};
use shipworthy_core::Manifest;
use shipworthy_core::attestation::predicate;
use shipworthy_store::{Release, Reproducibility, Retention};

use super::{One, shelf};
use crate::cli::Outcome;
use crate::output;

pub(super) fn run(one: &One) -> Result<Outcome> {
    let shelf = shelf(&one.state)?;
    let id = shelf.resolve(&one.release)?;
    let release = shelf.store.release(&id)?.context("it was there a moment ago")?;
    let (manifest, said) = (shelf.manifest(&id)?, shelf.statements(&id)?);
    if one.json {
        let mut shown = shown(&release, &serde_json::to_value(&manifest)?);
        shown["quality"] = latest(&said, predicate::QUALITY).cloned().unwrap_or_default();
        output::json(&shown)?;
    } else {
        output::line(&text(&release, &manifest, &said))?;
    }
    Ok(Outcome::Done)
}

fn unreproducible(release: &Release) -> Option<&str> {
    match &release.reproducibility {
        Reproducibility::Reproducible => None,
        Reproducibility::Unreproducible { reason } => Some(reason),
    }
}

pub(super) fn shown(release: &Release, manifest: &Value) -> Value {
    json!({
        "release": release.id.to_string(),
        "created_at": release.created_at.to_string(),
        "reproducible": unreproducible(release).is_none(),
        "unreproducible_reason": unreproducible(release),
        "retention": release.retention.as_str(),
        "manifest": manifest,
    })
}

fn text(release: &Release, manifest: &Manifest, said: &[Said]) -> String {
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
    for slice in ["validation", "test"] {
        lines.extend(measured(said, slice));
    }
    lines.extend(said.iter().map(|said| {
        let (at, actor) = (said.stored.at, &said.stored.actor);
        format!("attested    {} by {actor} at {at}", said.name())
    }));
    if release.retention != Retention::Kept {
        lines.push(format!("files       {}", release.retention.as_str()));
    }
    lines.join("\n")
}

/// What was measured on a slice when the release was made.
fn measured(said: &[Said], slice: &str) -> Option<String> {
    let metrics = latest(said, predicate::QUALITY)?[slice]["metrics"].as_object()?;
    let numbers = metrics.iter().filter_map(|(name, value)| Some((name, value.as_f64()?)));
    let numbers: Vec<_> = numbers.map(|(name, value)| format!("{name} {value:.4}")).collect();
    Some(format!("{slice:<11} {}", numbers.join("  ")))
}
