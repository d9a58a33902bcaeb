//! How far answers are from what is expected of them, and may be in truth.

use shipworthy_core::Task;
use shipworthy_stats::bound::{
    CellDistance, Expected, Rows, UpperBound, energy, kolmogorov_smirnov, wasserstein,
    wasserstein_normalised,
};
use shipworthy_stats::counts::{Edges, Histogram};
use shipworthy_stats::interval::Coverage;
use shipworthy_stats::{Error, multiclass};

use super::judge::Answers;
use super::{Against, Cells, Distance};

/// The answers, and those that are expected; `None` where shares are declared.
pub(super) type Pair<'a> = (&'a Answers, Option<&'a Answers>);

/// A distance of answers with its one-sided bound.
///
/// Without answers to hold them against, nothing but shares can be compared: then it is the distance
/// from a sample without rows, an error.
pub(super) fn apart(
    (found, expected): Pair<'_>,
    distance: Distance,
    (against, cells): (&Against, &Cells),
    (task, sure): (Task, f64),
) -> Result<UpperBound, Error> {
    let coverage = Coverage::one_sided(sure)?;
    let rows = if *against == Against::Stable { Rows::Same } else { Rows::Others };
    if rows == Rows::Same && expected.is_some_and(|expected| expected.values == found.values) {
        // The same answers, so no rows would tell a difference.
        return Ok(UpperBound { value: 0.0, upper: 0.0 });
    }
    let numbers: &[f64] = expected.map_or(&[], |answers| &answers.values);
    let of_numbers = match distance {
        Distance::KolmogorovSmirnov => kolmogorov_smirnov,
        Distance::Wasserstein => wasserstein,
        Distance::WassersteinNormalised => wasserstein_normalised,
        Distance::Energy => energy,
        _ => {
            let counted = Counted { cells, task, rows };
            let distance = distance.of_shares().ok_or(Error::MethodNeedsNumbers)?;
            return counted.apart((found, expected), distance, against, coverage);
        }
    };
    of_numbers(numbers, &found.values, rows, coverage)
}

/// How answers are counted.
struct Counted<'a> {
    cells: &'a Cells,
    task: Task,
    rows: Rows,
}

impl Counted<'_> {
    fn apart(
        &self,
        (found, expected): Pair<'_>,
        distance: CellDistance,
        against: &Against,
        coverage: Coverage,
    ) -> Result<UpperBound, Error> {
        let edges = match self.cells {
            Cells::Edges(edges) => Edges::new(edges.clone())?,
            // Classes have none.
            Cells::Quantiles(_) if self.task == Task::Multiclass => Edges::new(Vec::new())?,
            Cells::Quantiles(bins) => {
                Edges::quantiles(expected.map_or(&[], |answers| &answers.values), *bins)?
            }
        };
        let current = self.counts(found, &edges)?;
        let reference = expected.map(|answers| self.counts(answers, &edges)).transpose()?;
        let expected = match (against, &reference) {
            (Against::Declared(shares), _) => Expected::Known(shares),
            (_, reference) => Expected::Counted(reference.as_deref().unwrap_or(&[]), self.rows),
        };
        distance.upper_bound(expected, &current, coverage)
    }

    /// The rows of each class, the one that is told, or of each cell.
    fn counts(&self, answers: &Answers, edges: &Edges) -> Result<Vec<u64>, Error> {
        if self.task != Task::Multiclass {
            return Ok(Histogram::of(edges, &answers.values)?.counts().to_vec());
        }
        let mut counts = vec![0; answers.width];
        for class in multiclass::most_probable(&answers.values, answers.width)? {
            counts[class] += 1;
        }
        Ok(counts)
    }
}
