//! Which class is taken for which.

use shipworthy_stats::multiclass::most_probable;

use crate::gate::judge::Answers;

/// With more classes nobody reads the table.
const MAX_CLASSES: usize = 16;

/// Rows by what is true and what is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    /// The names of the classes, in the order of their codes.
    pub classes: Vec<String>,
    /// For each true class, how often each was told.
    pub counts: Vec<Vec<usize>>,
}

impl Confusion {
    /// `None` where there are too many classes, or an answer is no probability.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "labels are class codes here: small whole numbers"
    )]
    pub(super) fn of(classes: &[String], labels: &[f64], answers: &Answers) -> Option<Self> {
        let count = classes.len();
        if count > MAX_CLASSES || count != answers.width {
            return None;
        }
        let told = most_probable(&answers.values, answers.width).ok()?;
        let mut counts = vec![vec![0; count]; count];
        for (label, told) in labels.iter().zip(told) {
            *counts.get_mut(*label as usize)?.get_mut(told)? += 1;
        }
        Some(Self { classes: classes.to_vec(), counts })
    }
}
