//! `[[gate]]`.

use super::{check, extended, parse};
use crate::gate::{Against, Cells, Check, Distance, Limit, Metric, Slices};
use crate::project::Project;

/// Each mistake with its advice.
#[track_caller]
fn mistakes(text: &str) -> Vec<String> {
    let diagnosis = Project::parse(text, "shipworthy.toml").expect_err("the file has mistakes");
    let told = diagnosis.places().into_iter();
    told.map(|place| format!("{}; {}", place.message, place.help.unwrap_or_default())).collect()
}

#[test]
fn a_gate_has_a_name_a_confidence_and_a_check() {
    let text = "
[[gate]]
metric = \"roc_auc\"
min = 0.65

[[gate]]
kind = \"slices\"
name = \"each origin\"
metric = \"log_loss\"
max = 0.6
column = \"origin\"
confidence = 0.9
";
    let gates = parse(&extended(text)).gates;
    let roc_auc = Check::Metric { metric: Metric::RocAuc, limit: Limit::AtLeast(0.65) };
    assert_eq!((&*gates[0].name, gates[0].confidence), ("roc_auc at least 0.65", 0.95));
    assert_eq!(gates[0].check, roc_auc);
    assert_eq!((&*gates[1].name, gates[1].confidence), ("each origin", 0.9));
    let of = Slices::Of("origin".to_owned());
    let limit = Limit::AtMost(0.6);
    assert_eq!(gates[1].check, Check::Slices { metric: Metric::LogLoss, limit, of });
}

#[test]
fn what_a_kind_needs_and_what_it_does_not_know_is_told() {
    check(
        &extended("\n[[gate]]\nmetric = \"roc_auc\"\n"),
        r#"
  × a gate of the kind `metric` needs either `min` or `max`
    ╭─[shipworthy.toml:21:1]
 20 │
 21 │ [[gate]]
    · ────┬───
    ·     ╰── expected it here
 22 │ metric = "roc_auc"
    ╰────
"#,
    );
    check(
        &extended("\n[[gate]]\nkind = \"determinism\"\nmax = 1\n"),
        r#"
  × `max` has no meaning for a gate of the kind `determinism`
    ╭─[shipworthy.toml:23:7]
 22 │ kind = "determinism"
 23 │ max = 1
    ·       ┬
    ·       ╰── expected no other key
    ╰────
"#,
    );
    check(
        &extended("\n[[gate]]\nmetric = \"rmse\"\nmax = 1\n"),
        r#"
  × `rmse` is no metric of a binary task
    ╭─[shipworthy.toml:22:10]
 21 │ [[gate]]
 22 │ metric = "rmse"
    ·          ───┬──
    ·             ╰── expected `roc_auc`, `average_precision`, `log_loss`, `brier_score`, `expected_calibration_error`, `accuracy`, `precision`, `recall` or `f1`
 23 │ max = 1
    ╰────
"#,
    );
}

#[test]
fn a_distribution_is_expected_of_the_training_of_stable_or_as_declared() {
    let of = |more: &str| {
        let text = format!("\n[[gate]]\nkind = \"distribution\"\nmax = 0.1\n{more}\n");
        parse(&extended(&text)).gates.remove(0).check
    };
    let expected =
        |distance, against, cells| Check::Distribution { distance, max: 0.1, against, cells };
    let ten = Cells::Quantiles(10);
    let default = of("distance = \"psi\"");
    assert_eq!(default, expected(Distance::Psi, Against::Reference, ten.clone()));
    let energy = of("distance = \"energy\"\nagainst = \"stable\"");
    assert_eq!(energy, expected(Distance::Energy, Against::Stable, ten));
    let fives = of("distance = \"hellinger\"\nbins = 5");
    assert_eq!(fives, expected(Distance::Hellinger, Against::Reference, Cells::Quantiles(5)));
    let declared = of(
        "distance = \"total_variation\"\nagainst = \"declared\"\nedges = [0.2, 0.5]\nshares = [0.7, 0.2, 0.1]",
    );
    let (against, cells) = (Against::Declared(vec![0.7, 0.2, 0.1]), Cells::Edges(vec![0.2, 0.5]));
    assert_eq!(declared, expected(Distance::TotalVariation, against, cells));
}

#[test]
fn what_does_not_go_together_in_a_distribution_is_told() {
    let psi = "distance = \"psi\"";
    let declared = "distance = \"psi\"\nagainst = \"declared\"";
    let cases = [
        ("distance = \"energy\"\nbins = 5".to_owned(), "`bins` has no meaning for `energy`"),
        (
            "distance = \"energy\"\nagainst = \"declared\"".to_owned(),
            "`energy` is no distance from declared shares",
        ),
        (format!("{psi}\nbins = 5\nedges = [0.5]"), "`edges` say already what the cells are"),
        (format!("{psi}\nshares = [1]"), "`shares` are for what is declared"),
        (declared.to_owned(), "a declared distribution needs `shares`"),
        (format!("{declared}\nbins = 5\nshares = [1]"), "declared shares have `edges`, not `bins`"),
        (format!("{declared}\nshares = [0.5, 0.5]"), "shares of numbers need the `edges` between"),
        (format!("{declared}\nedges = [0.5]\nshares = [0.5, 0.6]"), "`shares` are 1.1 together"),
        (format!("{declared}\nedges = [0.5]\nshares = [1]"), "2 cells need as many shares, not 1"),
        (format!("{psi}\nedges = [0.5, 0.5]"), "`edges` do not ascend"),
        (format!("{psi}\nedges = [0.5, \"a\"]"), "`edges` in [[gate]] holds \"a\""),
    ];
    for (more, message) in cases {
        let text = format!("\n[[gate]]\nkind = \"distribution\"\nmax = 0.1\n{more}\n");
        let told = mistakes(&extended(&text));
        assert!(told.len() == 1 && told[0].contains(message), "{more}: {told:?}");
    }
}

#[test]
fn a_slip_of_the_pen_in_a_key_is_one_mistake() {
    for (kind, slip, key) in [
        ("metric", "metrik = \"roc_auc\"\nmin = 0.7", "metric"),
        ("metric", "metric = \"roc_auc\"\nmim = 0.7", "min"),
        ("distribution", "distanse = \"psi\"\nmax = 0.1", "distance"),
    ] {
        let told = mistakes(&extended(&format!("\n[[gate]]\nkind = \"{kind}\"\n{slip}\n")));
        assert!(told.len() == 1 && told[0].contains(&format!("did you mean `{key}`")), "{told:?}");
    }
}
