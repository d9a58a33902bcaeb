//! A binary classifier, or two on the same rows.

use anyhow::Result;
use serde_json::{Value, json};
use shipworthy_stats::Error;
use shipworthy_stats::classification::{
    self as metrics, ConfusionMatrix, Delong, DelongPair, Rate,
};
use shipworthy_stats::interval::{Coverage, Interval};
use shipworthy_stats::paired::{McNemar, paired_t, wilcoxon_signed_rank};

use super::findings::{Findings, Section};
use super::table::Table;
use super::{Args, Intervals, fairness};

type Metric = fn(&[bool], &[f64]) -> Result<f64, Error>;

/// Any metric, with what it knows besides.
type AnyMetric<'a> = &'a dyn Fn(&[bool], &[f64]) -> Result<f64, Error>;

/// Metrics of the scores themselves, whose intervals come from resampling.
const OF_SCORES: [(&str, Metric); 9] = [
    ("average_precision", metrics::average_precision),
    ("pr_auc_trapezoid", metrics::pr_auc_trapezoid),
    ("log_loss", metrics::log_loss),
    ("brier", metrics::brier_score),
    ("ece_15_equal_width", |l, s| metrics::expected_calibration_error(l, s, 15)),
    ("mce_15_equal_width", |l, s| metrics::maximum_calibration_error(l, s, 15)),
    ("ece_10_equal_width", |l, s| metrics::expected_calibration_error(l, s, 10)),
    ("ece_15_equal_mass", |l, s| metrics::equal_mass_calibration_error(l, s, 15)),
    ("ks_statistic", metrics::ks_statistic),
];

/// Shares of rows at the threshold, whose intervals are Wilson's.
const RATES: [(&str, Rate); 3] =
    [("accuracy", Rate::Accuracy), ("precision", Rate::Precision), ("recall", Rate::TruePositive)];

type OfCounts = fn(&ConfusionMatrix) -> Result<f64, Error>;

/// Other metrics at the threshold, whose intervals come from resampling.
const OF_COUNTS: [(&str, OfCounts); 4] = [
    ("balanced_accuracy", ConfusionMatrix::balanced_accuracy),
    ("f1", ConfusionMatrix::f1),
    ("mcc", ConfusionMatrix::mcc),
    ("cohen_kappa", ConfusionMatrix::cohen_kappa),
];

pub(super) fn evaluate(
    args: &Args,
    table: &Table,
    intervals: Intervals,
    findings: &mut Findings,
) -> Result<()> {
    let labels = table.truths()?;
    let models = table.models()?;
    let threshold = args.threshold;
    for (name, scores) in ["model_a", "model_b"].into_iter().zip(&models) {
        findings.section(of_model(name, &labels, scores, threshold, intervals)?);
    }
    let a = &models[0];
    match models.get(1) {
        Some(b) => compare(&labels, [a, b], threshold, intervals, findings)?,
        None => alone(&labels, a, findings),
    }
    proportions(&labels, a, threshold, findings)?;
    if let Some(group) = &args.group {
        let decisions: Vec<bool> = a.iter().map(|&score| score >= threshold).collect();
        fairness::evaluate(group, table, (&labels, &decisions), intervals, findings)?;
    }
    Ok(())
}

fn of_model(
    name: &str,
    labels: &[bool],
    scores: &[f64],
    threshold: f64,
    Intervals { coverage, bootstrap }: Intervals,
) -> Result<Section> {
    let counts = ConfusionMatrix::at_threshold(labels, scores, threshold)?;
    let mut section = Section::new(name);
    section.fact("threshold", threshold);
    section.fact("n", labels.len());
    section.fact("positives", counts.true_positives + counts.false_negatives);
    section.fact("confusion", confusion(&counts));
    let area = || Delong::of(labels, scores)?.interval(coverage);
    section.add("roc_auc", metrics::roc_auc(labels, scores), "delong", area);
    section.add("gini", metrics::gini(labels, scores), "delong", || {
        let Interval { lower, upper } = area()?;
        Ok(Interval { lower: 2.0 * lower - 1.0, upper: 2.0 * upper - 1.0 })
    });
    for (name, metric) in OF_SCORES {
        section.add(name, metric(labels, scores), "bca", || {
            bootstrap.of_scores(labels, scores, coverage, metric)
        });
    }
    for (name, rate) in RATES {
        let proportion = counts.proportion(rate);
        let value = proportion.clone().map(|proportion| proportion.value());
        section.add(name, value, "wilson", || Ok(proportion?.wilson(coverage)));
    }
    for (name, metric) in OF_COUNTS {
        section.add(name, metric(&counts), "bca", || {
            bootstrap.of_scores(labels, scores, coverage, at(threshold, metric))
        });
    }
    Ok(section)
}

/// A metric of the counts as one of the scores.
fn at(threshold: f64, metric: OfCounts) -> impl Fn(&[bool], &[f64]) -> Result<f64, Error> {
    move |labels, scores| metric(&ConfusionMatrix::at_threshold(labels, scores, threshold)?)
}

fn confusion(counts: &ConfusionMatrix) -> Value {
    json!({
        "tp": counts.true_positives,
        "fp": counts.false_positives,
        "tn": counts.true_negatives,
        "fn": counts.false_negatives,
    })
}

/// The names of the reports say 95 %, whatever the level of the other intervals.
fn ninety_five() -> Coverage {
    Coverage::two_sided(0.95).expect("95 % is a level")
}

fn ends(interval: Result<Interval, Error>) -> Value {
    json!(interval.ok().map(|Interval { lower, upper }| [lower, upper]))
}

fn alone(labels: &[bool], scores: &[f64], findings: &mut Findings) {
    match Delong::of(labels, scores) {
        Ok(delong) => {
            let ci95 = ends(delong.interval(ninety_five()));
            let delong = json!({"auc_a": delong.auc, "var_a": delong.variance, "ci95_a": ci95});
            findings.insert("delong", delong);
        }
        Err(error) => findings.missing("delong", &error),
    }
}

fn compare(
    labels: &[bool],
    [a, b]: [&[f64]; 2],
    threshold: f64,
    intervals: Intervals,
    findings: &mut Findings,
) -> Result<()> {
    delong(labels, [a, b], findings);
    let right = |scores: &[f64]| -> Vec<bool> {
        labels.iter().zip(scores).map(|(&label, &s)| label == (s >= threshold)).collect()
    };
    mcnemar(&McNemar::of(&right(a), &right(b))?, findings);
    let squares = |scores: &[f64]| -> Vec<f64> {
        let errors = labels.iter().zip(scores).map(|(&label, s)| f64::from(label) - s);
        errors.map(|error| error * error).collect()
    };
    squared_errors(&squares(a), &squares(b), findings);
    findings.section(differences(labels, [a, b], threshold, intervals));
    Ok(())
}

fn delong(labels: &[bool], [a, b]: [&[f64]; 2], findings: &mut Findings) {
    let pair = match DelongPair::of(labels, a, b) {
        Ok(pair) => pair,
        Err(error) => return findings.missing("delong", &error),
    };
    let test = findings.test("delong", pair.test());
    let [[var_a, cov_ab], [_, var_b]] = pair.covariance;
    let ci95 = |auc, variance| ends(Delong { auc, variance }.interval(ninety_five()));
    findings.insert(
        "delong",
        json!({
            "auc_a": pair.auc_a,
            "auc_b": pair.auc_b,
            "covariance": pair.covariance,
            "var_a": var_a,
            "var_b": var_b,
            "cov_ab": cov_ab,
            "z": test["statistic"],
            "pvalue": test["pvalue"],
            "ci95_a": ci95(pair.auc_a, var_a),
            "ci95_b": ci95(pair.auc_b, var_b),
        }),
    );
}

pub(super) fn mcnemar(table: &McNemar, findings: &mut Findings) {
    let exact = findings.test("mcnemar exact", table.exact());
    let chi2 = findings.test("mcnemar chi2", table.chi_squared());
    let corrected = findings.test("mcnemar chi2_corrected", table.chi_squared_corrected());
    let counts = [[table.both, table.only_a], [table.only_b, table.neither]];
    let mcnemar = json!({
        "table_correct": counts, "exact": exact, "chi2": chi2, "chi2_corrected": corrected,
    });
    findings.insert("mcnemar", mcnemar);
}

pub(super) fn squared_errors(a: &[f64], b: &[f64], findings: &mut Findings) {
    let test = findings.test("paired_t_squared_error", paired_t(a, b));
    findings.insert("paired_t_squared_error", test);
    let test = findings.test("wilcoxon_squared_error", wilcoxon_signed_rank(a, b));
    findings.insert("wilcoxon_squared_error", test);
}

/// Each metric of a less that of b.
fn differences(
    labels: &[bool],
    [a, b]: [&[f64]; 2],
    threshold: f64,
    Intervals { coverage, bootstrap }: Intervals,
) -> Section {
    let mut section = Section::new("differences");
    let pair = DelongPair::of(labels, a, b);
    let difference = pair.clone().map(|pair| pair.difference());
    section.add("roc_auc", difference, "delong", || pair?.interval(coverage));
    let mut add = |name: &str, metric: AnyMetric<'_>| {
        let of = |scores: &[f64]| metric(labels, scores);
        let value = of(a).and_then(|a| Ok(a - of(b)?));
        section
            .add(name, value, "bca", || bootstrap.of_difference(labels, [a, b], coverage, metric));
    };
    for (name, metric) in OF_SCORES {
        add(name, &metric);
    }
    for (name, rate) in RATES {
        let value = |counts: &ConfusionMatrix| Ok(counts.proportion(rate)?.value());
        add(name, &|labels, scores| {
            value(&ConfusionMatrix::at_threshold(labels, scores, threshold)?)
        });
    }
    for (name, metric) in OF_COUNTS {
        add(name, &at(threshold, metric));
    }
    section
}

fn proportions(
    labels: &[bool],
    scores: &[f64],
    threshold: f64,
    findings: &mut Findings,
) -> Result<()> {
    let counts = ConfusionMatrix::at_threshold(labels, scores, threshold)?;
    let accuracy = counts.proportion(Rate::Accuracy)?;
    let wilson = accuracy.wilson(ninety_five());
    findings.insert("wilson_ci95_accuracy_a", ends(Ok(wilson)));
    let exact = accuracy.clopper_pearson(ninety_five())?;
    findings.insert("clopper_pearson_ci95_accuracy_a", ends(Ok(exact)));
    Ok(())
}
