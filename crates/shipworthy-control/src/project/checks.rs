//! Whether the sections of a project file fit one another.

use std::ops::Range;

use shipworthy_contract::Role;

use super::columns::{self, TypedColumn};
use super::diagnosis::{Mistake, Mistakes};
use super::expect::{Place, TypedExpectation};
use super::gate;
use super::model::Classes;
use super::reader::{Located, choice, suggestion};
use super::typed::Typed;
use shipworthy_core::Task;

/// Reports everything that is right by itself and wrong beside the rest of the file.
pub(super) fn check(typed: &Typed, mistakes: &Mistakes) {
    typed.model.check(mistakes);
    columns::check(&typed.columns, mistakes);
    typed.train.check(mistakes);
    check_leaks(typed, mistakes);
    check_decision(typed, mistakes);
    check_rollout_key(typed, mistakes);
    check_event_timestamp(typed, mistakes);
    check_without_source(typed, mistakes);
    if let Some(ground) = typed.ground() {
        typed.expectations.iter().for_each(|expectation| expectation.check(&ground, mistakes));
    }
    let names = typed.columns.iter().filter_map(column_name);
    gate::check(&typed.gates, names, typed.model.task.as_ref().map(|task| task.value), mistakes);
}

/// A model that is shown what it must predict is useless, and looks excellent.
fn check_leaks(typed: &Typed, mistakes: &Mistakes) {
    let model = &typed.model;
    let target = model.target.as_ref().map(|target| (target.value.as_str(), &target.span));
    let label = model
        .label
        .as_ref()
        .and_then(|located| Some((located.value.as_ref()?.column.as_str(), &located.span)));
    for column in typed.columns.iter().filter(|column| column.role == Role::Feature) {
        let leak = |what: Option<(&str, &Range<usize>)>, why: &str| {
            let (Some(name), Some((hidden, span))) = (&column.name, what) else { return false };
            if name.value != hidden {
                return false;
            }
            let message = format!("feature \"{}\" gives the answer away", name.value);
            let mistake = Mistake::at(&name.span, message, "expected no feature of this name");
            mistakes
                .add(mistake.and_at(span, why).help("remove the [[column]], or change its role"));
            true
        };
        let _ = leak(label, "the label is made from it") || leak(target, "it is the target");
    }
}

fn check_decision(typed: &Typed, mistakes: &Mistakes) {
    let Some(task) = &typed.model.task else { return };
    if let Some(threshold) = &typed.decision.threshold
        && task.value != Task::Binary
    {
        let message = format!("`threshold` has no meaning for a {} task", task.value.name());
        let mistake = Mistake::at(&threshold.span, message, "expected only for a binary task");
        mistakes.add(mistake.and_at(&task.span, "the task"));
    }
    if let Some(answer) = &typed.decision.safe_answer {
        check_safe_answer(typed, task, answer, mistakes);
    }
}

fn check_safe_answer(
    typed: &Typed,
    task: &Located<Task>,
    answer: &Located<String>,
    mistakes: &Mistakes,
) {
    match typed.model.classes() {
        Some(Classes::None) => {
            let message = "`safe_answer` has no meaning for a regression task".to_owned();
            let mistake = Mistake::at(&answer.span, message, "expected only for classes");
            mistakes.add(mistake.and_at(&task.span, "the task"));
        }
        Some(Classes::Named(names)) if !names.contains(&answer.value) => {
            let message = format!("\"{}\" is not a class of this model", answer.value);
            let known = || names.iter().map(String::as_str);
            let mistake =
                Mistake::at(&answer.span, message, format!("expected {}", choice(known())));
            mistakes.add(mistake.maybe_help(suggestion(&answer.value, known())));
        }
        Some(Classes::Named(_) | Classes::FromData) | None => {}
    }
}

fn check_rollout_key(typed: &Typed, mistakes: &Mistakes) {
    let Some(key) = &typed.rollout.key else { return };
    let names = || typed.columns.iter().filter_map(column_name);
    if names().all(|name| name != key.value) {
        let message = format!("there is no [[column]] \"{}\"", key.value);
        let mistake = Mistake::at(&key.span, message, "expected a declared column");
        let help = suggestion(&key.value, names());
        let declare = "declare it, with role = \"key\" if the model must not see it";
        mistakes.add(mistake.help(declare).maybe_help(help));
    }
}

fn check_event_timestamp(typed: &Typed, mistakes: &Mistakes) {
    if typed.source.event_timestamp.is_some() || !typed.source.is_present {
        return;
    }
    // One is enough: the same line mends them all.
    if let Some(span) = typed.train.timed().next() {
        let message = "training takes rows by their time, and rows have none".to_owned();
        let expected = "expected `event_timestamp` in [source]";
        let help = "name the column that orders the rows: event_timestamp = \"…\" in [source]";
        mistakes.add(Mistake::at(span, message, expected).help(help));
    }
}

/// Without data nobody can tell the classes, and there is nothing to test on.
fn check_without_source(typed: &Typed, mistakes: &Mistakes) {
    if typed.source.is_present || !typed.train.is_of_a_file() {
        return;
    }
    if let Some(span) = typed.train.test_span() {
        let message = "the model is tested on rows of the source, and there is none".to_owned();
        let mistake = Mistake::at(span, message, "expected only beside [source]");
        mistakes.add(mistake.help("add a section [source], or remove `test`"));
    }
    let ground = typed.ground();
    let needs_source = |expectation: &&TypedExpectation| {
        ground.as_ref().is_some_and(|ground| {
            let places = expectation.places(ground);
            places.iter().all(|place| !matches!(place, Place::Row(_)))
                || places.contains(&Place::Source)
                || places.contains(&Place::TrainingSet)
        })
    };
    if let Some(expectation) = typed.expectations.iter().find(needs_source) {
        let message =
            "this [[expect]] is about the rows of the source, and there is none".to_owned();
        let mistake = Mistake::at(&expectation.header, message, "expected only beside [source]");
        mistakes.add(mistake.help("add a section [source], say at = \"request\", or remove it"));
    }
    let Some(task) = &typed.model.task else { return };
    if task.value == Task::Multiclass && typed.model.classes() == Some(Classes::FromData) {
        let message = "the classes are in no data: there is no [source]".to_owned();
        let mistake = Mistake::at(&task.span, message, "expected `classes` beside it");
        mistakes.add(mistake.help("name them in the order of the model's answers: classes = […]"));
    }
}

fn column_name(column: &TypedColumn) -> Option<&str> {
    column.name.as_ref().map(|name| name.value.as_str())
}
