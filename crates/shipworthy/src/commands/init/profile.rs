//! What a data file holds: one pass over its rows, in memory that does not grow with them.

use shipworthy_rows::{Cell, DataType, RowBatch, Schema, Timestamp};

use super::distinct::{Distinct, Listed, Number, hash_bits, hash_text};
use super::quote;
use super::sample::Sample;

/// What a file holds.
#[derive(Debug)]
pub(super) struct Profile {
    /// Its rows.
    pub(super) rows: u64,
    /// Its columns, in order.
    pub(super) columns: Vec<ColumnProfile>,
    /// Some of its rows.
    pub(super) sample: Sample,
}

/// What a column holds.
#[derive(Debug)]
pub(super) struct ColumnProfile {
    /// Its name, which may be blank.
    pub(super) name: String,
    /// The type of every value.
    pub(super) data_type: DataType,
    /// Rows with a value.
    pub(super) present: u64,
    /// Rows without one.
    pub(super) missing: u64,
    /// How many different values there are.
    pub(super) distinct: Distinct,
    /// The least and the greatest finite number, of an integer or a float column.
    pub(super) range: Option<(f64, f64)>,
    /// The first and the last instant, of a timestamp column.
    pub(super) span: Option<(Timestamp, Timestamp)>,
    /// The numbers (true is 1), if they are few.
    pub(super) numbers: Listed<Number>,
    /// The texts, if they are few and short.
    pub(super) texts: Listed<String>,
    /// The beginning of the first text.
    example: Option<String>,
    /// Whether a number was infinite.
    is_infinite: bool,
    /// Whether every value so far was one more than the one before.
    is_counting: bool,
    last: Option<i64>,
}

/// Makes a [`Profile`] of batches.
#[derive(Debug)]
pub(super) struct Profiler {
    profile: Profile,
}

/// Longer examples teach no more.
const EXAMPLE_CHARS: usize = 32;

impl Profiler {
    /// For rows of this schema.
    pub(super) fn new(schema: &Schema) -> Self {
        let fields = schema.fields().iter();
        let columns: Vec<_> =
            fields.map(|field| ColumnProfile::new(&field.name, field.data_type)).collect();
        let sample = Sample::new(columns.len());
        Self { profile: Profile { rows: 0, columns, sample } }
    }

    /// Takes in the next rows.
    pub(super) fn observe(&mut self, batch: &RowBatch) {
        self.profile.sample.observe(batch, self.profile.rows);
        for (profile, column) in self.profile.columns.iter_mut().zip(batch.columns()) {
            (0..batch.rows()).for_each(|row| profile.observe(column.cell(row)));
        }
        self.profile.rows += batch.rows() as u64;
    }

    /// What all rows hold.
    pub(super) fn finish(self) -> Profile {
        self.profile
    }
}

impl ColumnProfile {
    fn new(name: &str, data_type: DataType) -> Self {
        Self {
            name: name.to_owned(),
            data_type,
            present: 0,
            missing: 0,
            distinct: Distinct::default(),
            range: None,
            span: None,
            numbers: Listed::default(),
            texts: Listed::default(),
            example: None,
            is_infinite: false,
            is_counting: true,
            last: None,
        }
    }

    /// Whether a project file cannot name the column.
    pub(super) fn is_unnamed(&self) -> bool {
        self.name.trim().is_empty()
    }

    /// Whether it numbers the rows: each value is one more than the last.
    pub(super) fn counts_rows(&self) -> bool {
        self.data_type == DataType::Integer && self.is_counting && self.missing == 0
    }

    /// Whether a range can hold all its numbers.
    pub(super) const fn numbers_are_finite(&self) -> bool {
        !self.is_infinite
    }

    /// The share of the values that are different ones, from 0 to 1.
    pub(super) fn distinct_share(&self) -> f64 {
        (self.distinct.count() as f64 / self.present.max(1) as f64).min(1.0)
    }

    /// How many different values there are, for people.
    pub(super) fn distinct_text(&self) -> String {
        let count = self.distinct.count();
        let about = if self.distinct.is_exact() { "" } else { "about " };
        format!("{about}{count} different {}", if count == 1 { "value" } else { "values" })
    }

    /// The first text, shortened and quoted.
    pub(super) fn example_text(&self) -> Option<String> {
        self.example.as_deref().map(|text| quote::shortened(text, EXAMPLE_CHARS))
    }

    fn observe(&mut self, cell: Cell<'_>) {
        if matches!(cell, Cell::Missing) {
            self.missing += 1;
            return;
        }
        self.present += 1;
        match cell {
            Cell::Missing => {}
            Cell::Boolean(value) => {
                self.distinct.add(u64::from(value));
                self.numbers.add(f64::from(u8::from(value)));
            }
            Cell::Integer(value) => {
                self.is_counting &= self.last.is_none_or(|last| last.checked_add(1) == Some(value));
                self.last = Some(value);
                self.observe_whole(value);
            }
            Cell::Float(value) => self.observe_number(value),
            Cell::String(value) => self.observe_text(value),
            Cell::Timestamp(value) => {
                self.distinct.add(hash_bits(value.as_micros().cast_unsigned()));
                let (first, last) = self.span.unwrap_or((value, value));
                self.span = Some((first.min(value), last.max(value)));
            }
        }
    }

    /// As [`Self::observe_number`], but whole numbers that share a float are told apart.
    fn observe_whole(&mut self, value: i64) {
        self.distinct.add(hash_bits(value.cast_unsigned()));
        self.observe_value(value as f64);
    }

    fn observe_number(&mut self, value: f64) {
        // Adding zero makes one of the two zeros.
        self.distinct.add(hash_bits((value + 0.0).to_bits()));
        self.observe_value(value + 0.0);
    }

    fn observe_value(&mut self, value: f64) {
        self.numbers.add(value);
        if value.is_finite() {
            let (least, greatest) = self.range.unwrap_or((value, value));
            self.range = Some((least.min(value), greatest.max(value)));
        } else {
            self.is_infinite = true;
        }
    }

    fn observe_text(&mut self, value: &str) {
        self.distinct.add(hash_text(value));
        self.texts.add(value);
        if self.example.is_none() && !value.trim().is_empty() {
            self.example = Some(value.chars().take(EXAMPLE_CHARS + 1).collect());
        }
    }
}
