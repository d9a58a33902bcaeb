//! A set of values, bound to the type of a column.

use std::collections::HashMap;

use serde_json::Value;
use shipworthy_rows::{Cell, DataType};

use super::groups::{Mixed, bits};
use super::kwargs::{Kwargs, wrong};
use super::problem::Problem;
use super::scalar::{Scalar, number};

/// A set of values and the place of each. Values of another type than the column's are in the set,
/// but no value of the column equals them, as in pandas.
#[derive(Clone, Debug, Default)]
pub(super) struct ValueSet {
    texts: HashMap<String, usize>,
    /// Numbers by their bits as a float or a whole number, instants by their microseconds.
    bits: HashMap<u64, usize, Mixed>,
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
        let entry = match scalar.beside(data_type) {
            Some(Scalar::Text(text)) => self.texts.insert(text, place),
            Some(scalar) => match key(scalar.cell(), data_type) {
                Some(key) => self.bits.insert(key, place),
                None => None,
            },
            None => None,
        };
        self.length += usize::from(entry.is_none());
    }

    /// The values of the set, whatever their types.
    pub(super) const fn len(&self) -> usize {
        self.length
    }

    /// The place of a value in the set.
    #[inline]
    pub(super) fn place(&self, cell: Cell<'_>) -> Option<usize> {
        match cell {
            Cell::String(text) => self.texts.get(text).copied(),
            other => self.bits.get(&bits(other)?).copied(),
        }
    }

    /// Whether a value is in the set.
    #[inline]
    pub(super) fn holds(&self, cell: Cell<'_>) -> bool {
        self.place(cell).is_some()
    }
}

/// The bits of a value as a column of this type has it; none when no value of it is equal.
fn key(cell: Cell<'_>, data_type: DataType) -> Option<u64> {
    match (data_type, cell) {
        (DataType::Float, cell) => bits(Cell::Float(number(cell)?)),
        (DataType::Integer, Cell::Integer(_)) => bits(cell),
        (DataType::Integer, cell) => Scalar::of_json(&Value::from(number(cell)?)).and_then(whole),
        (DataType::Boolean, cell) => match number(cell)? {
            0.0 => Some(0),
            1.0 => Some(1),
            _ => None,
        },
        _ => bits(cell),
    }
}

#[allow(clippy::cast_possible_truncation, reason = "checked to be whole and exact")]
fn whole(scalar: Scalar) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let value = number(scalar.cell())?;
    let is_whole = value.fract() == 0.0 && value.abs() <= EXACT;
    is_whole.then(|| bits(Cell::Integer(value as i64))).flatten()
}
