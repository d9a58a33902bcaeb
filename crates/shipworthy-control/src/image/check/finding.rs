//! What may be wrong with an image.

use super::super::RELEASE_FILE;

/// Something that is wrong with an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// Layers that the configuration does not know, or the other way round.
    #[error("its configuration knows {said} layers, and its manifest has {found}")]
    Layers {
        /// Those of the configuration.
        said: usize,
        /// Those of the manifest.
        found: usize,
    },
    /// A layer has other files than the configuration says.
    #[error("its layer {digest} unpacks to {found}, and its configuration says {said}")]
    Layer {
        /// The digest of the packed layer.
        digest: String,
        /// The digest of what it unpacks to.
        found: String,
        /// The digest that it should unpack to.
        said: String,
    },
    /// A layer cannot be looked into.
    #[error("its layer {digest} cannot be unpacked: {why}")]
    Packed {
        /// The digest of the packed layer.
        digest: String,
        /// Why.
        why: String,
    },
    /// No release.
    #[error("its last layer has no /{RELEASE_FILE}, so it is no image of a release")]
    NoRelease,
    /// A release that is not as it was made.
    #[error("its release is not whole: {why}")]
    Release {
        /// What is wrong.
        why: String,
    },
    /// An annotation that is not true.
    #[error("its annotation {key} says {said}, and its release {found}")]
    Annotation {
        /// The annotation.
        key: &'static str,
        /// What it says.
        said: String,
        /// What the release in it says.
        found: String,
    },
    /// A statement of a trusted key that is not as it was signed.
    #[error("its statement {digest} does not hold: {why}")]
    Statement {
        /// The digest of the envelope.
        digest: String,
        /// What is wrong.
        why: String,
    },
    /// Nobody who is trusted says how it came to be.
    #[error(
        "no key that counts says how {what} was made; --trusted-keys takes the public keys of those \
         who make it"
    )]
    NoProvenance {
        /// The image or the release.
        what: &'static str,
    },
    /// Not the one that is asked for.
    #[error("its {what} is {found}, and not {wanted}")]
    Other {
        /// Which of its names.
        what: &'static str,
        /// What it is.
        found: String,
        /// What it should be.
        wanted: String,
    },
}
