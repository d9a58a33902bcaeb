//! How much one column alone tells of the target, on a sample of the rows.
//!
//! A column that tells nearly all of it is seldom a good feature: most often it was written down
//! after the event.

use std::collections::BTreeMap;

use shipworthy_rows::DataType;
use shipworthy_stats::classification::roc_auc;

use super::distinct::Number;
use super::profile::Profile;
use super::sample::code_of;
use super::target::{Target, Values};

/// From here on a column is taken to give the answer away.
pub(super) const GIVES_AWAY: f64 = 0.95;

/// From here on a column is worth a second look.
pub(super) const WORTH_A_LOOK: f64 = 0.85;

/// Fewer rows, or fewer of a class, prove nothing.
const MIN_ROWS: usize = 50;
const MIN_CLASS_ROWS: usize = 10;

/// A text's rate of the positive class is known from so many rows of it, on average.
const MIN_ROWS_PER_TEXT: usize = 20;

/// What was measured, and how strong it is, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Association {
    pub(super) strength: f64,
    pub(super) measure: Measure,
}

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// The area under the ROC curve of the values, the better of both directions.
    Values,
    /// The area under the ROC curve of each text's own rate of the positive class.
    Texts,
    /// The area under the ROC curve of whether there is a value at all.
    Presence,
    /// The magnitude of Pearson's correlation coefficient.
    Correlation,
    /// The Jaccard index of the rows where the column and those where the target is missing.
    Absence,
}

impl Association {
    /// How strongly the column is tied to the target; `None` when that cannot be measured.
    pub(super) fn of(profile: &Profile, target: &Target, column: usize) -> Option<Self> {
        let values = profile.sample.column(column);
        let goals = profile.sample.column(target.column);
        let data_type = profile.columns[column].data_type;
        let known = match &target.values {
            Values::Classes => None,
            Values::Amount => correlation(values, goals, data_type),
            Values::Flag => with_classes(values, goals, 1.0, data_type),
            Values::Pair { positive, .. } => with_classes(values, goals, *positive, data_type),
            Values::Texts { positive, .. } => {
                with_classes(values, goals, code_of(positive), data_type)
            }
        };
        let found = [absence(values, goals), known].into_iter().flatten();
        found.max_by(|a, b| a.strength.total_cmp(&b.strength))
    }

    /// What was found, for a comment.
    pub(super) fn text(self) -> String {
        let strength = self.strength;
        match self.measure {
            Measure::Values => format!("ranking rows by it alone has an AUC of {strength:.3}"),
            Measure::Texts => {
                format!("ranking rows by the rate of its value alone has an AUC of {strength:.3}")
            }
            Measure::Presence => {
                format!("whether it is missing, alone, has an AUC of {strength:.3}")
            }
            Measure::Correlation => {
                format!("its correlation with the target is {strength:.3} in magnitude")
            }
            Measure::Absence => format!(
                "it is missing where the target is missing ({:.1} % of the rows that lack one of \
                 them lack both), so both may become known together",
                100.0 * strength
            ),
        }
    }
}

fn with_classes(
    values: &[f64],
    goals: &[f64],
    positive: f64,
    data_type: DataType,
) -> Option<Association> {
    let rows = values.iter().zip(goals).filter(|(_, goal)| !goal.is_nan());
    let rows: Vec<(f64, bool)> =
        rows.map(|(value, goal)| (*value, goal.total_cmp(&positive).is_eq())).collect();
    let presence = rows.iter().map(|(value, is)| (f64::from(u8::from(value.is_nan())), *is));
    let presence = area(presence.collect(), Measure::Presence);
    let present: Vec<_> = rows.iter().copied().filter(|(value, _)| value.is_finite()).collect();
    let known = if data_type == DataType::String {
        rates(&present).and_then(|rates| area(rates, Measure::Texts))
    } else {
        area(present, Measure::Values)
    };
    // Of equals the last is taken.
    let found = [presence, known].into_iter().flatten();
    found.max_by(|a, b| a.strength.total_cmp(&b.strength))
}

/// How far the column and the target are missing in the same rows.
///
/// Source: the Jaccard index, |A ∩ B| / |A ∪ B|.
fn absence(values: &[f64], goals: &[f64]) -> Option<Association> {
    let rows = || values.iter().zip(goals);
    let both = rows().filter(|(value, goal)| value.is_nan() && goal.is_nan()).count();
    let either = rows().filter(|(value, goal)| value.is_nan() || goal.is_nan()).count();
    let strength = both as f64 / either.max(1) as f64;
    (both >= MIN_CLASS_ROWS).then_some(Association { strength, measure: Measure::Absence })
}

/// Each row with the share of positive rows among those of its text, if the texts are few enough
/// for that to be knowledge.
fn rates(rows: &[(f64, bool)]) -> Option<Vec<(f64, bool)>> {
    let mut groups: BTreeMap<Number, (usize, usize)> = BTreeMap::new();
    for (text, is_positive) in rows {
        let (positives, all) = groups.entry(Number(*text)).or_default();
        *positives += usize::from(*is_positive);
        *all += 1;
    }
    if groups.len() * MIN_ROWS_PER_TEXT > rows.len() {
        return None;
    }
    let rate = |text: f64| {
        let (positives, all) = groups[&Number(text)];
        positives as f64 / all as f64
    };
    Some(rows.iter().map(|(text, is_positive)| (rate(*text), *is_positive)).collect())
}

fn area(rows: Vec<(f64, bool)>, measure: Measure) -> Option<Association> {
    let (scores, labels): (Vec<f64>, Vec<bool>) = rows.into_iter().unzip();
    let positives = labels.iter().filter(|label| **label).count();
    if positives.min(labels.len() - positives) < MIN_CLASS_ROWS || labels.len() < MIN_ROWS {
        return None;
    }
    let area = roc_auc(&labels, &scores).ok()?;
    Some(Association { strength: area.max(1.0 - area), measure })
}

/// Pearson's correlation coefficient, by deviations from the means.
fn correlation(values: &[f64], goals: &[f64], data_type: DataType) -> Option<Association> {
    if data_type == DataType::String {
        return None;
    }
    let rows: Vec<_> =
        values.iter().zip(goals).filter(|(a, b)| a.is_finite() && b.is_finite()).collect();
    if rows.len() < MIN_ROWS {
        return None;
    }
    let count = rows.len() as f64;
    let mean_a = rows.iter().map(|(a, _)| *a / count).sum::<f64>();
    let mean_b = rows.iter().map(|(_, b)| *b / count).sum::<f64>();
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in rows {
        let (a, b) = (a - mean_a, b - mean_b);
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    // What is left of a constant is the rounding of its mean.
    let is_constant = |squares: f64, mean: f64| (squares / count).sqrt() <= mean.abs() * 1e-12;
    if is_constant(aa, mean_a) || is_constant(bb, mean_b) {
        return None;
    }
    let strength = (ab / (aa.sqrt() * bb.sqrt())).abs();
    let measure = Measure::Correlation;
    strength.is_finite().then_some(Association { strength: strength.min(1.0), measure })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 200 rows whose second half is positive.
    fn goals() -> Vec<f64> {
        (0..200).map(|row| f64::from(u8::from(row >= 100))).collect()
    }

    fn measured(values: Vec<f64>, data_type: DataType) -> (f64, Measure) {
        let found = with_classes(&values, &goals(), 1.0, data_type).unwrap();
        (found.strength, found.measure)
    }

    #[test]
    fn a_column_that_ranks_the_target_is_found_in_both_directions() {
        let falling = (0..200).map(|row| -f64::from(row)).collect();
        assert_eq!(measured(falling, DataType::Float), (1.0, Measure::Values));
        let unrelated = (0..200).map(|row| f64::from(row % 100)).collect();
        assert_eq!(measured(unrelated, DataType::Float), (0.5, Measure::Values));
    }

    #[test]
    fn a_value_that_only_positive_rows_have_is_found() {
        let filled_in_later =
            goals().into_iter().map(|goal| if goal > 0.5 { 3.0 } else { f64::NAN });
        assert_eq!(measured(filled_in_later.collect(), DataType::Float), (1.0, Measure::Presence));
    }

    #[test]
    fn texts_are_ranked_by_their_rates_unless_they_are_many() {
        let text = |row: u32| f64::from(if row < 100 { row % 2 } else { 2 + row % 2 });
        let few = (0..200).map(text).collect();
        assert_eq!(measured(few, DataType::String), (1.0, Measure::Texts));
        let each_its_own = (0..200).map(f64::from).collect();
        assert_eq!(measured(each_its_own, DataType::String), (0.5, Measure::Presence));
    }

    #[test]
    fn a_column_that_is_missing_with_the_target_is_found() {
        let every = |step: usize| {
            (0..200)
                .map(move |row| if row % step == 0 { f64::NAN } else { 1.0 })
                .collect::<Vec<_>>()
        };
        let found = |a: usize, b: usize| absence(&every(a), &every(b)).map(|found| found.strength);
        assert_eq!((found(5, 5), found(5, 10)), (Some(1.0), Some(0.5)));
        assert_eq!(absence(&every(5), &[1.0; 200]), None);
    }

    #[test]
    fn a_multiple_of_the_target_correlates_fully() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let goals: Vec<f64> = values.iter().map(|value| 7.0 - 3.0 * value).collect();
        let found = correlation(&values, &goals, DataType::Float).unwrap();
        assert!((found.strength - 1.0).abs() < 1e-12);
        assert_eq!(correlation(&values, &[1.0; 100], DataType::Float), None);
    }
}
