//! Attestations: signed statements about a release, made beside it or later.
//!
//! A statement is that of in-toto (v1): its subject is the release by its digest, its predicate
//! what is said. It is signed in an envelope of DSSE (v1.0), so that any tool that knows the two
//! standards can check it. An envelope has one spelling here, the canonical one: a byte that was
//! changed is found even where it would mean the same.
//!
//! Sources: <https://github.com/in-toto/attestation/tree/main/spec/v1>,
//! <https://github.com/secure-systems-lab/dsse/blob/v1.0.0/protocol.md>.

mod envelope;
pub mod predicate;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::signing::{PublicKey, SigningKey};
use crate::{ReleaseId, canonical};
use envelope::Envelope;

/// The longest envelope, in bytes: digests, parameters and numbers, never data.
pub const MAX_ENVELOPE_BYTES: usize = 256 * 1024;

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// What is said about a release.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The name of what is said: a URI.
    pub predicate_type: String,
    /// What is said.
    pub predicate: Value,
}

/// A statement whose signature holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Attested {
    /// What was said.
    pub statement: Statement,
    /// The name of the key that signed it.
    pub key_id: String,
}

/// Why an attestation does not count.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not as it was written.
    #[error("it is not what was written: {why}")]
    Changed {
        /// Where that shows.
        why: &'static str,
    },
    /// Signed by somebody unknown.
    #[error("it is signed by key {key_id}, which is not trusted here")]
    Untrusted {
        /// The key that the signature names.
        key_id: String,
    },
    /// A signature that the key did not make.
    #[error("its signature is not that of key {key_id}")]
    Signature {
        /// The key that the signature names.
        key_id: String,
    },
    /// About something else.
    #[error("it is a statement about {about}")]
    Subject {
        /// What it is about.
        about: String,
    },
    /// Past the limit.
    #[error("it has {bytes} bytes, at most {MAX_ENVELOPE_BYTES} are kept")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    predicate: Value,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    name: String,
    digest: Digest,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Digest {
    sha256: String,
}

impl Statement {
    /// Says it about a release, signed: the text of the envelope.
    ///
    /// # Errors
    /// [`Error::TooLong`].
    pub fn sign(&self, release: &ReleaseId, key: &SigningKey) -> Result<String, Error> {
        self.sign_about("release", release.hex(), key)
    }

    /// Says it about something else that has a SHA-256, an image for one, by the name that people
    /// know it by.
    ///
    /// # Errors
    /// [`Error::TooLong`].
    pub fn sign_about(&self, name: &str, sha256: &str, key: &SigningKey) -> Result<String, Error> {
        let Self { predicate_type, predicate } = self;
        let statement = json!({
            "_type": STATEMENT_TYPE,
            "subject": [{"name": name, "digest": {"sha256": sha256}}],
            "predicateType": predicate_type,
            "predicate": predicate,
        });
        let payload = canonical::to_string(&statement).expect("JSON has a JSON form");
        let text = Envelope::seal(payload.into_bytes(), key).to_text();
        match text.len() {
            0..=MAX_ENVELOPE_BYTES => Ok(text),
            bytes => Err(Error::TooLong { bytes }),
        }
    }

    /// What the envelope of a statement says that it says, whoever signed it: to sort envelopes by,
    /// not to believe.
    #[must_use]
    pub fn predicate_type_of(text: &str) -> Option<String> {
        let envelope = Envelope::parse(text).ok()?;
        let statement: Whole = serde_json::from_slice(envelope.payload()).ok()?;
        Some(statement.predicate_type)
    }

    /// Reads what was said about a release; `trusted` gives the key of a name, if it counts.
    ///
    /// # Errors
    /// When a byte of it was changed, it is about something else, or its key does not count.
    pub fn verify(
        text: &str,
        release: &ReleaseId,
        trusted: impl Fn(&str) -> Option<PublicKey>,
    ) -> Result<Attested, Error> {
        if text.len() > MAX_ENVELOPE_BYTES {
            return Err(Error::TooLong { bytes: text.len() });
        }
        let envelope = Envelope::parse(text)?;
        let key_id = envelope.key_id().to_owned();
        let Some(key) = trusted(&key_id) else { return Err(Error::Untrusted { key_id }) };
        if !envelope.is_signed_by(&key) {
            return Err(Error::Signature { key_id });
        }
        let statement: Whole = serde_json::from_slice(envelope.payload())
            .map_err(|_| Error::Changed { why: "its payload is no statement about a release" })?;
        if statement.kind != STATEMENT_TYPE {
            return Err(Error::Changed { why: "its payload is no in-toto statement of version 1" });
        }
        let about = |subject: &Subject| subject.digest.sha256 == release.hex();
        if !statement.subject.iter().any(about) {
            let first = statement.subject.into_iter().next();
            let about = first.map_or_else(|| "nothing".to_owned(), |subject| subject.digest.sha256);
            return Err(Error::Subject { about });
        }
        let Whole { predicate_type, predicate, .. } = statement;
        Ok(Attested { statement: Self { predicate_type, predicate }, key_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed() -> (String, ReleaseId, SigningKey) {
        let key = SigningKey::from_random(&[7; 32]);
        let release = ReleaseId::from_sha256(&[1; 32]);
        let predicate_type = "shipworthy:approval/v1".to_owned();
        let statement = Statement { predicate_type, predicate: json!({"reason": "läuft"}) };
        (statement.sign(&release, &key).unwrap(), release, key)
    }

    #[test]
    fn what_was_said_is_read_back() {
        let (text, release, key) = signed();
        let attested = Statement::verify(&text, &release, |_| Some(key.public())).unwrap();
        assert_eq!(attested.key_id, key.public().id());
        assert_eq!(attested.statement.predicate, json!({"reason": "läuft"}));
    }

    #[test]
    fn any_changed_byte_is_refused() {
        let (text, release, key) = signed();
        for at in 0..text.len() {
            for bit in [1, 2, 32] {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= bit;
                let Ok(changed) = String::from_utf8(bytes) else { continue };
                let known = |id: &str| (id == key.public().id()).then(|| key.public());
                assert!(Statement::verify(&changed, &release, known).is_err(), "{at}: {changed}");
            }
        }
        for changed in [format!("{text} "), format!("{text}\n"), text.replace(',', ", ")] {
            assert!(Statement::verify(&changed, &release, |_| Some(key.public())).is_err());
        }
    }

    #[test]
    fn a_statement_counts_for_its_release_and_its_key_alone() {
        let (text, release, key) = signed();
        let other = ReleaseId::from_sha256(&[2; 32]);
        let error = Statement::verify(&text, &other, |_| Some(key.public())).unwrap_err();
        assert!(matches!(error, Error::Subject { about } if about == release.hex()));
        let stranger = SigningKey::from_random(&[8; 32]).public();
        let error = Statement::verify(&text, &release, |_| Some(stranger.clone())).unwrap_err();
        assert!(matches!(error, Error::Signature { .. }));
        let error = Statement::verify(&text, &release, |_| None).unwrap_err();
        assert!(error.to_string().contains(&key.public().id()), "{error}");
    }

    #[test]
    fn a_statement_is_bounded() {
        let (_, release, key) = signed();
        let predicate = "x".repeat(MAX_ENVELOPE_BYTES).into();
        let long = Statement { predicate_type: "a:b".to_owned(), predicate };
        assert!(matches!(long.sign(&release, &key), Err(Error::TooLong { .. })));
    }
}
