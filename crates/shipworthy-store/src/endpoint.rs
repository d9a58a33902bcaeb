//! Endpoints: the stable names that clients call, and the releases behind them.

use std::fmt;

use crate::release::ReleaseId;

/// Longest name, in bytes: a DNS label, so that a host name can carry it.
pub const MAX_NAME_BYTES: usize = 63;

/// 1 to [`MAX_NAME_BYTES`] lower-case letters, digits, `-` and `_`, starting
/// with a letter or digit: it stands in URLs, metrics and file names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointName(String);

impl EndpointName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`Error::BadName`] when the text is anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let spelled_well = text.chars().all(|c| plain(c) || c == '-' || c == '_');
        if !text.starts_with(plain) || !spelled_well || text.len() > MAX_NAME_BYTES {
            return Err(Error::BadName { name: text.into() });
        }
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EndpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An endpoint and the releases in its slots. No release is both stable and
/// candidate, or both stable and previous.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// What clients call.
    pub name: EndpointName,
    /// The release that answers.
    pub stable: Option<ReleaseId>,
    /// The release that is on its way to stable.
    pub candidate: Option<ReleaseId>,
    /// The release that a rollback returns to.
    pub previous: Option<ReleaseId>,
}

/// Why something is not an endpoint.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The name cannot be one.
    #[error(
        "`{name}` cannot be an endpoint's name: 1 to 63 lower-case letters, digits, `-` and `_`, \
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
    fn names_are_checked() {
        for name in ["flight-delay", "a", "7_up", &"a".repeat(63)] {
            assert_eq!(EndpointName::parse(name).unwrap().as_str(), name);
        }
        for name in ["", "-a", "A", "a b", "a/b", "..", "ä", &"a".repeat(64)] {
            assert!(EndpointName::parse(name).is_err(), "{name:?}");
        }
    }
}
