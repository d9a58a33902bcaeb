//! What the project expects of whole tables: of its source, before anything is learned from it, and
//! of the rows that are learned from. And whether what was learned answers as expected.

use std::collections::BTreeMap;
use std::sync::Arc;

use shipworthy_contract::expectations::{Evaluation, ExpectationResult, Suite};
use shipworthy_contract::{Door, OnViolation};
use shipworthy_core::Output;
use shipworthy_rows::files::RowFile;
use shipworthy_rows::{Column, Field, RowBatch};
use shipworthy_serving::release::LoadedRelease;
use shipworthy_serving::{CheckedAnswers, predict};

use super::{Error, Progress};
use crate::project::{Expectation, Place, Project};
use crate::validation;

/// Evaluates on the source what is expected of it. What does not hold and is not rejected is told
/// to `progress`.
pub(super) fn of_source(
    project: &Project,
    file: &RowFile,
    progress: &mut dyn Progress,
) -> Result<(), Error> {
    let (expected, suite) = at(project, Place::Source);
    if expected.is_empty() {
        return Ok(());
    }
    let total = file.rows();
    let results = validation::evaluate(file, &suite, None, &mut |rows| progress.rows(rows, total))?;
    judge(&expected, &results, "the training data is", progress)
}

/// Evaluates what is expected of the rows that are learned from: the contract's columns, and the
/// target as its class or number.
pub(super) fn of_training_set(
    project: &Project,
    (rows, labels): (&RowBatch, &[f64]),
    output: &Output,
    progress: &mut dyn Progress,
) -> Result<(), Error> {
    let (expected, suite) = at(project, Place::TrainingSet);
    if expected.is_empty() {
        return Ok(());
    }
    let table = with_target(rows, labels, output);
    let mut evaluation = Evaluation::new(&suite, table.schema());
    loop {
        evaluation.see(0, &table);
        if !evaluation.another_pass() {
            break;
        }
    }
    judge(&expected, &evaluation.finish(), "the training set is", progress)
}

/// Tells which answers to rows that the training never saw are not what is expected of them: a
/// server would not give them as they are.
pub(super) fn of_answers(
    release: &LoadedRelease,
    rows: &RowBatch,
    progress: &mut dyn Progress,
) -> Result<(), Error> {
    if release.contract().expected_at(Door::ModelOutput).next().is_none() {
        return Ok(());
    }
    let outcome = CheckedAnswers::check(release, predict(release, rows)?).outcome;
    let mut found = BTreeMap::<(&str, &str), usize>::new();
    for violation in &outcome.violations {
        *found.entry((violation.rule.name(), &violation.hint)).or_default() += 1;
    }
    for ((rule, hint), count) in found {
        progress.flagged(&format!("{count} of {} answers, by {rule}: {hint}", rows.rows()));
    }
    Ok(())
}

/// What is looked at in a place.
fn at(project: &Project, place: Place) -> (Vec<&Expectation>, Suite) {
    let expected = project.expectations.iter().filter(|expected| expected.at.contains(&place));
    let expected: Vec<_> = expected.collect();
    let declared = expected.iter().map(|expected| expected.declared.clone());
    let suite = Suite { expectations: declared.collect() };
    (expected, suite)
}

fn judge(
    expected: &[&Expectation],
    results: &[ExpectationResult],
    what: &'static str,
    progress: &mut dyn Progress,
) -> Result<(), Error> {
    let mut refused = Vec::new();
    for (expected, result) in expected.iter().zip(results).filter(|(_, result)| !result.success) {
        match expected.on_violation {
            OnViolation::Reject => refused.push(result.line()),
            _ => progress.flagged(&result.line()),
        }
    }
    match refused.is_empty() {
        true => Ok(()),
        false => Err(Error::Expectations { what, refused }),
    }
}

/// The rows with a last column that has their target; a column of that name is it already.
fn with_target(rows: &RowBatch, labels: &[f64], output: &Output) -> RowBatch {
    if rows.schema().index_of(&output.target).is_some() {
        return rows.clone();
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "labels of classes are their codes: small whole numbers"
    )]
    let class = |code: &f64| output.classes.get(*code as usize).map(String::as_str);
    let target = match output.classes.is_empty() {
        true => Column::Float(labels.to_vec()),
        false => Column::String(labels.iter().map(class).collect()),
    };
    let fields = rows.schema().fields().iter().cloned();
    let field = Field::new(output.target.as_str(), target.data_type());
    let schema = Arc::new(fields.chain([field]).collect());
    let columns = rows.columns().iter().cloned().chain([target]);
    RowBatch::new(schema, columns.collect()).expect("a label for each row")
}
