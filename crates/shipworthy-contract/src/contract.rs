//! The contract as it is written into a release.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shipworthy_rows::{DataType, Field, Schema};

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// An input of the model.
    Feature,
    /// Who or what the row is about; what features are looked up by and traffic is split by.
    Key,
    /// The person the row is about.
    Subject,
    /// A protected attribute: recorded for fairness, never an input of the model.
    Protected,
    /// Recorded beside the decision, never an input of the model.
    Context,
}

impl Role {
    /// All roles with their names in a project file.
    pub const ALL: [(&'static str, Self); 5] = [
        ("feature", Self::Feature),
        ("key", Self::Key),
        ("subject", Self::Subject),
        ("protected", Self::Protected),
        ("context", Self::Context),
    ];
}

/// How a broken rule is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnViolation {
    /// The request is refused and recorded.
    Reject,
    /// The value is replaced by the declared default, and the row is served and marked.
    Default,
    /// A value out of its range or set is served as it is, and the row is marked. A value that
    /// is missing or of the wrong type is served as missing.
    Flag,
    /// The request is refused and recorded, and kept apart for review.
    Quarantine,
}

impl OnViolation {
    /// All actions with their names in a project file.
    pub const ALL: [(&'static str, Self); 4] = [
        ("reject", Self::Reject),
        ("default", Self::Default),
        ("flag", Self::Flag),
        ("quarantine", Self::Quarantine),
    ];

    /// Whether a row that breaks such a rule gets no decision.
    #[must_use]
    pub const fn refuses(self) -> bool {
        matches!(self, Self::Reject | Self::Quarantine)
    }
}

/// The value that stands in for a bad one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Default {
    /// For boolean columns.
    Boolean(bool),
    /// For integer columns, and float columns too.
    Integer(i64),
    /// For float columns.
    Float(f64),
    /// For string columns.
    String(String),
}

/// The rules of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnRules {
    /// The name in requests and data files.
    pub name: String,
    /// The type of every value.
    #[serde(rename = "type")]
    pub data_type: DataType,
    /// Values a row: 1, or the elements of a tensor.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub width: usize,
    /// What the column is for.
    pub role: Role,
    /// Whether a value must be there.
    pub required: bool,
    /// The least value allowed (numbers), itself included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The greatest value allowed (numbers), itself included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// The only values allowed (strings).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Vec<String>>,
    /// The categories that the model knows, in the order of their codes. A value outside is no
    /// violation: the model sees it as missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<String>>,
    /// How a broken rule of this column is answered.
    pub on_violation: OnViolation,
    /// What stands in for a bad value when the answer is [`OnViolation::Default`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Default>,
}

#[cfg(test)]
impl ColumnRules {
    /// A required feature without bounds.
    pub(crate) fn plain(name: &str, data_type: DataType) -> Self {
        Self {
            name: name.to_owned(),
            data_type,
            width: 1,
            role: Role::Feature,
            required: true,
            min: None,
            max: None,
            one_of: None,
            categories: None,
            on_violation: OnViolation::Reject,
            default: None,
        }
    }
}

/// Where the rows of one decision are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// As they come, once the rules of the columns are answered.
    Request,
    /// The features, as the model is given them.
    ModelInput,
    /// What the model says of them.
    ModelOutput,
}

impl Door {
    /// All doors with their names in a project file.
    pub const ALL: [(&'static str, Self); 3] = [
        ("request", Self::Request),
        ("model_input", Self::ModelInput),
        ("model_output", Self::ModelOutput),
    ];

    /// The name in a project file.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, door)| *door == self).map_or("", |(name, _)| name)
    }
}

/// What is expected of every row for itself, under the name that Great Expectations has for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowExpectation {
    /// Where it is looked at.
    pub at: Door,
    /// Such as `ExpectColumnValuesToMatchRegex`.
    #[serde(rename = "type")]
    pub name: String,
    /// The arguments.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub kwargs: Map<String, Value>,
    /// How a row that is not as expected is answered.
    pub on_violation: OnViolation,
    /// What stands in for a value of one column when the answer is [`OnViolation::Default`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Default>,
}

/// All columns of a model's input. Columns that are not declared are no part of a request: they
/// are ignored, counted and not recorded.
#[derive(Clone, Debug, PartialEq, std::default::Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// The declared columns, in the order of the project file.
    pub columns: Vec<ColumnRules>,
    /// What is expected of a row beyond the rules of its columns, in the order of the project file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expectations: Vec<RowExpectation>,
}

impl Contract {
    /// The rules of columns, and nothing expected beyond them.
    #[must_use]
    pub const fn new(columns: Vec<ColumnRules>) -> Self {
        Self { columns, expectations: Vec::new() }
    }

    /// Names and types of all declared columns, in order.
    #[must_use]
    pub fn schema(&self) -> Schema {
        let columns = self.columns.iter();
        columns.map(|c| Field::tensor(c.name.as_str(), c.data_type, c.width)).collect()
    }

    /// What is expected at a door, in order.
    pub fn expected_at(&self, door: Door) -> impl Iterator<Item = &RowExpectation> {
        self.expectations.iter().filter(move |expectation| expectation.at == door)
    }

    /// The columns that the model sees, in order.
    pub fn features(&self) -> impl Iterator<Item = &ColumnRules> {
        self.columns.iter().filter(|column| column.role == Role::Feature)
    }
}

const fn one() -> usize {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_one(width: &usize) -> bool {
    *width == 1
}
