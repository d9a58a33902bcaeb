//! Whose word counts about an image and its release.

use oci_spec::image::{Descriptor, ImageManifest};
use serde::Serialize;
use shipworthy_core::ReleaseId;
use shipworthy_core::attestation::{self, Attested, Statement, predicate};
use shipworthy_core::signing::PublicKey;

use super::super::{Layout, STATEMENT};
use super::Finding;

/// What a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The image.
    Image,
    /// The release in it.
    Release,
}

/// A statement whose key counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Said {
    /// What it is about.
    pub about: Subject,
    /// The name of what is said: a URI.
    pub predicate_type: String,
    /// The name of the key that signed it.
    pub key_id: String,
}

/// What is said about an image.
#[derive(Debug, Default)]
pub struct Statements {
    /// By trusted keys.
    pub said: Vec<Said>,
    /// By others, a line each.
    pub left_out: Vec<String>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
}

/// What is said about an image and its release; both must have their provenance from a key that
/// counts.
pub fn statements(
    layout: &Layout,
    release: Option<&ReleaseId>,
    trusted: impl Fn(&str) -> Option<PublicKey>,
) -> Statements {
    let mut found = Statements::default();
    for envelope in envelopes(layout) {
        let digest = envelope.digest().to_string();
        let bytes = layout.blob(&digest).unwrap_or_default();
        let text = String::from_utf8_lossy(bytes);
        match verified(&text, layout, release, &trusted) {
            Ok(said) => found.said.push(said),
            Err(error @ attestation::Error::Untrusted { .. }) => {
                found.left_out.push(format!("statement {digest}: {error}"));
            }
            Err(error) => {
                found.findings.push(Finding::Statement { digest, why: error.to_string() });
            }
        }
    }
    for (about, what) in [(Subject::Image, "the image"), (Subject::Release, "its release")] {
        let is_provenance =
            |said: &Said| said.about == about && said.predicate_type == predicate::PROVENANCE;
        if !found.said.iter().any(is_provenance) {
            found.findings.push(Finding::NoProvenance { what });
        }
    }
    found
}

/// The signed statements among what is attached.
fn envelopes(layout: &Layout) -> Vec<Descriptor> {
    let artifacts = layout.referrers().iter().filter_map(|referrer| {
        let bytes = layout.blob(referrer.digest().as_ref())?;
        serde_json::from_slice::<ImageManifest>(bytes).ok()
    });
    let layers = artifacts.flat_map(|artifact| artifact.layers().clone());
    layers.filter(|layer| layer.media_type().as_ref() == STATEMENT).collect()
}

fn verified(
    text: &str,
    layout: &Layout,
    release: Option<&ReleaseId>,
    trusted: &impl Fn(&str) -> Option<PublicKey>,
) -> Result<Said, attestation::Error> {
    // An image is named like a release: by a SHA-256.
    let image = layout.image().digest().as_ref().parse::<ReleaseId>().ok();
    let subjects = [(Subject::Image, image.as_ref()), (Subject::Release, release)];
    let mut failure = attestation::Error::Subject { about: "nothing that is known".to_owned() };
    for (about, id) in subjects {
        let Some(id) = id else { continue };
        match Statement::verify(text, id, trusted) {
            Ok(Attested { statement, key_id }) => {
                return Ok(Said { about, predicate_type: statement.predicate_type, key_id });
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}
