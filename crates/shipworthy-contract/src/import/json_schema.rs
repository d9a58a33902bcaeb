//! A JSON Schema of an object, as Pydantic writes it, as columns and expectations.

use serde_json::{Map, Value};
use shipworthy_rows::DataType;

use super::{Imported, texts};

/// References within references; more of them go in a circle.
const MAX_REFERENCES: usize = 32;

/// Reads a schema; none when it is not one of an object.
pub(super) fn read(root: &Value) -> Option<Imported> {
    let object = resolve(root, root).ok()?;
    let properties = object.get("properties")?.as_object()?;
    let required = object.get("required").and_then(Value::as_array);
    let required: Vec<&str> = required.into_iter().flatten().filter_map(Value::as_str).collect();
    let mut imported = Imported::default();
    for (name, schema) in properties {
        let mut property = Property { root, name, imported: &mut imported };
        match property.read(schema) {
            Ok(data_type) => {
                let column = imported.column(name);
                column.data_type = Some(data_type.data_type);
                column.required = required.contains(&name.as_str()) && !data_type.is_nullable;
            }
            Err(why) => imported.leave_out(format!("property `{name}`"), why),
        }
    }
    for keyword in object.keys().filter(|keyword| !KNOWN_OF_OBJECTS.contains(&keyword.as_str())) {
        imported.leave_out(format!("`{keyword}` of the schema"), "it has no counterpart");
    }
    Some(imported)
}

/// What is taken of an object, or says nothing about its rows.
const KNOWN_OF_OBJECTS: &[&str] = &[
    "$defs",
    "$id",
    "$schema",
    "additionalProperties",
    "definitions",
    "description",
    "properties",
    "required",
    "title",
    "type",
];

/// The type of a property.
struct Kind {
    data_type: DataType,
    is_nullable: bool,
}

struct Property<'a> {
    root: &'a Value,
    name: &'a str,
    imported: &'a mut Imported,
}

impl Property<'_> {
    /// Reads a property's type, and puts down its rules.
    fn read(&mut self, schema: &Value) -> Result<Kind, String> {
        let outer = resolve(self.root, schema)?;
        let mut is_nullable = false;
        let mut schema = outer;
        for union in ["anyOf", "oneOf", "allOf"] {
            let Some(members) = outer.get(union).and_then(Value::as_array) else { continue };
            let mut inner = Vec::new();
            for member in members {
                let member = resolve(self.root, member)?;
                match member.get("type").and_then(Value::as_str) {
                    Some("null") => is_nullable = true,
                    _ => inner.push(member),
                }
            }
            let [only] = inner[..] else {
                return Err(format!("`{union}` of several types: a column has one"));
            };
            schema = only;
        }
        let kind = self.kind(schema, is_nullable)?;
        self.rules(schema, kind.data_type);
        if !std::ptr::eq(schema, outer) {
            self.rules(outer, kind.data_type);
        }
        Ok(kind)
    }

    fn kind(&self, schema: &Map<String, Value>, is_nullable: bool) -> Result<Kind, String> {
        let mut is_nullable = is_nullable;
        let named = match schema.get("type") {
            Some(Value::String(name)) => Some(name.as_str()),
            Some(Value::Array(names)) => {
                let names = names.iter().filter_map(Value::as_str);
                let (null, others): (Vec<_>, Vec<_>) = names.partition(|name| *name == "null");
                is_nullable |= !null.is_empty();
                match others[..] {
                    [only] => Some(only),
                    _ => return Err("several types: a column has one".to_owned()),
                }
            }
            _ => None,
        };
        let example = schema.get("const").or_else(|| schema.get("enum")?.get(0));
        let format = schema.get("format").and_then(Value::as_str);
        let data_type = match (named, example) {
            (Some("string"), _) if matches!(format, Some("date-time" | "date")) => {
                DataType::Timestamp
            }
            (Some("string"), _) | (None, Some(Value::String(_))) => DataType::String,
            (Some("integer"), _) => DataType::Integer,
            (Some("number"), _) => DataType::Float,
            (Some("boolean"), _) | (None, Some(Value::Bool(_))) => DataType::Boolean,
            (None, Some(Value::Number(number))) if number.is_i64() => DataType::Integer,
            (None, Some(Value::Number(_))) => DataType::Float,
            (Some(other), _) => return Err(format!("`{other}` is not a single value")),
            (None, _) => return Err("it has no `type`".to_owned()),
        };
        Ok(Kind { data_type, is_nullable })
    }

    fn rules(&mut self, schema: &Map<String, Value>, data_type: DataType) {
        let is_number = matches!(data_type, DataType::Integer | DataType::Float);
        for (keyword, value) in schema {
            let number = value.as_f64();
            match (keyword.as_str(), number) {
                ("minimum", Some(_)) if is_number => self.imported.column(self.name).min = number,
                ("maximum", Some(_)) if is_number => self.imported.column(self.name).max = number,
                ("exclusiveMinimum", Some(_)) => self.strict("min_value", "strict_min", value),
                ("exclusiveMaximum", Some(_)) => self.strict("max_value", "strict_max", value),
                ("minLength", Some(_)) => self.length("min_value", value),
                ("maxLength", Some(_)) => self.length("max_value", value),
                ("pattern", _) if value.is_string() => {
                    let kwargs = [("column", self.name.into()), ("regex", value.clone())];
                    self.imported.expect("ExpectColumnValuesToMatchRegex", kwargs);
                }
                ("const", _) => self.set(std::slice::from_ref(value)),
                ("enum", _) => self.set(value.as_array().map_or(&[], Vec::as_slice)),
                ("format", _) if matches!(value.as_str(), Some("date-time" | "date")) => {}
                ("default", _) if value.is_null() => {}
                ("default", _) => self.leave_out(
                    keyword,
                    value,
                    "a value that is absent stays missing; `on_violation = \"default\"` with a \
                     `default` puts one in its place",
                ),
                (known, _) if KNOWN_OF_VALUES.contains(&known) => {}
                _ => self.leave_out(keyword, value, "it has no counterpart"),
            }
        }
    }

    fn strict(&mut self, end: &'static str, strict: &'static str, value: &Value) {
        let kwargs = [("column", self.name.into()), (end, value.clone()), (strict, true.into())];
        self.imported.expect("ExpectColumnValuesToBeBetween", kwargs);
    }

    fn length(&mut self, end: &'static str, value: &Value) {
        let kwargs = [("column", self.name.into()), (end, value.clone())];
        self.imported.expect("ExpectColumnValueLengthsToBeBetween", kwargs);
    }

    fn set(&mut self, values: &[Value]) {
        let present: Vec<_> = values.iter().filter(|value| !value.is_null()).cloned().collect();
        match texts(&present) {
            Some(texts) => self.imported.column(self.name).one_of = Some(texts),
            None => {
                let kwargs = [("column", self.name.into()), ("value_set", present.into())];
                self.imported.expect("ExpectColumnValuesToBeInSet", kwargs);
            }
        }
    }

    fn leave_out(&mut self, keyword: &str, value: &Value, why: &str) {
        self.imported.leave_out(format!("`{keyword}`: {value} of `{}`", self.name), why);
    }
}

/// Keywords that say nothing about the values, or are looked at elsewhere.
const KNOWN_OF_VALUES: &[&str] =
    &["$ref", "allOf", "anyOf", "deprecated", "description", "examples", "oneOf", "title", "type"];

/// The schema that a reference leads to, within the document.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> Result<&'a Map<String, Value>, String> {
    let mut schema = schema;
    for _ in 0..MAX_REFERENCES {
        let Some(object) = schema.as_object() else {
            return Err("it is no schema: an object should stand there".to_owned());
        };
        let Some(reference) = object.get("$ref").and_then(Value::as_str) else { return Ok(object) };
        let place = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        schema = place.ok_or_else(|| format!("`$ref`: {reference:?} leads nowhere in the file"))?;
    }
    Err("its references go in a circle".to_owned())
}
