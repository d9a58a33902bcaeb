//! Why a file or what a registry has is no whole image.

use std::io;

use super::{MAX_BLOBS, MAX_IMAGE_BYTES, MAX_JSON_BYTES};

/// Why something is no whole image.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// It cannot be read, or is no tar archive.
    #[error("it cannot be read as a tar archive")]
    Read(#[from] io::Error),
    /// Another kind of archive.
    #[error(
        "it has no `{name}`, so it is no OCI image: `shipworthy image build` writes such files"
    )]
    NoLayout {
        /// The file that an image has.
        name: &'static str,
    },
    /// Written after another specification.
    #[error("its layout has the version `{found}`, and this version reads 1.0.0")]
    Version {
        /// The version, shortened.
        found: String,
    },
    /// An entry that none should have.
    #[error("its entry `{name}` {why}")]
    Entry {
        /// The name, as it can be shown.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// More blobs than are read.
    #[error("it has more than {MAX_BLOBS} entries")]
    TooMany,
    /// More bytes than are read.
    #[error("it is longer than {MAX_IMAGE_BYTES} bytes")]
    TooLarge,
    /// Nothing to run here.
    #[error("it has {found} for {platform}, and one is needed")]
    Platform {
        /// System and architecture.
        platform: String,
        /// What it has.
        found: &'static str,
    },
    /// A blob is not there.
    #[error("its {what} {digest} is missing")]
    Missing {
        /// What it is for.
        what: &'static str,
        /// Its digest.
        digest: String,
    },
    /// A blob is not the one that is named.
    #[error("its {what} {digest} is damaged: its digest is {found}")]
    Damaged {
        /// What it is for.
        what: &'static str,
        /// The digest that it should have.
        digest: String,
        /// The digest that it has.
        found: String,
    },
    /// A blob has another length than is said.
    #[error("its {what} {digest} has {found} bytes, and {said} are promised")]
    Length {
        /// What it is for.
        what: &'static str,
        /// Its digest.
        digest: String,
        /// Its length in bytes.
        found: u64,
        /// The length that its descriptor says.
        said: u64,
    },
    /// A manifest, an index or a configuration past the limit.
    #[error("its {what} has {bytes} bytes, at most {MAX_JSON_BYTES} are read")]
    TooLong {
        /// Which.
        what: &'static str,
        /// Its length.
        bytes: usize,
    },
    /// A manifest, an index or a configuration that is none.
    #[error("its {what} cannot be read")]
    Unreadable {
        /// Which.
        what: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// An artifact of another image.
    #[error("its artifact {digest} is about another image")]
    Subject {
        /// The digest of the artifact.
        digest: String,
    },
}

impl LayoutError {
    /// Whether it is an image, of which something is not as it was made.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Missing { .. }
                | Self::Damaged { .. }
                | Self::Length { .. }
                | Self::Subject { .. }
        )
    }
}
