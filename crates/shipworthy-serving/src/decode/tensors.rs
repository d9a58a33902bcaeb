//! Named tensors into rows: what every tensor protocol decodes into.
//!
//! A tensor of the name of a column fills it: shape `[N]` or `[N, 1]`, or for a column of several
//! values a row `[N, …]` with as many. A single tensor of a name that is no column, `[N, F]` for F
//! feature columns of one value each, fills them in their order: so clients of tree models send a
//! matrix. Any other tensor is ignored and counted.
//!
//! **Invariant:** nothing is made as large as a shape says before as many values are there.

use std::sync::Arc;

use shipworthy_models::Element;
use shipworthy_rows::{Cell, Column, Misfit, RowBatch, Schema};

use super::{Decoded, Rows};
use crate::Failure;

/// Collects the tensors of one request.
pub(super) struct Tensors<'a> {
    wanted: Rows<'a>,
    rows: usize,
    columns: Vec<Column>,
    misfits: Vec<Misfit>,
    undeclared: usize,
}

/// Where the values of a tensor go, one after another.
pub(super) struct Sink<'a> {
    name: &'a str,
    columns: &'a mut [Column],
    misfits: &'a mut Vec<Misfit>,
    /// The columns that take turns.
    targets: Targets<'a>,
    /// Values a row.
    width: usize,
    taken: usize,
    total: usize,
}

enum Targets<'a> {
    One(usize),
    Several(&'a [usize]),
}

impl<'a> Tensors<'a> {
    /// For tensors of these shapes, on whose first axis all must agree.
    pub(super) fn new<'s>(
        wanted: Rows<'a>,
        shapes: impl Iterator<Item = (&'s str, &'s [u64])>,
    ) -> Result<Self, Failure> {
        let rows = common_rows(shapes)?;
        if rows > wanted.max_rows {
            return Err(Failure::TooManyRows { limit_rows: wanted.max_rows });
        }
        let columns = super::empty_columns(wanted.schema, rows);
        Ok(Self { wanted, rows, columns, misfits: Vec::new(), undeclared: 0 })
    }

    /// Where the values of a tensor go; `None` when nothing asks for it. `is_only`: the request
    /// has no other.
    pub(super) fn sink<'s>(
        &'s mut self,
        name: &'s str,
        shape: &[u64],
        is_only: bool,
    ) -> Result<Option<Sink<'s>>, Failure> {
        let schema = self.wanted.schema;
        let width = shape[1..].iter().try_fold(1_u64, |width, axis| width.checked_mul(*axis));
        let width = width.and_then(|width| usize::try_from(width).ok()).unwrap_or(usize::MAX);
        let targets = match schema.index_of(name) {
            Some(index) => {
                let expected = schema.fields()[index].width;
                if width != expected {
                    return Err(bad(shape_message(name, shape, expected)));
                }
                if !self.columns[index].is_empty() {
                    return Err(bad(format!("input `{name}` stands twice")));
                }
                Targets::One(index)
            }
            None if is_only && self.takes_matrix(width) => Targets::Several(self.wanted.features),
            None => {
                self.undeclared += self.rows;
                return Ok(None);
            }
        };
        let (columns, misfits, total) = (&mut self.columns, &mut self.misfits, self.rows * width);
        Ok(Some(Sink { name, columns, misfits, targets, width, taken: 0, total }))
    }

    fn takes_matrix(&self, width: usize) -> bool {
        let (fields, features) = (self.wanted.schema.fields(), self.wanted.features);
        width == features.len() && features.iter().all(|index| fields[*index].width == 1)
    }

    /// The rows; a column that no tensor filled has no values.
    pub(super) fn finish(mut self) -> Decoded {
        let schema: &Arc<Schema> = self.wanted.schema;
        for (field, column) in schema.fields().iter().zip(&mut self.columns) {
            while column.len() < self.rows * field.width {
                column.push_missing();
            }
        }
        self.misfits.sort_by_key(|misfit| (misfit.row, misfit.column));
        let batch = RowBatch::new(Arc::clone(schema), self.columns)
            .expect("columns are made from the schema and filled up");
        Decoded { batch, misfits: self.misfits, undeclared: self.undeclared }
    }
}

impl Sink<'_> {
    /// The column that takes the next value; `None` when the shape has no more.
    pub(super) fn next(&mut self) -> Option<&mut Column> {
        if self.taken == self.total {
            return None;
        }
        let index = self.target();
        self.taken += 1;
        Some(&mut self.columns[index])
    }

    /// Says that the value that was just taken did not fit its column.
    pub(super) fn misfit(&mut self, found: String) {
        self.taken -= 1;
        let (row, column) = (self.taken / self.width.max(1), self.target());
        self.taken += 1;
        self.misfits.push(Misfit { row, column, found });
    }

    /// Takes the next value.
    pub(super) fn take(&mut self, cell: Cell<'_>) -> Result<(), Failure> {
        let Some(column) = self.next() else {
            let (name, total) = (self.name, self.total);
            return Err(bad(format!(
                "input `{name}` has more than the {total} values of its shape"
            )));
        };
        if !column.push(cell) {
            self.misfit(super::cell::text(cell));
        }
        Ok(())
    }

    /// Takes the next value, a text.
    pub(super) fn take_text(&mut self, text: &[u8]) -> Result<(), Failure> {
        let text = std::str::from_utf8(text)
            .map_err(|_| bad(format!("input `{}` has a text that is not UTF-8", self.name)))?;
        self.take(Cell::String(text))
    }

    fn target(&self) -> usize {
        match self.targets {
            Targets::One(index) => index,
            Targets::Several(indexes) => indexes[self.taken % indexes.len()],
        }
    }

    /// Whether all values came.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.taken == self.total {
            return Ok(());
        }
        let (name, taken, total) = (self.name, self.taken, self.total);
        Err(bad(format!("input `{name}` has {taken} values for a shape of {total}")))
    }

    /// Reads values as they stand in memory, little-endian; texts with their length before them.
    pub(super) fn read_raw(&mut self, element: Element, bytes: &[u8]) -> Result<(), Failure> {
        if element == Element::Bytes {
            return self.read_texts(bytes);
        }
        let size = size_of_element(element);
        if bytes.len() != self.total.saturating_mul(size) {
            let (name, found) = (self.name, bytes.len());
            let total = self.total;
            return Err(bad(format!(
                "input `{name}` has {found} bytes for {total} values of {}",
                element.name()
            )));
        }
        self.read_more_raw(element, bytes)
    }

    /// Reads some of the values as they stand in memory.
    pub(super) fn read_more_raw(&mut self, element: Element, bytes: &[u8]) -> Result<(), Failure> {
        let values = bytes.chunks_exact(size_of_element(element));
        if !values.remainder().is_empty() {
            return Err(bad(format!("a value of input `{}` is cut off", self.name)));
        }
        for value in values {
            self.take(raw_cell(element, value))?;
        }
        Ok(())
    }

    fn read_texts(&mut self, mut bytes: &[u8]) -> Result<(), Failure> {
        while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
            let length = u32::from_le_bytes(*length) as usize;
            let Some((text, rest)) = rest.split_at_checked(length) else { break };
            self.take_text(text)?;
            bytes = rest;
        }
        if bytes.is_empty() {
            return Ok(());
        }
        Err(bad(format!("the texts of input `{}` are cut off", self.name)))
    }
}

/// Bytes of an element in memory; texts have no size of their own.
const fn size_of_element(element: Element) -> usize {
    match element {
        Element::Bool | Element::Uint8 | Element::Int8 | Element::Bytes => 1,
        Element::Uint16 | Element::Int16 | Element::Fp16 => 2,
        Element::Uint32 | Element::Int32 | Element::Fp32 => 4,
        Element::Uint64 | Element::Int64 | Element::Fp64 => 8,
    }
}

/// The value of an element's bytes, which are as many as its size.
#[allow(clippy::cast_precision_loss, reason = "beyond 64 signed bits only a float holds it")]
fn raw_cell<'a>(element: Element, bytes: &[u8]) -> Cell<'a> {
    /// The first so many bytes.
    fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
        bytes.first_chunk().copied().unwrap_or([0; N])
    }
    match element {
        Element::Bool => Cell::Boolean(bytes != [0]),
        Element::Uint8 | Element::Bytes => Cell::Integer(u8::from_le_bytes(first(bytes)).into()),
        Element::Int8 => Cell::Integer(i8::from_le_bytes(first(bytes)).into()),
        Element::Uint16 => Cell::Integer(u16::from_le_bytes(first(bytes)).into()),
        Element::Int16 => Cell::Integer(i16::from_le_bytes(first(bytes)).into()),
        Element::Uint32 => Cell::Integer(u32::from_le_bytes(first(bytes)).into()),
        Element::Int32 => Cell::Integer(i32::from_le_bytes(first(bytes)).into()),
        Element::Uint64 => {
            let value = u64::from_le_bytes(first(bytes));
            i64::try_from(value).map_or(Cell::Float(value as f64), Cell::Integer)
        }
        Element::Int64 => Cell::Integer(i64::from_le_bytes(first(bytes))),
        Element::Fp16 => number(half::f16::from_le_bytes(first(bytes)).to_f64()),
        Element::Fp32 => number(f32::from_le_bytes(first(bytes)).into()),
        Element::Fp64 => number(f64::from_le_bytes(first(bytes))),
    }
}

/// A number; of one that is none there is no value.
pub(super) fn number<'a>(value: f64) -> Cell<'a> {
    if value.is_nan() { Cell::Missing } else { Cell::Float(value) }
}

/// The number of rows, on which all tensors must agree.
fn common_rows<'s>(shapes: impl Iterator<Item = (&'s str, &'s [u64])>) -> Result<usize, Failure> {
    let mut rows = None;
    for (name, shape) in shapes {
        let Some(count) = shape.first() else {
            return Err(bad(format!("input `{name}` has no axis for the rows")));
        };
        let count = usize::try_from(*count).unwrap_or(usize::MAX);
        if rows.is_some_and(|rows| rows != count) {
            return Err(bad("the inputs have different numbers of rows".to_owned()));
        }
        rows = Some(count);
    }
    match rows {
        None => Err(bad("the body has no `inputs`".to_owned())),
        Some(0) => Err(bad("the inputs have no rows".to_owned())),
        Some(rows) => Ok(rows),
    }
}

fn shape_message(name: &str, shape: &[u64], expected: usize) -> String {
    if expected == 1 {
        format!("input `{name}` has shape {shape:?}, not [N] or [N, 1]")
    } else {
        format!("input `{name}` has shape {shape:?}, not [N, …] with {expected} values a row")
    }
}

pub(super) fn bad(message: String) -> Failure {
    Failure::BadRequest {
        message,
        hint: "the model's metadata (GET /v2/models/NAME, ModelMetadata) lists the inputs; send one \
               tensor each, or all features as one matrix of shape [N, features]",
    }
}
