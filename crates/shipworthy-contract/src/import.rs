//! Contracts that teams have, as columns and expectations of a project file.
//!
//! What a column's own rules can say becomes such a rule; what they cannot, an expectation; and what
//! neither can is listed with the reason.

mod json_schema;
mod suite;

use serde_json::{Map, Value};
use shipworthy_rows::DataType;

use crate::expectations::Declared;

/// What was read of a contract in another form.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// The columns, in the order in which they first come.
    pub columns: Vec<ImportedColumn>,
    /// What the columns' own rules do not say.
    pub expectations: Vec<Declared>,
    /// What could not be translated.
    pub left_out: Vec<LeftOut>,
}

/// A column as far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportedColumn {
    /// Its name.
    pub name: String,
    /// Its type, if something says it.
    pub data_type: Option<DataType>,
    /// Whether the type was concluded from a rule and not declared.
    pub is_type_guessed: bool,
    /// Whether a value must be there.
    pub required: bool,
    /// The least number.
    pub min: Option<f64>,
    /// The greatest number.
    pub max: Option<f64>,
    /// The only texts.
    pub one_of: Option<Vec<String>>,
}

/// Something that could not be translated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// What.
    pub what: String,
    /// Why not.
    pub why: String,
}

/// Why a text is neither a suite nor a schema.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Not JSON.
    #[error("not JSON")]
    Json(#[from] serde_json::Error),
    /// JSON of another kind.
    #[error(
        "neither a suite of Great Expectations (an object with a list `expectations`) nor a JSON \
         Schema of an object (with `properties`)"
    )]
    Kind,
    /// A suite that is none.
    #[error("not a suite")]
    Suite(#[source] crate::expectations::SuiteError),
}

impl Imported {
    /// Reads a suite of Great Expectations (1.x, 0.18, a plain list), or a JSON Schema of an object
    /// as Pydantic's `model_json_schema()` writes it.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, ImportError> {
        let value: Value = serde_json::from_str(text)?;
        if value.get("properties").is_some() || value.get("$ref").is_some() {
            return json_schema::read(&value).ok_or(ImportError::Kind);
        }
        if value.is_array() || value.get("expectations").is_some() {
            let suite = crate::expectations::Suite::of_json(value).map_err(ImportError::Suite)?;
            return Ok(suite::read(&suite));
        }
        Err(ImportError::Kind)
    }

    fn column(&mut self, name: &str) -> &mut ImportedColumn {
        let place = self.columns.iter().position(|column| column.name == name);
        let place = place.unwrap_or_else(|| {
            self.columns
                .push(ImportedColumn { name: name.to_owned(), ..ImportedColumn::default() });
            self.columns.len() - 1
        });
        &mut self.columns[place]
    }

    fn expect(&mut self, name: &str, kwargs: impl IntoIterator<Item = (&'static str, Value)>) {
        let kwargs: Map<_, _> =
            kwargs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let id = self.expectations.len().into();
        self.expectations.push(Declared { id, name: name.to_owned(), kwargs });
    }

    fn leave_out(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.left_out.push(LeftOut { what: what.into(), why: why.into() });
    }
}

/// Texts alone, as `one_of` takes them.
fn texts(values: &[Value]) -> Option<Vec<String>> {
    values.iter().map(|value| value.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests;
