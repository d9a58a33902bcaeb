//! A regression, or two on the same rows.

use anyhow::Result;
use shipworthy_stats::Error;
use shipworthy_stats::regression as metrics;

use super::Intervals;
use super::binary::squared_errors;
use super::findings::{Findings, Section};
use super::table::Table;

type Metric = fn(&[f64], &[f64]) -> Result<f64, Error>;

/// With intervals by resampling.
const METRICS: [(&str, Metric); 11] = [
    ("rmse", metrics::rmse),
    ("mae", metrics::mae),
    ("median_ae", metrics::median_absolute_error),
    ("r2", metrics::r2),
    ("mape_excluding_zero", metrics::mape_excluding_zero),
    ("smape", metrics::smape),
    ("explained_variance", metrics::explained_variance),
    ("pearson", metrics::pearson),
    ("spearman", metrics::spearman),
    ("kendall_tau_b", metrics::kendall_tau_b),
    ("d2_pinball_median", metrics::d2_absolute_error),
];

pub(super) fn evaluate(table: &Table, intervals: Intervals, findings: &mut Findings) -> Result<()> {
    let Intervals { coverage, bootstrap } = intervals;
    let (targets, models) = (table.targets()?, table.models()?);
    for (name, predictions) in ["regression", "regression_b"].into_iter().zip(&models) {
        let mut section = Section::new(name);
        section.fact("n", targets.len());
        for (name, metric) in METRICS {
            section.add(name, metric(&targets, predictions), "bca", || {
                bootstrap.of_predictions(&targets, predictions, coverage, metric)
            });
        }
        // The largest of a sample says nothing about the largest there is.
        section.add_alone("max_error", metrics::max_error(&targets, predictions));
        findings.section(section);
    }
    let [a, b] = models.as_slice() else { return Ok(()) };
    let squares = |predictions: &[f64]| -> Vec<f64> {
        targets.iter().zip(predictions).map(|(target, p)| (target - p).powi(2)).collect()
    };
    squared_errors(&squares(a), &squares(b), findings);
    let mut differences = Section::new("differences");
    for (name, metric) in METRICS {
        let value = metric(&targets, a).and_then(|a| Ok(a - metric(&targets, b)?));
        differences.add(name, value, "bca", || {
            bootstrap.of_regression_difference(&targets, [a, b], coverage, metric)
        });
    }
    findings.section(differences);
    Ok(())
}
