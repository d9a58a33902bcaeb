//! One answered row: its identifier, and the class that a policy makes of a probability.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};
use shipworthy_rows::Timestamp;

/// What a model predicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// One of two classes; a prediction is the probability of the second, positive one.
    Binary,
    /// One of several classes; a prediction is a probability per class.
    Multiclass,
    /// A number.
    Regression,
}

impl Task {
    /// All tasks with their names in a project file.
    pub const ALL: [(&'static str, Self); 3] = [
        ("binary", Self::Binary),
        ("multiclass", Self::Multiclass),
        ("regression", Self::Regression),
    ];

    /// The name in project files and manifests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Multiclass => "multiclass",
            Self::Regression => "regression",
        }
    }
}

/// How a prediction becomes a decision. It may change without a release.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The least probability of the positive class that decides for it (binary tasks).
    pub threshold: f64,
    /// What is answered instead of a decision when the endpoint is stopped.
    pub safe_answer: Option<String>,
}

impl Policy {
    /// The position in `classes` (as many as probabilities; two for one probability) of the class
    /// that these probabilities decide for; `None` for a regression, whose decision is the value.
    /// Of equal probabilities the first wins; the threshold itself decides for the positive class.
    #[must_use]
    pub fn class(&self, task: Task, probabilities: &[f64]) -> Option<usize> {
        match task {
            Task::Regression => None,
            Task::Binary => {
                let positive = *probabilities.first()?;
                Some(usize::from(positive >= self.threshold))
            }
            Task::Multiclass => {
                let mut best = 0;
                for (class, probability) in probabilities.iter().enumerate() {
                    if *probability > probabilities[best] {
                        best = class;
                    }
                }
                (!probabilities.is_empty()).then_some(best)
            }
        }
    }
}

/// The name of a decision: a UUID of version 7 (RFC 9562), so that names sort by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DecisionId(uuid::Uuid);

impl DecisionId {
    /// An identifier from the time of the request and ten random bytes.
    #[must_use]
    pub fn new(at: Timestamp, random: &[u8; 10]) -> Self {
        let millis = u64::try_from(at.as_millis()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid())
    }

    /// The identifier's 16 bytes.
    #[must_use]
    pub const fn into_bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }

    /// The identifier of these 16 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(uuid::Uuid::from_bytes(bytes))
    }

    /// Appends the identifier's 36 characters.
    pub fn write(self, out: &mut String) {
        out.push_str(self.0.hyphenated().encode_lower(&mut [0; Self::TEXT_BYTES]));
    }

    /// The length of an identifier's text.
    pub const TEXT_BYTES: usize = uuid::fmt::Hyphenated::LENGTH;
}

impl Serialize for DecisionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = [0; Self::TEXT_BYTES];
        serializer.serialize_str(self.0.hyphenated().encode_lower(&mut text))
    }
}

impl fmt::Display for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Text that is no decision id.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is not a decision id; one looks like 0197b2c3-1c1e-7c3a-9a51-2f6c8a1d4e5f")]
pub struct ParseDecisionIdError {
    text: String,
}

impl FromStr for DecisionId {
    type Err = ParseDecisionIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = |_| ParseDecisionIdError { text: text.chars().take(64).collect() };
        uuid::Uuid::try_parse(text).map(Self).map_err(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_itself_decides_for_the_positive_class() {
        let policy = Policy { threshold: 0.5, safe_answer: None };
        assert_eq!(policy.class(Task::Binary, &[0.5]), Some(1));
        assert_eq!(policy.class(Task::Binary, &[0.499_999]), Some(0));
        assert_eq!(policy.class(Task::Multiclass, &[0.2, 0.4, 0.4]), Some(1));
        assert_eq!(policy.class(Task::Regression, &[7.0]), None);
        assert_eq!(policy.class(Task::Multiclass, &[]), None);
    }

    #[test]
    fn identifiers_sort_by_time_and_read_back() {
        let early = DecisionId::new(Timestamp::from_millis(1_000), &[255; 10]);
        let late = DecisionId::new(Timestamp::from_millis(1_001), &[0; 10]);
        assert!(early < late);
        assert!(early.to_string() < late.to_string());
        assert_eq!(late.to_string().parse::<DecisionId>().unwrap(), late);
        assert!("42".parse::<DecisionId>().is_err());
    }

    #[test]
    fn an_identifier_has_one_text() {
        let id = DecisionId::new(Timestamp::from_millis(1_700_000_000_000), &[0xab; 10]);
        let mut text = String::from("id ");
        id.write(&mut text);
        assert_eq!(text, format!("id {id}"));
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{id}\""));
    }
}
