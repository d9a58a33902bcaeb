//! Which cells two samples of numbers are counted into.

use super::{Edges, Histogram, of_values};
use crate::Error;

/// A rule for the cells of two samples of numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum Binning {
    /// [`Edges::sturges`].
    Sturges,
    /// [`Edges::sturges_of_distinct`].
    SturgesOfDistinct,
    /// [`Edges::doane`] of the reference.
    Doane,
    /// [`Edges::quantiles`] of the reference.
    Quantiles(usize),
    /// These edges.
    Fixed(Edges),
    /// A cell for each value that occurs, [`of_values`].
    Values,
}

impl Binning {
    /// The counts of both samples, cell by cell.
    ///
    /// # Errors
    /// [`Error::EmptySample`], [`Error::NotFinite`], and those of the edges.
    pub fn counts(
        &self,
        reference: &[f64],
        current: &[f64],
    ) -> Result<(Vec<u64>, Vec<u64>), Error> {
        crate::input::check_sample("reference", reference)?;
        crate::input::check_sample("current", current)?;
        let edges = match self {
            Self::Sturges => Edges::sturges(reference, current)?,
            Self::SturgesOfDistinct => Edges::sturges_of_distinct(reference, current)?,
            Self::Doane => Edges::doane(reference)?,
            Self::Quantiles(bins) => Edges::quantiles(reference, *bins)?,
            Self::Fixed(edges) => edges.clone(),
            Self::Values => return of_values(reference, current),
        };
        let counts = |values| Ok(Histogram::of(&edges, values)?.counts().to_vec());
        Ok((counts(reference)?, counts(current)?))
    }
}
