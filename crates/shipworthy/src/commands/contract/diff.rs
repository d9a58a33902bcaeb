//! `shipworthy contract diff A B`.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;
use shipworthy_contract::{Contract, difference};

use crate::cli::Outcome;
use crate::{input, output, state};

pub(super) fn run(old: &Path, new: &Path, as_json: bool) -> Result<Outcome> {
    let changes = difference(&read(old)?, &read(new)?);
    let breaking = changes.iter().filter(|change| change.breaking).count();
    if as_json {
        output::json(&json!({"breaking": breaking > 0, "changes": changes}))?;
    } else {
        for change in &changes {
            let mark = if change.breaking { "breaking" } else { "        " };
            output::line(&format!("{mark}  {}  {}", change.column, change.change))?;
        }
        let all = changes.len();
        output::line(&match (all, breaking) {
            (0, _) => "the contracts are the same".to_owned(),
            (_, 0) => format!("{all} changed, nothing breaking"),
            _ => format!("{all} changed, {breaking} breaking"),
        })?;
    }
    Ok(if breaking > 0 { Outcome::Failed } else { Outcome::Done })
}

/// The contract of a project, or one that was written into a release.
fn read(path: &Path) -> Result<Contract> {
    if path.extension().is_some_and(|ending| ending == "json") {
        let text = input::text(path)?;
        return serde_json::from_str(&text)
            .with_context(|| format!("{} is no contract of a release", path.display()));
    }
    Ok(state::read_project(path)?.contract())
}
