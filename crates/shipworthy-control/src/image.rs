//! Images of releases, after the image specification of the Open Container Initiative.
//!
//! Source: <https://github.com/opencontainers/image-spec/tree/v1.1.0>.

pub mod layout;

pub use layout::{Layer, Layout, LayoutError};
