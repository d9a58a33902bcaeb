//! What is predicted: asked for, or guessed from names and values.

use anyhow::{Result, bail};
use shipworthy_core::Task;
use shipworthy_rows::DataType;

use super::names;
use super::profile::{ColumnProfile, Profile};
use super::quote;

/// More classes than this are not predicted but looked up.
const MAX_CLASSES: u64 = 50;

/// Whole numbers of up to so many values are classes; more are amounts.
const MAX_NUMBER_CLASSES: u64 = 12;

/// More columns than this are not listed in an error.
const MAX_COLUMNS_SHOWN: usize = 40;

/// What is predicted.
#[derive(Debug)]
pub(super) struct Target {
    /// The position of its column.
    pub(super) column: usize,
    /// What its values are.
    pub(super) values: Values,
    /// Why it is this column.
    pub(super) reason: String,
}

/// What a target's values are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Values {
    /// True and false, or 1 and 0.
    Flag,
    /// Two texts, of which one is what is asked about.
    Texts {
        /// The other one.
        negative: String,
        /// The one that is asked about.
        positive: String,
        /// Why this one.
        reason: &'static str,
    },
    /// Two numbers, the greater of which is taken to be what is asked about.
    Pair {
        /// The smaller one.
        negative: f64,
        /// The greater one.
        positive: f64,
    },
    /// Several classes.
    Classes,
    /// An amount.
    Amount,
}

impl Values {
    /// What kind of answer they ask for.
    pub(super) const fn task(&self) -> Task {
        match self {
            Self::Flag | Self::Texts { .. } | Self::Pair { .. } => Task::Binary,
            Self::Classes => Task::Multiclass,
            Self::Amount => Task::Regression,
        }
    }

    /// What the values of a column are as a target's.
    ///
    /// # Errors
    /// Why they cannot be.
    pub(super) fn of(column: &ColumnProfile) -> Result<Self, String> {
        let distinct = column.distinct.count();
        match (column.data_type, distinct) {
            _ if column.is_unnamed() => Err("it has no name".to_owned()),
            (_, 0) => Err("it has no value in any row".to_owned()),
            (_, 1) => Err("it has the same value in every row".to_owned()),
            (DataType::Timestamp, _) => {
                Err("an instant cannot be predicted; a number of hours or days can".to_owned())
            }
            (DataType::Boolean, _) => Ok(Self::Flag),
            (DataType::String, _) => Self::of_texts(column),
            (DataType::Integer | DataType::Float, 2) => Ok(Self::of_two_numbers(column)),
            (DataType::Integer, 3..=MAX_NUMBER_CLASSES) => Ok(Self::Classes),
            (DataType::Integer | DataType::Float, _) => Ok(Self::Amount),
        }
    }

    fn of_texts(column: &ColumnProfile) -> Result<Self, String> {
        let listed = column.texts.all().filter(|texts| texts.len() as u64 <= MAX_CLASSES);
        let Some(texts) = listed else {
            let count = column.distinct_text();
            return Err(format!(
                "it is text of {count}; classes are at most {MAX_CLASSES}, and short"
            ));
        };
        let mut both: Vec<_> = texts.iter().collect();
        // The rarer value last; of equals the later in the alphabet.
        both.sort_by_key(|(text, count)| (std::cmp::Reverse(**count), (*text).clone()));
        let [(common, _), (rare, _)] = both.as_slice() else { return Ok(Self::Classes) };
        let (negative, positive, reason) =
            match (names::is_positive(common), names::is_positive(rare)) {
                (true, false) => (rare, common, "its meaning"),
                (false, true) => (common, rare, "its meaning"),
                _ => (common, rare, "being the rarer one"),
            };
        if positive.trim().is_empty() {
            return Ok(Self::Classes);
        }
        let (negative, positive) = ((*negative).clone(), (*positive).clone());
        Ok(Self::Texts { negative, positive, reason })
    }

    fn of_two_numbers(column: &ColumnProfile) -> Self {
        let Some((negative, positive)) = column.range.filter(|(a, b)| a < b) else {
            return Self::Amount;
        };
        let is = |a: f64, b: f64| a.total_cmp(&b).is_eq();
        if is(negative, 0.0) && is(positive, 1.0) {
            Self::Flag
        } else if is_nameable_in_label(&column.name) {
            Self::Pair { negative, positive }
        } else {
            Self::Classes
        }
    }
}

impl Target {
    /// The column that was asked for, or else the one that looks like a target.
    ///
    /// # Errors
    /// When it is not there or cannot be one, or when no column stands out.
    pub(super) fn find(profile: &Profile, asked: Option<&str>) -> Result<Self> {
        asked.map_or_else(|| Self::guess(profile), |name| Self::asked(profile, name))
    }

    fn asked(profile: &Profile, name: &str) -> Result<Self> {
        let Some(column) = profile.columns.iter().position(|column| column.name == name) else {
            let known = profile.columns.iter().map(|column| column.name.as_str());
            let nearest = names::nearest(name, known)
                .map(|near| format!("; did you mean {}?", quote::text(near)))
                .unwrap_or_default();
            bail!("there is no column {}{nearest}\n{}", quote::text(name), listing(profile));
        };
        match Values::of(&profile.columns[column]) {
            Ok(values) => {
                Ok(Self { column, values, reason: "Asked for with --target.".to_owned() })
            }
            Err(why) => {
                bail!("{} cannot be the target: {why}\n{}", quote::text(name), listing(profile))
            }
        }
    }

    fn guess(profile: &Profile) -> Result<Self> {
        let columns = || {
            profile
                .columns
                .iter()
                .enumerate()
                .filter_map(|(index, column)| Some((index, column, Values::of(column).ok()?)))
        };
        let two_valued = || columns().filter(|(.., values)| values.task() == Task::Binary);
        let named = columns()
            .filter_map(|found| Some((names::target_rank(&found.1.name)?, found)))
            .min_by_key(|(rank, (index, ..))| (*rank, *index))
            .map(|(_, found)| (found, "its name"));
        let event = || {
            let found = two_valued().find(|(_, column, _)| names::is_event(&column.name));
            found.map(|found| (found, "its name and its two values"))
        };
        let only = || {
            let mut all = two_valued();
            let first = all.next().filter(|_| all.next().is_none());
            first.map(|found| (found, "being the only column of two values"))
        };
        let Some(((column, _, values), from)) = named.or_else(event).or_else(only) else {
            bail!(
                "no column stands out as what is predicted; say which: --target COLUMN\n{}",
                listing(profile)
            );
        };
        let reason = format!(
            "A guess from {from}; if it is wrong, run `shipworthy init` again with --target COLUMN."
        );
        Ok(Self { column, values, reason })
    }
}

/// Whether a comparison can name the column: it ends where a comparison's sign begins.
pub(super) fn is_nameable_in_label(name: &str) -> bool {
    !name.is_empty() && name.trim() == name && !name.contains(['<', '>', '=', '!'])
}

/// The columns for an error, one a line.
fn listing(profile: &Profile) -> String {
    let shown = profile.columns.iter().take(MAX_COLUMNS_SHOWN).map(|column| {
        let (name, kind) = (quote::text(&column.name), column.data_type);
        format!("  {name}: {kind}, {}", column.distinct_text())
    });
    let mut lines: Vec<_> = std::iter::once("the columns are".to_owned()).chain(shown).collect();
    let rest = profile.columns.len().saturating_sub(MAX_COLUMNS_SHOWN);
    if rest > 0 {
        lines.push(format!("  and {rest} more"));
    }
    lines.join("\n")
}
