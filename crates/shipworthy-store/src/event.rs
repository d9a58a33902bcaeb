//! Events: the append-only record of control actions.
//!
//! An event says who did what to which subject, why and when. Its order is its
//! id: times come from the callers' clocks and may go back.

use shipworthy_rows::Timestamp;

/// Kind of the event of a token that was made; the subject is its name.
pub const TOKEN_CREATED: &str = "token.created";
/// Kind of the event of a token that was revoked; the subject is its name.
pub const TOKEN_REVOKED: &str = "token.revoked";
/// Kind of the event of a release that was stored; the subject is its id.
pub const RELEASE_CREATED: &str = "release.created";
/// Kind of the event of a release that comes from an archive, so without its reference rows; the
/// subject is its id.
pub const RELEASE_IMPORTED: &str = "release.imported";
/// Kind of the event of a statement about a release; the subject is the release's id.
pub const RELEASE_ATTESTED: &str = "release.attested";
/// Kind of the event of a release whose files are to stay; the subject is its id.
pub const RELEASE_HELD: &str = "release.held";
/// Kind of the event of a release that is held no longer; the subject is its id.
pub const RELEASE_FREED: &str = "release.freed";
/// Kind of the event of a release whose files were removed; the subject is its id.
pub const RELEASE_PRUNED: &str = "release.pruned";
/// Kind of the event of a pruned release that was made again; the subject is its id.
pub const RELEASE_RESTORED: &str = "release.restored";
/// Kind of the event of reference rows that were erased; the subject is the release's id.
pub const REFERENCE_ROWS_ERASED: &str = "reference_rows.erased";
/// Kind of the event of a key that was trusted; the subject is its id.
pub const KEY_TRUSTED: &str = "key.trusted";
/// Kind of the event of a key that was retired or revoked; the subject is its id.
pub const KEY_ENDED: &str = "key.ended";
/// Kind of the event of a release that became stable; the subject is the endpoint.
pub const ENDPOINT_STABLE_SET: &str = "endpoint.stable_set";
/// Kind of the event of an endpoint that went back to another release; the subject is its name.
pub const ENDPOINT_ROLLED_BACK: &str = "endpoint.rolled_back";
/// Kind of the event of an endpoint that was stopped; the subject is its name.
pub const ENDPOINT_STOPPED: &str = "endpoint.stopped";
/// Kind of the event of a stopped endpoint that answers again; the subject is its name.
pub const ENDPOINT_RESUMED: &str = "endpoint.resumed";
/// Kind of the event of a rollback that was drilled; the subject is the endpoint.
pub const ENDPOINT_DRILLED: &str = "endpoint.drilled";
/// Kind of the event of a rollout that began; the subject is the endpoint.
pub const ROLLOUT_STARTED: &str = "rollout.started";
/// Kind of the event of a rollout that went on to its next step; the subject is the endpoint.
pub const ROLLOUT_ADVANCED: &str = "rollout.advanced";
/// Kind of the event of a rollout whose next step was approved; the subject is the endpoint.
pub const ROLLOUT_APPROVED: &str = "rollout.approved";
/// Kind of the event of a rollout that stays at its step; the subject is the endpoint.
pub const ROLLOUT_HELD: &str = "rollout.held";
/// Kind of the event of a held rollout that may go on; the subject is the endpoint.
pub const ROLLOUT_RESUMED: &str = "rollout.resumed";
/// Kind of the event of a rollout whose candidate became stable; the subject is the endpoint.
pub const ROLLOUT_FINISHED: &str = "rollout.finished";
/// Kind of the event of a rollout whose candidate was taken back; the subject is the endpoint.
pub const ROLLOUT_ROLLED_BACK: &str = "rollout.rolled_back";

/// Longest actor or kind, in bytes: as long as a token's name.
pub const MAX_WORD_BYTES: usize = 64;
/// Longest subject, in bytes: three release ids and some.
pub const MAX_SUBJECT_BYTES: usize = 256;
/// Longest reason, in bytes: a paragraph.
pub const MAX_REASON_BYTES: usize = 2_000;
/// Longest body, in bytes of JSON: the evidence of a verdict, not a data set.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// Who acts, why and when: what every control action carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    actor: String,
    reason: String,
    at: Timestamp,
}

impl Attribution {
    /// `actor` is the name of a token, `at` the time of their clock.
    ///
    /// # Errors
    /// [`Error::Missing`] when actor or reason is blank, [`Error::TooLong`] past
    /// [`MAX_WORD_BYTES`] and [`MAX_REASON_BYTES`].
    pub fn new(actor: &str, reason: &str, at: Timestamp) -> Result<Self, Error> {
        Ok(Self {
            actor: within("actor", actor, MAX_WORD_BYTES)?,
            reason: within("reason", reason, MAX_REASON_BYTES)?,
            at,
        })
    }

    /// The name of the token that acts.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// When, by the clock of who acts.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}

/// What happened to which subject, before it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    kind: String,
    subject: String,
    body: String,
}

impl NewEvent {
    /// `kind` is a dotted name (`endpoint.stable_set`), `subject` what it
    /// happened to (an endpoint's name, a release id), `body` whatever else
    /// belongs to it.
    ///
    /// # Errors
    /// [`Error::Missing`] when kind or subject is blank, [`Error::TooLong`] past
    /// [`MAX_WORD_BYTES`], [`MAX_SUBJECT_BYTES`] and [`MAX_BODY_BYTES`].
    pub fn new(kind: &str, subject: &str, body: &serde_json::Value) -> Result<Self, Error> {
        Ok(Self {
            kind: within("kind", kind, MAX_WORD_BYTES)?,
            subject: within("subject", subject, MAX_SUBJECT_BYTES)?,
            body: within("body", &body.to_string(), MAX_BODY_BYTES)?,
        })
    }

    /// An event of the store itself, whose kind, subject and body are bounded by
    /// the types that they are made of.
    pub(crate) fn of_store(kind: &'static str, subject: &str, body: &serde_json::Value) -> Self {
        Self { kind: kind.into(), subject: subject.into(), body: body.to_string() }
    }

    /// The dotted name of what happened.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// What it happened to.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// JSON text.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }
}

/// A recorded event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Positive, and larger than that of every event recorded before; there may
    /// be gaps.
    pub id: i64,
    /// When, by the clock of who acted.
    pub at: Timestamp,
    /// The name of the token that acted.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// The dotted name of what happened.
    pub kind: String,
    /// What it happened to: an endpoint's name, a release id, a token's name.
    pub subject: String,
    /// JSON text.
    pub body: String,
}

/// Why something cannot be recorded.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// A blank field.
    #[error("an event needs {field}: nobody acts anonymously or without a reason")]
    Missing {
        /// Which.
        field: &'static str,
    },
    /// A field past its limit.
    #[error("the {field} of an event has {bytes} bytes, at most {max_bytes} are kept")]
    TooLong {
        /// Which.
        field: &'static str,
        /// Its length.
        bytes: usize,
        /// Its limit.
        max_bytes: usize,
    },
}

fn within(field: &'static str, text: &str, max_bytes: usize) -> Result<String, Error> {
    if text.trim().is_empty() {
        return Err(Error::Missing { field });
    }
    if text.len() > max_bytes {
        return Err(Error::TooLong { field, bytes: text.len(), max_bytes });
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000);

    #[test]
    fn nobody_acts_anonymously_or_without_a_reason() {
        let field = |actor, reason| Attribution::new(actor, reason, NOW).unwrap_err();
        assert_eq!(field("", "why"), Error::Missing { field: "actor" });
        assert_eq!(field("ana", " \n"), Error::Missing { field: "reason" });
        assert!(Attribution::new("ana", "why", NOW).is_ok());
    }

    #[test]
    fn fields_are_bounded() {
        let body = serde_json::Value::String("x".repeat(MAX_BODY_BYTES));
        assert!(NewEvent::new("kind", "subject", &body).is_err());
        assert!(NewEvent::new(&"k".repeat(65), "subject", &serde_json::json!({})).is_err());
        assert!(NewEvent::new("kind", &"s".repeat(257), &serde_json::json!({})).is_err());
        assert!(Attribution::new("ana", &"r".repeat(2_001), NOW).is_err());
    }
}
