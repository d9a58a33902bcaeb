//! Images of releases, after the image specification of the Open Container Initiative.
//!
//! Source: <https://github.com/opencontainers/image-spec/tree/v1.1.0>.

mod base;
mod build;
mod elf;
pub mod layout;
mod sbom;
mod tree;

pub use base::{Base, BaseError};
pub use build::{
    BINARY, BuildError, Built, Library, Parts, RELEASE, RELEASE_ANNOTATION, REVISION, STATE,
    architecture, build,
};
pub use elf::{Elf, ElfError};
pub use layout::{Layer, Layout, LayoutError};
pub use sbom::Sources;
