//! Two-sample tests and distances against scipy, numpy, Evidently and NannyML on real tables: see
//! `tests/drift/README.md`.

#[path = "drift/pair.rs"]
mod pair;

use pair::{Pair, Values, near, near_p, number};
use serde_json::{Map, Value};
use shipworthy_stats::counts::*;
use shipworthy_stats::presets::{self, Drift, Method, Samples};
use shipworthy_stats::two_sample::*;
use shipworthy_stats::{Error, counts};

const PAIRS: [&str; 4] = ["small_drift", "small_nodrift", "large_drift", "large_nodrift"];

type Counts = (Vec<u64>, Vec<u64>);

fn histograms(edges: &Edges, reference: &[f64], current: &[f64]) -> Counts {
    let of = |values| Histogram::of(edges, values).expect("finite").counts().to_vec();
    (of(reference), of(current))
}

/// Sturges bins of both together, or a cell per value when the reference has at most 20.
fn sturges_or_values(reference: &[f64], current: &[f64]) -> Counts {
    let mut distinct = reference.to_vec();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    if distinct.len() > 20 {
        let edges = Edges::sturges(reference, current).expect("finite values");
        histograms(&edges, reference, current)
    } else {
        counts::of_values(reference, current).expect("finite values")
    }
}

#[track_caller]
fn check_test(at: &str, expected: &Value, actual: Result<TestResult, Error>) {
    if expected.is_null() {
        return;
    }
    let actual = actual.expect(at);
    near(&format!("{at}, statistic"), actual.statistic, number(&expected["statistic"]));
    near_p(at, actual.p_value, number(&expected["pvalue"]));
}

#[track_caller]
fn check(at: &str, expected: &Value, actual: Result<f64, Error>) {
    if !expected.is_null() {
        near(at, actual.expect(at), number(&expected["value"]));
    }
}

fn check_numbers(at: &str, expected: &Value, r: &[f64], c: &[f64]) {
    let at = |metric: &str| format!("{at} {metric}");
    let all = |metric: &str| &expected[metric];
    check_test(&at("ks"), all("ks"), kolmogorov_smirnov(r, c));
    let asymptotic = kolmogorov_smirnov_asymptotic(r, c);
    check_test(&at("ks_asymptotic"), all("ks_asymptotic"), asymptotic);
    let two_sided = mann_whitney(r, c, Alternative::TwoSided);
    check_test(&at("mann_whitney"), all("mann_whitney"), two_sided);
    if let Some(p) = all("mann_whitney_less")["pvalue"].as_f64() {
        let less = mann_whitney(r, c, Alternative::Less).expect("valid");
        near_p(&at("mann_whitney_less"), less.p_value, p);
    }
    check_test(&at("welch_t"), all("welch_t"), welch_t(r, c));
    check_test(&at("z_mean"), all("z_mean"), z_of_means(r, c));
    check(&at("wasserstein"), all("wasserstein"), wasserstein_distance(r, c));
    let normalised = wasserstein_normalised(r, c, 0.001);
    check(&at("wasserstein_normed"), all("wasserstein_normed"), normalised);
    check(&at("energy_distance"), all("energy_distance"), energy_distance(r, c));
    if !all("cramer_von_mises").is_null() {
        let actual = cramer_von_mises(r, c).expect("valid");
        let expected = all("cramer_von_mises");
        near(&at("cramer_von_mises"), actual.statistic, number(&expected["statistic"]));
        // scipy stops its series at 1e-7, which is off by up to 2.2e-7 in the tail.
        let expected = number(&expected["pvalue"]);
        let gap = (actual.p_value - expected).abs();
        let allowed = if expected > 1e-3 { 1e-6 * expected } else { 3e-7 };
        assert!(gap <= allowed, "{}: {}", at("cramer_von_mises"), actual.p_value);
    }
}

fn check_bins(at: &str, expected: &Value, r: &[f64], c: &[f64]) {
    let at = |metric: &str| format!("{at} {metric}");
    let (p, q) = sturges_or_values(r, c);
    let psi = population_stability_index(&p, &q, ZeroShares::Evidently);
    check(&at("psi_sturges"), &expected["psi_sturges"], psi);
    let kl = kullback_leibler_divergence(&p, &q, ZeroShares::Evidently, LogBase::Natural);
    check(&at("kl_sturges"), &expected["kl_sturges"], kl);
    let js = jensen_shannon_distance(&p, &q, LogBase::Natural);
    check(&at("js_distance_sturges"), &expected["js_distance_sturges"], js);
    let total_variation = total_variation_distance(&p, &q);
    check(&at("tvd_sturges"), &expected["tvd_sturges"], total_variation);
    let hellinger = hellinger_distance(&p, &q);
    check(&at("hellinger_sturges"), &expected["hellinger_sturges"], hellinger);

    let edges = Edges::sturges_of_distinct(r, c).expect("finite");
    let (p, q) = histograms(&edges, r, c);
    let hellinger = hellinger_distance(&p, &q);
    check(&at("hellinger_unique"), &expected["hellinger_unique_sturges"], hellinger);

    if !expected["psi_quantile10"].is_null() {
        let edges = Edges::quantiles(r, 10).expect("finite");
        let (p, q) = histograms(&edges, r, c);
        let psi = population_stability_index(&p, &q, ZeroShares::Floor(1e-4));
        check(&at("psi_quantile10"), &expected["psi_quantile10"], psi);
    }
}

fn check_categories(at: &str, expected: &Value, r: &[String], c: &[String]) {
    let at = |metric: &str| format!("{at} {metric}");
    let (p, q) = counts::of_categories(r, c).expect("rows");
    let contingency = chi_squared_contingency(&p, &q, Continuity::None);
    check_test(&at("chi2_contingency"), &expected["chi2_contingency"], contingency);
    let goodness = chi_squared_goodness_of_fit(&p, &q);
    if expected["chi2_goodness"]["statistic"] == "Infinity" {
        assert!(matches!(goodness, Err(Error::Unseen { .. })), "{}", at("chi2_goodness"));
    } else {
        check_test(&at("chi2_goodness"), &expected["chi2_goodness"], goodness);
    }
    let psi = population_stability_index(&p, &q, ZeroShares::Evidently);
    check(&at("psi"), &expected["psi"], psi);
    let kl = kullback_leibler_divergence(&p, &q, ZeroShares::Evidently, LogBase::Natural);
    check(&at("kl"), &expected["kl"], kl);
    let js = jensen_shannon_distance(&p, &q, LogBase::Natural);
    check(&at("js_distance"), &expected["js_distance"], js);
    check(&at("tvd"), &expected["tvd"], total_variation_distance(&p, &q));
    check(&at("linf"), &expected["linf"], l_infinity_distance(&p, &q));
    check(&at("hellinger"), &expected["hellinger"], hellinger_distance(&p, &q));
    if !expected["z_proportion"].is_null() {
        let not_first = |counts: &[u64]| (counts[1..].iter().sum(), counts.iter().sum());
        let z = two_proportion_z(not_first(&p), not_first(&q), Alternative::TwoSided);
        check_test(&at("z_proportion"), &expected["z_proportion"], z);
    }
}

#[test]
fn tests_and_distances_equal_scipy_and_numpy() {
    for name in PAIRS {
        let pair = Pair::read(name);
        for (column, expected) in
            pair.expected("expected.json")["columns"].as_object().expect("columns")
        {
            let at = format!("{name} {column}");
            match pair.column(column) {
                Values::Numbers(reference, current) => {
                    check_numbers(&at, expected, &reference, &current);
                    check_bins(&at, expected, &reference, &current);
                }
                Values::Texts(reference, current) => {
                    check_categories(&at, expected, &reference, &current);
                }
            }
        }
    }
}

#[test]
fn every_method_of_evidently_is_here() {
    for name in PAIRS {
        let pair = Pair::read(name);
        for (column, methods) in
            pair.expected("evidently.json")["all_methods"].as_object().expect("methods")
        {
            let Values::Numbers(r, c) = pair.column(column) else { continue };
            let (p, q) = sturges_or_values(&r, &c);
            let p_value = |result: Result<TestResult, Error>| result.map(|result| result.p_value);
            let of_distinct = Edges::sturges_of_distinct(&r, &c).expect("finite");
            let (distinct_p, distinct_q) = histograms(&of_distinct, &r, &c);
            let scores = [
                ("ks", p_value(kolmogorov_smirnov(&r, &c))),
                ("mannw", p_value(mann_whitney(&r, &c, Alternative::Less))),
                ("t_test", p_value(student_t(&r, &c))),
                ("wasserstein", wasserstein_normalised(&r, &c, 0.001)),
                ("ed", energy_distance(&r, &c)),
                ("psi", population_stability_index(&p, &q, ZeroShares::Evidently)),
                (
                    "kl_div",
                    kullback_leibler_divergence(&p, &q, ZeroShares::Evidently, LogBase::Natural),
                ),
                ("jensenshannon", jensen_shannon_distance(&p, &q, LogBase::Natural)),
                ("hellinger", hellinger_distance(&distinct_p, &distinct_q)),
            ];
            for (method, score) in scores {
                let expected = &methods[method]["score"];
                let at = format!("{name} {column} {method}");
                if expected == "NaN" {
                    assert!(matches!(score, Err(Error::Constant { .. })), "{at}");
                } else if ["ks", "mannw", "t_test"].contains(&method) {
                    near_p(&at, score.expect(&at), number(expected));
                } else {
                    near(&at, score.expect(&at), number(expected));
                }
            }
        }
    }
}

/// Judges a column as a preset does.
fn with_samples<T>(values: &Values, judge: impl FnOnce(Samples<'_>) -> T) -> T {
    match values {
        Values::Numbers(reference, current) => judge(Samples::Numbers(reference, current)),
        Values::Texts(reference, current) => {
            let reference: Vec<&str> = reference.iter().map(String::as_str).collect();
            let current: Vec<&str> = current.iter().map(String::as_str).collect();
            judge(Samples::Categories(&reference, &current))
        }
    }
}

#[test]
fn the_evidently_preset_gives_the_verdicts_of_evidently() {
    for name in PAIRS {
        let pair = Pair::read(name);
        let columns = &pair.expected("evidently.json")["columns"];
        for (column, expected) in columns.as_object().expect("columns") {
            let at = format!("{name} {column}");
            let (rule, verdict) = with_samples(&pair.column(column), |samples| {
                let rule = presets::evidently(samples).expect("valid");
                let verdict = rule.verdict(samples).expect("valid");
                (rule, verdict)
            });
            let (method, p_value) = match rule.method {
                Method::KolmogorovSmirnov => ("K-S p_value", true),
                Method::ChiSquared => ("chi-square p_value", true),
                Method::TwoProportionZ => ("Z-test p_value", true),
                Method::Wasserstein => ("Wasserstein distance (normed)", false),
                Method::JensenShannon(..) => ("Jensen-Shannon distance", false),
            };
            assert_eq!(expected["method"], method, "{at}");
            let compare = if p_value { near_p } else { near };
            compare(&at, verdict.score, number(&expected["score"]));
            assert_eq!(expected["drift_detected"], verdict.drift, "{at}");
        }
    }
}

#[test]
fn a_table_drifts_as_evidently_says_whatever_the_threads() {
    for name in PAIRS {
        let pair = Pair::read(name);
        let expected = pair.expected("evidently.json");
        let columns = expected["columns"].as_object().expect("columns");
        let values: Vec<Values> = columns.keys().map(|column| pair.column(column)).collect();
        let texts: Vec<[Vec<&str>; 2]> = values.iter().map(texts).collect();
        let samples =
            values.iter().zip(&texts).map(|(values, [reference, current])| match values {
                Values::Numbers(reference, current) => Samples::Numbers(reference, current),
                Values::Texts(..) => Samples::Categories(reference, current),
            });
        let samples: Vec<Samples<'_>> = samples.collect();
        let table = presets::evidently_table(&samples, 1).expect("valid");
        near(name, table.share, number(&expected["overall"]["value"]["share"]));
        assert_eq!(table.drift, table.share >= 0.5);
        for (verdict, expected) in table.columns.iter().zip(columns.values()) {
            assert_eq!(expected["drift_detected"], verdict.drift, "{name}");
        }
        for threads in [0, 2, 100] {
            assert_eq!(presets::evidently_table(&samples, threads), Ok(table.clone()));
        }
    }
    assert_eq!(presets::evidently_table(&[], 2), Err(Error::Empty));
    let empty = Samples::Numbers(&[], &[1.0]);
    let refused = Err(Error::EmptySample { sample: "reference" });
    assert_eq!(presets::evidently_table(&[empty], 2), refused);
}

/// The texts of a column, none where it has numbers.
fn texts(values: &Values) -> [Vec<&str>; 2] {
    let Values::Texts(reference, current) = values else { return Default::default() };
    [reference, current].map(|side| side.iter().map(String::as_str).collect())
}

#[test]
fn nannyml_chunks_have_the_same_scores_and_alerts() {
    for name in ["large_drift", "large_nodrift"] {
        let pair = Pair::read(name);
        let expected = pair.expected("nannyml.json");
        for (column, methods) in expected["columns"].as_object().expect("columns") {
            let methods = methods.as_object().expect("methods");
            check_chunks(&format!("{name} {column}"), methods, &pair.chunks(column, 500));
        }
    }
}

fn check_chunks(at: &str, methods: &Map<String, Value>, chunks: &[Values]) {
    for (method, expected) in methods {
        let at = format!("{at} {method}");
        let scores: Vec<f64> = chunks.iter().map(|chunk| nannyml_score(method, chunk)).collect();
        for (score, expected) in scores.iter().zip(expected["value"].as_array().expect("values")) {
            near(&at, *score, number(expected));
        }
        let alerts = expected["alert"].as_array().expect("alerts");
        if method == "chi2" {
            for (chunk, alert) in chunks.iter().zip(alerts) {
                assert_eq!(*alert, chi_squared_of(chunk).p_value < 0.05, "{at}");
            }
            continue;
        }
        let largest = if method == "wasserstein" { f64::INFINITY } else { 1.0 };
        // 5,000 and 4,500 rows of reference come first.
        let of_reference = chunks.len() - if chunks.len() == 18 { 8 } else { 7 };
        let rule = presets::nannyml_threshold(&scores[..of_reference], largest).expect("valid");
        let Drift::Above(threshold) = rule else { unreachable!("an upper threshold") };
        near(&at, threshold, number(&expected["upper_threshold"]));
        for (score, alert) in scores.iter().zip(alerts) {
            assert_eq!(*alert, rule.holds(*score), "{at}");
        }
    }
}

fn chi_squared_of(chunk: &Values) -> TestResult {
    let Values::Texts(reference, current) = chunk else { unreachable!("of categories only") };
    let (p, q) = counts::of_categories(reference, current).expect("rows");
    chi_squared_contingency(&p, &q, Continuity::Yates).expect("rows")
}

fn nannyml_score(method: &str, chunk: &Values) -> f64 {
    if method == "chi2" {
        return chi_squared_of(chunk).statistic;
    }
    let preset = presets::nannyml();
    if method == "jensen_shannon" {
        return with_samples(chunk, |samples| preset.score(samples)).expect("valid");
    }
    let Method::JensenShannon(binning, _) = preset else { unreachable!("Jensen-Shannon") };
    let score = match chunk {
        Values::Numbers(reference, current) => match method {
            "kolmogorov_smirnov" => kolmogorov_smirnov(reference, current).map(|ks| ks.statistic),
            "wasserstein" => wasserstein_distance(reference, current),
            _ => binning.counts(reference, current).and_then(|(p, q)| hellinger_distance(&p, &q)),
        },
        Values::Texts(reference, current) => {
            let (p, q) = counts::of_categories(reference, current).expect("rows");
            if method == "l_infinity" {
                l_infinity_distance(&p, &q)
            } else {
                hellinger_distance(&p, &q)
            }
        }
    };
    score.expect("valid")
}
