//! What an image is made of, for people who look for what is known to be broken: a bill of materials
//! in the form of CycloneDX 1.6.
//!
//! Source: <https://cyclonedx.org/docs/1.6/json/>.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};
use shipworthy_core::{Manifest, canonical};

use super::base::Package;
use super::build::{Library, Parts};

/// What the binary was built from.
#[derive(Clone, Copy, Debug)]
pub struct Sources {
    /// The lock file.
    pub lock: &'static str,
    /// The manifests of the workspace's crates: what they need to be tested is not in the binary.
    pub manifests: &'static [&'static str],
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

#[derive(Deserialize)]
struct Crate {
    package: Named,
    #[serde(default)]
    dependencies: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// The crate that the binary is.
const ROOT: &str = "shipworthy";

/// The bill of an image.
///
/// # Errors
/// When the lock file or a manifest cannot be read.
pub(super) fn sbom(parts: &Parts<'_>, manifest: &Manifest) -> Result<String, toml::de::Error> {
    let id = parts.release.id();
    let mut components = vec![json!({
        "type": "machine-learning-model",
        "name": manifest.project,
        "version": id.as_str(),
        "hashes": sha256(&manifest.model.sha256),
    })];
    let binary = canonical::sha256_hex(parts.binary);
    components.push(json!({
        "type": "application",
        "name": ROOT,
        "version": env!("CARGO_PKG_VERSION"),
        "hashes": sha256(&binary),
    }));
    components.extend(crates(&parts.sources)?);
    components.extend(parts.libraries.iter().chain(parts.onnxruntime).map(file));
    components.extend(parts.base.iter().flat_map(|base| &base.packages).map(package));
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {
            "type": "container",
            "name": manifest.project,
            "version": id.as_str(),
        }},
        "components": components,
    });
    Ok(canonical::to_string(&bill).expect("JSON has a JSON form"))
}

fn sha256(hex: &str) -> Value {
    json!([{"alg": "SHA-256", "content": hex}])
}

fn file(library: &Library) -> Value {
    let digest = canonical::sha256_hex(&library.bytes);
    json!({"type": "file", "name": library.path, "hashes": sha256(&digest)})
}

fn package(package: &Package) -> Value {
    let Package { name, version, architecture } = package;
    let escaped = version.replace('+', "%2B").replace(':', "%3A").replace('~', "%7E");
    json!({
        "type": "library",
        "name": name,
        "version": version,
        "purl": format!("pkg:deb/debian/{name}@{escaped}?arch={architecture}"),
    })
}

/// The crates that the binary is built from, by their names.
fn crates(sources: &Sources) -> Result<Vec<Value>, toml::de::Error> {
    let lock: Lock = toml::from_str(sources.lock)?;
    let manifests = sources.manifests.iter().map(|text| toml::from_str::<Crate>(text));
    let built = manifests
        .map(|read| read.map(|read| (read.package.name, read.dependencies)))
        .collect::<Result<BTreeMap<_, _>, _>>()?;
    let is_built =
        |of: &str, name: &str| built.get(of).is_none_or(|names| names.contains_key(name));
    let (mut found, mut open) = (BTreeSet::new(), vec![(ROOT, None)]);
    while let Some((name, version)) = open.pop() {
        let is_meant = |locked: &&Locked| {
            locked.name == name && version.is_none_or(|version| locked.version == version)
        };
        let Some(locked) = lock.package.iter().find(is_meant) else { continue };
        if !found.insert((locked.name.as_str(), locked.version.as_str())) {
            continue;
        }
        for dependency in &locked.dependencies {
            // A name, and its version where there are several of that name.
            let mut words = dependency.split(' ');
            let other = words.next().unwrap_or_default();
            if is_built(name, other) {
                open.push((other, words.next()));
            }
        }
    }
    let is_found = |locked: &&Locked| {
        locked.source.is_some() && found.contains(&(locked.name.as_str(), locked.version.as_str()))
    };
    Ok(lock.package.iter().filter(is_found).map(component).collect())
}

fn component(Locked { name, version, checksum, .. }: &Locked) -> Value {
    let mut component = json!({
        "type": "library",
        "name": name,
        "version": version,
        "purl": format!("pkg:cargo/{name}@{}", version.replace('+', "%2B")),
    });
    if let Some(checksum) = checksum {
        component["hashes"] = sha256(checksum);
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
[[package]]
name = "shipworthy"
version = "0.1.0"
dependencies = ["inner", "proptest"]

[[package]]
name = "inner"
version = "0.1.0"
dependencies = ["serde 1.0.1"]

[[package]]
name = "serde"
version = "1.0.1"
source = "registry"
checksum = "aa"

[[package]]
name = "serde"
version = "0.9.0"
source = "registry"

[[package]]
name = "proptest"
version = "1.0.0"
source = "registry"
"#;

    #[test]
    fn the_crates_are_those_that_the_binary_is_built_from() {
        let manifests = &["[package]\nname = \"shipworthy\"\n[dependencies]\ninner = \"1\"\n\
            [dev-dependencies]\nproptest = \"1\"\n"];
        let found = crates(&Sources { lock: LOCK, manifests }).unwrap();
        let serde = json!({
            "type": "library", "name": "serde", "version": "1.0.1",
            "purl": "pkg:cargo/serde@1.0.1", "hashes": [{"alg": "SHA-256", "content": "aa"}],
        });
        assert_eq!(found, [serde]);
    }
}
