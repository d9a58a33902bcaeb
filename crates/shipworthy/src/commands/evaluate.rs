//! `shipworthy evaluate`: how good recorded scores are, and how sure that is.

mod binary;
mod fairness;
mod findings;
mod multiclass;
mod regression;
mod table;
mod text;

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use serde_json::json;
use shipworthy_stats::bootstrap::Bootstrap;
use shipworthy_stats::interval::Coverage;

use crate::cli::Outcome;
use crate::output;
use findings::Findings;
use table::Table;

/// Measure the scores in a file against its labels, with intervals.
///
/// No model is run: the file has the labels and what one model, or two, said of the same rows.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  shipworthy evaluate scores.parquet --task binary --label late \
    --score new --compare old\n  shipworthy evaluate scores.parquet --task binary --label late \
    --score new --threshold 0.3 --group origin\n  shipworthy evaluate classes.csv --task multiclass \
    --label class --score p0 p1 p2\n\nWhat the numbers mean, and how each interval is made: \
    docs/reference/evaluate.md. A metric that has no value on these rows is listed with the reason."
)]
pub(crate) struct Args {
    /// Labels and scores: Parquet or CSV.
    file: PathBuf,

    /// What the model does.
    #[arg(long, value_enum)]
    task: Task,

    /// The column of what happened: 0 and 1, class numbers from 0, or values.
    #[arg(long, value_name = "COL")]
    label: String,

    /// The column of what the model said; of several classes one column a class, in their order.
    #[arg(long, value_name = "COL", required = true, num_args = 1..)]
    score: Vec<String>,

    /// The same of a second model on the same rows.
    #[arg(long, value_name = "COL", num_args = 1..)]
    compare: Vec<String>,

    /// The score from which on a row is predicted positive.
    #[arg(long, value_name = "T", default_value_t = 0.5, allow_negative_numbers = true)]
    threshold: f64,

    /// A column of groups that are compared for fairness.
    #[arg(long, value_name = "COL")]
    group: Option<String>,

    /// The confidence of the intervals, between 0 and 1.
    #[arg(long, value_name = "LEVEL", default_value_t = 0.95)]
    level: f64,

    /// Let each end alone hold at the level, not both together.
    #[arg(long)]
    one_sided: bool,

    /// How often rows are resampled, where an interval is made so.
    #[arg(long, value_name = "COUNT", default_value_t = 2_000)]
    resamples: usize,

    /// What the resamples follow from.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    seed: u64,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Task {
    /// Labels 0 and 1, and one score.
    Binary,
    /// Class numbers from 0, and one probability a class.
    Multiclass,
    /// Numbers, and one prediction.
    Regression,
}

/// How intervals are made.
#[derive(Clone, Copy)]
struct Intervals {
    coverage: Coverage,
    bootstrap: Bootstrap,
}

pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let coverage = if args.one_sided { Coverage::one_sided } else { Coverage::two_sided };
    let intervals = Intervals {
        coverage: coverage(args.level)?,
        bootstrap: Bootstrap::new(args.seed, args.resamples)?,
    };
    let table = Table::read(args)?;
    let mut findings = Findings::new(json!({
        "rows": table.rows(),
        "level": args.level,
        "one_sided": args.one_sided,
        "bootstrap": {"seed": args.seed, "resamples": args.resamples},
    }));
    match args.task {
        Task::Binary => binary::evaluate(args, &table, intervals, &mut findings)?,
        Task::Multiclass => multiclass::evaluate(&table, intervals, &mut findings)?,
        Task::Regression => regression::evaluate(&table, intervals, &mut findings)?,
    }
    if args.json {
        output::json(&findings.into_json())?;
    } else {
        output::line(&text::render(&findings))?;
    }
    Ok(Outcome::Done)
}
