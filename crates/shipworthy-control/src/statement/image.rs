//! That a release was put into an image.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shipworthy_core::ReleaseId;
use shipworthy_core::attestation::{Statement, predicate};

use super::pipeline::{Pipeline, is_commit};
use super::run_details;

/// The longest name of a platform or of a base, in bytes.
const MAX_NAME_BYTES: usize = 256;

/// How an image is made.
const BUILT: &str = "shipworthy:image/v1";

/// An image that has a release, and runs it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// The digest of its manifest: `sha256:…`.
    pub digest: String,
    /// What a registry holds of it: manifest, configuration and layers, in bytes.
    pub size_bytes: u64,
    /// What it runs on: `linux/amd64`.
    pub platform: String,
    /// The commit of the release in it.
    pub revision: Option<String>,
    /// What lies below, if anything does.
    #[serde(default)]
    pub base: Option<Base>,
}

/// What an image is built on.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// A file, or a reference in a registry.
    pub name: String,
    /// Its digest: `sha256:…`.
    pub digest: String,
}

impl Image {
    /// The image that a predicate names; `None` when it is none of its type.
    #[must_use]
    pub fn read(predicate: &Value) -> Option<Self> {
        Self::deserialize(predicate).ok().filter(Self::is_whole)
    }

    fn is_whole(&self) -> bool {
        let Self { digest, platform, revision, base, .. } = self;
        let is_name = |text: &str| {
            (1..=MAX_NAME_BYTES).contains(&text.len()) && !text.chars().any(char::is_control)
        };
        is_digest(digest)
            && is_name(platform)
            && revision.as_deref().is_none_or(is_commit)
            && base.as_ref().is_none_or(|base| is_name(&base.name) && is_digest(&base.digest))
    }
}

/// That a release was put into an image.
///
/// # Errors
/// Never in practice: an image has a JSON form.
pub fn image(image: &Image) -> Result<Statement, serde_json::Error> {
    let predicate = serde_json::to_value(image)?;
    Ok(Statement { predicate_type: predicate::IMAGE.to_owned(), predicate })
}

/// How an image was put together: SLSA provenance v1, attached to it. It has no time, so that the same
/// key says the same of the same image.
#[must_use]
pub fn image_provenance(image: &Image, release: &ReleaseId, run: Option<&Pipeline>) -> Statement {
    let Image { platform, revision, base, .. } = image;
    let named = |name: &str, digest: &str| {
        let (algorithm, digits) = digest.split_once(':').unwrap_or(("sha256", digest));
        json!({"name": name, "digest": {algorithm: digits}})
    };
    let commit = revision.iter().map(|commit| {
        json!({"uri": format!("git+{}", super::NO_REMOTE), "digest": {"gitCommit": commit}})
    });
    let base = base.iter().map(|base| named(&base.name, &base.digest));
    let from = [named("release", release.as_str())].into_iter().chain(commit).chain(base);
    let predicate = json!({
        "buildDefinition": {
            "buildType": BUILT,
            "externalParameters": {"release": release.as_str(), "platform": platform},
            "internalParameters": {"pipeline": run.map(Pipeline::parameters)},
            "resolvedDependencies": from.collect::<Vec<_>>(),
        },
        "runDetails": run_details(run, json!({})),
    });
    Statement { predicate_type: predicate::PROVENANCE.to_owned(), predicate }
}

fn is_digest(text: &str) -> bool {
    let digits = text.strip_prefix("sha256:").unwrap_or_default();
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    digits.len() == 64 && digits.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn whole() -> Image {
        Image {
            digest: format!("sha256:{}", "0a".repeat(32)),
            size_bytes: 31_000_000,
            platform: "linux/amd64".to_owned(),
            revision: Some("c0".repeat(20)),
            base: Some(Base {
                name: "base.tar".to_owned(),
                digest: format!("sha256:{}", "1b".repeat(32)),
            }),
        }
    }

    #[test]
    fn an_image_is_read_back_as_it_was_said() {
        let bare = Image { revision: None, base: None, ..whole() };
        for said in [whole(), bare] {
            assert_eq!(Image::read(&image(&said).unwrap().predicate), Some(said));
        }
    }

    #[test]
    fn a_predicate_that_is_not_one_of_an_image_names_none() {
        let edits: [(&str, Value); 8] = [
            ("digest", json!("latest")),
            ("digest", json!(format!("sha256:{}", "0A".repeat(32)))),
            ("size_bytes", json!(-1)),
            ("platform", json!("")),
            ("platform", json!("linux\n")),
            ("revision", json!("main")),
            ("base", json!({"name": "base.tar"})),
            ("colour", json!("red")),
        ];
        for (name, value) in edits {
            let mut predicate = image(&whole()).unwrap().predicate;
            predicate[name] = value;
            assert_eq!(Image::read(&predicate), None, "{predicate}");
        }
    }
}
