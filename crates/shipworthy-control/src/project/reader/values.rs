//! The kinds of value that a key can take.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Map, Value};
use shipworthy_contract::Default;
use shipworthy_rows::Timestamp;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::{Field, Located, Mistake, choice, suggestion};
use crate::project::units::{self, Interval};

impl Field<'_> {
    /// Any text.
    pub(in crate::project) fn string(self) -> Option<Located<String>> {
        let value = self.value?;
        match value.get_ref() {
            DeValue::String(text) => Some(located(value, text.to_string())),
            _ => self.refused(value, "a string", None),
        }
    }

    /// Text that names something, so it is not empty.
    pub(in crate::project) fn name(self) -> Option<Located<String>> {
        let value = self.value?;
        let name = self.clone().string()?;
        if name.value.trim().is_empty() {
            return self.refused(value, "a string that is not empty", None);
        }
        Some(name)
    }

    /// `true` or `false`.
    pub(in crate::project) fn boolean(self) -> Option<Located<bool>> {
        let value = self.value?;
        match value.get_ref() {
            DeValue::Boolean(boolean) => Some(located(value, *boolean)),
            other => self.refused(value, "true or false", unquote::<bool>(other)),
        }
    }

    /// A whole number of any size.
    pub(in crate::project) fn whole(self) -> Option<Located<i64>> {
        self.whole_in(i64::MIN..=i64::MAX)
    }

    /// A whole number in a range, both ends allowed.
    pub(in crate::project) fn whole_in<T>(self, range: RangeInclusive<T>) -> Option<Located<T>>
    where
        T: TryFrom<i64> + PartialOrd + Display,
    {
        let value = self.value?;
        self.whole_value(value, &range)
    }

    /// A list of whole numbers in a range; it may be empty.
    pub(in crate::project) fn wholes_in<T>(
        self,
        range: RangeInclusive<T>,
    ) -> Option<Located<Vec<T>>>
    where
        T: TryFrom<i64> + PartialOrd + Display,
    {
        let value = self.value?;
        let Some(elements) = value.get_ref().as_array() else {
            return self.refused(value, "a list of whole numbers", None);
        };
        // Every element is read, so that every bad one is reported.
        let read: Vec<_> =
            elements.iter().map(|element| self.whole_value(element, &range)).collect();
        let numbers = read.into_iter().map(|number| number.map(|located| located.value));
        Some(located(value, numbers.collect::<Option<_>>()?))
    }

    /// A number in a range.
    pub(in crate::project) fn number_in(self, interval: Interval) -> Option<Located<f64>> {
        let value = self.value?;
        self.number_value(value, interval)
    }

    /// A list of numbers in a range, at most so many; it may be empty.
    pub(in crate::project) fn numbers_in(
        self,
        interval: Interval,
        most: usize,
    ) -> Option<Located<Vec<f64>>> {
        let value = self.value?;
        let elements = value.get_ref().as_array().filter(|array| array.len() <= most);
        let Some(elements) = elements else {
            return self.refused(value, &format!("a list of numbers, at most {most}"), None);
        };
        // Every element is read, so that every bad one is reported.
        let read: Vec<_> =
            elements.iter().map(|element| self.number_value(element, interval)).collect();
        let numbers = read.into_iter().map(|number| number.map(|located| located.value));
        Some(located(value, numbers.collect::<Option<_>>()?))
    }

    /// One of some names, and what it stands for.
    pub(in crate::project) fn one_of<T: Copy>(self, known: &[(&str, T)]) -> Option<Located<T>> {
        let value = self.value?;
        let text = value.get_ref().as_str().unwrap_or_default();
        if let Some((_, meaning)) = known.iter().find(|(name, _)| *name == text) {
            return Some(located(value, *meaning));
        }
        let names = || known.iter().map(|(name, _)| *name);
        self.refused(value, &choice(names()), suggestion(text, names()))
    }

    /// One of some names, or a list of different ones, and what they stand for.
    pub(in crate::project) fn some_of<T: Copy + PartialEq>(
        self,
        known: &[(&str, T)],
    ) -> Option<Located<Vec<T>>> {
        let value = self.value?;
        let Some(elements) = value.get_ref().as_array() else {
            return self.one_of(known).map(|one| one.with(vec![one.value]));
        };
        let mut meanings = Vec::with_capacity(elements.len());
        for element in elements.iter() {
            // Every element is read, so that every bad one is reported.
            let read = Self { value: Some(element), ..self.clone() }.one_of(known);
            meanings.push(read.map(|located| located.value));
        }
        let meanings = meanings.into_iter().collect::<Option<Vec<T>>>()?;
        let twice = |at: usize| meanings[..at].contains(&meanings[at]);
        match meanings.is_empty() || (0..meanings.len()).any(twice) {
            true => self.refused(value, "a list of different places, at least one", None),
            false => Some(located(value, meanings)),
        }
    }

    /// `true`, `false`, a number or a text.
    pub(in crate::project) fn scalar(self) -> Option<Located<Default>> {
        let value = self.value?;
        let read = match value.get_ref() {
            DeValue::Boolean(boolean) => Some(Default::Boolean(*boolean)),
            DeValue::Integer(number) => whole(number).map(Default::Integer),
            DeValue::Float(number) => number.as_str().parse().ok().map(Default::Float),
            DeValue::String(text) => Some(Default::String(text.to_string())),
            _ => None,
        };
        match read {
            Some(read) => Some(located(value, read)),
            None => self.refused(value, "true, false, a number or a string", None),
        }
    }

    /// A name of which `spelled` is one of the known ones.
    pub(in crate::project) fn known_name(
        self,
        expected: &str,
        spelled: impl Fn(&str) -> String,
        known: &[&str],
    ) -> Option<Located<String>> {
        let value = self.value?;
        let name = self.clone().name()?;
        let wanted = spelled(&name.value);
        if known.contains(&wanted.as_str()) {
            return Some(name);
        }
        self.refused(value, expected, suggestion(&wanted, known.iter().copied()))
    }

    /// A list of different strings, at least one.
    pub(in crate::project) fn names(self) -> Option<Located<Vec<String>>> {
        let value = self.value?;
        let Some(elements) = value.get_ref().as_array().filter(|array| !array.is_empty()) else {
            return self.refused(value, "a list of strings, at least one", None);
        };
        let mut names = Vec::with_capacity(elements.len());
        let mut seen = BTreeSet::new();
        let mut is_good = true;
        for element in elements.iter() {
            match element.get_ref().as_str() {
                Some(name) if !seen.insert(name) => {
                    let message = format!("`{}` lists \"{name}\" twice", self.key.name);
                    self.mistakes.add(Mistake::at(&element.span(), message, "remove it here"));
                    is_good = false;
                }
                Some(name) => names.push(name.to_owned()),
                None => {
                    self.refuse(element, "a string".to_owned(), None);
                    is_good = false;
                }
            }
        }
        is_good.then(|| located(value, names))
    }

    /// A program and its arguments, as they are passed on.
    pub(in crate::project) fn words(self) -> Option<Located<Vec<String>>> {
        let value = self.value?;
        let elements = value.get_ref().as_array().into_iter().flat_map(|array| array.iter());
        // The system takes no others.
        let word = |element: &Spanned<DeValue<'_>>| {
            element.get_ref().as_str().filter(|word| !word.contains('\0')).map(str::to_owned)
        };
        let words = elements.map(word).collect::<Option<Vec<String>>>();
        match words.filter(|words| words.first().is_some_and(|program| !program.is_empty())) {
            Some(words) => Some(located(value, words)),
            None => {
                let expected = "a list of words, a program first";
                let help = "a shell is not asked: command = [\"python3\", \"train.py\"]";
                self.refused(value, expected, Some(help.to_owned()))
            }
        }
    }

    /// A table of whatever JSON has.
    pub(in crate::project) fn object(self) -> Option<Located<Map<String, Value>>> {
        let value = self.value?;
        match value.get_ref() {
            DeValue::Table(table) => Some(located(value, self.members(table)?)),
            _ => self.refused(value, "a table", None),
        }
    }

    fn members(&self, table: &DeTable<'_>) -> Option<Map<String, Value>> {
        let member = |(name, value): (&Spanned<_>, _)| {
            let name: &std::borrow::Cow<'_, str> = name.get_ref();
            Some((name.to_string(), self.json(value)?))
        };
        // Every member is read, so that every bad one is reported.
        let read: Vec<_> = table.iter().map(member).collect();
        read.into_iter().collect()
    }

    fn json(&self, value: &Spanned<DeValue<'_>>) -> Option<Value> {
        let read = match value.get_ref() {
            DeValue::String(text) => Some(text.to_string().into()),
            DeValue::Boolean(boolean) => Some((*boolean).into()),
            DeValue::Integer(number) => whole(number).map(Value::from),
            DeValue::Float(number) => {
                let number = number.as_str().replace('_', "").parse::<f64>().ok();
                number.and_then(serde_json::Number::from_f64).map(Value::Number)
            }
            DeValue::Datetime(_) => None,
            DeValue::Array(array) => {
                let read: Vec<_> = array.iter().map(|element| self.json(element)).collect();
                return read.into_iter().collect();
            }
            DeValue::Table(table) => return self.members(table).map(Value::Object),
        };
        if read.is_none() {
            let help = "write it in quotes, and let the command read it".to_owned();
            self.refuse(value, "what JSON has too".to_owned(), Some(help));
        }
        read
    }

    /// A time span such as `"10s"`, both ends of the range allowed.
    pub(in crate::project) fn duration_in(
        self,
        range: RangeInclusive<Duration>,
    ) -> Option<Located<Duration>> {
        let value = self.value?;
        let text = value.get_ref().as_str().unwrap_or_default();
        if let Some(duration) = units::duration(text).filter(|read| range.contains(read)) {
            return Some(located(value, duration));
        }
        let ends = (units::show_duration(*range.start()), units::show_duration(*range.end()));
        let expected = format!("a time span such as \"10s\", from {} to {}", ends.0, ends.1);
        let is_readable = units::duration(text).is_some();
        let help =
            (!is_readable).then(|| format!("units of time are {}", units_text(units::DURATIONS)));
        self.refused(value, &expected, help)
    }

    /// A size such as `"4 MiB"`, or a plain number of bytes, both ends of the range allowed.
    pub(in crate::project) fn bytes_in(self, range: RangeInclusive<u64>) -> Option<Located<u64>> {
        let value = self.value?;
        let bytes = match value.get_ref() {
            DeValue::Integer(number) => whole(number).and_then(|bytes| bytes.try_into().ok()),
            DeValue::String(text) => units::bytes(text),
            _ => None,
        };
        if let Some(bytes) = bytes.filter(|bytes| range.contains(bytes)) {
            return Some(located(value, bytes));
        }
        let ends = (units::show_bytes(*range.start()), units::show_bytes(*range.end()));
        let expected = format!("a size such as \"4 MiB\", from {} to {}", ends.0, ends.1);
        let help =
            bytes.is_none().then(|| format!("units of size are {}", units_text(units::SIZES)));
        self.refused(value, &expected, help)
    }

    /// An instant: a TOML date-time or date, or the same as a string.
    pub(in crate::project) fn instant(self) -> Option<Located<Timestamp>> {
        let value = self.value?;
        let instant = match value.get_ref() {
            DeValue::Datetime(instant) => units::instant(&instant.to_string()),
            DeValue::String(text) => units::instant(text),
            _ => None,
        };
        match instant {
            Some(instant) => Some(located(value, instant)),
            None => self.refused(value, "an instant such as 2013-04-01T00:00:00Z", None),
        }
    }

    fn number_value(
        &self,
        value: &Spanned<DeValue<'_>>,
        interval: Interval,
    ) -> Option<Located<f64>> {
        let number = match value.get_ref() {
            DeValue::Integer(number) => whole(number).map(to_f64),
            DeValue::Float(number) => number.as_str().parse().ok(),
            _ => None,
        };
        match number.filter(|number| interval.contains(*number)) {
            Some(number) => Some(located(value, number)),
            None => self.refused(value, &interval.to_string(), unquote::<f64>(value.get_ref())),
        }
    }

    fn whole_value<T>(
        &self,
        value: &Spanned<DeValue<'_>>,
        range: &RangeInclusive<T>,
    ) -> Option<Located<T>>
    where
        T: TryFrom<i64> + PartialOrd + Display,
    {
        let number = value.get_ref().as_integer().and_then(whole);
        let number = number.and_then(|number| T::try_from(number).ok());
        if let Some(number) = number.filter(|number| range.contains(number)) {
            return Some(located(value, number));
        }
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        self.refused(value, &expected, unquote::<i64>(value.get_ref()))
    }

    /// Reports the value; the `None` is what the caller has read.
    fn refused<T>(
        &self,
        value: &Spanned<DeValue<'_>>,
        expected: &str,
        help: Option<String>,
    ) -> Option<Located<T>> {
        self.refuse(value, expected.to_owned(), help);
        None
    }
}

fn located<T>(at: &Spanned<DeValue<'_>>, value: T) -> Located<T> {
    Located { value, span: at.span() }
}

fn whole(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// The advice for a value that would be right but for its quotes.
fn unquote<T: std::str::FromStr>(value: &DeValue<'_>) -> Option<String> {
    let text = value.as_str()?;
    text.parse::<T>().ok().map(|_| format!("write it without quotes: {text}"))
}

fn units_text(units: [(&str, u64); 5]) -> String {
    choice(units.into_iter().rev().map(|(name, _)| name))
}

#[allow(clippy::cast_precision_loss, reason = "numbers of a contract are compared as floats")]
const fn to_f64(value: i64) -> f64 {
    value as f64
}
