//! Instants, in microseconds since the Unix epoch.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant: microseconds since 1970-01-01T00:00:00Z, negative before it.
///
/// Microseconds are what Parquet, Arrow and pandas write, and enough to order decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant `micros` microseconds after the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The instant `millis` milliseconds after the epoch, saturating at the ends of time.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch, rounded towards the past.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Microseconds from `earlier` to `self`; zero when the clock went backwards.
    #[must_use]
    pub const fn micros_since(self, earlier: Self) -> u64 {
        let elapsed = self.0.saturating_sub(earlier.0);
        if elapsed < 0 { 0 } else { elapsed.unsigned_abs() }
    }

    /// The instant `micros` later (earlier when negative), saturating.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }
}

/// Text that is not an instant.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is not a timestamp; write RFC 3339, for example 2013-03-25T05:00:00Z")]
pub struct ParseTimestampError {
    text: String,
}

/// Reads RFC 3339; also a space for the `T`, and a missing offset, which then means UTC (what
/// pandas and most SQL clients print).
impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let with_offset = text.parse::<jiff::Timestamp>().ok();
        let instant = with_offset.or_else(|| {
            let civil = text.parse::<jiff::civil::DateTime>().ok()?;
            jiff::tz::Offset::UTC.to_timestamp(civil).ok()
        });
        instant
            .map(|instant| Self(instant.as_microsecond()))
            .ok_or_else(|| ParseTimestampError { text: text.chars().take(64).collect() })
    }
}

/// RFC 3339 in UTC, with as many decimals as it takes.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => write!(f, "{instant}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for text in [
            "2013-01-01T10:00:00Z",
            "2013-01-01 10:00:00+00:00",
            "2013-01-01T05:00:00-05:00",
            "2013-01-01T10:00:00",
            "2013-01-01 10:00:00",
        ] {
            let instant: Timestamp = text.parse().unwrap();
            assert_eq!(instant.to_string(), "2013-01-01T10:00:00Z", "{text}");
        }
        assert!("yesterday".parse::<Timestamp>().is_err());
    }

    #[test]
    fn a_clock_that_went_backwards_gives_no_time() {
        let now = Timestamp::from_millis(5);
        assert_eq!(Timestamp::from_millis(3).micros_since(now), 0);
        assert_eq!(now.micros_since(Timestamp::from_millis(3)), 2_000);
    }
}
