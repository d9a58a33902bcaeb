//! `shipworthy predict`: a file of rows through a bare model file.

mod columns;
mod model;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::json;
use shipworthy_models::{ModelFile, Options};
use shipworthy_rows::files::RowFile;
use shipworthy_rows::{Misfit, RowBatch};

use crate::cli::Outcome;
use crate::onnx_runtime::OnnxRuntime;
use crate::output;
use crate::parquet_file::ParquetFile;
use columns::Columns;
use model::Scored;

/// Predict the rows of a file with a model file, no project needed.
///
/// The format is found by content: XGBoost (JSON, UBJSON), LightGBM (text), CatBoost (JSON),
/// ONNX.
/// Columns are found by the names in the model file; a model without names, and a model of one
/// tensor, take the file's columns in their order.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  shipworthy predict --model model.json --input rows.parquet \
    --output predictions.parquet\n\nColumns of the output: margin (the raw score) and pred (a \
    probability, or a value), for several classes margin_0, pred_0 and so on; of an ONNX model its \
    outputs under their names. Rows stand in the order of the input.")]
pub(crate) struct Args {
    /// The model file.
    #[arg(long, short, value_name = "FILE")]
    model: PathBuf,

    /// The rows: Parquet, CSV or JSON lines.
    #[arg(long, short, value_name = "FILE")]
    input: PathBuf,

    /// Where the predictions go (Parquet).
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,

    /// Use all trees, also those after the best iteration of a training that stopped early.
    #[arg(long)]
    all_trees: bool,

    #[command(flatten)]
    onnx: OnnxRuntime,

    /// Print what was done as JSON.
    #[arg(long)]
    json: bool,
}

/// Rows predicted at a time.
const BATCH_ROWS: usize = 8 * 1024;

pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let bytes = std::fs::read(&args.model)
        .with_context(|| format!("cannot read {}", args.model.display()))?;
    // Rows are predicted one batch after another.
    let onnx = args.onnx.open_for(&bytes, 1)?;
    let options = Options { all_trees: args.all_trees, onnx };
    let model = ModelFile::load(&bytes, &options)
        .with_context(|| format!("cannot load {}", args.model.display()))?;
    let rows = RowFile::open(&args.input)?;
    let columns = Columns::find(&model.signature(), rows.schema())
        .with_context(|| format!("{} does not feed the model", args.input.display()))?;
    let model = Scored::new(&model, &columns)?;
    let mut file = ParquetFile::create(&args.output, model.schema())?;
    let bar = output::progress(rows.rows().unwrap_or(0), "rows");
    bar.set_message("predicting");
    let (mut predicted, mut unknown) = (0, 0);
    for read in rows.batches(columns.in_file(), BATCH_ROWS)? {
        let (batch, misfits) = read?;
        refuse_misfits(&batch, &misfits, predicted)?;
        let scores = model.score(&columns.for_model(batch))?;
        predicted += scores.batch.num_rows();
        unknown += scores.unknown_categories;
        file.write(&scores.batch)?;
        bar.set_position(predicted as u64);
    }
    file.finish()?;
    bar.finish_and_clear();
    tell(args, &model, predicted, unknown)?;
    Ok(Outcome::Done)
}

fn refuse_misfits(batch: &RowBatch, misfits: &[Misfit], before: usize) -> Result<()> {
    let Some(misfit) = misfits.first() else { return Ok(()) };
    let field = &batch.schema().fields()[misfit.column];
    bail!(
        "row {} of the input has {} in column `{}`, where the model takes a {}",
        before + misfit.row,
        misfit.found,
        field.name,
        field.data_type
    )
}

fn tell(args: &Args, model: &Scored, rows: usize, unknown: usize) -> Result<()> {
    if unknown > 0 {
        output::note(&format!(
            "warning: {unknown} values are categories that the model does not know; it saw them \
             as missing"
        ));
    }
    let format = model.format();
    if args.json {
        return output::json(&json!({
            "format": format, "rows": rows, "unknown_categories": unknown,
        }));
    }
    let path = args.output.display();
    output::line(&format!("{rows} rows predicted by a model of {format}: {path}"))
}
