//! What the project expects of its source, before anything is learned from it.

use shipworthy_contract::expectations::Suite;
use shipworthy_rows::files::RowFile;

use super::{Error, Progress};
use crate::project::{OnFailure, Project};
use crate::validation;

/// Evaluates every `[[expect]]` on the source. What does not hold and is only flagged is told to
/// `progress`.
pub(super) fn check(
    project: &Project,
    file: &RowFile,
    progress: &mut dyn Progress,
) -> Result<(), Error> {
    if project.expectations.is_empty() {
        return Ok(());
    }
    let declared = project.expectations.iter().map(|expectation| expectation.declared.clone());
    let suite = Suite { expectations: declared.collect() };
    let total = file.rows();
    let results = validation::evaluate(file, &suite, &mut |rows| progress.rows(rows, total))?;
    let mut refused = Vec::new();
    for (expectation, result) in project.expectations.iter().zip(&results) {
        match expectation.on_violation {
            _ if result.success => {}
            OnFailure::Flag => progress.flagged(&result.line()),
            OnFailure::Reject => refused.push(result.line()),
        }
    }
    match refused.is_empty() {
        true => Ok(()),
        false => Err(Error::Expectations { refused }),
    }
}
