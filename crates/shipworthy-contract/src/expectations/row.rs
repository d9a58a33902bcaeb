//! Expectations that one row meets, or does not, by itself.

use serde_json::{Map, Value};
use shipworthy_rows::{RowBatch, Schema};

use super::condition::Condition;
use super::known::{find, known_name};
use super::kwargs::{Kwargs, wrong};
use super::problem::Problem;
use super::record::{self, Record};
use super::scalar::{Short, json};
use super::value_check::{self, ValueCheck};
use super::wanted::wanted;
use super::{class_name, words};

/// The arguments that name columns.
pub(crate) const COLUMNS: [&str; 4] = ["column", "column_A", "column_B", "column_list"];

/// An expectation of a row, bound to a schema.
#[derive(Clone, Debug)]
pub(crate) struct RowCheck {
    name: &'static str,
    /// The columns that it is about, in the order of its arguments.
    columns: Vec<usize>,
    expected: Expected,
    condition: Option<Condition>,
}

#[derive(Clone, Debug)]
enum Expected {
    OfValue(ValueCheck),
    OfRecord(Box<Record>),
}

impl RowCheck {
    /// Binds an expectation of that name, with these arguments.
    ///
    /// # Errors
    /// When an argument is wrong, or the expectation is about more than one row.
    pub(crate) fn read(
        name: &str,
        kwargs: &Map<String, Value>,
        schema: &Schema,
    ) -> Result<Self, Problem> {
        known_name(name)?;
        let wanted = class_name(name);
        let mut kwargs = Kwargs::new(kwargs, schema);
        let (name, columns, expected) = if let Some((name, read)) = find(value_check::ALL, &wanted)
        {
            let column = kwargs.column("column")?;
            (name, vec![column.index], Expected::OfValue(read(&mut kwargs, &column)?))
        } else if let Some((name, read)) = find(record::ALL, &wanted) {
            let record = read(&mut kwargs)?;
            (name, record.columns().to_vec(), Expected::OfRecord(Box::new(record)))
        } else {
            return Err(Problem::WholeTable);
        };
        if kwargs.mostly()? < 1.0 {
            let given = kwargs.get("mostly");
            return Err(wrong("mostly", "absent where each row is judged by itself", given));
        }
        let condition = Condition::read(&mut kwargs)?;
        kwargs.finish()?;
        Ok(Self { name, columns, expected, condition })
    }

    /// The name as Great Expectations 1.x has it.
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// The columns that it is about.
    pub(crate) fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Whether a row is as expected, or not what the expectation is about. Allocates nothing.
    pub(crate) fn holds(&self, batch: &RowBatch, row: usize) -> bool {
        if self.condition.as_ref().is_some_and(|condition| !condition.selects(batch, row)) {
            return true;
        }
        match &self.expected {
            Expected::OfRecord(record) => record.holds(batch, row),
            Expected::OfValue(check) => {
                let column = &batch.columns()[self.columns[0]];
                (column.is_missing(row) && !check.judges_missing())
                    || check.holds(column.cell(row), &mut Short::default())
            }
        }
    }

    /// The values that are judged, as JSON text, shortened.
    pub(crate) fn found(&self, batch: &RowBatch, row: usize) -> String {
        let value = match &self.expected {
            Expected::OfValue(_) => json(batch.columns()[self.columns[0]].cell(row)),
            Expected::OfRecord(record) => record.json(batch, row),
        };
        value.to_string()
    }

    /// What to send, in words.
    pub(crate) fn wanted(&self, kwargs: &Map<String, Value>) -> String {
        wanted(self.name, kwargs).unwrap_or_default()
    }

    /// What is expected: the arguments, without the columns.
    pub(crate) fn arguments(kwargs: &Map<String, Value>) -> String {
        words::arguments(kwargs.iter().filter(|(name, _)| !COLUMNS.contains(&name.as_str())))
    }
}
