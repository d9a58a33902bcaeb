//! What is said about a release when it is made, and read back later.

mod image;
mod pipeline;
mod required;
mod strict;

use serde_json::{Value, json};
use shipworthy_core::attestation::{Attested, Statement, predicate};
use shipworthy_core::drill::Drill;
use shipworthy_core::{Manifest, SourceFile};
use shipworthy_rows::Timestamp;
use shipworthy_store::{Attestation, Attribution};

use crate::Origin;
use crate::reference::ReferenceRows;
use crate::train::{self, Quality, Report};

pub use image::{Base, Image, image, image_provenance};
pub use pipeline::{Pipeline, run};
pub use required::{Lacking, how_to_say, require, required, says_no};

/// How a release is made: trained from a project, or taken as it is.
const TRAINED: &str = "shipworthy:train/v1";
const TAKEN: &str = "shipworthy:take/v1";

/// How a release came to a server that nobody told whose word counts: its operator gave it.
const GIVEN: &str = "shipworthy:given/v1";

/// Stands for a repository that has no remote.
const NO_REMOTE: &str = "repository";

/// Who makes releases outside a pipeline: this program, on the machine of whoever runs it.
const BUILDER: &str = "shipworthy:command-line";

/// What varies by machine and by time, and so is no part of a release.
#[derive(Clone, Debug)]
pub struct Circumstances {
    /// When the making began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// Where the commit is found.
    pub origin: Origin,
    /// Where a model that was made elsewhere comes from, as far as its files tell; else null.
    pub model_origin: Value,
    /// What it was made on.
    pub machine: Machine,
    /// The run of a pipeline that made it, if one did.
    pub pipeline: Option<Pipeline>,
}

/// What a release is made on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// `linux`, …
    pub system: String,
    /// `x86_64`, …
    pub architecture: String,
    /// What the processor can do beyond the least of its architecture.
    pub features: Vec<String>,
    /// Processors that the process may use.
    pub processors: usize,
}

/// How the release was made: SLSA provenance v1.
#[must_use]
pub fn provenance(manifest: &Manifest, circumstances: &Circumstances) -> Statement {
    let Circumstances { started_at, finished_at, origin, model_origin, machine, pipeline } =
        circumstances;
    let is_given = manifest.trainer.name == train::GIVEN;
    let mut external = json!({"project": manifest.project, "path": origin.path});
    if !model_origin.is_null() {
        external["model"] = model_origin.clone();
    }
    let commit = manifest.commit.iter().map(|commit| {
        let remote = origin.remote.as_deref().unwrap_or(NO_REMOTE);
        let branch = origin.branch.as_ref().map(|branch| format!("@refs/heads/{branch}"));
        json!({
            "uri": format!("git+{remote}{}", branch.unwrap_or_default()),
            "digest": {"gitCommit": commit},
        })
    });
    let data = manifest.training_set.iter().flat_map(|set| &set.files);
    let data = data
        .map(|SourceFile { path, sha256, .. }| json!({"name": path, "digest": {"sha256": sha256}}));
    let mut internal = json!({
        "trainer": manifest.trainer,
        "machine": {
            "system": machine.system,
            "architecture": machine.architecture,
            "features": machine.features,
            "processors": machine.processors,
        },
    });
    if let Some(pipeline) = pipeline {
        internal["pipeline"] = pipeline.parameters();
    }
    let metadata =
        json!({"startedOn": started_at.to_string(), "finishedOn": finished_at.to_string()});
    let predicate = json!({
        "buildDefinition": {
            "buildType": if is_given { TAKEN } else { TRAINED },
            "externalParameters": external,
            "internalParameters": internal,
            "resolvedDependencies": commit.chain(data).collect::<Vec<_>>(),
        },
        "runDetails": run_details(pipeline.as_ref(), metadata),
    });
    Statement { predicate_type: predicate::PROVENANCE.to_owned(), predicate }
}

/// That the release was given to a server at its start, as it was made elsewhere: how, its manifest
/// alone tells.
#[must_use]
pub fn given(manifest: &Manifest, by: &Attribution) -> Statement {
    let commit = manifest.commit.iter();
    let commit = commit
        .map(|commit| json!({"uri": format!("git+{NO_REMOTE}"), "digest": {"gitCommit": commit}}));
    let predicate = json!({
        "buildDefinition": {
            "buildType": GIVEN,
            "externalParameters": {"project": manifest.project, "reason": by.reason()},
            "internalParameters": {"trainer": manifest.trainer},
            "resolvedDependencies": commit.collect::<Vec<_>>(),
        },
        "runDetails": {
            "builder": {"id": BUILDER, "version": {"shipworthy": env!("CARGO_PKG_VERSION")}},
            "metadata": {"finishedOn": by.at().to_string()},
        },
    });
    Statement { predicate_type: predicate::PROVENANCE.to_owned(), predicate }
}

/// Who made it, when as far as `metadata` tells, and where that is found.
fn run_details(pipeline: Option<&Pipeline>, mut metadata: Value) -> Value {
    let builder = pipeline.and_then(|pipeline| pipeline.builder.as_deref());
    if let Some(Pipeline { run, .. }) = pipeline {
        metadata["invocationId"] = json!(run);
    }
    json!({
        "builder": {
            "id": builder.unwrap_or(BUILDER),
            "version": {"shipworthy": env!("CARGO_PKG_VERSION")},
        },
        "metadata": metadata,
    })
}

/// What was measured when the release was made.
///
/// # Errors
/// Never in practice: a report has a JSON form.
pub fn quality(report: &Report) -> Result<Statement, serde_json::Error> {
    let predicate = serde_json::to_value(report)?;
    Ok(Statement { predicate_type: predicate::QUALITY.to_owned(), predicate })
}

/// The salted digests of the reference rows.
#[must_use]
pub fn reference_rows(rows: &ReferenceRows) -> Statement {
    let predicate = rows.predicate();
    Statement { predicate_type: predicate::REFERENCE_ROWS.to_owned(), predicate }
}

/// That whoever acts signs the release off.
#[must_use]
pub fn approval(by: &Attribution) -> Statement {
    let predicate = json!({
        "approver": by.actor(),
        "reason": by.reason(),
        "approvedOn": by.at().to_string(),
    });
    Statement { predicate_type: predicate::APPROVAL.to_owned(), predicate }
}

/// How the way back to the release went when it was drilled.
///
/// # Errors
/// Never in practice: a drill has a JSON form.
pub fn drill(drill: &Drill) -> Result<Statement, serde_json::Error> {
    let predicate = serde_json::to_value(drill)?;
    Ok(Statement { predicate_type: predicate::ROLLBACK_DRILL.to_owned(), predicate })
}

/// Why somebody cannot say something about a release.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unsayable {
    message: String,
}

/// A scheme and something behind it, of characters that may stand in a URI (RFC 3986).
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte);
    let forbidden = |byte: u8| !byte.is_ascii_graphic() || b"\"<>\\^`{|}".contains(&byte);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(is_scheme)
        && !rest.is_empty()
        && !rest.bytes().any(forbidden)
}

/// A predicate that somebody gives, which says the same to everybody who reads it.
///
/// # Errors
/// When it is no JSON, has a name twice in one object, or a number that loses digits.
pub fn given_predicate(text: &str) -> Result<Value, Unsayable> {
    let refused = |error| Unsayable { message: format!("the predicate is refused: {error}") };
    strict::parse(text).map_err(refused)
}

/// What is said by others than this program: `gate-report`, or the URI of a predicate type.
///
/// # Errors
/// When only this program may say it, or the predicate is not one of its type.
pub fn stated(kind: &str, predicate: Value) -> Result<Statement, Unsayable> {
    let no = |message: String| Err(Unsayable { message });
    let made_here = [
        predicate::PROVENANCE,
        predicate::APPROVAL,
        predicate::QUALITY,
        predicate::REFERENCE_ROWS,
        predicate::ROLLBACK_DRILL,
    ];
    let predicate_type = match kind {
        "gate-report" => predicate::GATE_REPORT,
        uri if made_here.contains(&uri) => {
            return no(format!(
                "`{uri}` is said by this program alone: the provenance when a release is made, an \
                 approval by `shipworthy release approve`, a drill by `shipworthy drill rollback`"
            ));
        }
        uri if is_uri(uri) => uri,
        other => return no(format!("`{other}` is neither `gate-report` nor a URI")),
    };
    if !predicate.is_object() {
        return no("a predicate is a JSON object".to_owned());
    }
    let result = predicate["result"].as_str().unwrap_or_default();
    let is_report =
        ["PASSED", "WARNED", "FAILED"].contains(&result) && predicate["configuration"].is_array();
    if predicate_type == predicate::IMAGE && Image::read(&predicate).is_none() {
        return no(
            "an image has a `digest` (`sha256:…`), `size_bytes`, a `platform`, a `revision` (a commit, \
             or null), and at most a `base` with `name` and `digest`"
                .to_owned(),
        );
    }
    if predicate_type == predicate::GATE_REPORT && !is_report {
        return no(
            "a gate report has a `result`, PASSED, WARNED or FAILED, and a `configuration`, a list \
             of what was run"
                .to_owned(),
        );
    }
    Ok(Statement { predicate_type: predicate_type.to_owned(), predicate })
}

/// What a release is found by: `test.roc_auc`, `validation.roc_auc`, …
#[must_use]
pub fn metrics(report: &Report) -> Vec<(String, f64)> {
    let named = |slice: &'static str, quality: &Quality| {
        let metrics = quality.metrics.clone();
        metrics.into_iter().map(move |(name, value)| (format!("{slice}.{name}"), value))
    };
    let test = report.test.iter().flat_map(|quality| named("test", quality));
    let validation = report.validation.iter().flat_map(|quality| named("validation", quality));
    test.chain(validation).filter(|(_, value)| value.is_finite()).collect()
}

/// The same, as the statement of quality of a release from elsewhere tells them.
#[must_use]
pub fn told_metrics(quality: &Value) -> Vec<(String, f64)> {
    let of_slice = |slice: &'static str| {
        let metrics = quality[slice]["metrics"].as_object().into_iter().flatten();
        metrics.filter_map(move |(name, value)| Some((format!("{slice}.{name}"), value.as_f64()?)))
    };
    of_slice("test").chain(of_slice("validation")).collect()
}

/// The machine that a release was made on, as its provenance tells it.
#[must_use]
pub fn machine(provenance: &Value) -> Option<Machine> {
    let machine = &provenance["buildDefinition"]["internalParameters"]["machine"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(Machine {
        system: text(&machine["system"])?,
        architecture: text(&machine["architecture"])?,
        features: machine["features"].as_array()?.iter().filter_map(text).collect(),
        processors: usize::try_from(machine["processors"].as_u64()?).ok()?,
    })
}

/// The project's path in its repository, as the provenance of a release tells it.
#[must_use]
pub fn path(provenance: &Value) -> Option<&str> {
    provenance["buildDefinition"]["externalParameters"]["path"].as_str()
}

/// The repository of the commit, with its branch, as the provenance of a release tells it.
#[must_use]
pub fn repository(provenance: &Value) -> Option<String> {
    let dependencies = provenance["buildDefinition"]["resolvedDependencies"].as_array()?;
    let commit = dependencies.iter().find(|found| found["digest"]["gitCommit"].is_string())?;
    let uri = commit["uri"].as_str()?.strip_prefix("git+")?;
    (!uri.starts_with(NO_REMOTE)).then(|| uri.to_owned())
}

/// A statement about a release that counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// As it is stored.
    pub stored: Attestation,
    /// As it was signed.
    pub attested: Attested,
}

impl Said {
    /// Who says it: of an approval the approver, whoever signed it anew.
    #[must_use]
    pub fn actor(&self) -> &str {
        let approver = self.attested.statement.predicate["approver"].as_str();
        let is_approval = self.stored.predicate_type == predicate::APPROVAL;
        approver.filter(|_| is_approval).unwrap_or(&self.stored.actor)
    }

    /// What is said, in the words that people use.
    #[must_use]
    pub fn name(&self) -> &str {
        predicate::name(&self.stored.predicate_type)
    }
}

/// The latest of the statements with this predicate type.
#[must_use]
pub fn latest<'a>(said: &'a [Said], predicate_type: &str) -> Option<&'a Value> {
    let mut newest_first = said.iter().rev().map(|said| &said.attested.statement);
    newest_first
        .find(|statement| statement.predicate_type == predicate_type)
        .map(|statement| &statement.predicate)
}
