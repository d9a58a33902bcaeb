//! The run: everybody's answers compared, then everybody measured in turn, round after round.

use std::fmt::Write;

use anyhow::Result;
use serde_json::{Value, json};

use crate::contender::Contender;
use crate::ours::Ours;
use crate::plan::{self, Plan};
use crate::rows::Rows;

/// Rows at a time: a request, a batch of requests, a table.
const BATCHES: [usize; 3] = [1, 64, 10_000];

/// One model with everybody who answers for it.
struct Arena {
    name: String,
    rows: Rows,
    entries: Vec<Entry>,
}

/// One contender and what was found out about it.
struct Entry {
    name: String,
    contender: Box<dyn Contender>,
    /// The largest difference to the answers of this runtime.
    difference: f64,
    /// Microseconds a row, one a round, for each of [`BATCHES`].
    us_per_row: [Vec<f64>; 3],
}

pub(crate) struct Report(Vec<Arena>);

pub(crate) fn run(plan: &Plan) -> Result<Report> {
    let mut arenas = plan.models.iter().map(Arena::open).collect::<Result<Vec<_>>>()?;
    for round in 0..plan.rounds {
        for arena in &mut arenas {
            arena.measure(round)?;
        }
    }
    Ok(Report(arenas))
}

impl Arena {
    fn open(model: &plan::Model) -> Result<Self> {
        let ours = Ours::load(&model.file)?;
        let rows = Rows::read(&model.rows, shipworthy_models::Model::features(&ours.model))?;
        let entries = vec![Entry {
            name: "this runtime".into(),
            contender: Box::new(ours),
            difference: 0.0,
            us_per_row: Default::default(),
        }];
        Ok(Self { name: model.name.clone(), rows, entries })
    }

    /// Another contender begins each round, so that none has always the same neighbour.
    fn measure(&mut self, round: usize) -> Result<()> {
        let count = self.entries.len();
        for turn in 0..count {
            let entry = &mut self.entries[(round + turn) % count];
            for (batch, samples) in BATCHES.into_iter().zip(&mut entry.us_per_row) {
                samples.push(entry.contender.us_per_row(&self.rows, batch)?);
            }
        }
        Ok(())
    }
}

impl Report {
    /// For people: a line for each contender.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("{:<36}", "µs a row: median (min–max)");
        for batch in BATCHES {
            let _ = write!(text, "{:>24}", format!("{batch} at a time"));
        }
        for arena in &self.0 {
            for entry in &arena.entries {
                let _ = write!(text, "\n{:<36}", format!("{}, {}", arena.name, entry.name));
                for samples in &entry.us_per_row {
                    let _ = write!(text, "{:>24}", summary(samples));
                }
            }
        }
        text
    }

    /// For machines: every sample.
    pub(crate) fn to_json(&self) -> String {
        let entry = |entry: &Entry| {
            json!({
                "name": entry.name,
                "difference": entry.difference,
                "us_per_row": BATCHES.iter().map(ToString::to_string)
                    .zip(entry.us_per_row.iter().map(|samples| json!(samples)))
                    .collect::<serde_json::Map<String, Value>>(),
            })
        };
        let arena = |arena: &Arena| {
            json!({
                "name": arena.name,
                "contenders": arena.entries.iter().map(entry).collect::<Vec<Value>>(),
            })
        };
        json!(self.0.iter().map(arena).collect::<Vec<Value>>()).to_string()
    }
}

/// Median, smallest and largest.
fn summary(samples: &[f64]) -> String {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.first(), sorted.get(sorted.len() / 2), sorted.last()) {
        (Some(min), Some(median), Some(max)) => format!("{median:.3} ({min:.3}–{max:.3})"),
        _ => "–".into(),
    }
}
