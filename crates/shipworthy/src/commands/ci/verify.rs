//! `shipworthy ci verify ENDPOINT`: whether what answers is what the pipeline made.

mod checks;
mod imaged;
mod served;

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use serde::{Deserialize, Serialize};
use shipworthy_control::git::Ancestry;
use shipworthy_core::ReleaseId;
use shipworthy_core::attestation::predicate;

use crate::cli::Outcome;
use crate::client::{Client, segment};
use crate::output;
use crate::registry::RegistryArgs;
use crate::signing::TrustArgs;
use checks::{Check, Required, checks};
use imaged::Imaged;
use served::Served;

/// Check that what an endpoint serves is what the pipeline made.
///
/// Each release that answers callers must be reproducible, come from a commit of the protected
/// branch, and have the attestations that are required. With --image one of them must be the release
/// in that image. What the server says of it is held to its id, and with --trusted-keys every
/// statement to its signature. A shadow is told, too, and decides nothing. Exit code 1 when a check
/// fails.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  shipworthy ci verify flight-delay --server http://models:8081 \
    --branch main --trusted-keys team.pem"
)]
pub(super) struct Args {
    /// The endpoint.
    #[arg(value_name = "ENDPOINT")]
    endpoint: String,

    /// The control plane of the server that serves it.
    #[arg(long, value_name = "URL")]
    server: String,

    /// A token of that server which may read.
    #[arg(long, value_name = "TOKEN", env = "SHIPWORTHY_TOKEN", hide_env_values = true)]
    token: String,

    /// The protected branch: as the remote `origin` has it, else the local one.
    #[arg(long, value_name = "BRANCH", default_value = "main")]
    branch: String,

    /// A clone of the repository, with the history of the branch.
    #[arg(long, value_name = "DIR", default_value = ".")]
    repository: PathBuf,

    /// What must be said about a release: `provenance`, `gate-report`, `approval`, `image`, or the
    /// URI of a predicate type. More than one may be given. A provenance and a gate report that
    /// passed, unless any is.
    #[arg(long = "require", value_name = "TYPE")]
    requires: Vec<String>,

    /// The image that should be serving: HOST/NAME:TAG or HOST/NAME@DIGEST in a registry, or a file.
    #[arg(long, value_name = "REFERENCE")]
    image: Option<String>,

    #[command(flatten)]
    registry: RegistryArgs,

    #[command(flatten)]
    trust: TrustArgs,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What came of it.
#[derive(Serialize)]
struct Verified {
    passed: bool,
    endpoint: String,
    checks: Vec<Check>,
}

/// An endpoint, as far as it is looked at.
#[derive(Deserialize)]
struct View {
    endpoint: String,
    slots: Slots,
}

#[derive(Deserialize)]
struct Slots {
    stable: Option<Slot>,
    candidate: Option<Slot>,
}

#[derive(Deserialize)]
struct Slot {
    release: String,
    /// The share of the traffic, in percent.
    weight: u8,
}

/// A slot whose release is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    Stable,
    Candidate,
    /// A candidate that answers nobody.
    Shadow,
    /// No slot: the release of an image that does not answer.
    None,
}

impl Place {
    const fn name(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Candidate => "candidate",
            Self::Shadow => "shadow, which answers nobody and decides nothing",
            Self::None => "in no slot",
        }
    }
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let required = required(&args.requires)?;
    let trusted = args.trust.trusted()?;
    let client = Client::new(&args.server, args.token.clone())?;
    let view: View = client.get(&format!("/v1/endpoints/{}", segment(&args.endpoint)))?;
    let image = args.image.as_deref().map(|image| Imaged::ask(image, args.registry)).transpose()?;
    let (mut found, mut seen) = (Vec::new(), Vec::new());
    for (place, slot) in answering(&view) {
        let id: ReleaseId = slot.release.parse().map_err(|_| {
            anyhow!("the server calls a release `{}`; the versions may differ", slot.release)
        })?;
        let served = Served::ask(&client, id, trusted.as_deref())?;
        let commit = served.commit.as_deref();
        let ancestry = commit.map(|commit| Ancestry::of(&args.repository, commit, &args.branch));
        found.extend(checks(place, &served, ancestry.as_ref(), &required));
        seen.push((place, served));
    }
    if found.is_empty() {
        bail!("{} has no release that answers", args.endpoint);
    }
    found.extend(image.map(|image| image.check(&seen)));
    let verified = Verified {
        passed: found.iter().all(|check| check.passed || check.slot == Place::Shadow),
        endpoint: view.endpoint,
        checks: found,
    };
    match args.json {
        true => output::json(&verified)?,
        false => output::line(&verified.render())?,
    }
    Ok(if verified.passed { Outcome::Done } else { Outcome::Failed })
}

/// The releases that answer callers, and a shadow.
fn answering(view: &View) -> Vec<(Place, &Slot)> {
    let stable = view.slots.stable.as_ref().map(|slot| (Place::Stable, slot));
    let candidate = view.slots.candidate.as_ref().map(|slot| match slot.weight {
        0 => (Place::Shadow, slot),
        _ => (Place::Candidate, slot),
    });
    stable.into_iter().chain(candidate).collect()
}

fn required(given: &[String]) -> Result<Vec<Required>> {
    if given.is_empty() {
        let usual = [predicate::PROVENANCE, predicate::GATE_REPORT];
        return Ok(usual.map(Required::of).into());
    }
    let known = || {
        let names = predicate::NAMES.map(|(_, name)| name.replace(' ', "-"));
        format!("it is one of {}, or the URI of a predicate type", names.join(", "))
    };
    let parse = |text: &String| Required::parse(text).with_context(known);
    given.iter().map(parse).collect()
}

impl Verified {
    /// For people: the releases, and a line each check.
    fn render(&self) -> String {
        let mut out = format!("{}\n", self.endpoint);
        let is_same =
            |one: &Check, next: &Check| (one.slot, &one.release) == (next.slot, &next.release);
        for of_release in self.checks.chunk_by(is_same) {
            let Check { release, slot, .. } = &of_release[0];
            out.push_str(&format!("{} {}\n", release.get(..19).unwrap_or(release), slot.name()));
            of_release.iter().for_each(|check| check.render(&mut out));
        }
        let decisive = self.checks.iter().filter(|check| check.slot != Place::Shadow);
        let (passed, failed): (Vec<_>, Vec<_>) = decisive.partition(|check| check.passed);
        out.push_str(&match failed.len() {
            0 => format!("all {} checks hold", passed.len()),
            failed => format!("{failed} of {} checks fail", failed + passed.len()),
        });
        out
    }
}

#[cfg(test)]
mod tests;
