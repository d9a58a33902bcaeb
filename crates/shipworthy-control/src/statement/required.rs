//! What a policy wants to be said about a release before callers get it.

use serde_json::Value;
use shipworthy_core::ReleaseId;
use shipworthy_core::attestation::predicate;

use super::{Said, is_uri, latest};

/// Names of failed gates that an error lists.
const NAMED: usize = 3;

/// Why callers do not get a release: a statement that the policy requires is not there, or says no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Lacking {
    /// What is missing.
    pub message: String,
    /// What to do.
    pub hint: &'static str,
}

/// The predicate type of what a policy requires: `gate-report`, `approval`, or the type itself.
#[must_use]
pub fn required(text: &str) -> Option<&str> {
    match text {
        "gate-report" => Some(predicate::GATE_REPORT),
        "approval" => Some(predicate::APPROVAL),
        uri => is_uri(uri).then_some(uri),
    }
}

/// Whether everything that a policy requires is said about a release, by predicate types; the last
/// gate report must say that all passed.
///
/// # Errors
/// The first thing that is not.
pub fn require(requires: &[String], id: &ReleaseId, said: &[Said]) -> Result<(), Lacking> {
    for predicate_type in requires {
        let name = predicate::name(predicate_type);
        let Some(told) = latest(said, predicate_type) else {
            let message = format!("{id} has no {name} that counts, and [rollout] requires one");
            return Err(Lacking { message, hint: how_to_say(predicate_type) });
        };
        if let Some(no) = says_no(predicate_type, told) {
            let message = format!("the last gate report of {id} says {no}");
            return Err(Lacking { message, hint: "make a better release, or mend what failed" });
        }
    }
    Ok(())
}

/// What a statement says against its release: a gate report, that something `FAILED`, and what.
#[must_use]
pub fn says_no(predicate_type: &str, told: &Value) -> Option<String> {
    let is_no = predicate_type == predicate::GATE_REPORT && told["result"] != "PASSED";
    is_no.then(|| result(told))
}

/// Which command says what is missing.
#[must_use]
pub fn how_to_say(predicate_type: &str) -> &'static str {
    match predicate_type {
        predicate::PROVENANCE => "`shipworthy release PROJECT` says it of what it makes",
        predicate::GATE_REPORT => {
            "`shipworthy test PROJECT --candidate RELEASE` judges it and signs the report"
        }
        predicate::APPROVAL => {
            "somebody with the role `approver` runs `shipworthy release approve RELEASE`"
        }
        predicate::IMAGE => "`shipworthy image build RELEASE --output image.tar` says it",
        _ => "`shipworthy release attest RELEASE --type URI --predicate FILE` says it",
    }
}

/// The result of a gate report, and the first of the gates that failed.
fn result(told: &Value) -> String {
    let result = told["result"].as_str().unwrap_or("nothing");
    let failed: Vec<&str> =
        told["failedTests"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let named = failed.iter().take(NAMED).copied().collect::<Vec<_>>().join("; ");
    match failed.len() {
        0 => result.to_owned(),
        1..=NAMED => format!("{result}: {named}"),
        count => format!("{result}: {named}; and {} more", count - NAMED),
    }
}
