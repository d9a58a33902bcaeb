//! `shipworthy score`: a file of rows through a release, as requests go through it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use arrow::array::{Array, ArrayRef, FixedSizeListArray, Float64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use serde_json::json;
use shipworthy_contract::Violation;
use shipworthy_control::release::Shelf;
use shipworthy_core::{Policy, ReleaseId};
use shipworthy_rows::files::RowFile;
use shipworthy_rows::{Misfit, RowBatch};
use shipworthy_serving::release::LoadedRelease;
use shipworthy_serving::{CheckedAnswers, Predicted, Validated, predict, violations_json};
use shipworthy_store::{Bundles, SqliteStore, StateDir, Store};

use crate::cli::Outcome;
use crate::model_loader::ModelLoader;
use crate::onnx_runtime::OnnxRuntime;
use crate::parquet_file::ParquetFile;
use crate::system::System;
use crate::{output, state};

/// Score the rows of a file with a release.
///
/// The rows go through the same contract, encoding and model as requests do, and get the same
/// numbers, bit for bit. A row that breaks the contract gets no prediction and says why; the rows
/// of the output stand in the order of the input. Takes no lock (a server may be running) and
/// records no decisions.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  shipworthy score examples/flights \
    --input examples/flights/data/flights.parquet --output scores.parquet\n\nColumns of the \
    output: prediction (a list of one number per class for multiclass), decision, status \
    (answered or refused), violations (JSON).")]
pub(crate) struct Args {
    /// The project: a directory with a shipworthy.toml.
    #[arg(value_name = "PROJECT")]
    project: PathBuf,

    /// The rows: Parquet, CSV or JSON lines. Columns that the contract does not declare are ignored.
    #[arg(long, short, value_name = "FILE")]
    input: PathBuf,

    /// Where the scores go (Parquet).
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,

    /// The release to score with; the one that serves, unless given.
    #[arg(long, value_name = "ID")]
    release: Option<ReleaseId>,

    /// The state directory, if it is not PROJECT/.shipworthy.
    #[arg(long, value_name = "DIR", env = "SHIPWORTHY_STATE")]
    state: Option<PathBuf>,

    #[command(flatten)]
    onnx: OnnxRuntime,

    /// Print what was done as JSON.
    #[arg(long)]
    json: bool,
}

/// Rows scored at a time.
const BATCH_ROWS: usize = 8 * 1024;

pub(crate) fn run(args: &Args, system: &System) -> Result<Outcome> {
    let project = state::read_project(&args.project)?;
    let directory = state::project_directory(&args.project);
    let state_path = state::of_project(&directory, args.state.as_deref());
    let release = load(args, &state_path, &project.identity.name, system)?;
    let policy = state::policy(&project);
    let rows = RowFile::open(&args.input)?;
    let scorer = Scorer { release: &release, policy: &policy, schema: schema(&release) };
    let mut file = ParquetFile::create(&args.output, Arc::clone(&scorer.schema))?;
    let bar = output::progress(rows.rows().unwrap_or(0), "rows");
    bar.set_message("scoring");
    let (mut scored, mut refused) = (0, 0);
    for read in rows.batches_with_gaps(release.schema(), BATCH_ROWS)? {
        let (batch, misfits) = read?;
        scored += batch.rows();
        let scores = scorer.score(batch, &misfits)?;
        refused += scores.refused;
        file.write(&scores.batch)?;
        bar.set_position(scored as u64);
    }
    file.finish()?;
    bar.finish_and_clear();
    if args.json {
        let id = release.id().as_str();
        output::json(&json!({"release": id, "rows": scored, "refused": refused}))?;
    } else {
        let (id, path) = (release.id().short(), args.output.display());
        output::line(&format!("{scored} rows scored with {id}, {refused} refused: {path}"))?;
    }
    Ok(Outcome::Done)
}

/// The release that serves, or the one asked for.
fn load(args: &Args, state_path: &Path, endpoint: &str, system: &System) -> Result<LoadedRelease> {
    let database = state_path.join("state.db");
    if !database.is_file() {
        bail!(
            "there is no release in {}; `shipworthy up` makes the first one, and --state says \
             where another state directory is",
            state_path.display()
        );
    }
    let directory = StateDir::open(state_path)?;
    let store = SqliteStore::reading(&directory.state_db())?;
    let stable = || -> Result<ReleaseId> {
        let endpoint_state = store.endpoint(endpoint)?;
        let stable = endpoint_state.and_then(|endpoint| endpoint.stable);
        stable.with_context(|| format!("no release serves `{endpoint}` yet"))
    };
    let id = args.release.clone().map_or_else(stable, Ok)?;
    let bundles = Arc::new(Bundles::reading(&directory));
    // Rows are scored one batch after another.
    let models = ModelLoader::for_command(&args.onnx, system);
    Ok(Shelf { store: Arc::new(store), bundles, models, trusted: None }.load(&id)?)
}

struct Scorer<'a> {
    release: &'a LoadedRelease,
    policy: &'a Policy,
    schema: SchemaRef,
}

struct Scores {
    batch: RecordBatch,
    refused: usize,
}

impl Scorer<'_> {
    /// Each row stands for itself: what one breaks does not stop another.
    fn score(&self, batch: RowBatch, misfits: &[Misfit]) -> Result<Scores> {
        let rows = batch.rows();
        let mut validated = Validated::check(self.release, batch, misfits);
        let accepted = validated.accepted_rows();
        let predicted = predict(self.release, &validated.batch.take(&accepted))?;
        let CheckedAnswers { predicted, mut outcome } =
            CheckedAnswers::check(self.release, predicted);
        let mut place = vec![None; rows];
        for (position, row) in accepted.iter().enumerate() {
            place[*row] = Some(position);
        }
        for violation in &mut outcome.violations {
            violation.row = accepted[violation.row];
            if violation.on_violation.refuses() {
                place[violation.row] = None;
            }
        }
        validated.outcome.add(outcome);
        let refused = place.iter().filter(|place| place.is_none()).count();
        let columns: Vec<ArrayRef> = vec![
            predictions(&place, &predicted)?,
            Arc::new(self.decisions(&place, &predicted)),
            Arc::new(statuses(&place)),
            Arc::new(violations(rows, &validated)),
        ];
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns)?;
        Ok(Scores { batch, refused })
    }

    fn decisions(&self, place: &[Option<usize>], predicted: &Predicted) -> StringArray {
        let output = self.release.output();
        let decision = |place: &Option<usize>| {
            let output = output?;
            let class = self.policy.class(output.task, predicted.row((*place)?))?;
            Some(output.classes[class].as_str())
        };
        place.iter().map(decision).collect()
    }
}

fn schema(release: &LoadedRelease) -> SchemaRef {
    let width = release.prediction_width();
    let prediction = match i32::try_from(width) {
        Ok(1) | Err(_) => DataType::Float64,
        Ok(width) => DataType::new_fixed_size_list(DataType::Float64, width, true),
    };
    Arc::new(Schema::new(vec![
        Field::new("prediction", prediction, true),
        Field::new("decision", DataType::Utf8, true),
        Field::new("status", DataType::Utf8, false),
        Field::new("violations", DataType::Utf8, true),
    ]))
}

fn predictions(place: &[Option<usize>], predicted: &Predicted) -> Result<ArrayRef> {
    let width = predicted.width;
    if width == 1 {
        let values = place.iter().map(|place| place.map(|place| predicted.values[place]));
        return Ok(Arc::new(values.collect::<Float64Array>()));
    }
    let flat = place.iter().flat_map(|place| {
        (0..width).map(move |class| place.map(|place| predicted.row(place)[class]))
    });
    let flat: Float64Array = flat.collect();
    let present: Vec<bool> = place.iter().map(Option::is_some).collect();
    let item = Arc::new(Field::new_list_field(DataType::Float64, true));
    let list = FixedSizeListArray::try_new(
        item,
        i32::try_from(width)?,
        Arc::new(flat) as Arc<dyn Array>,
        Some(present.into()),
    )?;
    Ok(Arc::new(list))
}

fn statuses(place: &[Option<usize>]) -> StringArray {
    let status = |place: &Option<usize>| Some(if place.is_some() { "answered" } else { "refused" });
    place.iter().map(status).collect()
}

fn violations(rows: usize, validated: &Validated) -> StringArray {
    if validated.outcome.violations.is_empty() {
        return StringArray::new_null(rows);
    }
    let of_row = |row| {
        let broken: Vec<&Violation> = validated.violations_of(row).collect();
        (!broken.is_empty()).then(|| violations_json(broken))
    };
    (0..rows).map(of_row).collect()
}
