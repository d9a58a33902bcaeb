//! The run: everybody's answers compared, then everybody measured in turn, round after round.

use anyhow::{Context, Result};
use shipworthy_models::Model;

use crate::contender::Contender;
use crate::ours::Ours;
use crate::plan::{self, Plan};
use crate::rows::Rows;

/// Rows at a time: a request, a batch of requests, a table.
pub(crate) const BATCHES: [usize; 3] = [1, 64, 10_000];

/// What this runtime is called in reports.
const OURS: &str = "this runtime";

/// One model with everybody who answers for it, this runtime first.
pub(crate) struct Arena {
    pub(crate) name: String,
    pub(crate) trees: usize,
    pub(crate) entries: Vec<Entry>,
    /// Peers that did not load, and why.
    pub(crate) left_out: Vec<(String, String)>,
    rows: Rows,
}

/// One contender and what was found out about it.
pub(crate) struct Entry {
    pub(crate) name: String,
    contender: Box<dyn Contender>,
    pub(crate) agreement: Agreement,
    /// Microseconds a row, one a round, for each of [`BATCHES`].
    pub(crate) us_per_row: [Vec<f64>; 3],
}

/// How near a contender's answers are to those of this runtime to all rows at once.
pub(crate) struct Agreement {
    /// The largest difference.
    pub(crate) largest: f64,
    /// Rows of another answer, not another rounding.
    pub(crate) disagreeing: usize,
}

/// Predictions are probabilities, or sums of leaves around ten; some libraries sum in f32.
const MAX_DIFFERENCE: f64 = 1e-4;

pub(crate) fn run(plan: &Plan, rounds: usize) -> Result<Vec<Arena>> {
    let mut arenas = plan.models.iter().map(Arena::open).collect::<Result<Vec<_>>>()?;
    for round in 0..rounds {
        for arena in &mut arenas {
            arena.measure(round)?;
        }
    }
    Ok(arenas)
}

impl Arena {
    fn open(model: &plan::Model) -> Result<Self> {
        let mut ours = Ours::load(&model.file)?;
        let trees = ours.model.describe().trees;
        let rows = Rows::read(&model.rows, ours.model.features())?;
        let expected = ours.answers(&rows, rows.len())?;
        let mut entries = vec![Entry::new(OURS, Box::new(ours), &rows, &expected)?];
        let mut left_out = Vec::new();
        for peer in &model.peers {
            let loaded = peer.load(&rows);
            match loaded.and_then(|peers| Entry::new(&peer.name, peers, &rows, &expected)) {
                Ok(entry) => entries.push(entry),
                Err(error) => left_out.push((peer.name.clone(), format!("{error:#}"))),
            }
        }
        Ok(Self { name: model.name.clone(), trees, entries, left_out, rows })
    }

    /// Another contender begins each round, so that none has always the same neighbour.
    fn measure(&mut self, round: usize) -> Result<()> {
        let count = self.entries.len();
        for turn in 0..count {
            let entry = &mut self.entries[(round + turn) % count];
            for (batch, samples) in BATCHES.into_iter().zip(&mut entry.us_per_row) {
                let us_per_row = entry.contender.us_per_row(&self.rows, batch);
                samples.push(us_per_row.with_context(|| entry.name.clone())?);
            }
        }
        Ok(())
    }
}

impl Entry {
    fn new(
        name: &str,
        mut contender: Box<dyn Contender>,
        rows: &Rows,
        expected: &[f64],
    ) -> Result<Self> {
        let agreement = Agreement::check(&mut *contender, rows, expected)?;
        Ok(Self { name: name.to_owned(), contender, agreement, us_per_row: Default::default() })
    }
}

impl Agreement {
    /// At every batch size: libraries have a path of their own for each.
    fn check(contender: &mut dyn Contender, rows: &Rows, expected: &[f64]) -> Result<Self> {
        let mut largest = vec![0.0_f64; expected.len()];
        for batch in BATCHES {
            let answers = contender.answers(rows, batch)?;
            for ((largest, answer), expected) in largest.iter_mut().zip(answers).zip(expected) {
                let difference = (answer - expected).abs();
                *largest = largest.max(if difference.is_nan() { f64::MAX } else { difference });
            }
        }
        Ok(Self {
            largest: largest.iter().copied().fold(0.0, f64::max),
            disagreeing: largest.iter().filter(|largest| **largest > MAX_DIFFERENCE).count(),
        })
    }
}
