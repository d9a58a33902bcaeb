//! Endpoints: the stable names that clients call, and the releases behind them.

use std::fmt;

use crate::{event::NewEvent, release::ReleaseId, store};

/// Longest name, in bytes: a DNS label, so that a host name can carry it.
pub const MAX_NAME_BYTES: usize = 63;
/// Longest rollout, in bytes of JSON: a policy and where it stands, not its evidence.
pub const MAX_ROLLOUT_BYTES: usize = 64 * 1024;

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

/// An endpoint and the releases in its slots. No release is in two slots.
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
    /// How often it was changed since it was made, from 0.
    pub revision: i64,
    /// The rollout that brings the candidate to stable: JSON text, at most
    /// [`MAX_ROLLOUT_BYTES`]. The store does not look inside.
    pub rollout: Option<String>,
    /// Whether no release answers, by the kill switch.
    pub stopped: bool,
}

/// What an endpoint is to be, all of it, if it still is what the caller saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointChange {
    /// What clients call.
    pub name: EndpointName,
    /// The [revision](Endpoint::revision) that the caller saw.
    pub expected_revision: i64,
    /// The release that answers.
    pub stable: ReleaseId,
    /// The release that is on its way to stable.
    pub candidate: Option<ReleaseId>,
    /// The release that a rollback returns to.
    pub previous: Option<ReleaseId>,
    /// JSON text, at most [`MAX_ROLLOUT_BYTES`].
    pub rollout: Option<String>,
    /// Whether no release answers.
    pub stopped: bool,
}

impl EndpointChange {
    /// The releases that are to have a slot.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &ReleaseId> {
        [Some(&self.stable), self.candidate.as_ref(), self.previous.as_ref()].into_iter().flatten()
    }

    /// What is wrong with it, or with its event, whatever the store holds.
    pub(crate) fn check(&self, event: &NewEvent) -> Result<(), store::Error> {
        let name = || self.name.clone();
        for (place, release) in self.slots().enumerate() {
            if self.slots().skip(place + 1).any(|other| other == release) {
                return Err(store::Error::SlotsCollide { name: name(), id: release.clone() });
            }
        }
        let bytes = self.rollout.as_ref().map_or(0, String::len);
        if bytes > MAX_ROLLOUT_BYTES {
            return Err(store::Error::RolloutTooLong { name: name(), bytes });
        }
        if event.subject() != self.name.as_str() {
            let subject = event.subject().to_owned();
            return Err(store::Error::EventOfAnother { name: name(), subject });
        }
        Ok(())
    }
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
