//! Whether a binary classifier's decisions treat groups alike.

use anyhow::Result;
use serde_json::{Map, Value, json};
use shipworthy_stats::Error;
use shipworthy_stats::classification::{ConfusionMatrix, Rate};
use shipworthy_stats::fairness::{Groups, Measure};
use shipworthy_stats::interval::{Coverage, Interval};

use super::Intervals;
use super::findings::{Findings, Section};
use super::table::Table;

const RATES: [(&str, Rate); 5] = [
    ("selection_rate", Rate::Selection),
    ("tpr", Rate::TruePositive),
    ("fpr", Rate::FalsePositive),
    ("fnr", Rate::FalseNegative),
    ("accuracy", Rate::Accuracy),
];

type Of = fn(&Groups, Coverage) -> Result<Measure, Error>;

const MEASURES: [(&str, Of); 7] = [
    ("demographic_parity_difference", Groups::demographic_parity_difference),
    ("demographic_parity_ratio", Groups::demographic_parity_ratio),
    ("equalized_odds_difference", Groups::equalized_odds_difference),
    ("equalized_odds_ratio", Groups::equalized_odds_ratio),
    ("equalized_odds_difference_mean", Groups::equalized_odds_difference_mean),
    ("equal_opportunity_difference", Groups::equal_opportunity_difference),
    ("equal_opportunity_ratio", Groups::equal_opportunity_ratio),
];

pub(super) fn evaluate(
    column: &str,
    table: &Table,
    (labels, decisions): (&[bool], &[bool]),
    Intervals { coverage, .. }: Intervals,
    findings: &mut Findings,
) -> Result<()> {
    let (names, numbers) = table.groups();
    let groups = Groups::of(labels, decisions, &numbers, names.len())?;
    let mut section = Section::of("fairness", column);
    section.fact("sensitive", column);
    let by_group = names.iter().zip(groups.counts());
    let by_group = by_group.map(|(name, counts)| (name.clone(), rates(counts, coverage)));
    section.fact("by_group", by_group.collect::<Map<_, _>>());
    section.fact("overall", rates(&ConfusionMatrix::of(labels, decisions)?, coverage));
    for (name, measure) in MEASURES {
        let measure = measure(&groups, coverage);
        let value = measure.clone().map(|measure| measure.value);
        section.add(name, value, "wilson", || Ok(measure?.interval));
    }
    let rule = groups.four_fifths_rule(coverage).ok();
    section.fact("disparate_impact_80_percent_rule", rule);
    findings.section(section);
    Ok(())
}

/// The rates of a group. One that does not exist, for lack of a row to divide by, is the 0 that
/// fairlearn gives, and is named among the undefined.
fn rates(counts: &ConfusionMatrix, coverage: Coverage) -> Value {
    let mut group = Map::new();
    let (mut intervals, mut undefined) = (Map::new(), Vec::new());
    for (name, rate) in RATES {
        let value = match counts.proportion(rate) {
            Ok(proportion) => {
                let Interval { lower, upper } = proportion.wilson(coverage);
                intervals.insert(name.to_owned(), json!({"lower": lower, "upper": upper}));
                proportion.value()
            }
            Err(_) => {
                undefined.push(name);
                0.0
            }
        };
        group.insert(name.to_owned(), value.into());
    }
    group.insert("count".to_owned(), counts.rows().into());
    group.insert("intervals".to_owned(), intervals.into());
    group.insert("undefined".to_owned(), undefined.into());
    group.into()
}
