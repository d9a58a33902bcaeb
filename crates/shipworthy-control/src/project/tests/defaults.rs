//! What a project file means that says nothing.

use std::time::Duration;

use shipworthy_contract::{Default, OnViolation, Role};
use shipworthy_core::rollout::{Policy, Strategy};

use super::{BASE, edited, extended, parse};
use crate::project::fields::SECTIONS;
use crate::project::{
    Classes, Decision, LedgerSizes, Limits, Parameters, RiskClass, Rollout, Test, TimeWindow,
    Train, Trainer, Validation,
};

#[test]
fn every_default_is_what_the_reference_says() {
    let project = parse(BASE);
    assert_eq!(project.identity.purpose, "");
    assert_eq!(project.identity.owner, "");
    assert_eq!(project.identity.risk_class, RiskClass::Minimal);
    assert_eq!(project.model.positive, None);
    assert_eq!(project.model.classes, Classes::Named(vec!["not_late".into(), "late".into()]));
    assert_eq!(project.decision, Decision { threshold: 0.5, safe_answer: None });
    let limits = Limits {
        max_body_bytes: 4 << 20,
        max_rows: 10_000,
        request_timeout: Duration::from_secs(10),
        max_inflight: 1024,
    };
    assert_eq!(project.limits, limits);
    let sizes = LedgerSizes { max_bytes: 20 << 30, segment_bytes: 64 << 20 };
    assert_eq!(project.ledger, sizes);
    let rollout = Rollout {
        strategy: Strategy::Canary,
        key: None,
        policy: Policy::default(),
        testers: Vec::new(),
        requires: Vec::new(),
        drill_every: None,
    };
    assert_eq!(project.rollout, rollout);
    let train = Train {
        trainer: Trainer::Builtin,
        window: TimeWindow { from: None, until: None },
        seed: 0,
        rounds: 500,
        early_stopping_rounds: 30,
        validation: Validation::Share(0.2),
        test: None,
        parameters: Parameters {
            learning_rate: 0.1,
            max_depth: 6,
            min_child_weight: 1.0,
            subsample: 1.0,
            colsample_bytree: 1.0,
            reg_lambda: 1.0,
            reg_alpha: 0.0,
            gamma: 0.0,
            max_bin: 256,
        },
    };
    assert_eq!(project.train, train);
}

#[test]
fn a_column_is_a_required_feature_that_rejects() {
    let column = &parse(BASE).columns[0];
    assert_eq!((column.role, column.required), (Role::Feature, true));
    assert_eq!((column.min, column.max, &column.one_of), (None, None, &None));
    assert_eq!((column.on_violation, &column.default), (OnViolation::Reject, &None));
    let key = parse(&edited("type = \"string\"", "type = \"string\"\nrole = \"key\""));
    assert!(!key.columns[0].required, "only features are required by default");
}

/// Each default of the field lists, written out, changes nothing.
#[test]
fn a_default_that_is_written_out_changes_nothing() {
    let base = extended("\n[[expect]]\ntype = \"ExpectColumnToExist\"\n");
    let mut written = 0;
    // A gate alone has no default: each kind needs keys.
    for section in SECTIONS.into_iter().filter(|section| section.header != "[[gate]]") {
        for key in section.keys {
            let Some(default) = key.default.strip_prefix('`') else { continue };
            let line = format!("{} = {}", key.name, default.trim_end_matches('`'));
            let header = section.header;
            let text = if base.contains(header) {
                base.replacen(header, &format!("{header}\n{line}"), 1)
            } else {
                format!("{base}\n{header}\n{line}\n")
            };
            assert_eq!(parse(&text), parse(&base), "{line} in {header}");
            written += 1;
        }
    }
    assert_eq!(written, 40, "every default that can be written was tried");
}

#[test]
fn classes_come_from_the_data_when_only_the_data_has_them() {
    let text = edited("label = \"arr_delay > 15\"\n", "");
    let model = parse(&text).model;
    assert_eq!(model.classes, Classes::FromData);
    assert_eq!(model.default_classes(), ["not_late", "late"]);
    let multiclass = parse(&text.replace("binary", "multiclass")).model;
    assert_eq!(multiclass.classes, Classes::FromData);
    let regression = parse(&text.replace("binary", "regression")).model;
    assert_eq!(regression.classes, Classes::None);
}

#[test]
fn everything_that_training_and_decisions_can_be_told_is_read() {
    let text = r#"
[train]
from = 2013-01-01T00:00:00-05:00
until = "2013-04-01 04:00"
seed = 0x11
validation = { last = "7d" }
test = { from = 2013-04-01T04:00:00, until = 2013-05-01 }
[train.parameters]
learning_rate = 1
[decision]
threshold = 0.25
safe_answer = "not_late"
"#;
    let project = parse(&extended(text));
    let [from, april, may] =
        ["2013-01-01T05:00:00Z", "2013-04-01T04:00:00Z", "2013-05-01T00:00:00Z"]
            .map(|text| text.parse().ok());
    assert_eq!(project.train.window, TimeWindow { from, until: april });
    assert_eq!(project.train.seed, 17);
    assert_eq!(project.train.validation, Validation::Last(Duration::from_hours(7 * 24)));
    let test = TimeWindow { from: april, until: may };
    assert_eq!(project.train.test, Some(Test::Window(test)));
    assert!(test.contains(april.unwrap()), "a window has its `from` in it");
    assert!(!test.contains(may.unwrap()), "and its `until` not");
    assert_eq!(
        project.train.parameters,
        Parameters { learning_rate: 1.0, ..Parameters::default() }
    );
    let decision = Decision { threshold: 0.25, safe_answer: Some("not_late".into()) };
    assert_eq!(project.decision, decision);
}

#[test]
fn a_default_is_a_value_of_its_columns_type() {
    for (data_type, written, read) in [
        ("float", "1", Default::Float(1.0)),
        ("integer", "1", Default::Integer(1)),
        ("boolean", "false", Default::Boolean(false)),
        ("string", "\"1\"", Default::String("1".into())),
    ] {
        let column =
            format!("type = \"{data_type}\"\non_violation = \"default\"\ndefault = {written}");
        let project = parse(&edited("type = \"float\"", &column));
        assert_eq!(project.contract().columns[1].default, Some(read));
    }
}
