//! Suites as they are written: of Great Expectations 0.18 and 1.x, and plain lists.

use serde_json::{Map, Value};

/// Why a text is no suite.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// Not JSON.
    #[error("not JSON")]
    Json(#[from] serde_json::Error),
    /// JSON of another shape.
    #[error("{place}: {why}")]
    Shape {
        /// Where.
        place: String,
        /// What should be there.
        why: &'static str,
    },
    /// More expectations than a suite may have.
    #[error("{found} expectations, at most {MAX_EXPECTATIONS} are taken")]
    TooMany {
        /// How many there are.
        found: usize,
    },
}

/// One expectation of a suite, as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// The suite's own name for it; its place from 0 when it has none.
    pub id: Value,
    /// `ExpectColumnValuesToNotBeNull`, or `expect_column_values_to_not_be_null`.
    pub name: String,
    /// The arguments.
    pub kwargs: Map<String, Value>,
}

/// A suite of expectations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suite {
    /// The expectations in order.
    pub expectations: Vec<Declared>,
}

/// Far more than people write, few enough to hold.
const MAX_EXPECTATIONS: usize = 10_000;

impl Suite {
    /// Reads the JSON of a suite: a list of expectations, or an object whose `expectations` is
    /// one. An expectation is named by `type` (1.x), `expectation_type` (0.18) or `expectation`.
    ///
    /// # Errors
    /// When it is not JSON of that shape. Names and arguments are looked at when the suite meets
    /// its data.
    pub fn parse(text: &str) -> Result<Self, SuiteError> {
        Self::of_json(serde_json::from_str(text)?)
    }

    /// The suite that a JSON value says.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn of_json(value: Value) -> Result<Self, SuiteError> {
        let wrong = |why| SuiteError::Shape { place: "the suite".to_owned(), why };
        let list = match value {
            Value::Array(list) => list,
            Value::Object(mut suite) => match suite.remove("expectations") {
                Some(Value::Array(list)) => list,
                _ => return Err(wrong("an object must have a list `expectations`")),
            },
            _ => return Err(wrong("it must be a list of expectations, or an object with one")),
        };
        if list.len() > MAX_EXPECTATIONS {
            return Err(SuiteError::TooMany { found: list.len() });
        }
        let expectations = list.into_iter().enumerate().map(|(at, one)| declared(at, one));
        Ok(Self { expectations: expectations.collect::<Result<_, _>>()? })
    }
}

fn declared(at: usize, one: Value) -> Result<Declared, SuiteError> {
    let wrong = |why| SuiteError::Shape { place: format!("expectation {at}"), why };
    let Value::Object(mut one) = one else { return Err(wrong("it must be an object")) };
    let names = ["type", "expectation_type", "expectation"];
    let name = names.into_iter().find_map(|key| match one.remove(key) {
        Some(Value::String(name)) => Some(name),
        _ => None,
    });
    let name = name.ok_or_else(|| wrong("it must have a `type`: the name of the expectation"))?;
    let kwargs = match one.remove("kwargs") {
        Some(Value::Object(kwargs)) => kwargs,
        None | Some(Value::Null) => Map::new(),
        Some(_) => return Err(wrong("its `kwargs` must be an object")),
    };
    let id = one.remove("id").filter(|id| id.is_string() || id.is_number());
    Ok(Declared { id: id.unwrap_or_else(|| at.into()), name, kwargs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ways_of_writing_say_the_same() {
        let plain =
            r#"[{"id": 7, "expectation": "ExpectColumnToExist", "kwargs": {"column": "a"}}]"#;
        let old = r#"{"expectation_suite_name": "s", "ge_cloud_id": null, "expectations": [
            {"expectation_type": "ExpectColumnToExist", "kwargs": {"column": "a"}, "meta": {}}]}"#;
        let new = r#"{"name": "s", "id": null, "expectations": [{"type": "ExpectColumnToExist",
            "kwargs": {"column": "a"}, "meta": {}, "id": null, "severity": "critical"}]}"#;
        let read = |text| Suite::parse(text).unwrap().expectations.remove(0);
        assert_eq!(read(old), read(new));
        assert_eq!(read(plain).id, 7);
        assert_eq!((read(old).id, read(old).name), (0.into(), read(plain).name));
    }

    #[test]
    fn another_shape_is_told_with_its_place() {
        let check = |text, expect: &str| {
            assert_eq!(Suite::parse(text).unwrap_err().to_string(), expect);
        };
        check("{", "not JSON");
        check("3", "the suite: it must be a list of expectations, or an object with one");
        check("[3]", "expectation 0: it must be an object");
        check("[{}]", "expectation 0: it must have a `type`: the name of the expectation");
        check(r#"[{"type": "a", "kwargs": 3}]"#, "expectation 0: its `kwargs` must be an object");
    }
}
