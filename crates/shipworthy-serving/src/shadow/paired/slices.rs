//! Where answers differ: pairs by the values of their columns.
//!
//! A slice is a category, a truth value, or an interval of numbers between two powers of two: the
//! same ones in each replica, whatever came first.

use std::collections::BTreeMap;
use std::fmt;

use shipworthy_contract::{ColumnRules, Contract, Role};
use shipworthy_rows::{Cell, DataType};

use super::{SliceCounts, share};

/// The most values of a column that have a slice.
const MAX_VALUES: usize = 64;

/// The most slices of all columns together.
const MAX_SLICES: usize = 1_000;

/// So many pairs a slice has before it is told of.
const LEAST_PAIRS: u64 = 30;

/// So many slices are told of.
const TOLD: usize = 5;

/// The columns that make slices, by their place in the contract: categories, truth values, numbers.
/// A key or a person is none, and neither is free text, a moment or a tensor.
pub(super) fn columns(contract: &Contract) -> Vec<(usize, &str)> {
    let columns = contract.columns.iter().enumerate().filter(|(_, column)| has_slices(column));
    columns.map(|(index, column)| (index, column.name.as_str())).collect()
}

fn has_slices(column: &ColumnRules) -> bool {
    let is_about = matches!(column.role, Role::Key | Role::Subject);
    let is_bounded = match column.data_type {
        DataType::String => column.one_of.is_some() || column.categories.is_some(),
        DataType::Boolean | DataType::Integer | DataType::Float => true,
        DataType::Timestamp => false,
    };
    is_bounded && !is_about && column.width == 1
}

/// Numbers nearer to 0 than 2^-20 are 0, and those beyond 2^50 are one slice.
const LEAST_POWER: i32 = -20;
const GREATEST_POWER: i32 = 50;

/// What the rows of a slice have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value<'a> {
    Text(&'a str),
    Plain(Plain),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Plain {
    Missing,
    Boolean(bool),
    Zero,
    /// From this power of two up to the next.
    Positive(i32),
    /// The same below 0.
    Negative(i32),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counted {
    pairs: u64,
    disagreements: u64,
}

/// Pairs by column and value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Slices {
    columns: BTreeMap<String, Column>,
    count: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Column {
    texts: BTreeMap<String, Counted>,
    plain: BTreeMap<Plain, Counted>,
}

impl Slices {
    pub(super) fn add(&mut self, column: &str, cell: Cell<'_>, agrees: bool) {
        let counted = Counted { pairs: 1, disagreements: u64::from(!agrees) };
        self.count_in(column, Value::of(cell), counted);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (name, column) in &other.columns {
            for (text, counted) in &column.texts {
                self.count_in(name, Value::Text(text), *counted);
            }
            for (value, counted) in &column.plain {
                self.count_in(name, Value::Plain(*value), *counted);
            }
        }
    }

    /// The slices whose share of disagreements is surely the highest.
    pub(super) fn worst(&self) -> Vec<SliceCounts> {
        let columns = self.columns.iter();
        let mut slices: Vec<_> = columns.flat_map(|(name, column)| column.told(name)).collect();
        slices.retain(|slice| slice.pairs >= LEAST_PAIRS && slice.disagreements > 0);
        slices.sort_by(|one, other| other.at_least.total_cmp(&one.at_least));
        slices.truncate(TOLD);
        slices
    }

    fn count_in(&mut self, column: &str, value: Value<'_>, counted: Counted) {
        if !self.columns.contains_key(column) {
            self.columns.insert(column.to_owned(), Column::default());
        }
        let Some(found) = self.columns.get_mut(column) else { return };
        let has_room = self.count < MAX_SLICES && found.len() < MAX_VALUES;
        self.count += usize::from(found.count_in(value, counted, has_room));
    }
}

impl Column {
    fn len(&self) -> usize {
        self.texts.len() + self.plain.len()
    }

    /// Says whether that made a slice.
    fn count_in(&mut self, value: Value<'_>, more: Counted, has_room: bool) -> bool {
        let known = match value {
            Value::Text(text) => self.texts.get_mut(text),
            Value::Plain(plain) => self.plain.get_mut(&plain),
        };
        if let Some(counted) = known {
            counted.pairs += more.pairs;
            counted.disagreements += more.disagreements;
            return false;
        }
        if has_room {
            match value {
                Value::Text(text) => self.texts.insert(text.to_owned(), more),
                Value::Plain(plain) => self.plain.insert(plain, more),
            };
        }
        has_room
    }

    fn told(&self, name: &str) -> Vec<SliceCounts> {
        let texts = self.texts.iter().map(|(text, counted)| (text.clone(), *counted));
        let plain = self.plain.iter().map(|(value, counted)| (value.to_string(), *counted));
        let slice = |(value, counted): (String, Counted)| SliceCounts {
            column: name.to_owned(),
            value,
            pairs: counted.pairs,
            disagreements: counted.disagreements,
            disagreement: share(counted.disagreements, counted.pairs).unwrap_or(0.0),
            at_least: wilson_lower_end(counted.disagreements, counted.pairs),
        };
        texts.chain(plain).map(slice).collect()
    }
}

impl<'a> Value<'a> {
    fn of(cell: Cell<'a>) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "the power of two stays or is the next one")]
        Self::Plain(match cell {
            Cell::String(text) => return Self::Text(text),
            Cell::Missing | Cell::Timestamp(_) => Plain::Missing,
            Cell::Boolean(value) => Plain::Boolean(value),
            Cell::Integer(value) => Plain::number(value as f64),
            Cell::Float(value) => Plain::number(value),
        })
    }
}

impl Plain {
    fn number(value: f64) -> Self {
        /// Where a float's exponent stands, and what it counts from.
        const MANTISSA_BITS: u32 = 52;
        const BIAS: i32 = 1_023;
        let exponent = (value.abs().to_bits() >> MANTISSA_BITS) as i32 - BIAS;
        let power = exponent.min(GREATEST_POWER);
        match (power < LEAST_POWER, value > 0.0) {
            (true, _) => Self::Zero,
            (false, true) => Self::Positive(power),
            (false, false) => Self::Negative(power),
        }
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |power: i32| match power > GREATEST_POWER {
            true => f64::INFINITY,
            false => f64::from(power).exp2(),
        };
        match *self {
            Self::Missing => f.write_str("missing"),
            Self::Boolean(value) => value.fmt(f),
            Self::Zero => f.write_str("0"),
            Self::Positive(power) => write!(f, "[{}, {})", end(power), end(power + 1)),
            Self::Negative(power) => write!(f, "({}, {}]", -end(power + 1), -end(power)),
        }
    }
}

/// The lower end of the 95 % interval of a share: Wilson, E. B. (1927), "Probable inference, the law
/// of succession, and statistical inference", JASA 22, 209–212.
#[expect(clippy::cast_precision_loss, reason = "exact below 2^53")]
fn wilson_lower_end(of: u64, all: u64) -> f64 {
    /// The 97.5 % quantile of the normal distribution.
    const Z: f64 = 1.959_963_984_540_054;
    if all == 0 {
        return 0.0;
    }
    let (n, p) = (all as f64, of as f64 / all as f64);
    let z2 = Z * Z;
    let centre = p + z2 / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    ((centre - half) / (1.0 + z2 / n)).max(0.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(pairs: &[(i64, bool)]) -> Slices {
        let mut slices = Slices::default();
        for (value, agrees) in pairs {
            slices.add("hour", Cell::Integer(*value), *agrees);
        }
        slices
    }

    #[test]
    fn numbers_lie_between_powers_of_two() {
        let shown = |value: f64| Plain::number(value).to_string();
        assert_eq!(shown(0.0), "0");
        assert_eq!(shown(1e-9), "0");
        assert_eq!(shown(0.3), "[0.25, 0.5)");
        assert_eq!(shown(8.0), "[8, 16)");
        assert_eq!(shown(15.999), "[8, 16)");
        assert_eq!(shown(-8.0), "(-16, -8]");
        assert_eq!(shown(f64::MAX), "[1125899906842624, inf)");
        assert_eq!(shown(f64::NEG_INFINITY), "(-inf, -1125899906842624]");
    }

    #[test]
    fn the_worst_slices_are_those_that_surely_differ() {
        let mut slices = Slices::default();
        for pair in 0..1_000 {
            let carrier = if pair % 10 == 0 { "DL" } else { "UA" };
            slices.add("carrier", Cell::String(carrier), carrier == "UA" || pair % 20 == 0);
        }
        // All of few differ, but few are no slice.
        (0..LEAST_PAIRS - 1).for_each(|_| slices.add("late", Cell::Boolean(true), false));
        let [slice] = slices.worst().try_into().unwrap();
        assert_eq!((&*slice.column, &*slice.value), ("carrier", "DL"));
        assert_eq!((slice.pairs, slice.disagreements), (100, 50));
        // By the formula of the source, at z = 1.96: (0.519208 - 0.099799) / 1.038416.
        assert!((slice.at_least - 0.403_83).abs() < 1e-4, "{}", slice.at_least);
    }

    #[test]
    fn a_column_has_so_many_slices_and_no_more() {
        let mut slices = Slices::default();
        for column in 0..20 {
            for value in 0..100 {
                slices.add(&format!("c{column}"), Cell::String(&value.to_string()), true);
            }
        }
        assert_eq!(slices.count, MAX_SLICES);
        assert!(slices.columns.values().all(|column| column.len() <= MAX_VALUES));
    }

    proptest! {
        #[test]
        fn replicas_add_up(pairs: Vec<(i64, bool)>, split in 0..100_usize) {
            let (one, other) = pairs.split_at(split.min(pairs.len()));
            let mut merged = of(one);
            merged.merge(&of(other));
            let whole = of(&pairs);
            prop_assume!(whole.count < MAX_VALUES);
            prop_assert_eq!(merged, whole);
        }
    }
}
