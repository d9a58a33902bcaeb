//! `shipworthy validate`: a file of rows beside a suite of expectations.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use shipworthy_contract::expectations::{ExpectationResult, Suite};
use shipworthy_control::validation;
use shipworthy_rows::files::RowFile;

use crate::cli::Outcome;
use crate::system::System;
use crate::{input, output};

/// Check the rows of a file against a suite of expectations.
///
/// A suite is what Great Expectations writes (1.x or 0.18), or a plain list of objects with an
/// expectation and its kwargs; names, arguments and results are those of Great Expectations. The
/// file is read as a stream, in memory that does not grow with it; quantiles and z-scores read it more
/// than once, and more than a million different values wait in a file without a name in TMPDIR
/// (`/var/tmp` without one). An expectation that cannot be evaluated fails and says why.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  shipworthy validate flights.parquet --expectations suite.json\n  \
    shipworthy validate rows.jsonl --expectations suite.json --json | jq '.results[] | \
    select(.success | not)'\n\nExit codes: 0 all hold; 1 one does not; 2 the data or the suite \
    cannot be read."
)]
pub(crate) struct Args {
    /// The rows: a .parquet, .csv or .jsonl file.
    #[arg(value_name = "DATA")]
    data: PathBuf,

    /// The suite (JSON); `-` reads standard input.
    #[arg(long, short, value_name = "FILE")]
    expectations: PathBuf,

    /// Print the results as JSON.
    #[arg(long)]
    json: bool,
}

/// The longest suite, in bytes: sets of values make them long.
const MAX_SUITE_BYTES: u64 = 16 << 20;

pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let path = &args.expectations;
    let suite = Suite::parse(&input::text_up_to(path, MAX_SUITE_BYTES)?)
        .with_context(|| format!("{} is no suite of expectations", path.display()))?;
    let (rows, results) = evaluate(&args.data, &suite)?;
    let printed = Printed::of(results);
    if args.json {
        output::json(&printed)?;
    } else {
        output::line(&summary(&args.data, rows, &printed))?;
    }
    Ok(if printed.success { Outcome::Done } else { Outcome::Failed })
}

/// The number of rows, and what they say of the suite.
fn evaluate(data: &Path, suite: &Suite) -> Result<(u64, Vec<ExpectationResult>)> {
    let bar = output::progress(0, "rows");
    bar.set_message("finding types");
    let file = RowFile::open(data)?;
    match file.rows() {
        Some(rows) => bar.set_length(rows),
        None => bar.unset_length(),
    }
    bar.set_message("reading");
    let mut rows = 0;
    let scratch = System::scratch_directory();
    let results = validation::evaluate(&file, suite, Some(&scratch), &mut |seen| {
        rows = seen;
        bar.set_position(seen);
    })?;
    bar.finish_and_clear();
    Ok((rows, results))
}

#[derive(Serialize)]
struct Printed {
    success: bool,
    statistics: Statistics,
    results: Vec<ExpectationResult>,
}

/// As Great Expectations has them.
#[derive(Serialize)]
struct Statistics {
    evaluated_expectations: usize,
    successful_expectations: usize,
    unsuccessful_expectations: usize,
}

impl Printed {
    fn of(results: Vec<ExpectationResult>) -> Self {
        let evaluated_expectations = results.len();
        let successful_expectations = results.iter().filter(|result| result.success).count();
        let unsuccessful_expectations = evaluated_expectations - successful_expectations;
        let success = unsuccessful_expectations == 0;
        let statistics = Statistics {
            evaluated_expectations,
            successful_expectations,
            unsuccessful_expectations,
        };
        Self { success, statistics, results }
    }
}

/// What fails, for people: what was expected, how many rows break it, and the first of them.
fn summary(data: &Path, rows: u64, printed: &Printed) -> String {
    let Statistics { evaluated_expectations: all, unsuccessful_expectations: failed, .. } =
        printed.statistics;
    let data = data.display();
    if failed == 0 {
        return format!("{data}: {rows} rows, {all} expectations hold");
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["id", "expectation", "expected", "found", "first rows"]);
    for result in printed.results.iter().filter(|result| !result.success) {
        table.add_row([
            result.id.as_str().map_or_else(|| result.id.to_string(), str::to_owned),
            result.expectation.clone(),
            result.expected(),
            result.found(),
            result.first_rows(),
        ]);
    }
    let table = table.trim_fmt();
    format!("{table}\n\n{data}: {rows} rows, {failed} of {all} expectations do not hold")
}
