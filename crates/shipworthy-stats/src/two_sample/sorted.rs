//! Two sorted samples, walked value by value.

use crate::Error;
use crate::ascending::ascending;
use crate::input::check_sample;

/// Both samples in ascending order.
pub(super) struct Sorted {
    pub(super) reference: Vec<f64>,
    pub(super) current: Vec<f64>,
}

/// A value, and how often each sample has it.
pub(super) struct Tie {
    pub(super) value: f64,
    pub(super) reference: u64,
    pub(super) current: u64,
}

impl Sorted {
    pub(super) fn new(reference: &[f64], current: &[f64]) -> Result<Self, Error> {
        check_sample("reference", reference)?;
        check_sample("current", current)?;
        Ok(Self { reference: ascending(reference), current: ascending(current) })
    }

    /// The distinct values of both, ascending.
    pub(super) fn ties(&self) -> Ties<'_> {
        Ties { reference: &self.reference, current: &self.current }
    }

    pub(super) fn sizes(&self) -> (u64, u64) {
        (self.reference.len() as u64, self.current.len() as u64)
    }
}

pub(super) struct Ties<'a> {
    reference: &'a [f64],
    current: &'a [f64],
}

impl Iterator for Ties<'_> {
    type Item = Tie;

    #[inline]
    fn next(&mut self) -> Option<Tie> {
        let value = match (self.reference.first(), self.current.first()) {
            (Some(a), Some(b)) => a.min(*b),
            (Some(value), None) | (None, Some(value)) => *value,
            (None, None) => return None,
        };
        Some(Tie {
            value,
            reference: take_up_to(&mut self.reference, value),
            current: take_up_to(&mut self.current, value),
        })
    }
}

#[inline]
fn take_up_to(sorted: &mut &[f64], value: f64) -> u64 {
    // total_cmp puts -0.0 beside 0.0, and <= ties them.
    let count = sorted.iter().take_while(|other| **other <= value).count();
    *sorted = &sorted[count..];
    count as u64
}
