//! What the plots of a report show: bins and a few points, however many rows there are.

mod confusion;
mod distribution;
mod reliability;
mod roc;
mod slices;

use shipworthy_core::Task;

pub use confusion::Confusion;
pub use distribution::{Distribution, Series};
pub use reliability::{Bin, Reliability};
pub use roc::Roc;
pub use slices::{Part, Parts};

use super::judge::{Answers, Error, Known};

/// Training rows whose answers are drawn, at even distances.
const DRAWN_ROWS: usize = 20_000;

/// A plot.
#[derive(Clone, Debug, PartialEq)]
pub enum Plot {
    /// How often there is which number.
    Distribution(Distribution),
    /// What happens where so much is said.
    Reliability(Reliability),
    /// What is caught at which price, of each release.
    Roc(Vec<Roc>),
    /// Which class is taken for which.
    Confusion(Confusion),
    /// A metric in each slice.
    Slices(Parts),
}

/// Whose answers are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The release's, to the test rows.
    Candidate,
    /// The release's, to rows that it learned from.
    Training,
    /// Those of what it is held against, to the test rows.
    Stable,
}

/// The plots of a task, where there are test rows.
pub(super) fn plots(known: &Known<'_>) -> Result<Vec<Plot>, Error> {
    let rows = known.ground.rows;
    let labels = &rows.test.labels;
    if labels.is_empty() {
        return Ok(Vec::new());
    }
    let (output, answers) = (&rows.output, &known.candidate);
    let plots = match output.task {
        Task::Binary => {
            let class = output.classes.last().unwrap_or(&output.target);
            let what = format!("Probability of {class}");
            let distribution = Distribution::of_shares(what, &samples(known)?);
            let reliability = Reliability::of_shares(class, labels, &answers.values);
            let roc = Roc::of_each(labels, known);
            let roc = (!roc.is_empty()).then_some(Plot::Roc(roc));
            vec![distribution.map(Plot::Distribution), reliability.map(Plot::Reliability), roc]
        }
        Task::Regression => {
            let target = &output.target;
            let answered =
                Distribution::of_numbers(format!("Predicted {target}"), &samples(known)?);
            let reliability = Reliability::of_numbers(target, labels, &answers.values);
            let what = format!("Predicted less actual {target}");
            let residuals = Distribution::of_numbers(what, &residuals(known));
            let [answered, residuals] = [answered, residuals].map(|it| it.map(Plot::Distribution));
            vec![answered, reliability.map(Plot::Reliability), residuals]
        }
        Task::Multiclass => {
            vec![Confusion::of(&output.classes, labels, answers).map(Plot::Confusion)]
        }
    };
    Ok(plots.into_iter().flatten().collect())
}

/// What is answered to the test rows, and to some of the training rows.
fn samples(known: &Known<'_>) -> Result<Vec<(Whose, Vec<f64>)>, Error> {
    let learned = &known.ground.rows.learned.batch;
    let count = learned.rows().min(DRAWN_ROWS);
    let drawn: Vec<usize> = (0..count).map(|row| row * learned.rows() / count.max(1)).collect();
    let mut samples = vec![(Whose::Candidate, known.candidate.values.clone())];
    if count > 0 {
        let answers = Answers::of(known.ground.candidate, &learned.take(&drawn))?;
        samples.push((Whose::Training, answers.values));
    }
    samples.extend(known.stable.iter().map(|stable| (Whose::Stable, stable.values.clone())));
    Ok(samples)
}

/// What is answered less what is true.
fn residuals(known: &Known<'_>) -> Vec<(Whose, Vec<f64>)> {
    let labels = &known.ground.rows.test.labels;
    let less = |answers: &Answers| {
        answers.values.iter().zip(labels).map(|(answer, label)| answer - label).collect()
    };
    let candidate = (Whose::Candidate, less(&known.candidate));
    let stable = known.stable.iter().map(|stable| (Whose::Stable, less(stable)));
    [candidate].into_iter().chain(stable).collect()
}

#[cfg(test)]
mod tests;
