//! What a release is: the digests of everything that makes its answers.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use shipworthy_rows::Timestamp;

use crate::Task;
use crate::canonical;

/// A file by its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDigest {
    /// The name in the bundle.
    pub name: String,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
    /// The length in bytes.
    pub bytes: u64,
}

impl FileDigest {
    /// The digest of these bytes under this name.
    #[must_use]
    pub fn of(name: &str, bytes: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            sha256: canonical::sha256_hex(bytes),
            bytes: bytes.len() as u64,
        }
    }
}

/// The expected shape of a model's output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// What is predicted.
    pub task: Task,
    /// The name of what is predicted.
    pub target: String,
    /// The names of the classes in the order of their codes; empty for a regression.
    pub classes: Vec<String>,
}

/// What trained the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trainer {
    /// Its name; `given` for a model file that was made elsewhere.
    pub name: String,
    /// Its version, which stands for its code and its lock file, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The seed of everything random in it, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// All its parameters, defaults included.
    pub parameters: BTreeMap<String, serde_json::Value>,
}

/// A file that rows were read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// The path in the project.
    pub path: String,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
    /// The rows in it, used or not.
    pub rows: u64,
}

/// The rows that a model learned from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSet {
    /// The files.
    pub files: Vec<SourceFile>,
    /// How the label is made.
    pub label: String,
    /// Rows that the trees were grown on.
    pub rows: u64,
    /// Rows that stopped the training early.
    pub validation_rows: u64,
    /// The first instant of the window, if there is one.
    pub from: Option<Timestamp>,
    /// The first instant after the window, if there is one.
    pub until: Option<Timestamp>,
    /// The earliest event time of a row that was learned from, where rows have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Timestamp>,
    /// The latest one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
}

/// Rows made from the contract, and what the model answers to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// The rows.
    pub input: FileDigest,
    /// The answers.
    pub output: FileDigest,
}

/// Everything that a release is made of. Its canonical text's SHA-256 is the release's name.
///
/// What varies by machine or by time (metrics with latencies, host, when it was made) is not
/// here: it is said *about* the name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of this form: 3, or an earlier one. 1 had no golden rows; in 2 and before a
    /// trainer's version and seed and a training set were always known, and a release may be
    /// without a provenance.
    pub format: u32,
    /// The project.
    pub project: String,
    /// The model file.
    pub model: FileDigest,
    /// The contract file.
    pub contract: FileDigest,
    /// The golden rows; absent in a release of format 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub golden: Option<Golden>,
    /// The expected output.
    pub output: Output,
    /// What trained it.
    pub trainer: Trainer,
    /// What it learned from, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training_set: Option<TrainingSet>,
    /// The git commit that everything above follows from; absent when the tree was not clean, for
    /// then no commit says what it was.
    pub commit: Option<String>,
}

impl Manifest {
    /// The version of the form that this build writes.
    pub const FORMAT: u32 = 3;

    /// From this version on, a release without a signed provenance is none.
    pub const ATTESTED_FROM: u32 = 3;

    /// The files of the bundle.
    pub fn files(&self) -> impl Iterator<Item = &FileDigest> {
        let golden = self.golden.iter().flat_map(|golden| [&golden.input, &golden.output]);
        [&self.model, &self.contract].into_iter().chain(golden)
    }

    /// The canonical text and its name.
    ///
    /// # Errors
    /// Never in practice: every field has a JSON form.
    pub fn seal(&self) -> Result<(String, ReleaseId), serde_json::Error> {
        let text = canonical::to_string(self)?;
        let id = ReleaseId(format!("sha256:{}", canonical::sha256_hex(text.as_bytes())).into());
        Ok((text, id))
    }
}

/// The name of a release: `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReleaseId(Arc<str>);

impl ReleaseId {
    /// The name of a manifest with this SHA-256.
    #[must_use]
    pub fn from_sha256(digest: &[u8; 32]) -> Self {
        Self(format!("sha256:{}", hex::encode(digest)).into())
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Enough of the name to tell releases apart at a glance.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..19]
    }

    /// The digits alone.
    #[must_use]
    pub fn hex(&self) -> &str {
        &self.0[7..]
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text that is no release id.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is not a release id; one is `sha256:` and 64 hexadecimal digits")]
pub struct ParseReleaseIdError {
    text: String,
}

impl FromStr for ReleaseId {
    type Err = ParseReleaseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        match text.strip_prefix("sha256:") {
            Some(digits) if digits.len() == 64 && digits.bytes().all(is_digit) => {
                Ok(Self(text.into()))
            }
            _ => Err(ParseReleaseIdError { text: text.chars().take(80).collect() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            format: 1,
            project: "flight-delay".to_owned(),
            model: FileDigest::of("model.json", b"{}"),
            contract: FileDigest::of("contract.json", b"{}"),
            golden: None,
            output: Output {
                task: Task::Binary,
                target: "late".to_owned(),
                classes: vec!["not_late".to_owned(), "late".to_owned()],
            },
            trainer: Trainer {
                name: "builtin".to_owned(),
                version: Some("1".to_owned()),
                seed: Some(17),
                parameters: BTreeMap::from([("max_depth".to_owned(), 6.into())]),
            },
            training_set: Some(TrainingSet {
                files: vec![],
                label: "arr_delay > 15".to_owned(),
                rows: 1,
                validation_rows: 1,
                from: None,
                until: None,
                first: None,
                last: None,
            }),
            commit: None,
        }
    }

    #[test]
    fn the_name_follows_from_the_content_alone() {
        let (text, id) = manifest().seal().unwrap();
        let read: Manifest = serde_json::from_str(&text).unwrap();
        assert_eq!(read.seal().unwrap().1, id);
        let mut other = manifest();
        other.trainer.seed = Some(18);
        assert_ne!(other.seal().unwrap().1, id);
        let file = |name| FileDigest::of(name, b"");
        other = manifest();
        other.golden = Some(Golden { input: file("input"), output: file("output") });
        assert_ne!(other.seal().unwrap().1, id);
        assert_eq!(other.files().count(), 4);
    }

    /// A release made by an earlier build keeps its name for ever.
    #[test]
    fn the_name_of_format_1_does_not_change() {
        let (_, id) = manifest().seal().unwrap();
        assert_eq!(id.to_string().parse::<ReleaseId>().unwrap(), id);
        assert_eq!(id.short().len(), 19);
        assert_eq!(id.hex(), "b2f1643de45b2dc4adecf6608541d6ddda1ad4c159bc7ac1340939ece833eded");
    }

    #[test]
    fn the_name_of_format_2_does_not_change() {
        let mut manifest = manifest();
        manifest.format = 2;
        let file = |name| FileDigest::of(name, b"");
        manifest.golden = Some(Golden { input: file("input"), output: file("output") });
        let (_, id) = manifest.seal().unwrap();
        assert_eq!(id.hex(), "b292e4c8adbf5de46c4cab8b52883769eca74e69a0ddd645fd1c202811b2ff15");
    }

    /// What nobody knows of a model from elsewhere is not written, and reads back as unknown.
    #[test]
    fn a_model_from_elsewhere_has_no_invented_past() {
        let mut manifest = manifest();
        (manifest.trainer.version, manifest.trainer.seed) = (None, None);
        manifest.training_set = None;
        let (text, _) = manifest.seal().unwrap();
        assert!(!text.contains("seed") && !text.contains("training_set"), "{text}");
        assert_eq!(serde_json::from_str::<Manifest>(&text).unwrap(), manifest);
    }

    #[test]
    fn a_name_is_read_strictly() {
        let id = ReleaseId::from_sha256(&[0x5a; 32]);
        assert_eq!(id.as_str().parse::<ReleaseId>().unwrap(), id);
        let digits = "5a".repeat(32);
        let upper = format!("sha256:{}", digits.to_uppercase());
        let long = format!("sha256:{digits}0");
        let path = format!("sha256:../{}", &digits[3..]);
        for text in ["", "sha256:", "sha256:ABC", &digits, &upper, &long, &path] {
            assert!(text.parse::<ReleaseId>().is_err(), "{text}");
        }
    }
}
