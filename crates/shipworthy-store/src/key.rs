//! Keys whose statements about releases count.

use shipworthy_core::signing::PublicKey;

/// A key that is, or was, trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key.
    pub public: PublicKey,
    /// The id of the event that it is trusted by.
    pub trusted_by: i64,
    /// How its trust ended, and by the event of which id.
    pub ended: Option<(KeyEnd, i64)>,
}

/// How trust in a key ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyEnd {
    /// It signs no more; what it signed before holds.
    Retired,
    /// Somebody else may have it: nothing that it signed holds.
    Revoked,
}

impl KeyEnd {
    /// The name in storage and for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }
}

impl Key {
    /// Whether what it signs now counts.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether a statement that was recorded by the event of this id counts.
    #[must_use]
    pub const fn counts_at(&self, event: i64) -> bool {
        match self.ended {
            None => true,
            Some((KeyEnd::Retired, ended_by)) => event < ended_by,
            Some((KeyEnd::Revoked, _)) => false,
        }
    }
}
