//! The range that a contract allows, from the range that the data has.

use super::names;

/// A range, both ends allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    pub(super) min: f64,
    pub(super) max: f64,
    /// Where it comes from, if not from the data: "a month".
    pub(super) nature: Option<&'static str>,
}

/// How [`Range::around`] widens, for the comment that explains it.
pub(super) const WIDENING: &str = "the range of the data, half as wide again on both sides, \
     rounded outward to the leading digit of what was added; what is never negative stays so";

impl Range {
    /// The range to allow for a column of this name whose values lie from `least` to `greatest`;
    /// `None` when all
    /// values are the same, or numbers end.
    pub(super) fn around(name: &str, least: f64, greatest: f64) -> Option<Self> {
        let natural = names::natural_range(name);
        if let Some((min, max, nature)) =
            natural.filter(|(min, max, _)| *min <= least && greatest <= *max)
        {
            return Some(Self { min, max, nature: Some(nature) });
        }
        let is_flag = least.abs() < f64::MIN_POSITIVE && (greatest - 1.0).abs() < f64::MIN_POSITIVE;
        if is_flag {
            return Some(Self { min: 0.0, max: 1.0, nature: None });
        }
        let added = (greatest - least) / 2.0;
        let exponent = added.log10().floor();
        let min = rounded(least - added, exponent, f64::floor)?;
        let max = rounded(greatest + added, exponent, f64::ceil)?;
        Some(Self {
            min: if least >= 0.0 { min.max(0.0) } else { min.min(least) },
            max: if greatest <= 0.0 { max.min(0.0) } else { max.max(greatest) },
            nature: None,
        })
    }
}

/// The multiple of 10^`exponent` next to a number, without the dust of a product of floats.
fn rounded(number: f64, exponent: f64, next: fn(f64) -> f64) -> Option<f64> {
    let digits = next(number / 10_f64.powf(exponent));
    let rounded: f64 = format!("{digits:.0}e{exponent:.0}").parse().ok()?;
    rounded.is_finite().then_some(rounded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn around(least: f64, greatest: f64) -> (f64, f64) {
        let range = Range::around("amount", least, greatest).unwrap();
        (range.min, range.max)
    }

    #[test]
    fn a_range_is_widened_to_round_numbers() {
        assert_eq!(around(6.0, 959.0), (0.0, 1_500.0));
        assert_eq!(around(-43.0, 1_272.0), (-800.0, 2_000.0));
        assert_eq!(around(0.12, 0.83), (0.0, 1.2));
        assert_eq!(around(-7.0, -3.0), (-9.0, -1.0));
        assert_eq!(around(0.0, 1.0), (0.0, 1.0));
        assert_eq!(Range::around("amount", 4.0, 4.0), None);
    }

    #[test]
    fn what_has_a_range_by_nature_keeps_it() {
        let month = Range::around("Month", 2.0, 11.0).unwrap();
        assert_eq!((month.min, month.max, month.nature), (1.0, 12.0, Some("a month")));
        let other = Range::around("month", 1.0, 48.0).unwrap();
        assert_eq!((other.max, other.nature), (80.0, None));
    }

    proptest! {
        #[test]
        fn the_data_lies_in_its_range(a in proptest::num::f64::NORMAL, b in proptest::num::f64::NORMAL) {
            if let Some(range) = Range::around("amount", a.min(b), a.max(b)) {
                prop_assert!(range.min <= a.min(b) && a.max(b) <= range.max);
            }
        }
    }
}
