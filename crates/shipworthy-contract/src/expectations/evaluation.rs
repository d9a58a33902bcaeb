//! A suite on the rows of a table, chunk by chunk.

use std::collections::BTreeMap;

use shipworthy_rows::{RowBatch, Schema};

use super::aside::{Scratch, Shared};
use super::condition::Condition;
use super::dictionary::Dictionaries;
use super::finding::{ExpectationResult, Finding};
use super::known::{self, State};
use super::kwargs::Kwargs;
use super::problem::Problem;
use super::suite::{Declared, Suite};
use super::tally::Chunk;

/// A suite under evaluation.
///
/// The rows are given in chunks, from the first to the last; all expectations look at a chunk before
/// the next is read. Some need to see the rows more than once ([`Self::another_pass`]): what is kept
/// is bounded, however many rows there are.
#[derive(Clone, Debug)]
pub struct Evaluation {
    tasks: Vec<Task>,
    dictionaries: Dictionaries,
    rows: u64,
    is_first_pass: bool,
}

#[derive(Clone, Debug)]
struct Task {
    declared: Declared,
    condition: Option<Condition>,
    state: State,
    /// Whether it looks at the rows of this pass.
    is_open: bool,
}

impl Evaluation {
    /// The beginning of an evaluation, on data of this schema. An expectation that cannot be
    /// evaluated is kept, and its result says why.
    #[must_use]
    pub fn new(suite: &Suite, schema: &Schema) -> Self {
        let tasks = suite.expectations.iter().map(|declared| Task::new(declared, schema));
        let (tasks, dictionaries) = (tasks.collect(), Dictionaries::default());
        Self { tasks, dictionaries, rows: 0, is_first_pass: true }
    }

    /// Puts aside in a scratch what has no room in memory, instead of asking for another pass over the
    /// rows for a part of it each.
    #[must_use]
    pub fn with_scratch(self, scratch: impl Scratch + 'static) -> Self {
        /// About 80 MB for an expectation. Parts of what is put aside are smaller.
        const HELD_KEYS: usize = 1 << 20;
        self.put_aside_in(&Shared::new(scratch, HELD_KEYS))
    }

    fn put_aside_in(mut self, scratch: &Shared) -> Self {
        for task in &mut self.tasks {
            task.state.put_aside_in(scratch.clone());
        }
        self
    }

    /// Looks at the next rows, which are of the schema. `first_row` is the number of the first of
    /// them in the table, from 0.
    pub fn see(&mut self, first_row: u64, batch: &RowBatch) {
        if self.is_first_pass {
            self.rows += batch.rows() as u64;
        }
        let open = self.tasks.iter().filter(|task| task.is_open);
        let coded = self.dictionaries.code(batch, open.filter_map(|task| task.state.categories()));
        let mut masks: BTreeMap<String, Vec<bool>> = BTreeMap::new();
        for task in self.tasks.iter_mut().filter(|task| task.is_open) {
            let selected = task.condition.as_ref().map(|condition| {
                // Expectations with the same condition share what it selects.
                masks.entry(task.declared.condition()).or_insert_with(|| {
                    (0..batch.rows()).map(|row| condition.selects(batch, row)).collect()
                })
            });
            let selected = selected.map(|mask| &mask[..]);
            task.state.see(&Chunk { batch, first_row, selected, coded: &coded });
        }
    }

    /// Adds what another evaluation of the same suite has seen, in the same pass, of the rows that
    /// follow.
    pub fn merge(&mut self, later: Self) {
        self.rows += if self.is_first_pass { later.rows } else { 0 };
        for (task, later) in self.tasks.iter_mut().zip(later.tasks) {
            task.state.merge(later.state);
        }
    }

    /// Ends a pass. Whether the same rows must be given once more, from the first.
    pub fn another_pass(&mut self) -> bool {
        self.is_first_pass = false;
        for task in self.tasks.iter_mut().filter(|task| task.is_open) {
            task.is_open = task.state.another_pass(self.rows);
        }
        self.tasks.iter().any(|task| task.is_open)
    }

    /// The rows of the table.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// The results, in the order of the suite, once [`Self::another_pass`] asks for no more.
    #[must_use]
    pub fn finish(self) -> Vec<ExpectationResult> {
        let results = self.tasks.into_iter().map(|task| task.state.finish().of(&task.declared));
        results.collect()
    }
}

impl Task {
    fn new(declared: &Declared, schema: &Schema) -> Self {
        let read = read(declared, schema);
        let (condition, state) =
            read.unwrap_or_else(|problem| (None, State::Known(Finding::exception(&problem))));
        Self { declared: declared.clone(), condition, state, is_open: true }
    }
}

fn read(declared: &Declared, schema: &Schema) -> Result<(Option<Condition>, State), Problem> {
    let mut kwargs = Kwargs::new(&declared.kwargs, schema);
    let state = known::read(&declared.name, &mut kwargs)?;
    let condition = Condition::read(&mut kwargs)?;
    kwargs.finish()?;
    Ok((condition, state))
}

impl Declared {
    /// The text that its row condition is read from.
    fn condition(&self) -> String {
        let part = |name| self.kwargs.get(name).map(ToString::to_string).unwrap_or_default();
        part("row_condition") + &part("condition_parser")
    }
}

#[cfg(test)]
mod tests;
