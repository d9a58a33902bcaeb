//! Rows as columns.

use std::sync::Arc;

use crate::{Cell, Column, DataType, Schema};

/// Why columns do not make a batch.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Another number of columns than fields.
    #[error("{columns} columns for a schema of {fields}")]
    ColumnCount {
        /// Columns given.
        columns: usize,
        /// Fields declared.
        fields: usize,
    },
    /// A column of another type than its field.
    #[error("column `{column}` is {found}, not {expected}")]
    ColumnType {
        /// The column.
        column: Arc<str>,
        /// The declared type.
        expected: DataType,
        /// The type given.
        found: DataType,
    },
    /// Columns of different lengths.
    #[error("column `{column}` has {found} values, not {expected}")]
    ColumnLength {
        /// The column.
        column: Arc<str>,
        /// Rows of the batch, times the column's width.
        expected: usize,
        /// Values of this column.
        found: usize,
    },
}

/// A value that a decoder could not read as its column's type. The batch holds a missing value
/// in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The row in its request, from 0.
    pub row: usize,
    /// The column's position in the schema.
    pub column: usize,
    /// The value as it came, shortened.
    pub found: String,
}

/// Rows as columns: in each, `rows × width` values, row after row.
#[derive(Clone, Debug, PartialEq)]
pub struct RowBatch {
    schema: Arc<Schema>,
    columns: Vec<Column>,
    rows: usize,
}

impl RowBatch {
    /// A batch of these columns, one per field, in order.
    ///
    /// # Errors
    /// When number, types or lengths of the columns do not fit.
    pub fn new(schema: Arc<Schema>, columns: Vec<Column>) -> Result<Self, Error> {
        if columns.len() != schema.len() {
            return Err(Error::ColumnCount { columns: columns.len(), fields: schema.len() });
        }
        let first = columns.first().zip(schema.fields().first());
        let rows = first.map_or(0, |(column, field)| column.len() / field.width);
        for (field, column) in schema.fields().iter().zip(&columns) {
            let name = || Arc::clone(&field.name);
            let found = column.data_type();
            if found != field.data_type {
                let expected = field.data_type;
                return Err(Error::ColumnType { column: name(), expected, found });
            }
            let (expected, found) = (rows * field.width, column.len());
            if found != expected {
                return Err(Error::ColumnLength { column: name(), expected, found });
            }
        }
        Ok(Self { schema, columns, rows })
    }

    /// Names and types of the columns.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The number of rows.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The columns, in the schema's order.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns themselves, in the schema's order.
    #[must_use]
    pub fn into_columns(self) -> Vec<Column> {
        self.columns
    }

    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.schema.index_of(name).map(|index| &self.columns[index])
    }

    /// The value at a row and column, of a tensor its first; missing outside the batch.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        self.cells(row, column).next().unwrap_or(Cell::Missing)
    }

    /// The values at a row and column: one, or the elements of a tensor; none outside the batch.
    pub fn cells(&self, row: usize, column: usize) -> impl Iterator<Item = Cell<'_>> {
        let width = self.schema.fields().get(column).map_or(0, |field| field.width);
        let end = if row < self.rows { width } else { 0 };
        (0..end).map(move |at| self.columns[column].cell(row * width + at))
    }

    /// The same rows with another column in the place of one; `None` when it does not fit there.
    #[must_use]
    pub fn with_column(&self, column: usize, values: Column) -> Option<Self> {
        let mut columns = self.columns.clone();
        *columns.get_mut(column)? = values;
        Self::new(Arc::clone(&self.schema), columns).ok()
    }

    /// Replaces one value of a column of width 1. Says whether the place exists and the value
    /// fits.
    pub fn set(&mut self, row: usize, column: usize, cell: Cell<'_>) -> bool {
        let is_single = self.schema.fields().get(column).is_some_and(|field| field.width == 1);
        is_single && self.columns[column].set(row, cell)
    }

    /// The rows of several batches of one schema, one after another; `None` when there is no batch,
    /// or their schemas differ.
    #[must_use]
    pub fn stack(batches: &[&Self]) -> Option<Self> {
        let schema = &batches.first()?.schema;
        if batches.iter().any(|batch| batch.schema != *schema) {
            return None;
        }
        let rows = batches.iter().map(|batch| batch.rows).sum();
        let stacked = schema.fields().iter().enumerate().map(|(at, field)| {
            let mut column = Column::with_capacity(field.data_type, rows * field.width);
            for more in batches.iter().map(|batch| &batch.columns[at]) {
                column.append(more, 0..more.len());
            }
            column
        });
        Some(Self { schema: Arc::clone(schema), columns: stacked.collect(), rows })
    }

    /// The rows at these positions, in this order; a position outside becomes a missing row.
    #[must_use]
    pub fn take(&self, positions: &[usize]) -> Self {
        let columns = self.schema.fields().iter().zip(&self.columns).map(|(field, column)| {
            let width = field.width;
            let mut taken = Column::with_capacity(field.data_type, positions.len() * width);
            for &row in positions {
                for at in row * width..(row + 1) * width {
                    taken.push(column.cell(at));
                }
            }
            taken
        });
        Self { schema: Arc::clone(&self.schema), columns: columns.collect(), rows: positions.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Field;

    fn schema() -> Arc<Schema> {
        Arc::new(Schema::new([("origin", DataType::String), ("distance", DataType::Float)]))
    }

    #[test]
    fn columns_must_fit_the_schema() {
        let origin = Column::String([Some("JFK")].into_iter().collect());
        let short = RowBatch::new(schema(), vec![origin.clone()]);
        assert_eq!(short, Err(Error::ColumnCount { columns: 1, fields: 2 }));
        let uneven = RowBatch::new(schema(), vec![origin, Column::Float(vec![])]);
        assert!(matches!(uneven, Err(Error::ColumnLength { expected: 1, found: 0, .. })));
    }

    #[test]
    fn a_row_of_a_tensor_has_all_its_elements() {
        let fields =
            [Field::tensor("image", DataType::Float, 2), Field::new("n", DataType::Integer)];
        let schema: Arc<Schema> = Arc::new(fields.into_iter().collect());
        let image = Column::Float(vec![1.0, 2.0, 3.0, 4.0]);
        let batch = RowBatch::new(schema, vec![image, Column::Integer(vec![None; 2])]).unwrap();
        assert_eq!(batch.rows(), 2);
        let taken = batch.take(&[1]);
        let cells: Vec<_> = taken.cells(0, 0).collect();
        assert_eq!(cells, [Cell::Float(3.0), Cell::Float(4.0)]);
        assert_eq!(taken.cells(1, 0).count(), 0);
    }

    #[test]
    fn stacked_rows_keep_their_values_and_their_order() {
        let batch = |origins: &[Option<&str>], distances: &[f64]| {
            let origin = Column::String(origins.iter().copied().collect());
            RowBatch::new(schema(), vec![origin, Column::Float(distances.to_vec())]).unwrap()
        };
        let (one, two) = (batch(&[Some("JFK")], &[1.0]), batch(&[None, Some("EWR")], &[2.0, 3.0]));
        let stacked = RowBatch::stack(&[&one, &two]).unwrap();
        assert_eq!(stacked, batch(&[Some("JFK"), None, Some("EWR")], &[1.0, 2.0, 3.0]));
        assert_eq!(RowBatch::stack(&[]), None);
        let other = Arc::new(Schema::new([("origin", DataType::String)]));
        let other = RowBatch::new(other, vec![one.columns()[0].clone()]).unwrap();
        assert_eq!(RowBatch::stack(&[&one, &other]), None);
    }

    #[test]
    fn taken_rows_keep_their_values() {
        let origin = Column::String([Some("JFK"), Some("EWR")].into_iter().collect());
        let batch = RowBatch::new(schema(), vec![origin, Column::Float(vec![1.0, 2.0])]).unwrap();
        let taken = batch.take(&[1, 1, 0]);
        assert_eq!(taken.rows(), 3);
        assert_eq!(taken.cell(0, 0), Cell::String("EWR"));
        assert_eq!(taken.cell(2, 1), Cell::Float(1.0));
    }
}
