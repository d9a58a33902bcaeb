//! Releases: immutable, content-addressed model versions.
//!
//! The store keeps a release as it was given. That the id is the digest of the
//! canonical manifest is the business of who makes releases; that neither is
//! ever edited is the business of the store.

use std::fmt;

use shipworthy_rows::Timestamp;

use crate::event::MAX_REASON_BYTES;

/// Longest manifest, in bytes: it holds digests and parameters, never data.
pub const MAX_MANIFEST_BYTES: usize = 256 * 1024;

const ID_PREFIX: &str = "sha256:";

/// `sha256:` and 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReleaseId(String);

impl ReleaseId {
    /// The id of a manifest with this SHA-256.
    #[must_use]
    pub fn from_sha256(digest: &[u8; 32]) -> Self {
        Self(format!("{ID_PREFIX}{}", hex::encode(digest)))
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// [`Error::BadId`] when the text is anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text.strip_prefix(ID_PREFIX) {
            Some(digits) if is_lower_hex_sha256(digits) => Ok(Self(text.into())),
            _ => Err(Error::BadId { id: text.into() }),
        }
    }

    /// The text form, with its prefix.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 64 digits alone: the name of the bundle's directory.
    #[must_use]
    pub fn hex(&self) -> &str {
        &self.0[ID_PREFIX.len()..]
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRelease {
    id: ReleaseId,
    manifest: String,
    reproducibility: Reproducibility,
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
            return Err(Error::ManifestTooLong { id: id.0, bytes: manifest.len() });
        }
        if let Reproducibility::Unreproducible { reason } = &reproducibility
            && (reason.trim().is_empty() || reason.len() > MAX_REASON_BYTES)
        {
            return Err(Error::BadReason { id: id.0 });
        }
        if let Err(source) = serde_json::from_str::<serde::de::IgnoredAny>(manifest) {
            return Err(Error::BadManifest { id: id.0, source });
        }
        Ok(Self { id, manifest: manifest.into(), reproducibility })
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
}

/// Why something is not a release.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not an id.
    #[error("`{id}` is not a release id: `sha256:` and 64 lower-case hexadecimal digits")]
    BadId {
        /// What was given.
        id: String,
    },
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
    fn an_id_round_trips() {
        let id = ReleaseId::from_sha256(&[0x5a; 32]);
        assert_eq!(ReleaseId::parse(id.as_str()).unwrap(), id);
        assert_eq!(id.hex(), "5a".repeat(32));
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        let hex = "5a".repeat(32);
        let bad = [
            String::new(),
            hex.clone(),
            format!("sha512:{hex}"),
            format!("sha256:{}", hex.to_uppercase()),
            format!("sha256:{}", &hex[1..]),
            format!("sha256:{hex}0"),
            format!("sha256:../{}", &hex[3..]),
        ];
        for text in bad {
            assert!(ReleaseId::parse(&text).is_err(), "{text}");
        }
    }

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
