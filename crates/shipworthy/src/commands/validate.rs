//! `shipworthy validate`: a file of rows beside a suite of expectations.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::Value;
use shipworthy_contract::expectations::{Evaluation, ExpectationResult, Suite};
use shipworthy_rows::files::RowFile;

use crate::cli::Outcome;
use crate::{input, output};

/// Check the rows of a file against a suite of expectations.
///
/// A suite is what Great Expectations writes (1.x or 0.18), or a plain list of objects with an
/// expectation and its kwargs; names, arguments and results are those of Great Expectations. The
/// file is read as a stream, in memory that does not grow with it; quantiles, z-scores and counts of
/// very many different values read it more than once. An expectation that cannot be evaluated fails
/// and says why.
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

/// Rows read at a time.
const BATCH_ROWS: usize = 16 * 1024;

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
    let schema = Arc::new(file.schema().clone());
    let mut evaluation = Evaluation::new(suite, &schema);
    bar.set_message("reading");
    loop {
        bar.set_position(0);
        let mut row = 0;
        for read in file.batches(&schema, BATCH_ROWS)? {
            let (batch, _) = read?;
            evaluation.see(row, &batch);
            row += batch.rows() as u64;
            bar.set_position(row);
        }
        if !evaluation.another_pass() {
            bar.finish_and_clear();
            return Ok((row, evaluation.finish()));
        }
        bar.set_message("reading again");
    }
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
            shown(&result.id),
            result.expectation.clone(),
            expected(result),
            found(result),
            first_rows(result),
        ]);
    }
    let table = table.trim_fmt();
    format!("{table}\n\n{data}: {rows} rows, {failed} of {all} expectations do not hold")
}

fn expected(result: &ExpectationResult) -> String {
    let kwargs = result.kwargs.iter().map(|(name, value)| format!("{name} {}", shown(value)));
    kwargs.collect::<Vec<_>>().join(", ")
}

fn found(result: &ExpectationResult) -> String {
    if let Some(exception) = &result.exception {
        return exception.clone();
    }
    match (result.unexpected_count, result.element_count, &result.observed_value) {
        (Some(unexpected), Some(all), _) => format!("{unexpected} of {all} rows"),
        (_, _, Some(observed)) => shown(observed),
        (unexpected, None, None) => {
            let count = |count: Option<u64>, what| {
                count.filter(|count| *count > 0).map(|count| format!("{count} {what}"))
            };
            let parts = [
                count(unexpected, "other values"),
                count(result.missing_count, "values are absent"),
            ];
            let parts: Vec<_> = parts.into_iter().flatten().collect();
            if parts.is_empty() { "not there".to_owned() } else { parts.join(", ") }
        }
        (None, Some(_), None) => String::new(),
    }
}

/// Row numbers with their values. Of different values, which have no row, the values alone.
fn first_rows(result: &ExpectationResult) -> String {
    const ROWS: usize = 3;
    let values = result.partial_unexpected_list.as_deref().unwrap_or_default();
    let values = values.iter().take(ROWS).map(shown);
    match &result.unexpected_index_list {
        None => values.collect::<Vec<_>>().join(", "),
        Some(rows) => {
            let rows = rows.iter().zip(values).map(|(row, value)| format!("{row}: {value}"));
            rows.collect::<Vec<_>>().join(", ")
        }
    }
}

/// A value in a cell: long ones by their beginning.
fn shown(value: &Value) -> String {
    const MAX_CHARACTERS: usize = 60;
    let text = match value {
        Value::String(text) if !text.is_empty() => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
