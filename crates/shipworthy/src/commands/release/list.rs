//! `shipworthy release list`: the releases that are as asked for.

use anyhow::Result;
use clap::Args as ClapArgs;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};
use shipworthy_rows::Timestamp;
use shipworthy_store::{MetricBounds, Release, ReleaseQuery, Retention};

use super::shelf;
use super::show::shown;
use crate::cli::Outcome;
use crate::output;
use crate::state::StateArgs;

#[derive(ClapArgs, Debug)]
#[command(
    after_help = "Examples:\n  shipworthy release list --metric 'test.roc_auc>=0.65' --since \
    2026-11-01\n  shipworthy release list --commit 0c43dd1"
)]
pub(super) struct Args {
    /// How many, the newest first.
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20,
        value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,

    /// Only of the commit that starts so.
    #[arg(long, value_name = "DIGITS", value_parser = digits)]
    commit: Option<String>,

    /// Only of this project.
    #[arg(long, value_name = "NAME")]
    project: Option<String>,

    /// Only those made at this time or later: 2026-11-01, or 2026-11-01T09:30:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,

    /// Only those made before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,

    /// Only those that can be made again (true), or cannot (false).
    #[arg(long, value_name = "true|false")]
    reproducible: Option<bool>,

    /// Only those where this was measured: test.roc_auc>=0.65, validation.log_loss<=0.4.
    #[arg(long, value_name = "NAME>=VALUE", value_parser = bounds)]
    metric: Option<MetricBounds>,

    #[command(flatten)]
    state: StateArgs,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn digits(text: &str) -> Result<String, String> {
    match text.bytes().all(|byte| byte.is_ascii_hexdigit()) && !text.is_empty() {
        true => Ok(text.to_ascii_lowercase()),
        false => Err("expected the first digits of a commit".to_owned()),
    }
}

fn bounds(text: &str) -> Result<MetricBounds, String> {
    let at_least = text.split_once(">=").map(|(name, value)| (name, value, true));
    let parts =
        at_least.or_else(|| text.split_once("<=").map(|(name, value)| (name, value, false)));
    let (name, value, is_least) = parts.ok_or("expected NAME>=VALUE or NAME<=VALUE")?;
    let value: f64 = value.trim().parse().map_err(|_| format!("`{value}` is no number"))?;
    let (least, most) = if is_least { (value, f64::INFINITY) } else { (f64::NEG_INFINITY, value) };
    Ok(MetricBounds { name: name.trim().to_owned(), least, most })
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let query = ReleaseQuery {
        commit: args.commit.clone(),
        project: args.project.clone(),
        from: args.since,
        until: args.until,
        reproducible: args.reproducible,
        metric: args.metric.clone(),
    };
    let releases = shelf(&args.state)?.store.search_releases(&query, None, args.limit)?;
    let read = |release: Release| Ok((serde_json::from_str(&release.manifest)?, release));
    let releases: Vec<(Value, Release)> = releases.into_iter().map(read).collect::<Result<_>>()?;
    if args.json {
        let releases = releases.iter().map(|(manifest, release)| shown(release, manifest));
        output::json(&json!({"releases": releases.collect::<Vec<_>>()}))?;
    } else if releases.is_empty() {
        output::note("no release is as asked for");
    } else {
        output::line(&table(&releases))?;
    }
    Ok(Outcome::Done)
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
