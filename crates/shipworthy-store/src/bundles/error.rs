//! What can be wrong with a bundle.

use std::{io, path::PathBuf};

use super::{MAX_FILE_BYTES, MAX_FILES, MAX_NAME_BYTES};
use crate::release::ReleaseId;

/// Why a bundle cannot be stored or used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The directory was opened to read.
    #[error("the bundles were opened to read only")]
    ReadOnly,
    /// An attachment.
    #[error(transparent)]
    Attachment(#[from] crate::attachments::Error),
    /// The operating system refused.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
    /// The name could lead out of the bundle, or is not portable.
    #[error(
        "`{name}` cannot be a file of a bundle: 1 to {MAX_NAME_BYTES} letters, digits and `. _ -`, \
         not starting with a dot"
    )]
    BadName {
        /// What was given.
        name: String,
    },
    /// The object store refused.
    #[error("cannot {doing} {name}")]
    Store {
        /// What was tried.
        doing: &'static str,
        /// On what: a path, or the store and the name in it.
        name: String,
        /// What it said.
        #[source]
        source: Box<object_store::Error>,
    },
    /// The note of what is unfinished names no release.
    #[error("{name} should name the release that is half-written, and does not: remove it")]
    BadNote {
        /// The note.
        name: String,
    },
    /// A name was given twice.
    #[error("the bundle of {id} has two files called `{name}`")]
    DuplicateName {
        /// The release.
        id: ReleaseId,
        /// The name.
        name: String,
    },
    /// Too few or too many files.
    #[error("the bundle of {id} has {count} files: a bundle has 1 to {MAX_FILES}")]
    BadCount {
        /// The release.
        id: ReleaseId,
        /// How many.
        count: usize,
    },
    /// A file past its limit.
    #[error("`{name}` of {id} has {bytes} bytes: a file of a bundle has at most {MAX_FILE_BYTES}")]
    TooLong {
        /// The release.
        id: ReleaseId,
        /// The file.
        name: String,
        /// Its length.
        bytes: u64,
    },
    /// The expected digest is not one.
    #[error("`{digest}` is not a SHA-256 digest: 64 lower-case hexadecimal digits")]
    BadDigest {
        /// What was given.
        digest: String,
    },
    /// The release's bundle is not here.
    #[error("there is no bundle of {id}")]
    NoSuchBundle {
        /// The release.
        id: ReleaseId,
    },
    /// The bundle has no such file.
    #[error("there is no file `{name}` in the bundle of {id}")]
    NoSuchFile {
        /// The release.
        id: ReleaseId,
        /// The file.
        name: String,
    },
    /// The release is here with other files.
    #[error("the stored bundle of {id} differs in `{name}`, and a release cannot be edited")]
    Differs {
        /// The release.
        id: ReleaseId,
        /// The first file that differs.
        name: String,
    },
    /// A file is not what the manifest says.
    #[error(
        "`{name}` in the bundle of {id} has the digest {found}, and its manifest says {expected}: \
         the file was changed or is damaged; restore it, or make the release again"
    )]
    Damaged {
        /// The release.
        id: ReleaseId,
        /// The file.
        name: String,
        /// Its digest.
        found: String,
        /// The digest it should have.
        expected: String,
    },
}
