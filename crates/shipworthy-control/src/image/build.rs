//! How a release becomes an image: a base, the binary, and the release, each a layer.
//!
//! **Invariant:** the same parts make the same bytes. Nothing of an image tells who built it, when or
//! where; what does is attached to it.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Value, json};
use shipworthy_core::{Manifest, canonical};
use shipworthy_rows::Timestamp;

use super::elf::{Elf, ElfError};
use super::sbom::{self, Sources};
use super::tree::{Packed, Tree};
use super::{BASE_DIGEST, BASE_NAME, Base, Layout, RELEASE, RELEASE_FILE, REVISION};
use crate::release::Archive;

/// Where the program is in an image.
const BINARY: &str = "/usr/bin/shipworthy";
/// Where the project file is, for its policy.
const PROJECT: &str = "/srv/shipworthy";
/// What the server writes: a volume.
const STATE: &str = "/var/lib/shipworthy";
const ONNXRUNTIME: &str = "/usr/lib/shipworthy/libonnxruntime.so";

/// Who runs the server: nobody that a machine has.
const USER: u64 = 65_532;

/// What an image is made of.
#[derive(Debug)]
pub struct Parts<'a> {
    /// The release, bare.
    pub release: &'a Archive,
    /// The project file with the policy, if there is one.
    pub project: Option<&'a str>,
    /// The program that serves.
    pub binary: &'a [u8],
    /// What the binary and ONNX Runtime are linked to, where no base has it.
    pub libraries: &'a [Library],
    /// The library of ONNX Runtime, for a release that needs it.
    pub onnxruntime: Option<&'a Library>,
    /// What all stands on.
    pub base: Option<&'a Base>,
    /// What the binary was built from.
    pub sources: Sources,
    /// The time that the image tells, as it must be the same for everybody who builds it.
    pub created: Timestamp,
}

/// A shared library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    /// Where it lies.
    pub path: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The release is not whole.
    #[error(transparent)]
    Release(#[from] Box<crate::release::Error>),
    /// A part that is no program.
    #[error("{what} cannot be put into an image")]
    Program {
        /// Which.
        what: String,
        /// Why.
        #[source]
        source: ElfError,
    },
    /// A base without what the binary needs.
    #[error(
        "the base `{base}` has no {}, which {what} is linked to: take a base with it (Debian's packages \
         libc6, libgcc-s1 and libstdc++6), or none",
        libraries.join(", no ")
    )]
    Lacks {
        /// The base.
        base: String,
        /// Who needs them.
        what: String,
        /// What is missing.
        libraries: Vec<String>,
    },
    /// A binary that cannot load a library.
    #[error(
        "this binary is linked statically and cannot load ONNX Runtime, which the release needs: build \
         the image with one that is not"
    )]
    Static,
    /// The lock file.
    #[error("what the binary was built from cannot be read")]
    Sources(#[from] toml::de::Error),
    /// Memory.
    #[error("a layer cannot be packed")]
    Pack(#[from] io::Error),
}

/// An image, and the bill of its materials.
#[derive(Debug)]
pub struct Built {
    /// The image, with nothing attached.
    pub image: Layout,
    /// Its bill of materials: CycloneDX as JSON.
    pub sbom: String,
    /// What it tells of itself.
    pub manifest: Manifest,
    /// The bytes that whoever pulls it takes.
    pub size_bytes: u64,
}

/// Builds the image of a release.
///
/// # Errors
/// [`BuildError`].
pub fn build(parts: &Parts<'_>) -> Result<Built, BuildError> {
    let manifest = parts.release.manifest().map_err(Box::new)?;
    check_programs(parts)?;
    let sbom = sbom::sbom(parts, &manifest)?;
    let described = annotations(parts, &manifest);
    let mut layers = parts.base.map(|base| base.layers.clone()).unwrap_or_default();
    layers.extend([binary_layer(parts)?, release_layer(parts)?]);
    let config = config(parts, &layers, &described);
    let config = canonical::to_string(&config).expect("JSON has a JSON form").into_bytes();
    let layers = layers.into_iter().map(|packed| packed.layer).collect();
    let image = Layout::new(config, layers, described);
    let size_bytes = image.blobs().values().map(|blob| blob.len() as u64).sum();
    Ok(Built { image, sbom, manifest, size_bytes })
}

/// Refuses what would not start.
fn check_programs(parts: &Parts<'_>) -> Result<(), BuildError> {
    let library = parts.onnxruntime.map(|library| ("ONNX Runtime", library.bytes.as_slice()));
    for (what, bytes) in std::iter::once(("the binary", parts.binary)).chain(library) {
        let refused = |source| BuildError::Program { what: what.to_owned(), source };
        let elf = Elf::parse(bytes).map_err(refused)?;
        let interpreter = elf.interpreter().map_err(refused)?;
        if what == "the binary" && interpreter.is_none() && parts.onnxruntime.is_some() {
            return Err(BuildError::Static);
        }
        let Some(base) = parts.base else { continue };
        let needed = elf.needed().map_err(refused)?;
        let loader = interpreter.and_then(|path| path.rsplit('/').next());
        let libraries = base.lacks(needed.into_iter().chain(loader));
        if !libraries.is_empty() {
            let (base, what) = (base.name.clone(), what.to_owned());
            return Err(BuildError::Lacks { base, what, libraries });
        }
    }
    Ok(())
}

fn binary_layer(parts: &Parts<'_>) -> Result<Packed, BuildError> {
    let mut tree = Tree::default();
    let refused = |source| BuildError::Program { what: "the binary".to_owned(), source };
    let binary = Elf::parse(parts.binary).and_then(Elf::stripped).map_err(refused)?;
    tree.file(relative(BINARY), 0o755, binary);
    for Library { path, bytes } in parts.libraries {
        tree.file(relative(path), 0o755, bytes.clone());
    }
    if let Some(library) = parts.onnxruntime {
        tree.file(relative(ONNXRUNTIME), 0o755, library.bytes.clone());
    }
    // A place that everybody may write, for who mounts one there.
    tree.directory("tmp", 0o1777, 0);
    tree.directory(relative(STATE), 0o700, USER);
    Ok(tree.pack()?)
}

fn release_layer(parts: &Parts<'_>) -> Result<Packed, BuildError> {
    let (mut tree, mut release) = (Tree::default(), Vec::new());
    parts.release.write(&mut release)?;
    tree.file(RELEASE_FILE, 0o444, release);
    if let Some(text) = parts.project {
        tree.file(&format!("{}/shipworthy.toml", relative(PROJECT)), 0o444, text.into());
    }
    Ok(tree.pack()?)
}

/// Without the slash that it begins with.
fn relative(path: &str) -> &str {
    path.trim_start_matches('/')
}

/// What the manifest tells of the image.
fn annotations(parts: &Parts<'_>, manifest: &Manifest) -> BTreeMap<String, String> {
    let mut told = BTreeMap::new();
    let mut tell = |key: &str, value: &str| told.insert(key.to_owned(), value.to_owned());
    let id = parts.release.id();
    tell("org.opencontainers.image.created", &parts.created.to_string());
    tell("org.opencontainers.image.title", &manifest.project);
    tell("org.opencontainers.image.version", &id.hex()[..12]);
    tell(RELEASE, id.as_str());
    if let Some(commit) = &manifest.commit {
        tell(REVISION, commit);
    }
    if let Some(Base { name, digest, .. }) = parts.base {
        tell(BASE_NAME, name);
        tell(BASE_DIGEST, digest);
    }
    told
}

/// The configuration, with the check of health that Docker knows beside the specification.
fn config(parts: &Parts<'_>, layers: &[Packed], labels: &BTreeMap<String, String>) -> Value {
    let release = format!("/{RELEASE_FILE}");
    let command = match parts.project {
        Some(_) => vec!["up", PROJECT, "--release", &release],
        None => vec!["serve", "--release", &release],
    };
    let mut env = parts.base.map(|base| base.env.clone()).unwrap_or_default();
    if !env.iter().any(|variable| variable.starts_with("PATH=")) {
        env.push("PATH=/usr/local/bin:/usr/bin:/bin".to_owned());
    }
    let ours = [("STATE", STATE), ("LISTEN", "0.0.0.0:8080"), ("ADMIN", "0.0.0.0:8081")];
    let onnxruntime = parts.onnxruntime.map(|_| ("ONNXRUNTIME", ONNXRUNTIME));
    let ours = ours.into_iter().chain(onnxruntime);
    env.extend(ours.map(|(name, value)| format!("SHIPWORTHY_{name}={value}")));
    json!({
        "architecture": architecture(),
        "os": "linux",
        "created": parts.created.to_string(),
        "config": {
            "User": format!("{USER}:{USER}"),
            "Env": env,
            "Entrypoint": [BINARY],
            "Cmd": command,
            "WorkingDir": STATE,
            "Volumes": {STATE: {}},
            "ExposedPorts": {"8080/tcp": {}, "8081/tcp": {}},
            "StopSignal": "SIGTERM",
            "Labels": labels,
            "Healthcheck": {
                "Test": ["CMD", BINARY, "health"],
                "Interval": 10_000_000_000_u64,
                "Timeout": 6_000_000_000_u64,
                "StartPeriod": 10_000_000_000_u64,
            },
        },
        "rootfs": {
            "type": "layers",
            "diff_ids": layers.iter().map(|layer| &layer.diff_id).collect::<Vec<_>>(),
        },
        "history": history(parts, layers.len()),
    })
}

/// A line for each layer.
fn history(parts: &Parts<'_>, layers: usize) -> Vec<Value> {
    let base = parts.base.map_or("", |base| base.name.as_str());
    let ours = ["the binary", "the release"].map(str::to_owned);
    let base = std::iter::repeat_n(format!("base {base}"), layers - ours.len());
    let line = |what: String| json!({"created_by": format!("shipworthy image build: {what}")});
    base.chain(ours).map(line).collect()
}

/// What the specification calls the architecture that this runs on.
#[must_use]
pub const fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" }
}
