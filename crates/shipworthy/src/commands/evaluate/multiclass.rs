//! A classifier of several classes, or two on the same rows.

use anyhow::{Context, Result};
use serde_json::json;
use shipworthy_stats::Error;
use shipworthy_stats::interval::{Interval, Proportion};
use shipworthy_stats::multiclass::{self as metrics, ConfusionTable};
use shipworthy_stats::paired::McNemar;

use super::Intervals;
use super::binary::mcnemar;
use super::findings::{Findings, Section};
use super::table::Table;

type Metric = fn(&[usize], &[f64], usize) -> Result<f64, Error>;

/// Metrics of the probabilities and of the most probable classes, with intervals by resampling.
const METRICS: [(&str, Metric); 8] = [
    ("log_loss", metrics::log_loss),
    ("f1_macro", |l, p, k| Ok(counted(l, p, k)?.macro_f1())),
    ("f1_weighted", |l, p, k| Ok(counted(l, p, k)?.weighted_f1())),
    ("precision_macro", |l, p, k| Ok(counted(l, p, k)?.macro_precision())),
    ("recall_macro", |l, p, k| Ok(counted(l, p, k)?.macro_recall())),
    ("roc_auc_ovr_macro", metrics::roc_auc_ovr_macro),
    ("roc_auc_ovo_macro", metrics::roc_auc_ovo_macro),
    ("quadratic_kappa", |l, p, k| counted(l, p, k)?.quadratic_kappa()),
];

fn counted(
    labels: &[usize],
    probabilities: &[f64],
    classes: usize,
) -> Result<ConfusionTable, Error> {
    ConfusionTable::of(labels, &metrics::most_probable(probabilities, classes)?, classes)
}

pub(super) fn evaluate(table: &Table, intervals: Intervals, findings: &mut Findings) -> Result<()> {
    let (labels, classes) = (table.class_numbers()?, table.classes());
    let mut right = Vec::new();
    for (name, probabilities) in ["multiclass", "multiclass_b"].into_iter().zip(table.models()?) {
        findings.section(of_model(name, &labels, &probabilities, classes, intervals)?);
        let predicted = metrics::most_probable(&probabilities, classes)?;
        right.push(labels.iter().zip(predicted).map(|(&label, p)| label == p).collect::<Vec<_>>());
    }
    if let [a, b] = right.as_slice() {
        mcnemar(&McNemar::of(a, b)?, findings);
    }
    Ok(())
}

fn of_model(
    name: &str,
    labels: &[usize],
    probabilities: &[f64],
    classes: usize,
    Intervals { coverage, bootstrap }: Intervals,
) -> Result<Section> {
    let counts = counted(labels, probabilities, classes)
        .context("the score columns are not the probabilities of the classes")?;
    let mut section = Section::new(name);
    section.fact("n", labels.len());
    section.fact("confusion", json!(counts.rows().collect::<Vec<_>>()));
    let share = |value: f64| -> Result<Interval, Error> {
        let rows = labels.len() as f64;
        let right = (value * rows).round();
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of the rows times the rows is their number"
        )]
        Ok(Proportion::new(right as u64, labels.len() as u64)?.wilson(coverage))
    };
    let accuracy = counts.accuracy();
    section.add("accuracy", Ok(accuracy), "wilson", || share(accuracy));
    section.add("f1_micro", Ok(accuracy), "wilson", || share(accuracy));
    let top2 = metrics::top_k_accuracy(labels, probabilities, classes, 2);
    section.add("top2_accuracy", top2.clone(), "wilson", || share(top2?));
    for (name, metric) in METRICS {
        let metric = |labels: &[usize], p: &[f64]| metric(labels, p, classes);
        section.add(name, metric(labels, probabilities), "bca", || {
            bootstrap.of_probabilities(labels, probabilities, classes, coverage, metric)
        });
    }
    Ok(section)
}
