//! The columns that are measured.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use shipworthy_rows::files::RowFile;
use shipworthy_rows::{Cell, Column, DataType, RowBatch, Schema};

use super::{Args, Task};

/// Rows read at a time.
const BATCH_ROWS: usize = 64 * 1024;

/// The measured columns of a file, all its rows in memory.
pub(super) struct Table {
    rows: RowBatch,
    classes: usize,
    is_compared: bool,
}

impl Table {
    /// Reads the columns that are asked for: the label, the scores, those of the second model, the
    /// group. A missing value is a mistake: what is measured is measured whole.
    pub(super) fn read(args: &Args) -> Result<Self> {
        check_columns(args)?;
        let file = RowFile::open(&args.file)?;
        let wanted = [&args.label].into_iter().chain(&args.score).chain(&args.compare);
        let wanted = wanted.chain(&args.group).map(|name| {
            let found = file.schema().index_of(name).map(|at| file.schema().fields()[at].data_type);
            // A column that is not there is told by the reader, with those that are.
            (name.as_str(), found.unwrap_or(DataType::Float))
        });
        let schema = Arc::new(Schema::new(wanted));
        let mut batches = Vec::new();
        for read in file.batches(&schema, BATCH_ROWS)? {
            batches.push(read?.0);
        }
        let rows = RowBatch::stack(&batches.iter().collect::<Vec<_>>());
        let rows = rows.filter(|rows| rows.rows() > 0);
        let rows = rows.with_context(|| format!("{} has no row", args.file.display()))?;
        let table = Self { rows, classes: args.score.len(), is_compared: !args.compare.is_empty() };
        table.refuse_missing()?;
        Ok(table)
    }

    pub(super) fn rows(&self) -> usize {
        self.rows.rows()
    }

    /// The labels of a binary classifier.
    pub(super) fn truths(&self) -> Result<Vec<bool>> {
        let mut labels = Vec::with_capacity(self.rows());
        for row in 0..self.rows() {
            labels.push(match self.rows.cell(row, 0) {
                Cell::Boolean(label) => label,
                Cell::Integer(0) => false,
                Cell::Integer(1) => true,
                Cell::Float(0.0) => false,
                Cell::Float(1.0) => true,
                cell => bail!("{} is no label: 0 or 1 is needed", self.place(row, 0, cell)),
            });
        }
        if labels.iter().all(|label| *label == labels[0]) {
            let (name, label) = (self.name(0), i32::from(labels[0]));
            bail!(
                "every row of `{name}` is {label}: a binary classifier is measured on rows of both \
                 classes"
            );
        }
        Ok(labels)
    }

    /// The labels of a classifier of several classes.
    pub(super) fn class_numbers(&self) -> Result<Vec<usize>> {
        let class = |row: usize| {
            let cell = self.rows.cell(row, 0);
            let number = match cell {
                Cell::Integer(number) => usize::try_from(number).ok(),
                Cell::Float(number) => whole(number),
                _ => None,
            };
            number.filter(|number| *number < self.classes).with_context(|| {
                format!(
                    "{} is no class: a number from 0 to {} is needed, one for each of the {} score \
                     columns",
                    self.place(row, 0, cell),
                    self.classes - 1,
                    self.classes
                )
            })
        };
        (0..self.rows()).map(class).collect()
    }

    pub(super) const fn classes(&self) -> usize {
        self.classes
    }

    /// What is measured: a regression's labels.
    pub(super) fn targets(&self) -> Result<Vec<f64>> {
        self.numbers(0)
    }

    /// The scores of the first model, and of the second where there is one.
    pub(super) fn models(&self) -> Result<Vec<Vec<f64>>> {
        let models = if self.is_compared { 2 } else { 1 };
        (0..models).map(|model| self.matrix(1 + model * self.classes)).collect()
    }

    /// The groups' names in order, and the number of each row's group.
    pub(super) fn groups(&self) -> (Vec<String>, Vec<usize>) {
        let column = self.rows.schema().len() - 1;
        let name = |row| text(self.rows.cell(row, column));
        let of_rows: Vec<String> = (0..self.rows()).map(name).collect();
        let mut names = of_rows.clone();
        names.sort_unstable();
        names.dedup();
        let number = |name: &String| names.binary_search(name).expect("it is one of the names");
        let numbers = of_rows.iter().map(number).collect();
        (names, numbers)
    }

    /// One column a class from `first` on, row-major.
    fn matrix(&self, first: usize) -> Result<Vec<f64>> {
        let columns: Result<Vec<_>> =
            (first..first + self.classes).map(|column| self.numbers(column)).collect();
        let columns = columns?;
        let row = |row: usize| columns.iter().map(move |column| column[row]);
        Ok((0..self.rows()).flat_map(row).collect())
    }

    fn numbers(&self, column: usize) -> Result<Vec<f64>> {
        let mut whole = Column::with_capacity(DataType::Float, self.rows());
        for row in 0..self.rows() {
            let cell = self.rows.cell(row, column);
            let number = match cell {
                Cell::Boolean(value) => Cell::Integer(i64::from(value)),
                cell => cell,
            };
            let is_finite = !matches!(number, Cell::Float(number) if !number.is_finite());
            if !whole.push(number) || !is_finite {
                bail!("{} is no finite number", self.place(row, column, cell));
            }
        }
        match whole {
            Column::Float(numbers) => Ok(numbers),
            _ => bail!("column `{}` is not of numbers", self.name(column)),
        }
    }

    fn refuse_missing(&self) -> Result<()> {
        for column in 0..self.rows.schema().len() {
            let cells = (0..self.rows()).map(|row| self.rows.cell(row, column));
            if let Some(row) = cells.into_iter().position(|cell| cell == Cell::Missing) {
                bail!(
                    "row {} has no value in column `{}`: leave such rows out, or say what they are",
                    row + 1,
                    self.name(column)
                );
            }
        }
        Ok(())
    }

    fn name(&self, column: usize) -> &str {
        &self.rows.schema().fields()[column].name
    }

    /// A value and where it stands, rows counting from 1.
    fn place(&self, row: usize, column: usize, cell: Cell<'_>) -> String {
        format!("`{}` in row {} of column `{}`", text(cell), row + 1, self.name(column))
    }
}

/// Refuses what contradicts itself before a file is read.
fn check_columns(args: &Args) -> Result<()> {
    let (scores, compared) = (args.score.len(), args.compare.len());
    match args.task {
        Task::Multiclass if scores < 2 => {
            bail!("several classes have several score columns: --score p0 p1 p2")
        }
        Task::Binary | Task::Regression if scores > 1 => {
            bail!("one score column is measured, not {scores}; a second model goes to --compare")
        }
        _ => {}
    }
    if compared != 0 && compared != scores {
        bail!("--compare needs as many columns as --score, {scores}, not {compared}");
    }
    if args.group.is_some() && args.task != Task::Binary {
        bail!("--group compares decisions of a binary classifier: --task binary");
    }
    let mut names: Vec<&String> =
        [&args.label].into_iter().chain(&args.score).chain(&args.compare).collect();
    names.extend(&args.group);
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => bail!("column `{}` is named twice", pair[0]),
        None => Ok(()),
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    clippy::cast_sign_loss,
    reason = "what does not come back as it was is no whole number"
)]
fn whole(number: f64) -> Option<usize> {
    let whole = number as usize;
    (whole as f64 == number).then_some(whole)
}

fn text(cell: Cell<'_>) -> String {
    match cell {
        Cell::Missing => String::new(),
        Cell::Boolean(value) => value.to_string(),
        Cell::Integer(value) => value.to_string(),
        Cell::Float(value) => value.to_string(),
        Cell::String(value) => value.to_owned(),
        Cell::Timestamp(value) => value.to_string(),
    }
}
