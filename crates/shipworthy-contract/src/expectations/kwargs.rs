//! The arguments of an expectation, read by name. What nothing asked for is an error.

use serde_json::{Map, Value};
use shipworthy_rows::{DataType, Schema};

use super::problem::{Problem, nearest};
use super::scalar::Scalar;

/// Arguments that change how Great Expectations reports, and not what holds.
const WITHOUT_EFFECT: &[&str] = &[
    "auto",
    "batch_id",
    "catch_exceptions",
    "column_index",
    "include_config",
    "meta",
    "output_strftime_format",
    "parse_strings_as_datetimes",
    "profiler_config",
    "result_format",
];

/// Arguments as they are taken.
pub(super) struct Kwargs<'a> {
    given: &'a Map<String, Value>,
    schema: &'a Schema,
    asked: Vec<&'static str>,
}

/// A column that was found.
pub(super) struct Found<'a> {
    /// Its place in the schema.
    pub(super) index: usize,
    /// Its name.
    pub(super) name: &'a str,
    /// Its type.
    pub(super) data_type: DataType,
}

impl Found<'_> {
    /// Says that something has no meaning for this column.
    pub(super) fn refuse(&self, why: impl Into<String>) -> Problem {
        let column = self.name.to_owned();
        Problem::ColumnType { column, data_type: self.data_type, why: why.into() }
    }

    /// Whether the values are numbers; true counts as 1.
    pub(super) const fn is_numeric(&self) -> bool {
        self.data_type.is_numeric()
    }
}

impl<'a> Kwargs<'a> {
    /// Of an expectation on data of this schema.
    pub(super) const fn new(given: &'a Map<String, Value>, schema: &'a Schema) -> Self {
        Self { given, schema, asked: Vec::new() }
    }

    /// The schema of the data.
    pub(super) const fn schema(&self) -> &'a Schema {
        self.schema
    }

    /// An argument; null is none.
    pub(super) fn get(&mut self, name: &'static str) -> Option<&'a Value> {
        self.asked.push(name);
        self.given.get(name).filter(|value| !value.is_null())
    }

    /// An argument that must be there.
    pub(super) fn required(
        &mut self,
        name: &'static str,
        wanted: &str,
    ) -> Result<&'a Value, Problem> {
        self.get(name).ok_or_else(|| wrong(name, wanted, None))
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, name: &'static str) -> Result<&'a str, Problem> {
        let value = self.required(name, "a string")?;
        value.as_str().ok_or_else(|| wrong(name, "a string", Some(value)))
    }

    /// One of some words; the first when absent.
    pub(super) fn word(
        &mut self,
        name: &'static str,
        words: &[&'static str],
    ) -> Result<&'static str, Problem> {
        let Some(value) = self.get(name) else { return Ok(words[0]) };
        let found = words.iter().find(|word| value.as_str() == Some(**word));
        found.copied().ok_or_else(|| wrong(name, &format!("one of {words:?}"), Some(value)))
    }

    /// A truth value; false when absent.
    pub(super) fn flag(&mut self, name: &'static str) -> Result<bool, Problem> {
        let Some(value) = self.get(name) else { return Ok(false) };
        value.as_bool().ok_or_else(|| wrong(name, "true or false", Some(value)))
    }

    /// A number.
    pub(super) fn number(&mut self, name: &'static str) -> Result<Option<f64>, Problem> {
        let Some(value) = self.get(name) else { return Ok(None) };
        value.as_f64().map(Some).ok_or_else(|| wrong(name, "a number", Some(value)))
    }

    /// A number that must be there.
    pub(super) fn required_number(&mut self, name: &'static str) -> Result<f64, Problem> {
        self.number(name)?.ok_or_else(|| wrong(name, "a number", None))
    }

    /// A single value: text, number or truth value.
    pub(super) fn scalar(&mut self, name: &'static str) -> Result<Option<Scalar>, Problem> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let scalar = Scalar::of_json(value);
        scalar.map(Some).ok_or_else(|| wrong(name, "a number or a string", Some(value)))
    }

    /// A list that must be there.
    pub(super) fn list(&mut self, name: &'static str) -> Result<&'a [Value], Problem> {
        let value = self.required(name, "a list")?;
        value.as_array().map(Vec::as_slice).ok_or_else(|| wrong(name, "a list", Some(value)))
    }

    /// A list of texts that must be there.
    pub(super) fn texts(&mut self, name: &'static str) -> Result<Vec<&'a str>, Problem> {
        let texts = self.list(name)?.iter().map(|value| {
            value.as_str().ok_or_else(|| wrong(name, "a list of strings", Some(value)))
        });
        texts.collect()
    }

    /// The share of values that must hold, from 0 to 1; 1 when absent.
    pub(super) fn mostly(&mut self) -> Result<f64, Problem> {
        let share = self.number("mostly")?.unwrap_or(1.0);
        match (0.0..=1.0).contains(&share) {
            true => Ok(share),
            false => Err(wrong("mostly", "a number from 0 to 1", self.given.get("mostly"))),
        }
    }

    /// The column that an argument names.
    pub(super) fn column(&mut self, argument: &'static str) -> Result<Found<'a>, Problem> {
        let name = self.text(argument)?;
        self.find(name)
    }

    /// The columns that a list names.
    pub(super) fn columns(&mut self, argument: &'static str) -> Result<Vec<Found<'a>>, Problem> {
        self.texts(argument)?.into_iter().map(|name| self.find(name)).collect()
    }

    fn find(&self, name: &'a str) -> Result<Found<'a>, Problem> {
        let fields = self.schema.fields();
        let Some(index) = self.schema.index_of(name) else {
            let nearest = nearest(name, fields.iter().map(|field| &*field.name));
            return Err(Problem::NoColumn { name: name.to_owned(), nearest });
        };
        let found = Found { index, name, data_type: fields[index].data_type };
        match fields[index].width {
            1 => Ok(found),
            _ => Err(found.refuse("an expectation takes one value a row, and it is a tensor")),
        }
    }

    /// That nothing else was given.
    pub(super) fn finish(&self) -> Result<(), Problem> {
        let known = |name: &str| self.asked.contains(&name) || WITHOUT_EFFECT.contains(&name);
        let Some(name) = self.given.keys().find(|name| !known(name)) else { return Ok(()) };
        let nearest = nearest(name, self.asked.iter().copied());
        Err(Problem::UnknownArgument { name: name.clone(), nearest })
    }
}

/// An argument that is not what it should be.
pub(super) fn wrong(name: &str, wanted: &str, found: Option<&Value>) -> Problem {
    /// Enough to recognise an argument.
    const SHOWN_CHARS: usize = 60;
    let found = found.map_or_else(|| "absent".to_owned(), Value::to_string);
    let found = found.chars().take(SHOWN_CHARS).collect();
    Problem::Argument { name: name.to_owned(), wanted: wanted.to_owned(), found }
}
