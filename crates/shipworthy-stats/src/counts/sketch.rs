//! Counts that add up.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use super::Edges;
use crate::Error;
use crate::input::check_sample;

/// How many rows fell into each bin.
///
/// Memory depends on the edges alone. Merging is associative and commutative, and the merge of the
/// histograms of the parts is the histogram of the whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    edges: Edges,
    counts: Vec<u64>,
}

impl Histogram {
    /// No row yet.
    #[must_use]
    pub fn new(edges: Edges) -> Self {
        let counts = vec![0; edges.bins()];
        Self { edges, counts }
    }

    /// The histogram of these values.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    pub fn of(edges: &Edges, values: &[f64]) -> Result<Self, Error> {
        crate::input::check_finite("values", values)?;
        let mut histogram = Self::new(edges.clone());
        values.iter().for_each(|value| histogram.counts[edges.bin_of(*value)] += 1);
        Ok(histogram)
    }

    /// Counts one row more.
    ///
    /// # Errors
    /// [`Error::NotFinite`], [`Error::Overflow`].
    pub fn add(&mut self, value: f64) -> Result<(), Error> {
        crate::input::check_finite("values", &[value])?;
        add_to(&mut self.counts[self.edges.bin_of(value)], 1)
    }

    /// Counts the rows of the other histogram too.
    ///
    /// # Errors
    /// [`Error::EdgesDiffer`], [`Error::Overflow`]; then nothing has changed.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        if self.edges != other.edges {
            return Err(Error::EdgesDiffer);
        }
        let sums = self.counts.iter().zip(&other.counts).map(|(a, b)| a.checked_add(*b));
        self.counts = sums.collect::<Option<_>>().ok_or(Error::Overflow { metric: "a count" })?;
        Ok(())
    }

    /// Its edges.
    #[must_use]
    pub fn edges(&self) -> &Edges {
        &self.edges
    }

    /// Rows in each bin, [`Edges::bins`] of them.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }
}

/// How many rows each category has.
///
/// Bounded by the number of categories it may hold. The merge of the counts of the parts is the
/// count of the whole, unless there are too many categories, which is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryCounts<K> {
    most: usize,
    counts: BTreeMap<K, u64>,
}

impl<K: Ord + Clone> CategoryCounts<K> {
    /// No row yet, and room for `most` categories.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, counts: BTreeMap::new() }
    }

    /// Counts one row more; copies the category when it is new.
    ///
    /// # Errors
    /// [`Error::TooManyCategories`], [`Error::Overflow`].
    pub fn add<Q>(&mut self, category: &Q) -> Result<(), Error>
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(count) = self.counts.get_mut(category) {
            return add_to(count, 1);
        }
        self.insert(category.to_owned(), 1)
    }

    /// Counts the rows of the other too.
    ///
    /// # Errors
    /// [`Error::TooManyCategories`], [`Error::Overflow`]; then nothing has changed.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        let mut merged = self.clone();
        for (category, &count) in &other.counts {
            match merged.counts.get_mut(category) {
                Some(here) => add_to(here, count)?,
                None => merged.insert(category.clone(), count)?,
            }
        }
        *self = merged;
        Ok(())
    }

    /// Categories and their rows, in the order of the categories.
    pub fn iter(&self) -> impl Iterator<Item = (&K, u64)> {
        self.counts.iter().map(|(category, count)| (category, *count))
    }

    /// The counts of both, over the categories of either, in their order.
    #[must_use]
    pub fn aligned(&self, current: &Self) -> (Vec<u64>, Vec<u64>) {
        let new = current.counts.keys().filter(|category| !self.counts.contains_key(*category));
        let mut categories: Vec<&K> = self.counts.keys().chain(new).collect();
        categories.sort_unstable();
        let of = |counts: &BTreeMap<K, u64>| {
            categories.iter().map(|category| counts.get(*category).copied().unwrap_or(0)).collect()
        };
        (of(&self.counts), of(&current.counts))
    }

    fn insert(&mut self, category: K, count: u64) -> Result<(), Error> {
        if self.counts.len() >= self.most {
            return Err(Error::TooManyCategories { most: self.most });
        }
        self.counts.insert(category, count);
        Ok(())
    }
}

/// The counts of two samples over the categories of either, in their order.
///
/// Allocates a table of the categories.
///
/// # Errors
/// [`Error::EmptySample`].
pub fn of_categories<K: Ord + Hash>(
    reference: &[K],
    current: &[K],
) -> Result<(Vec<u64>, Vec<u64>), Error> {
    for (sample, rows) in [("reference", reference), ("current", current)] {
        if rows.is_empty() {
            return Err(Error::EmptySample { sample });
        }
    }
    let mut counts: HashMap<&K, (u64, u64)> = HashMap::new();
    reference.iter().for_each(|category| counts.entry(category).or_default().0 += 1);
    current.iter().for_each(|category| counts.entry(category).or_default().1 += 1);
    let mut cells: Vec<(&K, (u64, u64))> = counts.into_iter().collect();
    cells.sort_unstable();
    Ok(cells.into_iter().map(|(_, sides)| sides).unzip())
}

/// The counts of two samples of numbers with a cell for each value that occurs, ascending.
///
/// Allocates a sorted list of both.
///
/// # Errors
/// [`Error::EmptySample`], [`Error::NotFinite`].
pub fn of_values(reference: &[f64], current: &[f64]) -> Result<(Vec<u64>, Vec<u64>), Error> {
    check_sample("reference", reference)?;
    check_sample("current", current)?;
    let mut rows: Vec<(f64, bool)> = reference.iter().map(|value| (*value, true)).collect();
    rows.extend(current.iter().map(|value| (*value, false)));
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    Ok(rows.chunk_by(|a, b| a.0 == b.0).map(sides).unzip())
}

/// How many of the rows of one cell are of the reference, and how many are not.
fn sides<K>(rows: &[(K, bool)]) -> (u64, u64) {
    let reference = rows.iter().filter(|(_, reference)| *reference).count();
    (reference as u64, (rows.len() - reference) as u64)
}

fn add_to(count: &mut u64, rows: u64) -> Result<(), Error> {
    *count = count.checked_add(rows).ok_or(Error::Overflow { metric: "a count" })?;
    Ok(())
}
