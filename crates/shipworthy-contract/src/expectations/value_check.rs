//! What is expected of one value.

use regex::Regex;
use serde::de::IgnoredAny;
use shipworthy_rows::{Cell, DataType};

use super::bounds::Bounds;
use super::dateutil;
use super::kwargs::{Found, Kwargs, wrong};
use super::pattern;
use super::problem::Problem;
use super::scalar::{Short, python_text};
use super::strptime::Format;
use super::value_set::ValueSet;

/// An expectation of a value, bound to its column.
#[derive(Clone, Debug)]
pub(super) enum ValueCheck {
    /// There is one.
    Present,
    /// There is none.
    Absent,
    /// It lies in a range.
    Between(Bounds),
    /// It is in a set.
    InSet(ValueSet),
    /// It is in no set.
    NotInSet(ValueSet),
    /// Its text has so many characters.
    Length(Bounds),
    /// Its text matches patterns.
    Matches(Patterns),
    /// Its text is a date of a format.
    Strptime(Format),
    /// Its text is a date.
    Dateutil,
    /// Its text is JSON.
    Json,
}

/// Patterns that a text matches, or does not.
#[derive(Clone, Debug)]
pub(super) struct Patterns {
    patterns: Vec<Regex>,
    /// All of them, or any.
    all: bool,
    /// Whether matching is expected, or not matching.
    expected: bool,
}

impl Patterns {
    fn hold(&self, text: &str) -> bool {
        let mut patterns = self.patterns.iter();
        let matches = match self.all {
            true => patterns.all(|pattern| pattern.is_match(text)),
            false => patterns.any(|pattern| pattern.is_match(text)),
        };
        matches == self.expected
    }
}

impl ValueCheck {
    /// Whether missing values are judged too, and not passed over.
    pub(super) const fn judges_missing(&self) -> bool {
        matches!(self, Self::Present | Self::Absent)
    }

    /// Whether a value is as expected. `buffer` is for texts of numbers.
    pub(super) fn holds(&self, cell: Cell<'_>, buffer: &mut Short) -> bool {
        match self {
            Self::Present => !matches!(cell, Cell::Missing),
            Self::Absent => matches!(cell, Cell::Missing),
            Self::Between(bounds) => bounds.hold(cell),
            Self::InSet(set) => set.holds(cell),
            Self::NotInSet(set) => !set.holds(cell),
            Self::Length(bounds) => {
                let characters = python_text(cell, buffer).chars().count();
                bounds.hold(Cell::Integer(i64::try_from(characters).unwrap_or(i64::MAX)))
            }
            Self::Matches(patterns) => patterns.hold(python_text(cell, buffer)),
            Self::Strptime(format) => format.reads(python_text(cell, buffer)),
            Self::Dateutil => dateutil::parses(python_text(cell, buffer)),
            Self::Json => serde_json::from_str::<IgnoredAny>(python_text(cell, buffer)).is_ok(),
        }
    }

    /// Whether judging a value costs more than remembering what was found of the last ones.
    pub(super) const fn is_costly(&self) -> bool {
        matches!(self, Self::Matches(_) | Self::Strptime(_) | Self::Dateutil | Self::Json)
    }
}

/// Reads the arguments that say what is expected of the values of a column.
pub(super) type Read = fn(&mut Kwargs<'_>, &Found<'_>) -> Result<ValueCheck, Problem>;

/// The expectations of single values.
pub(super) const ALL: &[(&str, Read)] = &[
    ("ExpectColumnValuesToNotBeNull", |_, _| Ok(ValueCheck::Present)),
    ("ExpectColumnValuesToBeNull", |_, _| Ok(ValueCheck::Absent)),
    ("ExpectColumnValuesToBeBetween", between),
    ("ExpectColumnValuesToBeInSet", |kwargs, column| {
        ValueSet::read(kwargs, "value_set", column.data_type).map(ValueCheck::InSet)
    }),
    ("ExpectColumnValuesToNotBeInSet", |kwargs, column| {
        ValueSet::read(kwargs, "value_set", column.data_type).map(ValueCheck::NotInSet)
    }),
    ("ExpectColumnValueLengthsToEqual", |kwargs, _| {
        let length = kwargs.required_number("value")?;
        Ok(ValueCheck::Length(Bounds::closed(Some(length), Some(length))))
    }),
    ("ExpectColumnValueLengthsToBeBetween", |kwargs, _| {
        Bounds::of_numbers(kwargs).map(ValueCheck::Length)
    }),
    ("ExpectColumnValuesToMatchRegex", |kwargs, _| one(kwargs, "regex", pattern::regex, true)),
    ("ExpectColumnValuesToNotMatchRegex", |kwargs, _| one(kwargs, "regex", pattern::regex, false)),
    ("ExpectColumnValuesToMatchRegexList", |kwargs, _| {
        several(kwargs, "regex_list", pattern::regex, true)
    }),
    ("ExpectColumnValuesToNotMatchRegexList", |kwargs, _| {
        several(kwargs, "regex_list", pattern::regex, false)
    }),
    ("ExpectColumnValuesToMatchLikePattern", |kwargs, _| {
        let escape = escape(kwargs)?;
        one(kwargs, "like_pattern", |text| pattern::like(text, escape), true)
    }),
    ("ExpectColumnValuesToNotMatchLikePattern", |kwargs, _| {
        let escape = escape(kwargs)?;
        one(kwargs, "like_pattern", |text| pattern::like(text, escape), false)
    }),
    ("ExpectColumnValuesToMatchLikePatternList", |kwargs, _| {
        let escape = escape(kwargs)?;
        several(kwargs, "like_pattern_list", |text| pattern::like(text, escape), true)
    }),
    ("ExpectColumnValuesToNotMatchLikePatternList", |kwargs, _| {
        let escape = escape(kwargs)?;
        several(kwargs, "like_pattern_list", |text| pattern::like(text, escape), false)
    }),
    ("ExpectColumnValuesToMatchStrftimeFormat", |kwargs, column| {
        let format = Format::compile(kwargs.text("strftime_format")?)?;
        of_text(column, ValueCheck::Strptime(format))
    }),
    ("ExpectColumnValuesToBeDateutilParseable", |_, column| of_text(column, ValueCheck::Dateutil)),
    ("ExpectColumnValuesToBeJsonParseable", |_, column| of_text(column, ValueCheck::Json)),
];

fn between(kwargs: &mut Kwargs<'_>, column: &Found<'_>) -> Result<ValueCheck, Problem> {
    if kwargs.get("min_value").or_else(|| kwargs.get("max_value")).is_none() {
        return Err(wrong("min_value", "there, or `max_value`", None));
    }
    Bounds::read(kwargs, column).map(ValueCheck::Between)
}

/// The character after which a LIKE pattern means its signs literally.
fn escape(kwargs: &mut Kwargs<'_>) -> Result<Option<char>, Problem> {
    let Some(value) = kwargs.get("escape") else { return Ok(None) };
    let mut characters = value.as_str().unwrap_or_default().chars();
    match (characters.next(), characters.next()) {
        (Some(escape), None) => Ok(Some(escape)),
        _ => Err(wrong("escape", "one character", Some(value))),
    }
}

fn one(
    kwargs: &mut Kwargs<'_>,
    name: &'static str,
    compile: impl Fn(&str) -> Result<Regex, Problem>,
    expected: bool,
) -> Result<ValueCheck, Problem> {
    let patterns = vec![compile(kwargs.text(name)?)?];
    Ok(ValueCheck::Matches(Patterns { patterns, all: false, expected }))
}

/// A list to match any of (or all, when `match_on` says so), or to match none of.
fn several(
    kwargs: &mut Kwargs<'_>,
    name: &'static str,
    compile: impl Fn(&str) -> Result<Regex, Problem>,
    expected: bool,
) -> Result<ValueCheck, Problem> {
    let texts = kwargs.texts(name)?;
    let patterns = texts.into_iter().map(compile).collect::<Result<_, _>>()?;
    let all = expected && kwargs.word("match_on", &["any", "all"])? == "all";
    Ok(ValueCheck::Matches(Patterns { patterns, all, expected }))
}

/// Instants that are such already are dates of every format; numbers are none.
fn of_text(column: &Found<'_>, check: ValueCheck) -> Result<ValueCheck, Problem> {
    match column.data_type {
        DataType::String => Ok(check),
        DataType::Timestamp => Ok(ValueCheck::Present),
        _ => Err(column.refuse("this is expected of text only")),
    }
}
