//! Where things are, and what kind of machine this is. The only place that reads the environment.

use std::env;
use std::path::{Path, PathBuf};

/// The checkout and the caches that the tasks work in.
pub(crate) struct Workspace {
    /// The root of the repository.
    pub(crate) root: PathBuf,
    /// Tools, virtual environments and scratch files that outlive a checkout.
    pub(crate) cache: PathBuf,
    /// Whether this is continuous integration (`CI=true`): nothing may be skipped there.
    pub(crate) ci: bool,
}

impl Workspace {
    /// Reads `CARGO_MANIFEST_DIR` (set by `cargo run`), `XDG_CACHE_HOME`, `HOME` and `CI`.
    pub(crate) fn from_environment() -> Self {
        let manifest_dir = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_dir.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf);
        let user_cache = env::var_os("XDG_CACHE_HOME").map_or_else(
            || PathBuf::from(env::var_os("HOME").unwrap_or_else(|| "/tmp".into())).join(".cache"),
            PathBuf::from,
        );
        let ci = env::var("CI").is_ok_and(|value| value == "true" || value == "1");
        Self { root, cache: user_cache.join("shipworthy"), ci }
    }
}
