//! Images of releases, after the image specification of the Open Container Initiative.
//!
//! Source: <https://github.com/opencontainers/image-spec/tree/v1.1.0>.

mod base;
mod build;
pub mod check;
mod elf;
pub mod layout;
mod sbom;
mod tree;

pub use base::{Base, BaseError};
pub use build::{BuildError, Built, Library, Parts, architecture, build};
pub use check::{Checked, Finding};
pub use elf::{Elf, ElfError};
pub use layout::{Layer, Layout, LayoutError};
pub use sbom::Sources;

/// Where the release is in an image.
pub const RELEASE_FILE: &str = "srv/shipworthy/release.tar";
/// The annotation that has the id of the release.
pub const RELEASE: &str = "io.shipworthy.release";
/// The annotation that has the commit.
pub const REVISION: &str = "org.opencontainers.image.revision";
/// The annotation that names what the image is built on.
pub const BASE_NAME: &str = "org.opencontainers.image.base.name";
/// The annotation that has the digest of what the image is built on.
pub const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";
/// The media type of a signed statement.
pub const STATEMENT: &str = "application/vnd.dsse.envelope.v1+json";
