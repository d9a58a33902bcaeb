//! Randomness as an argument.

use std::sync::Mutex;

use sha2::{Digest, Sha256};

/// The one source of randomness: salts, identifiers and secrets.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with random bytes. What the binary wires in is fit for secrets.
    fn fill(&self, bytes: &mut [u8]);
}

/// The same bytes for the same seed: for tests and simulations, never for secrets.
#[derive(Debug)]
pub struct SeededEntropy {
    /// The seed, and how many blocks were drawn.
    state: Mutex<(u64, u64)>,
}

impl SeededEntropy {
    /// A stream that `seed` determines.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: Mutex::new((seed, 0)) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for chunk in bytes.chunks_mut(32) {
            let block = Sha256::new()
                .chain_update(state.0.to_le_bytes())
                .chain_update(state.1.to_le_bytes())
                .finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
            state.1 += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_stream() {
        let draw = |seed| {
            let entropy = SeededEntropy::new(seed);
            let mut bytes = [0; 100];
            entropy.fill(&mut bytes);
            bytes
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert_ne!(draw(7)[..32], draw(7)[32..64]);
    }
}
