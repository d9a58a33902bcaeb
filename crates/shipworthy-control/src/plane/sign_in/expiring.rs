//! A bounded set of secrets that expire.

use std::collections::VecDeque;
use std::time::Duration;

use sha2::{Digest, Sha256};

/// Secrets, oldest first. They are compared by SHA-256, which need not take constant time: its
/// timing could only give away digests, and nobody can choose a secret by its digest.
#[derive(Debug)]
pub(super) struct Expiring {
    max: usize,
    lifetime_us: u64,
    held: VecDeque<Held>,
}

#[derive(Debug)]
struct Held {
    sha256: [u8; 32],
    token: i64,
    expires_us: u64,
}

impl Expiring {
    /// At most `max` secrets, each for `lifetime`.
    pub(super) fn new(max: usize, lifetime: Duration) -> Self {
        let lifetime_us = u64::try_from(lifetime.as_micros()).unwrap_or(u64::MAX);
        Self { max, lifetime_us, held: VecDeque::new() }
    }

    /// Holds one more secret, for the token with this id; the oldest makes room.
    pub(super) fn insert(&mut self, secret: &[u8], token: i64, now_us: u64) {
        self.drop_expired(now_us);
        if self.held.len() >= self.max {
            self.held.pop_front();
        }
        let expires_us = now_us.saturating_add(self.lifetime_us);
        self.held.push_back(Held { sha256: Sha256::digest(secret).into(), token, expires_us });
    }

    /// The token of a secret that is held and has not expired.
    pub(super) fn find(&mut self, secret: &[u8], now_us: u64) -> Option<i64> {
        self.position(secret, now_us).map(|at| self.held[at].token)
    }

    /// As [`find`](Self::find), and the secret is void from then on.
    pub(super) fn take(&mut self, secret: &[u8], now_us: u64) -> Option<i64> {
        let at = self.position(secret, now_us)?;
        self.held.remove(at).map(|held| held.token)
    }

    /// Drops all secrets of a token.
    pub(super) fn forget(&mut self, token: i64) {
        self.held.retain(|held| held.token != token);
    }

    fn position(&mut self, secret: &[u8], now_us: u64) -> Option<usize> {
        self.drop_expired(now_us);
        let sha256: [u8; 32] = Sha256::digest(secret).into();
        self.held.iter().position(|held| held.sha256 == sha256)
    }

    fn drop_expired(&mut self, now_us: u64) {
        self.held.retain(|held| now_us < held.expires_us);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_for_a_second() -> Expiring {
        Expiring::new(2, Duration::from_secs(1))
    }

    #[test]
    fn a_secret_is_taken_once() {
        let mut held = two_for_a_second();
        held.insert(b"a", 7, 0);
        assert_eq!(held.find(b"a", 0), Some(7));
        assert_eq!(held.take(b"a", 0), Some(7));
        assert_eq!(held.take(b"a", 0), None);
    }

    #[test]
    fn a_secret_expires() {
        let mut held = two_for_a_second();
        held.insert(b"a", 7, 5);
        assert_eq!(held.find(b"a", 1_000_004), Some(7));
        assert_eq!(held.find(b"a", 1_000_005), None);
    }

    #[test]
    fn the_oldest_makes_room_and_a_token_takes_its_secrets_along() {
        let mut held = two_for_a_second();
        for (secret, token) in [(b"a", 1), (b"b", 2), (b"c", 1)] {
            held.insert(secret, token, 0);
        }
        assert_eq!(held.find(b"a", 0), None);
        assert_eq!(held.find(b"b", 0), Some(2));
        held.forget(1);
        assert_eq!(held.find(b"c", 0), None);
        assert_eq!(held.find(b"b", 0), Some(2));
    }
}
