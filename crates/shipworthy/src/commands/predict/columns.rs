//! Which columns of a file feed a model.

use std::sync::Arc;

use anyhow::{Result, bail};
use shipworthy_models::{Signature, Tensor};
use shipworthy_rows::{Field, RowBatch, Schema};

/// The columns to read, and what the model calls them.
pub(super) struct Columns {
    in_file: Arc<Schema>,
    for_model: Arc<Schema>,
}

impl Columns {
    /// By name where the file has all names; else in the file's order, where the numbers fit.
    pub(super) fn find(signature: &Signature, file: &Schema) -> Result<Self> {
        let inputs = &signature.inputs;
        if inputs.iter().all(|input| input.width() == 1 && file.index_of(&input.name).is_some()) {
            let schema = Arc::new(signature.schema());
            return Ok(Self { in_file: Arc::clone(&schema), for_model: schema });
        }
        let elements: usize = inputs.iter().map(Tensor::width).sum();
        if elements != file.len() {
            bail!("{}", mismatch(inputs, file, elements));
        }
        let by_place = |names: &dyn Fn(&Field, &Tensor) -> Arc<str>| -> Schema {
            let types = inputs.iter().flat_map(|input| std::iter::repeat_n(input, input.width()));
            let fields = file.fields().iter().zip(types);
            fields.map(|(field, t)| Field::new(names(field, t), t.element.data_type())).collect()
        };
        let in_file = Arc::new(by_place(&|field, _| Arc::clone(&field.name)));
        let is_tensor = inputs.iter().any(|input| input.width() > 1);
        let for_model = if is_tensor {
            Arc::clone(&in_file)
        } else {
            Arc::new(by_place(&|_, input| Arc::clone(&input.name)))
        };
        Ok(Self { in_file, for_model })
    }

    /// Under the names that the file has.
    pub(super) const fn in_file(&self) -> &Arc<Schema> {
        &self.in_file
    }

    /// Under the names that the model has.
    pub(super) const fn schema(&self) -> &Arc<Schema> {
        &self.for_model
    }

    /// The same rows under the model's names.
    pub(super) fn for_model(&self, batch: RowBatch) -> RowBatch {
        RowBatch::new(Arc::clone(&self.for_model), batch.into_columns())
            .expect("both schemas have the same types in the same order")
    }
}

fn mismatch(inputs: &[Tensor], file: &Schema, elements: usize) -> String {
    /// More names than this are not read by anybody.
    const LISTED: usize = 8;
    let missing = inputs.iter().filter(|input| file.index_of(&input.name).is_none());
    let missing: Vec<&str> = missing.map(|input| &*input.name).collect();
    let listed = missing.iter().take(LISTED).map(|name| format!("`{name}`"));
    let listed = listed.collect::<Vec<_>>().join(", ");
    let more = missing.len().saturating_sub(LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(
        "the model takes {listed}{more}, which the file does not have; and its {} columns cannot \
         stand for the model's {elements} numbers a row in order",
        file.len()
    )
}
