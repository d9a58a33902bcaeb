//! Reads the tables of a project file key by key. A value that is missing or wrong is reported
//! with its place, and reading goes on, so that all mistakes of a file are found at once.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnosis::{Mistake, Mistakes};
use super::fields::{Key, SECTIONS, Section};

mod values;

/// A value and its place in the file, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Located<T> {
    /// The value.
    pub(super) value: T,
    /// Where it stands.
    pub(super) span: Range<usize>,
}

/// A table being read.
#[derive(Clone, Debug)]
pub(super) struct Table<'a> {
    section: &'static Section,
    /// `None` when the file does not have the table, or has something else in its place.
    entries: Option<&'a DeTable<'a>>,
    /// Its header; empty for the file itself.
    span: Range<usize>,
    mistakes: &'a Mistakes,
}

/// A key being read.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    section: &'static Section,
    key: &'static Key,
    /// The header of the table; `None` when the table is not there, so nothing in it is missing.
    table_span: Option<Range<usize>>,
    value: Option<&'a Spanned<DeValue<'a>>>,
    mistakes: &'a Mistakes,
}

/// What was read, or the default.
pub(super) fn value_or<T>(read: Option<Located<T>>, default: T) -> T {
    read.map_or(default, |located| located.value)
}

/// What was read, without its place.
pub(super) fn value<T>(read: Option<Located<T>>) -> Option<T> {
    read.map(|located| located.value)
}

/// `did you mean …?` when a known name is near enough to be a slip of the hand, or begins or ends
/// like the unknown one.
pub(super) fn suggestion<'n>(
    name: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Option<String> {
    /// Shorter beginnings are beginnings of everything.
    const AFFIX_CHARS: usize = 3;
    let wanted = name.to_lowercase();
    let length = wanted.chars().count();
    // One slip in three characters; more, and the guess is noise.
    let most_slips = (length / 3).max(1);
    let near = known.into_iter().filter_map(|candidate| {
        let lowered = candidate.to_lowercase();
        let slips = strsim::damerau_levenshtein(&wanted, &lowered);
        let is_affix = lowered.starts_with(&wanted) || lowered.ends_with(&wanted);
        let is_near = slips <= most_slips || (is_affix && length >= AFFIX_CHARS);
        is_near.then_some((slips, candidate))
    });
    let (_, best) = near.min_by_key(|(slips, _)| *slips)?;
    Some(format!("did you mean `{best}`?"))
}

/// Names as a choice: `a`, `b` or `c`.
pub(super) fn choice<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let mut names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    let last = names.pop().unwrap_or_default();
    if names.is_empty() { last } else { format!("{} or {last}", names.join(", ")) }
}

impl<T> Located<T> {
    /// Another value at the same place.
    pub(super) fn with<U>(&self, value: U) -> Located<U> {
        Located { value, span: self.span.clone() }
    }
}

impl<'a> Table<'a> {
    /// The file itself.
    pub(super) const fn root(
        section: &'static Section,
        entries: &'a DeTable<'a>,
        mistakes: &'a Mistakes,
    ) -> Self {
        Self { section, entries: Some(entries), span: 0..0, mistakes }
    }

    /// The header of the table.
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Whether the file has the table.
    pub(super) const fn is_present(&self) -> bool {
        self.entries.is_some()
    }

    /// The key of this name, which must be one of the section's.
    pub(super) fn field(&self, name: &'static str) -> Field<'a> {
        const UNLISTED: Key = Key::new("?", "nothing", "none");
        let key = self.section.key(name);
        debug_assert!(key.is_some(), "{} does not list `{name}`", self.section.header);
        Field {
            section: self.section,
            key: key.unwrap_or(&UNLISTED),
            table_span: self.entries.map(|_| self.span.clone()),
            value: self.entries.and_then(|entries| entries.get(name)),
            mistakes: self.mistakes,
        }
    }

    /// Whether an unknown key stands there that is likely meant to be this one.
    pub(super) fn has_slip_of(&self, name: &str) -> bool {
        let known = || self.section.keys.iter().map(|key| key.name);
        let is_slip = |other: &str| {
            self.section.key(other).is_none()
                && suggestion(other, known()) == suggestion(name, [name])
        };
        self.entries.into_iter().flat_map(DeTable::iter).any(|(other, _)| is_slip(other.get_ref()))
    }

    /// Reports every key that the section does not know.
    pub(super) fn finish(self) {
        let entries = self.entries.into_iter().flat_map(DeTable::iter);
        for (name, _) in entries {
            if self.section.key(name.get_ref()).is_none() {
                self.mistakes.add(self.unknown(name.get_ref(), &name.span()));
            }
        }
    }

    fn unknown(&self, name: &str, span: &Range<usize>) -> Mistake {
        let header = self.section.header;
        if let Some(later) = self.section.later.iter().find(|later| later.name == name) {
            let message = format!("{} is not supported yet in this version", later.header);
            return Mistake::at(span, message, "not built yet").help(later.instead);
        }
        let known = || self.section.keys.iter().map(|key| key.name);
        let elsewhere = || SECTIONS.iter().find(|section| section.key(name).is_some());
        let help = suggestion(name, known())
            .or_else(|| {
                elsewhere().map(|section| format!("`{name}` belongs in {}", section.header))
            })
            .unwrap_or_else(|| format!("{header} takes {}", choice(known())));
        let message = format!("unknown key `{name}` in {header}");
        Mistake::at(span, message, "expected a known key").help(help)
    }
}

impl<'a> Field<'a> {
    /// Reports the key when it is not there.
    pub(super) fn required(self) -> Self {
        let Some(table_span) = self.table_span.as_ref().filter(|_| self.value.is_none()) else {
            return self;
        };
        let Key { name, kind, .. } = self.key;
        self.mistakes.add(if table_span.is_empty() {
            Mistake::of_file(format!("{kind} is missing")).help(format!("add a section {kind}"))
        } else {
            let message = format!("`{name}` is missing in {}", self.section.header);
            Mistake::at(table_span, message, format!("expected `{name}`: {kind}"))
        });
        self
    }

    /// Whether the key is there.
    pub(super) const fn is_present(&self) -> bool {
        self.value.is_some()
    }

    /// Where the value stands.
    pub(super) fn span(&self) -> Option<Range<usize>> {
        self.value.map(Spanned::span)
    }

    /// Reports the value, whatever it is.
    pub(super) fn refuse_any(&self, expected: &str) {
        if let Some(value) = self.value {
            self.refuse(value, expected.to_owned(), None);
        }
    }

    /// The table under this key; an empty one when it is not there.
    pub(super) fn table(self, section: &'static Section) -> Table<'a> {
        let entries = self.value.and_then(|value| value.get_ref().as_table());
        if let (None, Some(value)) = (entries, self.value) {
            self.refuse(value, format!("a table, {}", section.header), None);
        }
        let span = self.value.map_or(0..0, Spanned::span);
        Table { section, entries, span, mistakes: self.mistakes }
    }

    /// The tables under this key, one for each time it is written.
    pub(super) fn tables(self, section: &'static Section) -> Vec<Table<'a>> {
        let Some(value) = self.value else { return Vec::new() };
        let Some(elements) = value.get_ref().as_array() else {
            let help = format!("write {} with two brackets, once for each", section.header);
            self.refuse(value, section.header.to_owned(), Some(help));
            return Vec::new();
        };
        let tables = elements.iter().filter_map(|element| {
            let entries = element.get_ref().as_table();
            if entries.is_none() {
                self.refuse(element, section.header.to_owned(), None);
            }
            let span = element.span();
            Some(Table { section, entries: Some(entries?), span, mistakes: self.mistakes })
        });
        tables.collect()
    }

    fn refuse(&self, value: &Spanned<DeValue<'_>>, expected: String, help: Option<String>) {
        let found = shown(value.get_ref());
        let is_own = self.value.is_some_and(|own| own.span() == value.span());
        let verb = if is_own { "is" } else { "holds" };
        let message = format!("`{}` in {} {verb} {found}", self.key.name, self.section.header);
        let mistake = Mistake::at(&value.span(), message, format!("expected {expected}"));
        self.mistakes.add(mistake.maybe_help(help));
    }
}

/// A value for a message, shortened.
fn shown(value: &DeValue<'_>) -> String {
    /// Enough to recognise it; the line itself is shown below the message.
    const SHOWN_CHARS: usize = 40;
    match value {
        DeValue::String(text) if text.chars().count() > SHOWN_CHARS => {
            let start: String = text.chars().take(SHOWN_CHARS).collect();
            format!("{:?}", start + "…")
        }
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(instant) => instant.to_string(),
        DeValue::Array(_) => "an array".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
