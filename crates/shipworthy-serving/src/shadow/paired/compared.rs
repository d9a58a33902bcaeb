//! Two answers to one row.

use shipworthy_rows::Cell;

use crate::predict::Predicted;
use crate::release::LoadedRelease;

/// Numbers that differ by less than this share of the larger one are the same: releases may add up
/// the same terms in another order.
const SAME_WITHIN: f64 = 1e-9;

/// What one release answered.
pub(in crate::shadow) struct Side<'a> {
    pub(in crate::shadow) release: &'a LoadedRelease,
    pub(in crate::shadow) predicted: &'a Predicted,
    /// What the policy makes of it, row by row.
    pub(in crate::shadow) classes: &'a [Option<usize>],
}

/// How two answers to a row stand to each other.
#[derive(Debug, PartialEq)]
pub(super) struct Compared<'a> {
    pub(super) agrees: bool,
    /// The two classes, where they are not the same.
    pub(super) flip: Option<(&'a str, &'a str)>,
    pub(super) difference: Option<f64>,
}

impl<'a> Side<'a> {
    /// How another release's answer stands to this one's.
    pub(super) fn compare(&self, other: &Side<'a>, row: usize) -> Compared<'a> {
        let classes = self.class(row).zip(other.class(row));
        let flip = classes.filter(|(one, other)| one != other);
        let agrees = match classes {
            Some(_) => flip.is_none(),
            None => self.says_the_same(other, row),
        };
        Compared { agrees, flip, difference: self.difference(other, row) }
    }

    fn class(&self, row: usize) -> Option<&'a str> {
        let class = self.classes[row]?;
        self.release.output()?.classes.get(class).map(String::as_str)
    }

    fn says_the_same(&self, other: &Side<'_>, row: usize) -> bool {
        let (one, two) = (self.predicted, other.predicted);
        let mut outputs = (self.outputs(row), other.outputs(row));
        let numbers = || one.row(row).iter().zip(two.row(row)).all(|(a, b)| is_near(*a, *b));
        one.width == two.width
            && numbers()
            && std::iter::from_fn(|| match (outputs.0.next(), outputs.1.next()) {
                (None, None) => None,
                (one, other) => Some(one.zip(other).is_some_and(|(a, b)| is_same(a, b))),
            })
            .all(|is_same| is_same)
    }

    /// Of the class that callers were told, where there are several numbers; of a bare model file
    /// its first number.
    fn difference(&self, other: &Side<'_>, row: usize) -> Option<f64> {
        let (one, two) = (self.predicted, other.predicted);
        if one.width != two.width {
            return None;
        }
        let difference = match one.width {
            0 => number(other.outputs(row))? - number(self.outputs(row))?,
            1 => two.row(row)[0] - one.row(row)[0],
            _ => {
                let class = self.classes[row]?;
                two.row(row)[class] - one.row(row)[class]
            }
        };
        difference.is_finite().then_some(difference)
    }

    /// What a bare model file answered to a row.
    fn outputs(&self, row: usize) -> impl Iterator<Item = Cell<'a>> {
        let outputs = self.release.signature().outputs.iter().zip(&self.predicted.outputs);
        outputs.flat_map(move |(tensor, column)| {
            let width = tensor.width();
            (row * width..(row + 1) * width).map(|at| column.cell(at))
        })
    }
}

fn number<'a>(mut cells: impl Iterator<Item = Cell<'a>>) -> Option<f64> {
    cells.find_map(|cell| match cell {
        Cell::Float(value) => Some(value),
        _ => None,
    })
}

fn is_same(one: Cell<'_>, other: Cell<'_>) -> bool {
    match (one, other) {
        (Cell::Float(one), Cell::Float(other)) => is_near(one, other),
        (one, other) => one == other,
    }
}

/// Whether two numbers are the same within [`SAME_WITHIN`]; infinities are where they are equal.
fn is_near(one: f64, other: f64) -> bool {
    let is_equal = one.total_cmp(&other).is_eq();
    is_equal || (one - other).abs() <= SAME_WITHIN * one.abs().max(other.abs()).min(f64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_within_a_billionth() {
        for (one, other, expected) in [
            (0.0, -0.0, true),
            (1e9, 1e9 + 0.5, true),
            (1e9, 1e9 + 2.0, false),
            (1e-12, 1.000_000_1e-12, false),
            (f64::NAN, f64::NAN, true),
            (f64::NAN, 0.0, false),
            (f64::INFINITY, f64::INFINITY, true),
            (f64::INFINITY, f64::NEG_INFINITY, false),
            (f64::INFINITY, 1.0, false),
        ] {
            assert_eq!(is_near(one, other), expected, "{one} and {other}");
        }
    }
}
