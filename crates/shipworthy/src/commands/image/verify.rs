//! `shipworthy image verify FILE|REFERENCE`.

use anyhow::{Context, Result, bail};
use clap::Args as ClapArgs;
use serde_json::json;
use shipworthy_control::image::check::{Subject, check};
use shipworthy_control::image::{Checked, Finding, Layout, LayoutError, RELEASE, REVISION};
use shipworthy_core::signing::PublicKey;

use super::One;
use crate::cli::Outcome;
use crate::commands::release::shelf;
use crate::output;
use crate::registry::is_digest;
use crate::signing::TrustArgs;
use crate::state::StateArgs;

/// The fewest digits that name a release or a commit: as many as are shown elsewhere.
const MIN_DIGITS: usize = 12;

#[derive(ClapArgs, Debug)]
pub(super) struct Args {
    #[command(flatten)]
    one: One,

    /// The release that must be in it: its id, at least twelve digits of it.
    #[arg(long, value_name = "ID", value_parser = hexadecimal)]
    release: Option<String>,

    /// The commit that the release must be of, at least twelve digits of it.
    #[arg(long, value_name = "SHA", value_parser = hexadecimal)]
    commit: Option<String>,

    /// The digest that the image must have.
    #[arg(long, value_name = "DIGEST", value_parser = whole_digest)]
    digest: Option<String>,

    #[command(flatten)]
    trust: TrustArgs,

    /// The state directory whose keys count, where no keys are given.
    #[command(flatten)]
    state: StateArgs,
}

fn hexadecimal(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    let is_hex = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if digits.len() < MIN_DIGITS || !is_hex {
        return Err(format!("expected at least {MIN_DIGITS} hexadecimal digits"));
    }
    Ok(digits.to_owned())
}

fn whole_digest(text: &str) -> Result<String, String> {
    match is_digest(text) {
        true => Ok(text.to_owned()),
        false => Err("expected `sha256:` and 64 hexadecimal digits".to_owned()),
    }
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let keys = args.keys()?;
    let layout = match args.one.layout() {
        Ok(layout) => layout,
        Err(error) => return args.damaged(error),
    };
    let trusted = |id: &str| keys.iter().find(|key| key.id() == id).cloned();
    let mut checked = check(&layout, trusted);
    let other = args.other(&layout, &checked);
    checked.findings.extend(other);
    let digest = layout.image().digest().to_string();
    if args.one.json {
        output::json(&json!({
            "digest": digest, "ok": checked.findings.is_empty(),
            "release": checked.release.as_ref().map(ToString::to_string),
            "revision": layout.annotation(REVISION), "said": checked.said,
            "left_out": checked.left_out, "findings": told(&checked.findings),
        }))?;
    } else {
        show(&digest, &layout, &checked)?;
    }
    for finding in &checked.findings {
        output::note(&format!("{finding}"));
    }
    Ok(if checked.findings.is_empty() { Outcome::Done } else { Outcome::Failed })
}

impl Args {
    /// The keys that count.
    fn keys(&self) -> Result<Vec<PublicKey>> {
        if let Some(keys) = self.trust.trusted()? {
            return Ok(keys.to_vec());
        }
        let shelf = shelf(&self.state).context(
            "nobody is trusted yet: name the public keys that count with --trusted-keys FILE, or the \
             state directory that trusts them with --state DIR",
        )?;
        let live = shelf.store.keys()?.into_iter().filter(|key| key.is_live());
        let keys: Vec<_> = live.map(|key| key.public).collect();
        if keys.is_empty() {
            bail!("no key is trusted in {}: give --trusted-keys FILE", self.state.state.display());
        }
        Ok(keys)
    }

    /// An image of which a part is not what it was is found out about; anything else is none.
    fn damaged(&self, error: anyhow::Error) -> Result<Outcome> {
        let Some(damage) = error.downcast_ref::<LayoutError>().filter(|error| error.is_damage())
        else {
            return Err(error);
        };
        if self.one.json {
            let findings = [damage.to_string()];
            output::json(&json!({
                "digest": null, "ok": false, "release": null, "revision": null, "said": [],
                "left_out": [], "findings": findings,
            }))?;
        }
        output::note(&damage.to_string());
        Ok(Outcome::Failed)
    }

    /// What is asked for, and is another.
    fn other(&self, layout: &Layout, checked: &Checked) -> Vec<Finding> {
        let release = checked.release.as_ref().map(ToString::to_string);
        let release = release.or_else(|| layout.annotation(RELEASE).map(str::to_owned));
        let revision = layout.annotation(REVISION).map(str::to_owned);
        let digest = Some(layout.image().digest().to_string());
        let asked = [
            ("release", &self.release, release),
            ("commit", &self.commit, revision),
            ("digest", &self.digest, digest),
        ];
        let other = |(what, wanted, found): (&'static str, &Option<String>, Option<String>)| {
            let wanted = wanted.clone()?;
            let found = found.unwrap_or_else(|| "none".to_owned());
            let digits = |text: &str| text.trim_start_matches("sha256:").to_owned();
            let is_it = digits(&found).starts_with(&digits(&wanted));
            (!is_it).then_some(Finding::Other { what, found, wanted })
        };
        asked.into_iter().filter_map(other).collect()
    }
}

fn told(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

fn show(digest: &str, layout: &Layout, checked: &Checked) -> Result<()> {
    output::line(digest)?;
    if let Some(release) = &checked.release {
        output::line(&format!("release     {release}"))?;
    }
    if let Some(commit) = layout.annotation(REVISION) {
        output::line(&format!("commit      {}", commit.escape_debug()))?;
    }
    for said in &checked.said {
        let about = match said.about {
            Subject::Image => "image",
            Subject::Release => "release",
        };
        let key = said.key_id.get(..12).unwrap_or(&said.key_id);
        let kind = said.predicate_type.escape_debug();
        output::line(&format!("attested    of the {about}: {kind} by key {key}"))?;
    }
    for line in &checked.left_out {
        output::note(&format!("left out: {line}"));
    }
    if checked.findings.is_empty() {
        output::note("it is what it says");
    }
    Ok(())
}
