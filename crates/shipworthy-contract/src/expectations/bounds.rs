//! A range of values, bound to the type of a column.

use shipworthy_rows::Cell;

use super::kwargs::{Found, Kwargs};
use super::problem::Problem;
use super::scalar::{Scalar, compare, number};

/// A range; each end may be open or absent.
#[derive(Clone, Debug)]
pub(super) enum Bounds {
    /// Numbers that are floats, or are compared as such: the fast way.
    Numbers(Numbers),
    /// Whole numbers beyond floats, texts and instants.
    Ordered { low: Option<(Scalar, bool)>, high: Option<(Scalar, bool)> },
}

/// A range of floats. Infinite ends are absent ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    low: f64,
    high: f64,
    low_is_open: bool,
    high_is_open: bool,
}

impl Numbers {
    /// Whether the range holds the number.
    #[inline]
    pub(super) fn hold(&self, value: f64) -> bool {
        let above = if self.low_is_open { value > self.low } else { value >= self.low };
        let below = if self.high_is_open { value < self.high } else { value <= self.high };
        above & below
    }
}

impl Bounds {
    /// `min_value`, `max_value`, `strict_min` and `strict_max`, for a column's values.
    ///
    /// # Errors
    /// When an end cannot be compared with the values.
    pub(super) fn read(kwargs: &mut Kwargs<'_>, column: &Found<'_>) -> Result<Self, Problem> {
        let low = Self::end(kwargs, "min_value", column)?;
        let high = Self::end(kwargs, "max_value", column)?;
        Self::with_ends(kwargs, low, high)
    }

    /// The same, for a number such as a mean or a count.
    ///
    /// # Errors
    /// When an end is no number.
    pub(super) fn of_numbers(kwargs: &mut Kwargs<'_>) -> Result<Self, Problem> {
        let low = kwargs.number("min_value")?.map(Scalar::Float);
        let high = kwargs.number("max_value")?.map(Scalar::Float);
        Self::with_ends(kwargs, low, high)
    }

    /// A range of floats with closed ends.
    pub(super) fn closed(low: Option<f64>, high: Option<f64>) -> Self {
        Self::Numbers(Numbers {
            low: low.unwrap_or(f64::NEG_INFINITY),
            high: high.unwrap_or(f64::INFINITY),
            low_is_open: false,
            high_is_open: false,
        })
    }

    fn end(
        kwargs: &mut Kwargs<'_>,
        name: &'static str,
        column: &Found<'_>,
    ) -> Result<Option<Scalar>, Problem> {
        let Some(scalar) = kwargs.scalar(name)? else { return Ok(None) };
        let refuse = || column.refuse(format!("`{name}` cannot be compared with its values"));
        scalar.beside(column.data_type).map(Some).ok_or_else(refuse)
    }

    fn with_ends(
        kwargs: &mut Kwargs<'_>,
        low: Option<Scalar>,
        high: Option<Scalar>,
    ) -> Result<Self, Problem> {
        let (strict_low, strict_high) = (kwargs.flag("strict_min")?, kwargs.flag("strict_max")?);
        let float = |end: &Option<Scalar>, absent| match end {
            None => Some(absent),
            Some(scalar) => as_float(scalar),
        };
        let ends = float(&low, f64::NEG_INFINITY).zip(float(&high, f64::INFINITY));
        Ok(match ends {
            Some((low_end, high_end)) => Self::Numbers(Numbers {
                low: low_end,
                high: high_end,
                low_is_open: strict_low && low.is_some(),
                high_is_open: strict_high && high.is_some(),
            }),
            None => Self::Ordered {
                low: low.map(|low| (low, strict_low)),
                high: high.map(|high| (high, strict_high)),
            },
        })
    }

    /// Whether the range holds a value. What has no order with its ends it does not hold.
    #[inline]
    pub(super) fn hold(&self, cell: Cell<'_>) -> bool {
        match self {
            Self::Numbers(numbers) => match number(cell) {
                Some(value) => numbers.hold(value),
                None => numbers.low == f64::NEG_INFINITY && numbers.high == f64::INFINITY,
            },
            Self::Ordered { low, high } => {
                let above = low.as_ref().is_none_or(|(low, open)| {
                    compare(cell, low.cell()).is_some_and(|o| o.is_gt() || (o.is_eq() && !open))
                });
                let below = high.as_ref().is_none_or(|(high, open)| {
                    compare(cell, high.cell()).is_some_and(|o| o.is_lt() || (o.is_eq() && !open))
                });
                above && below
            }
        }
    }
}

/// The number as a float, where that is exact.
fn as_float(scalar: &Scalar) -> Option<f64> {
    /// 2^53: above it, floats skip whole numbers.
    const EXACT: u64 = 1 << 53;
    match scalar {
        Scalar::Integer(value) if value.unsigned_abs() > EXACT => None,
        other => number(other.cell()),
    }
}
