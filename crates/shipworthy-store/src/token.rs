//! Tokens: who may act, and what each role may do.
//!
//! A token is a name, a role and the SHA-256 of a secret. The secret is 256
//! random bits, so a fast hash is enough: there is nothing to guess, and no
//! salt or stretching would make it harder. The name is the actor of the events
//! that the token's holder causes.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};
use shipworthy_rows::Timestamp;

/// Marks a secret as one of ours, so that secret scanners can find leaked ones.
const SECRET_PREFIX: &str = "swt_";

/// Random bytes in a secret.
pub const SECRET_BYTES: usize = 32;

/// Longest token name, in bytes: room for a mail address, short enough for a table.
pub const MAX_NAME_BYTES: usize = 64;

/// What a request needs in order to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Ask the data plane for decisions.
    Call,
    /// Act on the control plane: tokens, releases, rollouts, rollback.
    Control,
    /// Approve a release.
    Approve,
    /// Read everything on the control plane, metrics included.
    Read,
}

/// What the holder of a token is there to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// A client of the model.
    Caller,
    /// Runs the model.
    Operator,
    /// Signs off releases, and cannot make or move one: the second pair of eyes.
    Approver,
    /// Reads everything and changes nothing; metrics scrapers are auditors too.
    Auditor,
}

impl Role {
    /// Every role, in the order in which they are documented.
    pub const ALL: [Self; 4] = [Self::Caller, Self::Operator, Self::Approver, Self::Auditor];

    /// The role → permission table: the only one.
    #[must_use]
    pub const fn permissions(self) -> &'static [Permission] {
        match self {
            Self::Caller => &[Permission::Call],
            Self::Operator => &[Permission::Call, Permission::Control, Permission::Read],
            Self::Approver => &[Permission::Approve, Permission::Read],
            Self::Auditor => &[Permission::Read],
        }
    }

    /// Whether this role grants `permission`.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }

    /// The name in configuration, API and storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Auditor => "auditor",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| Error::UnknownRole { role: text.into() })
    }
}

/// The secret of a token. It is shown once, when the token is made; what is
/// stored is its [digest](Secret::digest). `Debug` does not print it.
pub struct Secret([u8; SECRET_BYTES]);

impl Secret {
    /// A secret of `random` bytes, which must come from the operating system's
    /// entropy source.
    #[must_use]
    pub const fn from_random(random: [u8; SECRET_BYTES]) -> Self {
        Self(random)
    }

    /// Reads `swt_` and 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// [`Error::MalformedSecret`] for anything else, found without hashing or I/O.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let digits = text.strip_prefix(SECRET_PREFIX).ok_or(Error::MalformedSecret)?;
        if digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(Error::MalformedSecret);
        }
        let mut bytes = [0; SECRET_BYTES];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| Error::MalformedSecret)?;
        Ok(Self(bytes))
    }

    /// The text that the holder keeps and sends.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{SECRET_PREFIX}{}", hex::encode(self.0))
    }

    /// SHA-256 of the random bytes: what is stored and looked up.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    name: String,
    role: Role,
    secret_sha256: [u8; 32],
}

impl NewToken {
    /// A token called `name` with `role`, whose holder knows `secret`.
    ///
    /// # Errors
    /// [`Error::BadName`] unless the name has 1 to [`MAX_NAME_BYTES`] bytes of
    /// `A–Z a–z 0–9 . _ @ -` and starts with a letter or digit.
    pub fn new(name: &str, role: Role, secret: &Secret) -> Result<Self, Error> {
        let starts_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
        let spelled_well =
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte));
        if !starts_well || !spelled_well || name.len() > MAX_NAME_BYTES {
            return Err(Error::BadName { name: name.into() });
        }
        Ok(Self { name: name.into(), role, secret_sha256: secret.digest() })
    }

    /// The name, unique among live tokens.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The role.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// SHA-256 of the secret.
    #[must_use]
    pub const fn secret_sha256(&self) -> &[u8; 32] {
        &self.secret_sha256
    }
}

/// A token as it is stored, without its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Given by the store; never used twice.
    pub id: i64,
    /// Unique among live tokens; the actor of what its holder does.
    pub name: String,
    /// What the holder may do.
    pub role: Role,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked; `None` while it lives.
    pub revoked_at: Option<Timestamp>,
}

/// Why something is not a role, a secret or a token name.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such role.
    #[error("no role is called `{role}`: it is one of caller, operator, approver, auditor")]
    UnknownRole {
        /// What was given.
        role: String,
    },
    /// The text is not a secret. It is not repeated: it may be one, mistyped.
    #[error("a token is `swt_` and 64 lower-case hexadecimal digits")]
    MalformedSecret,
    /// The name cannot be one.
    #[error(
        "`{name}` cannot be a token's name: 1 to 64 letters, digits and `. _ @ -`, \
         starting with a letter or digit"
    )]
    BadName {
        /// What was given.
        name: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_grant_exactly_their_permissions() {
        use Permission::{Approve, Call, Control, Read};
        let granted = |role: Role| [Call, Control, Approve, Read].map(|wanted| role.may(wanted));
        assert_eq!(granted(Role::Caller), [true, false, false, false]);
        assert_eq!(granted(Role::Operator), [true, true, false, true]);
        assert_eq!(granted(Role::Approver), [false, false, true, true]);
        assert_eq!(granted(Role::Auditor), [false, false, false, true]);
    }

    #[test]
    fn role_names_round_trip() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse::<Role>().unwrap(), role);
        }
        assert!("root".parse::<Role>().is_err());
    }

    #[test]
    fn a_secret_round_trips_and_never_shows_in_debug() {
        let secret = Secret::from_random([0xab; SECRET_BYTES]);
        let text = secret.reveal();
        assert_eq!(text.len(), 68);
        assert_eq!(Secret::parse(&text).unwrap().digest(), secret.digest());
        assert!(!format!("{secret:?}").contains("ab"));
    }

    #[test]
    fn the_digest_is_sha256_of_the_bytes() {
        // `head -c 32 /dev/zero | sha256sum`
        let known = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";
        assert_eq!(hex::encode(Secret::from_random([0; 32]).digest()), known);
    }

    #[test]
    fn malformed_secrets_are_refused() {
        let good = Secret::from_random([0xab; SECRET_BYTES]).reveal();
        let bad = [
            String::new(),
            "swt_".into(),
            good[4..].into(),
            good[..67].into(),
            format!("{good}0"),
            format!(" {good}"),
            good.replace('a', "g"),
            good.replace('a', "A"),
            good.replace("ab", "é"),
        ];
        for text in bad {
            assert!(Secret::parse(&text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn token_names_are_checked() {
        let secret = Secret::from_random([1; SECRET_BYTES]);
        let made = |name: &str| NewToken::new(name, Role::Auditor, &secret).is_ok();
        assert!(made("ana@example.org") && made("ci-2") && made(&"a".repeat(64)));
        for name in ["", "-a", ".a", "a b", "a/b", "a\n", "ä", &"a".repeat(65)] {
            assert!(!made(name), "{name:?}");
        }
    }
}
