//! The envelope of a signed statement: DSSE v1.0, in its canonical JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::Error;
use crate::canonical;
use crate::signing::{PublicKey, SigningKey};

/// What the payload is; it is signed together with it.
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// A payload and who signed it.
pub(super) struct Envelope {
    payload: Vec<u8>,
    key_id: String,
    signature: Vec<u8>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: [Signature; 1],
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    keyid: String,
    sig: String,
}

impl Envelope {
    /// Signs a payload.
    pub(super) fn seal(payload: Vec<u8>, key: &SigningKey) -> Self {
        let signature = key.sign(&signed_bytes(&payload)).to_vec();
        Self { payload, key_id: key.public().id(), signature }
    }

    /// Reads an envelope; nothing is known yet about its signature.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let changed = |why| Error::Changed { why };
        let read: Written = serde_json::from_str(text)
            .map_err(|_| changed("it is no envelope of one signature"))?;
        if read.payload_type != PAYLOAD_TYPE {
            return Err(changed("its payload is of another type"));
        }
        let [Signature { keyid, sig }] = read.signatures;
        let decoded = |text: String| {
            STANDARD.decode(text).map_err(|_| changed("its payload or signature is no base64"))
        };
        let envelope =
            Self { payload: decoded(read.payload)?, key_id: keyid, signature: decoded(sig)? };
        if envelope.to_text() != text {
            return Err(changed("it is spelled otherwise"));
        }
        Ok(envelope)
    }

    pub(super) fn to_text(&self) -> String {
        let written = Written {
            payload: STANDARD.encode(&self.payload),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures: [Signature {
                keyid: self.key_id.clone(),
                sig: STANDARD.encode(&self.signature),
            }],
        };
        canonical::to_string(&written).expect("strings have a JSON form")
    }

    pub(super) fn payload(&self) -> &[u8] {
        &self.payload
    }

    pub(super) fn key_id(&self) -> &str {
        &self.key_id
    }

    pub(super) fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.id() == self.key_id && key.signed(&signed_bytes(&self.payload), &self.signature)
    }
}

/// The pre-authentication encoding: `DSSEv1`, then type and payload, each with its length.
fn signed_bytes(payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len());
    [head.as_bytes(), payload].concat()
}
