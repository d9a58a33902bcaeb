//! Why an expectation cannot be evaluated.

use shipworthy_rows::DataType;

/// Why an expectation cannot be evaluated. It stands in the result as its `exception`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No expectation of that name.
    #[error("`{name}` is not supported{}", meant(nearest.as_deref()))]
    Unknown {
        /// The name as it came.
        name: String,
        /// The most similar known name.
        nearest: Option<String>,
    },
    /// An argument that the expectation does not take.
    #[error("unknown argument `{name}`{}", meant(nearest.as_deref()))]
    UnknownArgument {
        /// Its name.
        name: String,
        /// The most similar argument that it takes.
        nearest: Option<String>,
    },
    /// An argument that is absent, or not what it should be.
    #[error("`{name}` must be {wanted}, not {found}")]
    Argument {
        /// Its name.
        name: String,
        /// What it should be.
        wanted: String,
        /// What it is, shortened.
        found: String,
    },
    /// A column that the data lacks.
    #[error("the data has no column `{name}`{}", meant(nearest.as_deref()))]
    NoColumn {
        /// Its name.
        name: String,
        /// The most similar column.
        nearest: Option<String>,
    },
    /// A column of a type for which the expectation has no meaning.
    #[error("column `{column}` is {data_type}: {why}")]
    ColumnType {
        /// The column.
        column: String,
        /// Its type.
        data_type: DataType,
        /// What is asked of it in vain.
        why: String,
    },
    /// An expectation of many rows where one row is judged by itself.
    #[error("it is about a whole table, and a row cannot meet it by itself")]
    WholeTable,
    /// A row condition outside of what is understood.
    #[error("row_condition, character {at}: {why}")]
    Condition {
        /// Where, from 1.
        at: usize,
        /// What is wrong there.
        why: String,
    },
    /// A pattern that is no regular expression here.
    #[error("the pattern `{pattern}` cannot be used: {why}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// Why.
        why: String,
    },
}

/// The known name that was most likely meant, if one is near.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    /// A name is near when a third of it, at most, is wrong.
    const LETTERS_PER_SLIP: usize = 3;
    let distances =
        known.into_iter().map(|other| (strsim::damerau_levenshtein(name, other), other));
    let (slips, other) = distances.min()?;
    (slips <= name.chars().count() / LETTERS_PER_SLIP).then(|| other.to_owned())
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"))
}
