//! What a caller notices when one contract takes the place of another.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;
use shipworthy_rows::DataType;

use crate::expectations::{COLUMNS, RowCheck};
use crate::{ColumnRules, Contract, OnViolation, Role, RowExpectation};

/// A difference between two contracts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The column; of an expectation of several their names, separated by commas.
    pub column: String,
    /// What is different.
    pub change: String,
    /// Whether a request that was answered may be refused, or may be answered without a value that
    /// it has.
    pub breaking: bool,
}

/// What is different in `new`, column by column: those of `old` in order, then new ones. What is
/// expected of rows comes last; an expectation that is different in any way is another one.
#[must_use]
pub fn difference(old: &Contract, new: &Contract) -> Vec<Change> {
    let mut changes = Changes::default();
    for before in &old.columns {
        changes.column.clone_from(&before.name);
        match find(new, &before.name) {
            Some(after) => changes.compare(before, after),
            // What is not declared is ignored.
            None => changes.add(false, "is no longer declared: it is ignored"),
        }
    }
    for after in new.columns.iter().filter(|after| find(old, &after.name).is_none()) {
        changes.column.clone_from(&after.name);
        match after.required && after.on_violation.refuses() {
            true => changes.add(true, "is new, and required"),
            false => changes.add(false, "is new, and may be missing"),
        }
    }
    changes.expectations(old, new);
    changes.found
}

fn find<'a>(contract: &'a Contract, name: &str) -> Option<&'a ColumnRules> {
    contract.columns.iter().find(|column| column.name == name)
}

/// What was found, and the column that is looked at.
#[derive(Default)]
struct Changes {
    column: String,
    found: Vec<Change>,
}

impl Changes {
    fn add(&mut self, breaking: bool, change: impl Into<String>) {
        let (column, change) = (self.column.clone(), change.into());
        self.found.push(Change { column, change, breaking });
    }

    fn expectations(&mut self, old: &Contract, new: &Contract) {
        for gone in old.expectations.iter().filter(|one| !new.expectations.contains(one)) {
            self.column = columns_of(gone);
            self.add(false, format!("is no longer {}", told(gone)));
        }
        for come in new.expectations.iter().filter(|one| !old.expectations.contains(one)) {
            self.column = columns_of(come);
            self.add(come.on_violation.refuses(), format!("is {} now", told(come)));
        }
    }

    fn compare(&mut self, before: &ColumnRules, after: &ColumnRules) {
        self.types(before, after);
        self.role(before.role, after.role);
        // A rule whose break is served, marked, refuses nothing.
        let refuses = after.on_violation.refuses();
        match (before.required, after.required) {
            (false, true) => self.add(refuses, "is required now"),
            (true, false) => self.add(false, "may be missing now"),
            _ => {}
        }
        self.bound("min", before.min, after.min, refuses, |before, after| after > before);
        self.bound("max", before.max, after.max, refuses, |before, after| after < before);
        self.set("one_of", before.one_of.as_deref(), after.one_of.as_deref(), refuses);
        // Unknown to the model is as good as missing.
        if let (Some(before), Some(after)) = (&before.categories, &after.categories) {
            self.set("categories", Some(before), Some(after), true);
        }
        match (before.on_violation.refuses(), refuses) {
            (false, true) => self.add(true, "refuses what breaks its rules now"),
            (true, false) => self.add(false, "no longer refuses what breaks its rules"),
            _ if before.on_violation != after.on_violation => {
                self.add(false, "answers a broken rule otherwise");
            }
            _ => {}
        }
        if before.default != after.default {
            self.add(false, "has another default");
        }
    }

    fn types(&mut self, before: &ColumnRules, after: &ColumnRules) {
        if before.data_type != after.data_type {
            // Whole numbers are numbers.
            let widens =
                (before.data_type, after.data_type) == (DataType::Integer, DataType::Float);
            let change = format!("is {} now, and was {}", after.data_type, before.data_type);
            self.add(!widens, change);
        }
        if before.width != after.width {
            let change = format!("has {} values a row now, and had {}", after.width, before.width);
            self.add(true, change);
        }
    }

    fn role(&mut self, before: Role, after: Role) {
        if before != after {
            let name =
                |role| Role::ALL.iter().find(|(_, other)| *other == role).map_or("", |r| r.0);
            self.add(false, format!("has the role {} now, and had {}", name(after), name(before)));
        }
    }

    fn bound(
        &mut self,
        name: &str,
        before: Option<f64>,
        after: Option<f64>,
        refuses: bool,
        is_narrower: fn(f64, f64) -> bool,
    ) {
        match (before, after) {
            (None, Some(after)) => self.add(refuses, format!("has a {name} now: {after}")),
            (Some(before), None) => self.add(false, format!("has no {name} any more: {before}")),
            (Some(before), Some(after)) if before.total_cmp(&after).is_ne() => {
                let breaking = refuses && is_narrower(before, after);
                self.add(breaking, format!("has the {name} {after} now, and had {before}"));
            }
            _ => {}
        }
    }

    fn set(
        &mut self,
        name: &str,
        before: Option<&[String]>,
        after: Option<&[String]>,
        refuses: bool,
    ) {
        let (before, after) = match (before, after) {
            (None, None) => return,
            (None, Some(_)) => return self.add(refuses, format!("has {name} now")),
            (Some(_), None) => return self.add(false, format!("has no {name} any more")),
            (Some(before), Some(after)) => (of(before), of(after)),
        };
        let removed: Vec<_> = before.difference(&after).collect();
        let added: Vec<_> = after.difference(&before).collect();
        if !removed.is_empty() {
            self.add(refuses, format!("{name} has no {} any more", listed(&removed)));
        }
        if !added.is_empty() {
            self.add(false, format!("{name} has {} too", listed(&added)));
        }
    }
}

/// The columns that an expectation names.
fn columns_of(expectation: &RowExpectation) -> String {
    let named = COLUMNS.iter().filter_map(|name| expectation.kwargs.get(*name));
    let names = named.flat_map(|value| match value {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        other => Vec::from_iter(other.as_str()),
    });
    names.collect::<Vec<_>>().join(", ")
}

fn told(expectation: &RowExpectation) -> String {
    let RowExpectation { at, name, kwargs, on_violation, .. } = expectation;
    let arguments = RowCheck::arguments(kwargs);
    let arguments = if arguments.is_empty() { arguments } else { format!(" ({arguments})") };
    let answer = OnViolation::ALL.iter().find(|(_, known)| known == on_violation);
    let answer = answer.map_or("", |(name, _)| name);
    format!("expected at {} to meet {name}{arguments}, else {answer}", at.name())
}

fn of(values: &[String]) -> BTreeSet<&str> {
    values.iter().map(String::as_str).collect()
}

/// The first values, quoted.
fn listed(values: &[&&str]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<_> = values.iter().take(SHOWN).map(|value| format!("{value:?}")).collect();
    let more = values.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &rest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Door;

    fn changes(edit: impl Fn(&mut ColumnRules, &mut ColumnRules)) -> Vec<String> {
        let mut before = ColumnRules::plain("a", DataType::Float);
        let mut after = before.clone();
        edit(&mut before, &mut after);
        let (old, new) = (Contract::new(vec![before]), Contract::new(vec![after]));
        let found = difference(&old, &new).into_iter();
        found
            .map(|c| format!("{}{} {}", if c.breaking { "! " } else { "" }, c.column, c.change))
            .collect()
    }

    fn texts(values: &[&str]) -> Option<Vec<String>> {
        Some(values.iter().map(|value| (*value).to_owned()).collect())
    }

    #[test]
    fn what_refuses_more_is_breaking_and_what_refuses_less_is_not() {
        assert_eq!(changes(|_, _| {}), [""; 0]);
        assert_eq!(
            changes(|a, b| (a.max, b.max) = (Some(5.0), Some(4.0))),
            ["! a has the max 4 now, and had 5"]
        );
        assert_eq!(
            changes(|a, b| (a.max, b.max) = (Some(4.0), Some(5.0))),
            ["a has the max 5 now, and had 4"]
        );
        assert_eq!(changes(|_, b| b.min = Some(0.0)), ["! a has a min now: 0"]);
        assert_eq!(changes(|a, _| a.required = false), ["! a is required now"]);
        assert_eq!(changes(|_, b| b.required = false), ["a may be missing now"]);
        assert_eq!(
            changes(|_, b| b.data_type = DataType::String),
            ["! a is string now, and was float"]
        );
        assert_eq!(
            changes(|a, _| a.data_type = DataType::Integer),
            ["a is float now, and was integer"]
        );
        assert_eq!(
            changes(|a, b| (a.one_of, b.one_of) = (texts(&["x", "y"]), texts(&["y", "z"]))),
            ["! a one_of has no \"x\" any more", "a one_of has \"z\" too"]
        );
        assert_eq!(
            changes(|a, b| (a.categories, b.categories) = (texts(&["x", "y"]), texts(&["y"]))),
            ["! a categories has no \"x\" any more"]
        );
    }

    #[test]
    fn a_rule_that_only_marks_breaks_nothing() {
        let flag = |_: &mut ColumnRules, b: &mut ColumnRules| {
            b.on_violation = OnViolation::Flag;
            b.max = Some(1.0);
        };
        assert_eq!(
            changes(flag),
            ["a has a max now: 1", "a no longer refuses what breaks its rules"]
        );
        let back = |a: &mut ColumnRules, _: &mut ColumnRules| a.on_violation = OnViolation::Flag;
        assert_eq!(changes(back), ["! a refuses what breaks its rules now"]);
    }

    #[test]
    fn columns_come_and_go() {
        let of = |name, required| {
            let mut column = ColumnRules::plain(name, DataType::Float);
            column.required = required;
            Contract::new(vec![column])
        };
        let check = |new, expect: &[(&str, bool)]| {
            let found = difference(&of("a", true), &new);
            let found: Vec<_> = found.iter().map(|c| (c.column.as_str(), c.breaking)).collect();
            assert_eq!(found, expect);
        };
        check(of("b", true), &[("a", false), ("b", true)]);
        check(of("b", false), &[("a", false), ("b", false)]);
    }

    #[test]
    fn what_is_expected_of_rows_comes_and_goes() {
        let with = |on_violation| Contract {
            expectations: vec![RowExpectation {
                at: Door::Request,
                name: "ExpectColumnValuesToMatchRegex".to_owned(),
                kwargs: json!({"column": "a", "regex": "^x"}).as_object().unwrap().clone(),
                on_violation,
                default: None,
            }],
            ..Contract::default()
        };
        let check = |old: &Contract, new: &Contract, expect: &[(&str, bool)]| {
            let found = difference(old, new);
            assert!(found.iter().all(|change| change.column == "a"), "{found:?}");
            let found: Vec<_> = found.iter().map(|c| (c.change.as_str(), c.breaking)).collect();
            assert_eq!(found, expect);
        };
        let (nothing, reject) = (Contract::default(), with(OnViolation::Reject));
        let told = "expected at request to meet ExpectColumnValuesToMatchRegex (regex ^x), else";
        check(&nothing, &reject, &[(&format!("is {told} reject now"), true)]);
        check(&reject, &nothing, &[(&format!("is no longer {told} reject"), false)]);
        check(&nothing, &with(OnViolation::Flag), &[(&format!("is {told} flag now"), false)]);
        check(&reject, &reject, &[]);
    }
}
