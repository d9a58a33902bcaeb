//! Keys that sign statements about releases: Ed25519 (RFC 8032), in the PEM that OpenSSL reads and
//! writes (RFC 8410): `openssl genpkey -algorithm ed25519`.

use std::fmt;

use ed25519_dalek::ed25519::pkcs8::KeypairBytes;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use ed25519_dalek::{Signature, Signer, VerifyingKey};

use crate::canonical;

/// Why text is no key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    /// No private key.
    #[error(
        "this is no Ed25519 private key in PEM; `openssl genpkey -algorithm ed25519` makes one"
    )]
    Private,
    /// No public key.
    #[error("this is no Ed25519 public key in PEM; `openssl pkey -pubout` writes one")]
    Public,
}

/// The private key of whoever makes statements. `Debug` does not show it.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key of 32 bytes, which must come from the operating system's entropy source.
    #[must_use]
    pub fn from_random(random: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(random))
    }

    /// Reads a private key: PEM of PKCS #8.
    ///
    /// # Errors
    /// [`KeyError::Private`] for anything else.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let key = ed25519_dalek::SigningKey::from_pkcs8_pem(text.trim());
        key.map(Self).map_err(|_| KeyError::Private)
    }

    /// PEM of PKCS #8: a secret. Of its first version, without the public half, which OpenSSL 3.0
    /// reads too.
    #[must_use]
    pub fn reveal(&self) -> String {
        let pair = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        let pem = pair.to_pkcs8_pem(LineEnding::LF).expect("32 bytes have a PEM form");
        pem.as_str().to_owned()
    }

    /// The half that everybody may know.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The 64 bytes of the signature of a message; the same key and message give the same.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.public().id()).finish()
    }
}

/// The public key of whoever makes statements.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads a public key: PEM of `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// [`KeyError::Public`] for anything else.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_public_key_pem(text.trim());
        key.map(Self).map_err(|_| KeyError::Public)
    }

    /// Reads all public keys of a text, one after the other; what stands between them is no
    /// matter.
    ///
    /// # Errors
    /// [`KeyError::Public`] when one of them is none, or there is none at all.
    pub fn all_from_pem(text: &str) -> Result<Vec<Self>, KeyError> {
        const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
        let keys: Vec<Self> = text
            .match_indices(BEGIN)
            .map(|(at, _)| {
                let rest = &text[at..];
                let end = rest[BEGIN.len()..].find(BEGIN).map_or(rest.len(), |at| at + BEGIN.len());
                let end_line = rest[..end].find("-----END PUBLIC KEY-----").ok_or(KeyError::Public);
                Self::from_pem(&rest[..end_line? + "-----END PUBLIC KEY-----".len()])
            })
            .collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(KeyError::Public) } else { Ok(keys) }
    }

    /// PEM of `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn to_pem(&self) -> String {
        self.0.to_public_key_pem(LineEnding::LF).expect("32 bytes have a PEM form")
    }

    /// The name of the key: SHA-256 of its DER (`openssl pkey -pubin -outform DER | sha256sum`),
    /// 64 hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        let der = self.0.to_public_key_der().expect("32 bytes have a DER form");
        canonical::sha256_hex(der.as_bytes())
    }

    /// Whether this key signed the message. Keys and signatures that are not unique are refused
    /// (`verify_strict`).
    #[must_use]
    pub fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature);
        signature.is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKey").field(&self.id()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, section 7.1, test 2.
    #[test]
    fn a_signature_is_that_of_the_standard() {
        let bytes = |text| -> Vec<u8> { hex::decode(text).unwrap() };
        let secret = bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let key = SigningKey::from_random(&secret.try_into().unwrap());
        let expected = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                        085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        assert_eq!(hex::encode(key.sign(&[0x72])), expected);
        assert!(key.public().signed(&[0x72], &bytes(expected)));
        assert!(!key.public().signed(&[0x73], &bytes(expected)));
        assert!(!key.public().signed(&[0x72], &bytes(&expected[2..])));
    }

    #[test]
    fn keys_are_read_as_openssl_writes_them() {
        // RFC 8410, section 10.
        let private = "-----BEGIN PRIVATE KEY-----\n\
            MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
            -----END PRIVATE KEY-----\n";
        let public = "-----BEGIN PUBLIC KEY-----\n\
            MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
            -----END PUBLIC KEY-----\n";
        let key = SigningKey::from_pem(private).unwrap();
        assert_eq!(key.public().to_pem(), public);
        assert_eq!(key.reveal(), private);
        assert_eq!(key.public().id().len(), 64);
        assert!(!format!("{key:?}").contains("MC4"));
        let two = format!("# ours\n{public}# theirs\n{public}");
        assert_eq!(PublicKey::all_from_pem(&two).unwrap(), [key.public(), key.public()]);
        for wrong in ["", "-----BEGIN PUBLIC KEY-----", private, &public[..60]] {
            assert_eq!(PublicKey::all_from_pem(wrong), Err(KeyError::Public), "{wrong}");
        }
        assert_eq!(SigningKey::from_pem(public).map(drop), Err(KeyError::Private));
    }
}
