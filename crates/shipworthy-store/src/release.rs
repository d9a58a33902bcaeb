//! Releases: immutable, content-addressed model versions.
//!
//! The store keeps a release as it was given. That the id is the digest of the
//! canonical manifest is the business of who makes releases; that neither is
//! ever edited is the business of the store.

pub use shipworthy_core::ReleaseId;
use shipworthy_rows::Timestamp;

use crate::{attestation::NewAttestation, event::MAX_REASON_BYTES};

/// Longest manifest, in bytes: it holds digests and parameters, never data.
pub const MAX_MANIFEST_BYTES: usize = 256 * 1024;

/// Whether somebody else could make the same release from the same commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reproducibility {
    /// Yes.
    Reproducible,
    /// No.
    Unreproducible {
        /// Why not, e.g. uncommitted changes.
        reason: String,
    },
}

/// A release to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRelease {
    id: ReleaseId,
    manifest: String,
    reproducibility: Reproducibility,
    attestations: Vec<NewAttestation>,
    metrics: Vec<(String, f64)>,
}

impl NewRelease {
    /// `manifest` is JSON text, kept byte for byte.
    ///
    /// # Errors
    /// [`Error::ManifestTooLong`] past [`MAX_MANIFEST_BYTES`],
    /// [`Error::BadManifest`] when it is not JSON, [`Error::BadReason`] when it
    /// is unreproducible for no reason or one past [`MAX_REASON_BYTES`].
    pub fn new(
        id: ReleaseId,
        manifest: &str,
        reproducibility: Reproducibility,
    ) -> Result<Self, Error> {
        if manifest.len() > MAX_MANIFEST_BYTES {
            return Err(Error::ManifestTooLong { id: id.to_string(), bytes: manifest.len() });
        }
        if let Reproducibility::Unreproducible { reason } = &reproducibility
            && (reason.trim().is_empty() || reason.len() > MAX_REASON_BYTES)
        {
            return Err(Error::BadReason { id: id.to_string() });
        }
        if let Err(source) = serde_json::from_str::<serde::de::IgnoredAny>(manifest) {
            return Err(Error::BadManifest { id: id.to_string(), source });
        }
        Ok(Self {
            id,
            manifest: manifest.into(),
            reproducibility,
            attestations: Vec::new(),
            metrics: Vec::new(),
        })
    }

    /// With statements that are stored together with it, and the metrics to find it by.
    #[must_use]
    pub fn attested(
        mut self,
        attestations: Vec<NewAttestation>,
        metrics: Vec<(String, f64)>,
    ) -> Self {
        self.attestations = attestations;
        self.metrics = metrics;
        self
    }

    /// What is said about it from the start.
    #[must_use]
    pub fn attestations(&self) -> &[NewAttestation] {
        &self.attestations
    }

    /// What it is found by: names and finite values.
    #[must_use]
    pub fn metrics(&self) -> &[(String, f64)] {
        &self.metrics
    }

    /// The id.
    #[must_use]
    pub const fn id(&self) -> &ReleaseId {
        &self.id
    }

    /// JSON text.
    #[must_use]
    pub fn manifest(&self) -> &str {
        &self.manifest
    }

    /// Whether it could be made again.
    #[must_use]
    pub const fn reproducibility(&self) -> &Reproducibility {
        &self.reproducibility
    }
}

/// A stored release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The digest of the canonical manifest.
    pub id: ReleaseId,
    /// JSON text, byte for byte as it was given.
    pub manifest: String,
    /// When it was stored, by the clock of who stored it.
    pub created_at: Timestamp,
    /// Whether it could be made again.
    pub reproducibility: Reproducibility,
    /// Whether its files are there.
    pub retention: Retention,
}

/// What becomes of the files of a release. The release itself stays in the record for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// They are there, and can be pruned once nothing refers to it.
    Kept,
    /// They are there, and stay until it is freed.
    Held,
    /// They were removed, for nothing referred to it.
    Pruned,
}

impl Retention {
    /// The name in storage and for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Held => "held",
            Self::Pruned => "pruned",
        }
    }
}

/// Which releases are looked for. What is not given does not matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReleaseQuery {
    /// The first digits of the commit in the manifest, in lower case.
    pub commit: Option<String>,
    /// The project in the manifest.
    pub project: Option<String>,
    /// Stored at this time or later.
    pub from: Option<Timestamp>,
    /// Stored before this time.
    pub until: Option<Timestamp>,
    /// Whether it could be made again.
    pub reproducible: Option<bool>,
    /// What was measured when it was made.
    pub metric: Option<MetricBounds>,
}

/// The values of a metric that are asked for, both ends included.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricBounds {
    /// Its name: `test.roc_auc`, …
    pub name: String,
    /// The least value.
    pub least: f64,
    /// The largest value.
    pub most: f64,
}

/// Why something is not a release.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not JSON.
    #[error("the manifest of release {id} is not JSON")]
    BadManifest {
        /// The release.
        id: String,
        /// Where it is not.
        #[source]
        source: serde_json::Error,
    },
    /// Unreproducible, and it is not said why.
    #[error("release {id} is unreproducible: say why, in at most {MAX_REASON_BYTES} bytes")]
    BadReason {
        /// The release.
        id: String,
    },
    /// A manifest past its limit.
    #[error(
        "the manifest of release {id} has {bytes} bytes, at most {MAX_MANIFEST_BYTES} are kept"
    )]
    ManifestTooLong {
        /// The release.
        id: String,
        /// Its length.
        bytes: usize,
    },
}

/// Whether `text` is a SHA-256 digest as we write it.
pub(crate) fn is_lower_hex_sha256(text: &str) -> bool {
    text.len() == 64
        && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_must_be_json_and_bounded() {
        let made = |manifest: &str| {
            let id = ReleaseId::from_sha256(&[1; 32]);
            NewRelease::new(id, manifest, Reproducibility::Reproducible)
        };
        assert!(made(r#"{"a": 1}"#).is_ok());
        assert!(matches!(made("{"), Err(Error::BadManifest { .. })));
        let mute = Reproducibility::Unreproducible { reason: " ".into() };
        let unexplained = NewRelease::new(ReleaseId::from_sha256(&[1; 32]), "{}", mute);
        assert!(matches!(unexplained, Err(Error::BadReason { .. })));
        let long = format!("\"{}\"", "x".repeat(MAX_MANIFEST_BYTES));
        assert!(matches!(made(&long), Err(Error::ManifestTooLong { .. })));
    }
}
