//! Which side of a rollout a request is on.
//!
//! A key keeps its side for as long as a rollout lasts, and a growing share only adds keys: the
//! side is where the key's salted hash falls, and a larger share is a longer piece of the same line.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What makes the sides of one rollout others than those of the next, so that nobody is always
/// first: 16 random bytes, in JSON 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Salt([u8; 16]);

impl Salt {
    /// A salt of these random bytes.
    #[must_use]
    pub const fn new(random: [u8; 16]) -> Self {
        Self(random)
    }

    /// Whether this key is among the first `percent` of a hundred.
    #[must_use]
    pub fn includes(self, key: &[u8], percent: u8) -> bool {
        match percent {
            0 => false,
            100.. => true,
            percent => self.position(key) < u64::MAX / 100 * u64::from(percent),
        }
    }

    /// Where the key falls, evenly among all numbers.
    fn position(self, key: &[u8]) -> u64 {
        let digest = Sha256::new().chain_update(self.0).chain_update(key).finalize();
        let (head, _) = digest.split_first_chunk().expect("SHA-256 has 32 bytes");
        u64::from_be_bytes(*head)
    }
}

impl From<Salt> for String {
    fn from(salt: Salt) -> Self {
        hex::encode(salt.0)
    }
}

impl TryFrom<String> for Salt {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_keys_are_split_evenly_stay_and_are_only_added_to() {
        const KEYS: u32 = 1_000_000;
        const STEPS: [u8; 5] = [1, 5, 25, 50, 99];
        let salt = Salt::new([7; 16]);
        let mut counts = [0_u32; STEPS.len()];
        for key in 0..KEYS {
            let key = format!("N{key}");
            let sides = STEPS.map(|percent| salt.includes(key.as_bytes(), percent));
            assert!(sides.is_sorted(), "{key} left as the share grew: {sides:?}");
            for (count, side) in counts.iter_mut().zip(sides) {
                *count += u32::from(side);
            }
        }
        for (count, percent) in counts.into_iter().zip(STEPS) {
            let share = f64::from(percent) / 100.0;
            let (keys, count) = (f64::from(KEYS), f64::from(count));
            let deviation = (count - keys * share) / (keys * share * (1.0 - share)).sqrt();
            assert!(deviation.abs() < 4.0, "{percent} %: {count}, {deviation} deviations off");
        }
    }

    #[test]
    fn another_salt_is_another_split() {
        let (one, other) = (Salt::new([1; 16]), Salt::new([2; 16]));
        let keys: Vec<_> = (0..10_000).map(|key| key.to_string().into_bytes()).collect();
        let both = keys.iter().filter(|k| one.includes(k, 50) && other.includes(k, 50)).count();
        assert!((2_300..2_700).contains(&both), "{both}");
    }

    #[test]
    fn none_and_all_are_exact() {
        let salt = Salt::new([3; 16]);
        for key in [b"".as_slice(), b"a", &[255; 64]] {
            assert!(!salt.includes(key, 0));
            assert!(salt.includes(key, 100));
        }
    }

    #[test]
    fn a_salt_has_one_text() {
        let salt = Salt::new([0xab; 16]);
        let text = serde_json::to_string(&salt).unwrap();
        assert_eq!(serde_json::from_str::<Salt>(&text).unwrap(), salt);
        assert!(serde_json::from_str::<Salt>("\"ab\"").is_err());
    }
}
