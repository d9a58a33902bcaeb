//! Expectations of the different values of a column.

use serde_json::Value;
use shipworthy_rows::Cell;

use super::aside::Shared;
use super::bounds::Bounds;
use super::finding::Finding;
use super::groups::{Groups, Key, MAX_GROUPS, Numbered};
use super::kwargs::Kwargs;
use super::problem::Problem;
use super::scalar::{Scalar, compare, json};
use super::tally::{Chunk, ratio};
use super::value_set::ValueSet;

/// An expectation of how many different values there are, or of the most frequent ones.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    column: usize,
    asked: Asked,
    /// Rows with a value.
    present: u64,
    distinct: u64,
    most: Most,
    groups: Groups<(u64, Option<Scalar>)>,
    is_first_pass: bool,
}

#[derive(Clone, Debug)]
enum Asked {
    Count(Bounds),
    Share(Bounds),
    MostCommon(ValueSet, bool),
}

/// The most frequent values.
#[derive(Clone, Debug, Default)]
struct Most {
    count: u64,
    values: Vec<Scalar>,
}

impl Most {
    /// As many values are reported that are equally frequent.
    const MAX: usize = 1000;

    fn see(&mut self, count: u64, value: Scalar) {
        if count > self.count {
            *self = Self { count, values: Vec::new() };
        }
        if count == self.count && self.values.len() < Self::MAX {
            self.values.push(value);
        }
    }
}

impl Counted {
    /// The number of different values.
    ///
    /// # Errors
    /// When an argument is wrong.
    pub(super) fn count(kwargs: &mut Kwargs<'_>) -> Result<Self, Problem> {
        let column = kwargs.column("column")?.index;
        Ok(Self::new(column, Asked::Count(Bounds::of_numbers(kwargs)?)))
    }

    /// The share of different values.
    ///
    /// # Errors
    /// When an argument is wrong.
    pub(super) fn share(kwargs: &mut Kwargs<'_>) -> Result<Self, Problem> {
        let column = kwargs.column("column")?.index;
        Ok(Self::new(column, Asked::Share(Bounds::of_numbers(kwargs)?)))
    }

    /// That the most frequent value is in a set; where several are, one of them unless
    /// `ties_okay` is false.
    ///
    /// # Errors
    /// When an argument is wrong.
    pub(super) fn most_common(kwargs: &mut Kwargs<'_>) -> Result<Self, Problem> {
        let column = kwargs.column("column")?;
        let set = ValueSet::read(kwargs, "value_set", column.data_type)?;
        let ties = kwargs.flag("ties_okay")?;
        Ok(Self::new(column.index, Asked::MostCommon(set, ties)))
    }

    fn new(column: usize, asked: Asked) -> Self {
        Self {
            column,
            asked,
            present: 0,
            distinct: 0,
            most: Most::default(),
            groups: Groups::new(MAX_GROUPS),
            is_first_pass: true,
        }
    }

    /// Puts aside what has no room, but where the values themselves are wanted.
    pub(super) fn put_aside_in(&mut self, scratch: Shared) {
        if !matches!(self.asked, Asked::MostCommon(..)) {
            self.groups.put_aside_in(scratch);
        }
    }

    /// The column whose different values are counted.
    pub(super) const fn column(&self) -> usize {
        self.column
    }

    /// Counts the rows of a chunk.
    pub(super) fn see(&mut self, chunk: &Chunk<'_>) {
        let keeps_values = matches!(self.asked, Asked::MostCommon(..));
        chunk.each_group(self.column, |cell, times| {
            let Some(key) = Key::of(cell) else { return };
            self.present += if self.is_first_pass { times } else { 0 };
            if let Some(entry) = self.groups.entry(key, times) {
                let value = || if keeps_values { Scalar::of_cell(cell) } else { None };
                entry.or_insert_with(|| (0, value())).0 += times;
            }
        });
    }

    /// Adds what was counted of other rows in a first pass.
    pub(super) fn merge(&mut self, other: Self) {
        self.present += other.present;
        let Self { mut groups, .. } = other;
        if self.groups.is_aside() || groups.is_aside() || groups.is_void() {
            return self.groups.give_up();
        }
        for (key, (count, value)) in groups.drain() {
            if let Some(entry) = self.groups.entry(key, count) {
                entry.or_insert((0, value)).0 += count;
            }
        }
    }

    /// Whether the rows must be read again.
    pub(super) fn another_pass(&mut self, rows: u64) -> bool {
        if self.groups.is_aside() {
            self.distinct +=
                self.groups.replay(|entry, times| entry.or_insert((0, None)).0 += times);
        }
        if self.groups.is_void() {
            (self.distinct, self.most) = (0, Most::default());
        } else {
            self.distinct += self.groups.len();
            for (_, (count, value)) in self.groups.drain() {
                value.into_iter().for_each(|value| self.most.see(count, value));
            }
        }
        self.is_first_pass = false;
        self.groups.another_pass(rows)
    }

    /// The result.
    pub(super) fn finish(self) -> Finding {
        match self.asked {
            Asked::Count(bounds) => {
                let count = Cell::Integer(i64::try_from(self.distinct).unwrap_or(i64::MAX));
                Finding::observed(bounds.hold(count), json(count))
            }
            Asked::Share(_) if self.present == 0 => Finding::observed(false, Value::Null),
            Asked::Share(bounds) => {
                let share = Cell::Float(ratio(self.distinct, self.present));
                Finding::observed(bounds.hold(share), json(share))
            }
            Asked::MostCommon(set, ties) => {
                let mut values = self.most.values;
                values.sort_by(|a, b| {
                    compare(a.cell(), b.cell()).unwrap_or(std::cmp::Ordering::Equal)
                });
                let is_in = |value: &Scalar| set.holds(value.cell());
                let success = match values.len() {
                    0 => false,
                    1 => is_in(&values[0]),
                    _ => ties && values.iter().any(is_in),
                };
                let shown: Vec<Value> = values.iter().map(|value| json(value.cell())).collect();
                Finding::observed(success, shown.into())
            }
        }
    }
}

impl Numbered for (u64, Option<Scalar>) {
    fn number(&self) -> u64 {
        self.0
    }
}

impl Numbered for () {
    fn number(&self) -> u64 {
        0
    }
}

/// An expectation of which different values there are.
#[derive(Clone, Debug)]
pub(super) struct DistinctSet {
    column: usize,
    relation: Relation,
    set: ValueSet,
    /// Which values of the set were seen.
    seen: Vec<bool>,
    outside: Groups<()>,
    outside_count: u64,
    /// The first values outside.
    examples: Vec<Value>,
}

/// How the different values and the set are related.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// All of them are in the set.
    Within,
    /// All of the set are there.
    Contain,
    /// Both.
    Equal,
}

impl DistinctSet {
    /// Binds the expectation to its column.
    ///
    /// # Errors
    /// When an argument is wrong.
    pub(super) fn read(kwargs: &mut Kwargs<'_>, relation: Relation) -> Result<Self, Problem> {
        let column = kwargs.column("column")?;
        let set = ValueSet::read(kwargs, "value_set", column.data_type)?;
        Ok(Self {
            column: column.index,
            relation,
            seen: vec![false; set.len()],
            set,
            outside: Groups::new(MAX_GROUPS),
            outside_count: 0,
            examples: Vec::new(),
        })
    }

    /// Puts aside what has no room.
    pub(super) fn put_aside_in(&mut self, scratch: Shared) {
        self.outside.put_aside_in(scratch);
    }

    /// The column whose different values are compared.
    pub(super) const fn column(&self) -> usize {
        self.column
    }

    /// Looks at the rows of a chunk.
    pub(super) fn see(&mut self, chunk: &Chunk<'_>) {
        const EXAMPLES: usize = 20;
        chunk.each_group(self.column, |cell, _| {
            if let Some(place) = self.set.place(cell) {
                self.seen[place] = true;
            } else if let Some(key) = self.key_outside(cell) {
                let mut is_new = false;
                if let Some(entry) = self.outside.entry(key, 0) {
                    entry.or_insert_with(|| is_new = true);
                }
                let is_wanted = self.examples.len() < EXAMPLES;
                // Of what is put aside nobody knows yet whether it is new.
                let may_be_new = is_new || self.outside.is_aside();
                if is_wanted && may_be_new && !self.examples.contains(&json(cell)) {
                    self.examples.push(json(cell));
                }
            }
        });
    }

    fn key_outside(&self, cell: Cell<'_>) -> Option<Key> {
        Key::of(cell).filter(|_| self.relation != Relation::Contain)
    }

    /// Adds what was seen of other rows in a first pass.
    pub(super) fn merge(&mut self, other: Self) {
        let Self { seen, mut outside, examples, .. } = other;
        self.seen.iter_mut().zip(seen).for_each(|(here, there)| *here |= there);
        if self.outside.is_aside() || outside.is_aside() || outside.is_void() {
            return self.outside.give_up();
        }
        for (key, ()) in outside.drain() {
            if let Some(entry) = self.outside.entry(key, 0) {
                entry.or_insert(());
            }
        }
        for example in examples {
            if !self.examples.contains(&example) && self.examples.len() < 20 {
                self.examples.push(example);
            }
        }
    }

    /// Whether the rows must be read again.
    pub(super) fn another_pass(&mut self, rows: u64) -> bool {
        if self.outside.is_aside() {
            self.outside_count += self.outside.replay(|entry, _| *entry.or_insert(()));
        }
        match self.outside.is_void() {
            true => {
                self.outside_count = 0;
                self.examples.clear();
            }
            false => self.outside_count += self.outside.len(),
        }
        self.outside.another_pass(rows)
    }

    /// The result: how many values are outside of the set, and how many of the set are absent.
    pub(super) fn finish(self) -> Finding {
        let absent = self.seen.iter().filter(|seen| !**seen).count() as u64;
        let (outside, relation) = (self.outside_count, self.relation);
        let checks_absent = relation != Relation::Within;
        let checks_outside = relation != Relation::Contain;
        Finding {
            success: (absent == 0 || !checks_absent) && (outside == 0 || !checks_outside),
            missing_count: checks_absent.then_some(absent),
            unexpected_count: checks_outside.then_some(outside),
            unexpected_values: checks_outside.then_some(self.examples),
            ..Finding::default()
        }
    }
}
