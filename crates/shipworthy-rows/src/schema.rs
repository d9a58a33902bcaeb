//! Names and types of columns, in order.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataType {
    /// True or false.
    Boolean,
    /// A 64-bit signed integer.
    Integer,
    /// A 64-bit float; NaN is missing.
    Float,
    /// Text, categories included.
    String,
    /// An instant in microseconds.
    Timestamp,
}

impl DataType {
    /// All types, in the order documentation lists them.
    pub const ALL: [Self; 5] =
        [Self::Boolean, Self::Integer, Self::Float, Self::String, Self::Timestamp];

    /// The name in project files, contracts and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::String => "string",
            Self::Timestamp => "timestamp",
        }
    }

    /// Whether a model can take the values as numbers.
    #[must_use]
    pub const fn is_numeric(self) -> bool {
        matches!(self, Self::Boolean | Self::Integer | Self::Float)
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A column's name and type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name, unique in its schema.
    pub name: Arc<str>,
    /// The type of every value.
    pub data_type: DataType,
    /// Values a row: 1, or the elements of a tensor, row-major. Never 0.
    pub width: usize,
}

impl Field {
    /// A column of one value a row.
    pub fn new(name: impl Into<Arc<str>>, data_type: DataType) -> Self {
        Self::tensor(name, data_type, 1)
    }

    /// A column of `width` values a row, at least 1.
    pub fn tensor(name: impl Into<Arc<str>>, data_type: DataType, width: usize) -> Self {
        Self { name: name.into(), data_type, width: width.max(1) }
    }
}

/// Fields in order, found by name in constant time.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    fields: Vec<Field>,
    by_name: HashMap<Arc<str>, usize>,
}

impl Schema {
    /// A schema of these columns. Of two columns with one name the later one is found by name;
    /// the project file and the readers refuse duplicates before they come here.
    pub fn new<N: Into<Arc<str>>>(fields: impl IntoIterator<Item = (N, DataType)>) -> Self {
        fields.into_iter().map(|(name, data_type)| Field::new(name, data_type)).collect()
    }

    /// A schema of these fields.
    fn of(fields: Vec<Field>) -> Self {
        let by_name =
            fields.iter().enumerate().map(|(index, f)| (Arc::clone(&f.name), index)).collect();
        Self { fields, by_name }
    }

    /// The fields, in order.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The position of a column.
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The number of columns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no column.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl FromIterator<Field> for Schema {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        Self::of(fields.into_iter().collect())
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}
