//! Durations, sizes, instants and ranges as people write them.

use std::fmt;
use std::ops::{Bound, RangeBounds};
use std::time::Duration;

use shipworthy_rows::Timestamp;

/// Units of time in milliseconds, the longest first.
pub(super) const DURATIONS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Units of size in bytes, the largest first. Powers of 1024 only: `MB` means two things.
pub(super) const SIZES: [(&str, u64); 5] =
    [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// A duration: a whole number and one of `ms`, `s`, `m`, `h`, `d`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    with_unit(text, &DURATIONS).map(Duration::from_millis)
}

/// A size in bytes: a whole number and one of `B`, `KiB`, `MiB`, `GiB`, `TiB`.
pub(super) fn bytes(text: &str) -> Option<u64> {
    with_unit(text, &SIZES)
}

/// The part of `10 sec` that is not the number.
fn unit_of(text: &str) -> &str {
    text.trim().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start()
}

/// A duration in the largest unit that it is a whole number of.
pub(super) fn show_duration(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    in_largest_unit(millis, &DURATIONS, "")
}

/// A size in the largest unit that it is a whole number of.
pub(super) fn show_bytes(bytes: u64) -> String {
    in_largest_unit(bytes, &SIZES, " ")
}

/// An instant: RFC 3339, or a date, which is its midnight in UTC. Without an offset it is UTC.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let parsed = text.parse().ok();
    parsed.or_else(|| format!("{text}T00:00:00Z").parse().ok())
}

/// A range of numbers; each end is allowed, or is the first one that is not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interval(pub(super) Bound<f64>, pub(super) Bound<f64>);

impl Interval {
    /// Every finite number.
    pub(super) const ALL: Self = Self(Bound::Unbounded, Bound::Unbounded);
    /// From 0.
    pub(super) const NOT_NEGATIVE: Self = Self(Bound::Included(0.0), Bound::Unbounded);
    /// Between 0 and 1, neither included.
    pub(super) const INSIDE_UNIT: Self = Self(Bound::Excluded(0.0), Bound::Excluded(1.0));
    /// From 0 to 1.
    pub(super) const UNIT: Self = Self(Bound::Included(0.0), Bound::Included(1.0));
    /// Above 0, up to 1.
    pub(super) const SHARE: Self = Self(Bound::Excluded(0.0), Bound::Included(1.0));

    /// Whether a finite number is in the range.
    pub(super) fn contains(self, number: f64) -> bool {
        number.is_finite() && (self.0, self.1).contains(&number)
    }
}

/// In words that follow "expected".
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let least = match self.0 {
            Bound::Included(least) => Some(format!("at least {least}")),
            Bound::Excluded(least) => Some(format!("above {least}")),
            Bound::Unbounded => None,
        };
        let greatest = match self.1 {
            Bound::Included(greatest) => Some(format!("at most {greatest}")),
            Bound::Excluded(greatest) => Some(format!("below {greatest}")),
            Bound::Unbounded => None,
        };
        let ends: Vec<_> = [least, greatest].into_iter().flatten().collect();
        if ends.is_empty() {
            return f.write_str("a finite number");
        }
        write!(f, "a number {}", ends.join(" and "))
    }
}

fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let unit = unit_of(text);
    let number = text.trim().strip_suffix(unit)?.trim_end();
    let (_, scale) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*scale)
}

fn in_largest_unit(value: u64, units: &[(&str, u64)], space: &str) -> String {
    let fitting = units.iter().find(|(_, scale)| value != 0 && value.is_multiple_of(*scale));
    let (unit, scale) = fitting.copied().unwrap_or(units[units.len() - 1]);
    format!("{}{space}{unit}", value / scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_have_one_unit() {
        let read = ["250ms", "10s", "5m", "6h", "7d", " 7 d "].map(|text| duration(text).unwrap());
        let millis = [250, 10_000, 300_000, 21_600_000, 604_800_000, 604_800_000];
        assert_eq!(read, millis.map(Duration::from_millis));
        for text in ["", "10", "s", "1h30m", "-1s", "1.5h", "10 sec", "99999999999999999d"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        let read = ["1000 B", "512 KiB", "4 MiB", "1GiB", "2 TiB"].map(|text| bytes(text).unwrap());
        assert_eq!(read, [1000, 512 << 10, 4 << 20, 1 << 30, 2 << 40]);
        for text in ["", "4", "4 MB", "4 mib", "-1 B", "0.5 GiB", "99999999999 TiB"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_is_its_midnight_in_utc() {
        for text in ["2013-04-01", "2013-04-01T00:00:00Z", "2013-03-31T20:00:00-04:00"] {
            assert_eq!(instant(text).unwrap().to_string(), "2013-04-01T00:00:00Z", "{text}");
        }
        assert_eq!(instant("tomorrow"), None);
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(value in 0..u64::MAX) {
            prop_assert_eq!(bytes(&show_bytes(value)), Some(value));
            let time = Duration::from_millis(value);
            prop_assert_eq!(duration(&show_duration(time)), Some(time));
        }

        #[test]
        fn no_text_is_too_strange(text in any::<String>()) {
            let _ = (duration(&text), bytes(&text), instant(&text));
        }
    }
}
