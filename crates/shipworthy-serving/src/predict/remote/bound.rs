//! A model on another server, reading columns of one schema.

use std::borrow::Cow;
use std::sync::Arc;

use shipworthy_models::{Element, Tensor, encode};
use shipworthy_rows::{Cell, Column, DataType, RowBatch, Schema};

use super::{Error, Received, Remote};

/// A remote model with the places of its inputs.
#[derive(Debug)]
pub(crate) struct Bound {
    remote: Arc<Remote>,
    /// The column of each input.
    columns: Vec<usize>,
}

impl Bound {
    /// Finds the column of each input by its name.
    pub(super) fn new(remote: Arc<Remote>, schema: &Schema) -> Result<Self, encode::Error> {
        let inputs = remote.signature().inputs.iter();
        let columns = inputs.map(|input| place(input, schema)).collect::<Result<_, _>>()?;
        Ok(Self { remote, columns })
    }

    pub(crate) fn remote(&self) -> &Remote {
        &self.remote
    }

    /// The model's answers to every row of `batch`, whose schema is the one that it is bound to.
    pub(crate) async fn predict(&self, batch: &RowBatch) -> Result<Received, Error> {
        let inputs = self.remote.signature().inputs.iter().zip(&self.columns);
        let columns = inputs.map(|(input, at)| carried(&batch.columns()[*at], input.element));
        let columns: Vec<_> = columns.collect();
        self.remote.predict(&columns, batch.rows()).await
    }

    /// The same, for a thread that may wait.
    pub(crate) fn wait(&self, batch: &RowBatch) -> Result<Received, Error> {
        self.remote.ports.runtime.block_on(self.predict(batch))
    }
}

fn place(input: &Tensor, schema: &Schema) -> Result<usize, encode::Error> {
    let column = || Arc::clone(&input.name);
    let at = schema.index_of(&input.name);
    let at = at.ok_or_else(|| encode::Error::MissingColumn { column: column() })?;
    let field = &schema.fields()[at];
    let (found, expected) = (field.width, input.width());
    if found != expected {
        return Err(encode::Error::Width { column: column(), found, expected });
    }
    let fits = match input.element.data_type() {
        DataType::Float => field.data_type.is_numeric(),
        DataType::String => matches!(field.data_type, DataType::String | DataType::Timestamp),
        wanted => field.data_type == wanted,
    };
    let data_type = field.data_type;
    fits.then_some(at).ok_or_else(|| encode::Error::Type { column: column(), data_type })
}

/// A column in the type that the protocol carries: whole numbers and truth values as floats where
/// the model takes such, and a time as RFC 3339 has it.
fn carried(column: &Column, element: Element) -> Cow<'_, Column> {
    let wanted = element.data_type();
    if column.data_type() == wanted {
        return Cow::Borrowed(column);
    }
    let mut written = Column::with_capacity(wanted, column.len());
    for at in 0..column.len() {
        #[expect(clippy::cast_precision_loss, reason = "the model computes in floats")]
        match column.cell(at) {
            Cell::Integer(value) => written.push(Cell::Float(value as f64)),
            Cell::Boolean(value) => written.push(Cell::Float(f64::from(u8::from(value)))),
            Cell::Timestamp(value) => written.push(Cell::String(&value.to_string())),
            _ => written.push(Cell::Missing),
        };
    }
    Cow::Owned(written)
}

#[cfg(test)]
mod tests {
    use shipworthy_rows::Timestamp;

    use super::*;

    #[test]
    fn a_column_is_carried_as_the_model_takes_it() {
        let mut whole = Column::with_capacity(DataType::Integer, 2);
        whole.push(Cell::Integer(7));
        whole.push_missing();
        assert!(matches!(carried(&whole, Element::Int64), Cow::Borrowed(_)));
        let floats = carried(&whole, Element::Fp64);
        assert_eq!(floats.cell(0), Cell::Float(7.0));
        assert!(floats.is_missing(1));
        let mut times = Column::with_capacity(DataType::Timestamp, 1);
        times.push(Cell::Timestamp(Timestamp::from_micros(0)));
        let texts = carried(&times, Element::Bytes);
        assert_eq!(texts.cell(0), Cell::String("1970-01-01T00:00:00Z"));
    }

    #[test]
    fn inputs_are_found_by_name_and_must_fit() {
        let tensor = |name: &str, element| Tensor::scalar(name.into(), element);
        let schema: Schema =
            [tensor("when", Element::Bytes).field(), tensor("x", Element::Int64).field()]
                .into_iter()
                .collect();
        assert_eq!(place(&tensor("x", Element::Fp32), &schema).unwrap(), 1);
        assert_eq!(place(&tensor("when", Element::Bytes), &schema).unwrap(), 0);
        for (name, element) in
            [("y", Element::Fp32), ("x", Element::Bytes), ("when", Element::Fp32)]
        {
            place(&tensor(name, element), &schema).unwrap_err();
        }
    }
}
