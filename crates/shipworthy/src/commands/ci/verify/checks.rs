//! What is asked of a release, and what is found.

use anyhow::{Context, Result};
use serde::Serialize;
use shipworthy_control::git::Ancestry;
use shipworthy_control::statement::{self, how_to_say, says_no};
use shipworthy_core::attestation::{Attested, predicate};

use super::Place;
use super::served::Served;

/// One check of one release.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) slot: Place,
    pub(super) release: String,
    pub(super) passed: bool,
    pub(super) why: String,
    /// What to do; null where nothing is to be done.
    pub(super) next: Option<String>,
}

impl Check {
    pub(super) fn of(name: String, (slot, release): (Place, String), judged: Judged) -> Self {
        let (passed, why, next) = match judged {
            Ok(why) => (true, why, None),
            Err((why, next)) => (false, why, Some(next)),
        };
        Self { name, slot, release, passed, why, next }
    }

    pub(super) fn render(&self, out: &mut String) {
        let Self { name, passed, why, next, .. } = self;
        let mark = if *passed { "✓" } else { "✗" };
        out.push_str(&format!("  {mark} {name:<14} {why}\n"));
        if let Some(next) = next {
            out.push_str(&format!("                   next: {next}\n"));
        }
    }
}

/// A statement that must be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Required(String);

impl Required {
    pub(super) fn of(predicate_type: &str) -> Self {
        Self(predicate_type.to_owned())
    }

    /// By the name that people use, with `-` for a blank, or by its URI.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let named = predicate::NAMES.iter().find(|(_, name)| name.replace(' ', "-") == text);
        let found = named.map(|(uri, _)| *uri).or_else(|| statement::required(text));
        Ok(Self::of(found.with_context(|| format!("`{text}` is no statement"))?))
    }
}

/// Why it holds; or why not, and what is to be done.
pub(super) type Judged = std::result::Result<String, (String, String)>;

/// Everything that is asked of a release. `ancestry` is that of its commit, if it names one.
pub(super) fn checks(
    slot: Place,
    served: &Served,
    ancestry: Option<&Ancestry>,
    required: &[Required],
) -> Vec<Check> {
    let first = [
        ("reproducible".to_owned(), reproducible(served)),
        ("commit".to_owned(), committed(served, ancestry)),
    ];
    let said = required.iter().map(|Required(kind)| {
        let name = predicate::name(kind).to_owned();
        (name, attested(kind, served.newest(kind)))
    });
    let check = |(name, judged)| Check::of(name, (slot, served.id.to_string()), judged);
    first.into_iter().chain(said).map(check).collect()
}

fn reproducible(served: &Served) -> Judged {
    const NEXT: &str = "commit everything, and let the pipeline make the release";
    match &served.unreproducible {
        None => Ok("it can be made again from its manifest, which is the one of its id".to_owned()),
        Some(why) => Err((format!("it is unreproducible: {why}"), NEXT.to_owned())),
    }
}

fn committed(served: &Served, ancestry: Option<&Ancestry>) -> Judged {
    let (Some(commit), Some(ancestry)) = (&served.commit, ancestry) else {
        let next = "commit everything, and let the pipeline make the release";
        return Err(("it names no commit".to_owned(), next.to_owned()));
    };
    match ancestry {
        Ancestry::On { branch } => Ok(format!("{branch} has {commit}")),
        Ancestry::Off { branch } => Err((
            format!("{branch} does not have {commit}"),
            "merge it, and deploy what the pipeline makes of it; a clone that is old fetches first"
                .to_owned(),
        )),
        Ancestry::Unknown { why } => {
            Err((format!("nobody can tell where {commit} is"), why.clone()))
        }
    }
}

fn attested(kind: &str, newest: Option<&Attested>) -> Judged {
    let next = || how_to_say(kind).to_owned();
    let Some(Attested { statement, key_id }) = newest else {
        return Err(("none that counts".to_owned(), next()));
    };
    if let Some(no) = says_no(kind, &statement.predicate) {
        return Err((
            format!("it says {no}"),
            "make a better release, or mend what failed".to_owned(),
        ));
    }
    let run = statement::run(&statement.predicate).filter(|_| kind == predicate::PROVENANCE);
    let run = run.map(|run| format!("made in {run}, ")).unwrap_or_default();
    Ok(format!("{run}signed by key {}", key_id.get(..12).unwrap_or(key_id)))
}
