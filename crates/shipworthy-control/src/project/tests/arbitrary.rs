//! Texts that nobody would write: none makes the reader stop, and every refusal can be shown.

use proptest::prelude::*;

use super::{BASE, extended};
use crate::diagnose;
use crate::project::Project;
use crate::project::fields::{ROOT, SECTIONS};

/// Reads a text; a refusal must have a mistake, and both of its forms.
fn survive(text: &str) {
    if let Err(diagnosis) = Project::parse(text, "shipworthy.toml") {
        assert!(diagnosis.count() > 0);
        assert!(!diagnose::render(&diagnosis, true).is_empty());
        let lines = text.lines().count().max(1) + 1;
        for place in diagnosis.places() {
            assert!((1..=lines).contains(&place.line), "line {} of {lines}", place.line);
            assert!(place.column >= 1);
        }
    }
}

/// A known name, or nearly one, or none.
fn name() -> impl Strategy<Value = String> {
    let known = SECTIONS.iter().flat_map(|section| section.keys).map(|key| key.name.to_owned());
    let later = ROOT.later.iter().map(|later| later.name.to_owned());
    let known: Vec<_> = known.chain(later).collect();
    prop_oneof![4 => prop::sample::select(known), 1 => "[a-zA-Z_-]{1,8}"]
}

/// A scalar of any type, right by chance at some keys.
fn scalar() -> impl Strategy<Value = String> {
    let texts: &'static [&str] = &[
        "binary",
        "canary",
        "error_rate",
        "latency_p99",
        "7d",
        "4 MiB",
        "a > 1",
        "a > 'é",
        "float",
        "late",
        "origin",
    ];
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:?}").replace("NaN", "nan")),
        any::<bool>().prop_map(|flag| flag.to_string()),
        prop::sample::select(texts).prop_map(|text| format!("{text:?}")),
        "[\\PC&&[^'\"\\\\]]{0,12}".prop_map(|text| format!("'{text}'")),
        Just("2013-01-01T00:00:00-05:00".to_owned()),
        Just("2013-01-01".to_owned()),
        Just("07:32:00".to_owned()),
    ]
}

/// A scalar, a list or an inline table.
fn value() -> impl Strategy<Value = String> {
    scalar().prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|values| format!("[{}]", values.join(", "))),
            prop::collection::btree_map(name(), inner, 0..3).prop_map(|entries| {
                let entries = entries.iter().map(|(name, value)| format!("{name} = {value}"));
                format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
            }),
        ]
    })
}

/// TOML of known and unknown tables and keys.
fn document() -> impl Strategy<Value = String> {
    let entries = prop::collection::btree_map(name(), value(), 0..5);
    let table = (name(), any::<bool>(), entries).prop_map(|(name, is_array, entries)| {
        let header = if is_array { format!("[[{name}]]") } else { format!("[{name}]") };
        let lines = entries.iter().map(|(name, value)| format!("{name} = {value}\n"));
        format!("{header}\n{}", lines.collect::<String>())
    });
    prop::collection::vec(table, 0..6).prop_map(|tables| tables.concat())
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in any::<String>()) {
        survive(&text);
    }

    #[test]
    fn no_toml_is_too_strange(text in document()) {
        survive(&text);
    }

    #[test]
    fn no_value_is_too_strange(name in name(), value in value()) {
        for section in SECTIONS {
            let line = format!("{}\n{name} = {value}", section.header);
            let text = BASE.replacen(section.header, &line, 1);
            survive(&if text == BASE { extended(&line) } else { text });
        }
    }

    #[test]
    fn no_guard_is_too_strange(metric in scalar(), limits in prop::collection::btree_map(
        prop::sample::select(vec!["max", "max_regression", "maxi"]), value(), 0..3,
    )) {
        let limits = limits.iter().map(|(name, limit)| format!("{name} = {limit}\n"));
        let guard = format!("[[rollout.guard]]\nmetric = {metric}\n{}", limits.collect::<String>());
        survive(&extended(&guard.repeat(2)));
    }

    #[test]
    fn no_place_to_stop_typing_is_too_strange(end in 0..BASE.len(), insert in any::<char>()) {
        survive(&BASE[..end]);
        survive(&format!("{}{insert}{}", &BASE[..end], &BASE[end..]));
    }
}
