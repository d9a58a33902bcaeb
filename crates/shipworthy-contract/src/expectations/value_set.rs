//! A set of values, bound to the type of a column.

use std::collections::HashMap;

use shipworthy_rows::{Cell, DataType};

use super::groups::{Key, Mixed};
use super::kwargs::{Kwargs, wrong};
use super::problem::Problem;
use super::scalar::{Scalar, number};

/// A set of values and the place of each. Values of another type than the column's are in the set,
/// but no value of the column equals them, as in pandas.
#[derive(Clone, Debug, Default)]
pub(super) struct ValueSet {
    places: HashMap<Key, usize, Mixed>,
    /// How many different values the set has.
    length: usize,
}

impl ValueSet {
    /// The list that an argument holds, for a column of this type.
    ///
    /// # Errors
    /// When it is no list of single values.
    pub(super) fn read(
        kwargs: &mut Kwargs<'_>,
        name: &'static str,
        data_type: DataType,
    ) -> Result<Self, Problem> {
        let mut set = Self::default();
        for value in kwargs.list(name)? {
            match Scalar::of_json(value) {
                Some(scalar) => set.add(scalar, data_type),
                None if value.is_null() => set.length += 1,
                None => return Err(wrong(name, "a list of numbers or strings", Some(value))),
            }
        }
        Ok(set)
    }

    fn add(&mut self, scalar: Scalar, data_type: DataType) {
        let place = self.length;
        let key = scalar.beside(data_type).and_then(|scalar| key(scalar.cell(), data_type));
        let entry = key.and_then(|key| self.places.insert(key, place));
        self.length += usize::from(entry.is_none());
    }

    /// The values of the set, whatever their types.
    pub(super) const fn len(&self) -> usize {
        self.length
    }

    /// The place of a value in the set.
    #[inline]
    pub(super) fn place(&self, cell: Cell<'_>) -> Option<usize> {
        self.places.get(&Key::of(cell)?).copied()
    }

    /// Whether a value is in the set.
    #[inline]
    pub(super) fn holds(&self, cell: Cell<'_>) -> bool {
        self.place(cell).is_some()
    }
}

/// The key of a value as a column of this type has it; none when no value of it is equal.
fn key(cell: Cell<'_>, data_type: DataType) -> Option<Key> {
    match (data_type, cell) {
        (DataType::Float, cell) => Key::of(Cell::Float(number(cell)?)),
        (DataType::Integer, Cell::Integer(_)) => Key::of(cell),
        (DataType::Integer, cell) => Key::of(Cell::Integer(whole(number(cell)?)?)),
        (DataType::Boolean, cell) => match whole(number(cell)?)? {
            0 => Key::of(Cell::Boolean(false)),
            1 => Key::of(Cell::Boolean(true)),
            _ => None,
        },
        _ => Key::of(cell),
    }
}

#[allow(clippy::cast_possible_truncation, reason = "checked to be whole and exact")]
fn whole(value: f64) -> Option<i64> {
    /// 2^53: above it, floats skip whole numbers.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i64)
}
