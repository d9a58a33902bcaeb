//! `shipworthy release show RELEASE`.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use shipworthy_control::statement::{self, Image, Said, latest};
use shipworthy_core::attestation::predicate;
use shipworthy_core::{Manifest, Trainer};
use shipworthy_store::{Release, Reproducibility, Retention};

use super::One;
use crate::cli::Outcome;
use crate::output;

pub(super) fn run(one: &One) -> Result<Outcome> {
    let shelf = one.shelf()?;
    let id = shelf.resolve(&one.release)?;
    let release = shelf.store.release(&id)?.context("it was there a moment ago")?;
    let (manifest, said) = (shelf.manifest(&id)?, shelf.statements(&id)?);
    if one.json {
        let mut shown = shown(&release, &serde_json::to_value(&manifest)?);
        shown["quality"] = latest(&said, predicate::QUALITY).cloned().unwrap_or_default();
        shown["run"] = json!(run_of(&said));
        shown["image"] = json!(image_of(&said));
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
    lines.extend(run_of(said).map(|run| format!("run         {run}")));
    let parameters = serde_json::to_string(&trainer.parameters).unwrap_or_default();
    lines.push(format!("trainer     {}", text_of(trainer)));
    lines.push(format!("parameters  {parameters}"));
    if let Some(set) = training_set {
        lines.push(format!(
            "trained on  {} rows, stopped by {}; label: {}",
            set.rows, set.validation_rows, set.label
        ));
        if let (Some(first), Some(last)) = (set.first, set.last) {
            lines.push(format!("            from {first} to {last}"));
        }
        let data = set.files.iter();
        lines.extend(data.map(|file| format!("data        {} {}", file.sha256, file.path)));
    } else {
        lines.push("trained on  unknown: the model was made elsewhere".to_owned());
    }
    let files = manifest.files();
    lines.extend(files.map(|file| format!("file        {} {}", file.sha256, file.name)));
    for slice in ["validation", "test"] {
        lines.extend(measured(said, slice));
    }
    lines.extend(
        image_of(said).map(|image| format!("image       {} {}", image.digest, image.platform)),
    );
    lines.extend(said.iter().map(|said| {
        let (at, actor) = (said.stored.at, said.actor());
        format!("attested    {} by {actor} at {at}", said.name())
    }));
    if release.retention != Retention::Kept {
        lines.push(format!("files       {}", release.retention.as_str()));
    }
    lines.join("\n")
}

/// Where the pipeline is found that made it, if one did.
fn run_of(said: &[Said]) -> Option<String> {
    latest(said, predicate::PROVENANCE).and_then(statement::run)
}

/// The image that it was put into last.
fn image_of(said: &[Said]) -> Option<Image> {
    latest(said, predicate::IMAGE).and_then(Image::read)
}

/// What was measured on a slice when the release was made.
fn measured(said: &[Said], slice: &str) -> Option<String> {
    let metrics = latest(said, predicate::QUALITY)?[slice]["metrics"].as_object()?;
    let numbers = metrics.iter().filter_map(|(name, value)| Some((name, value.as_f64()?)));
    let numbers: Vec<_> = numbers.map(|(name, value)| format!("{name} {value:.4}")).collect();
    Some(format!("{slice:<11} {}", numbers.join("  ")))
}

fn text_of(trainer: &Trainer) -> String {
    let version = trainer.version.iter().map(|version| format!(" {version}"));
    let seed = trainer.seed.iter().map(|seed| format!(", seed {seed}"));
    std::iter::once(trainer.name.clone()).chain(version).chain(seed).collect()
}
