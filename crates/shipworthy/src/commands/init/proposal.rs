//! What a project made of a data file should say.

use anyhow::{Result, bail};
use shipworthy_contract::Role;
use shipworthy_core::Task;

use super::distinct::Number;
use super::profile::{ColumnProfile, Profile};
use super::quote;
use super::range::Range;
use super::split::{self, Split};
use super::target::{Target, Values};
use super::treatment::{Treatment, why_no_feature};

/// What a project file should say.
#[derive(Debug)]
pub(super) struct Proposal<'a> {
    /// What the file holds.
    pub(super) profile: &'a Profile,
    /// The name of the model.
    pub(super) name: &'a str,
    /// The data, relative to the project.
    pub(super) source: &'a str,
    /// What is predicted.
    pub(super) target: Target,
    /// What becomes of each column.
    pub(super) treatments: Vec<Treatment>,
    /// The column that orders the rows in time.
    pub(super) event_timestamp: Option<usize>,
    /// Which rows train, validate and test.
    pub(super) split: Split,
}

/// Texts of up to so many values are a closed set.
const MAX_SET: usize = 12;

/// A set is closed when its values occur so often on average.
const MIN_ROWS_PER_VALUE: u64 = 5;

impl<'a> Proposal<'a> {
    /// Proposes a project of this name for data at this path.
    ///
    /// # Errors
    /// When the target cannot be found, or no column is left to learn from.
    pub(super) fn make(
        profile: &'a Profile,
        source: &'a str,
        name: &'a str,
        target: Option<&str>,
    ) -> Result<Self> {
        let target = Target::find(profile, target)?;
        let columns = 0..profile.columns.len();
        let mut treatments: Vec<_> =
            columns.map(|index| Treatment::of(profile, Some(&target), index)).collect();
        if !treatments.iter().any(Treatment::is_feature) {
            treatments = treatments.iter().map(Treatment::as_feature).collect();
        }
        if !treatments.iter().any(Treatment::is_feature) {
            bail!(
                "no column is left to learn {} from\n{}",
                quote::text(&profile.columns[target.column].name),
                why_no_feature(profile, &treatments)
            );
        }
        let event_timestamp = split::event_timestamp(profile);
        let split = event_timestamp.map_or(Split::Shares, |column| Split::by_time(profile, column));
        Ok(Self { profile, name, source, target, treatments, event_timestamp, split })
    }

    /// The column that is predicted.
    pub(super) fn target_column(&self) -> &'a ColumnProfile {
        &self.profile.columns[self.target.column]
    }

    /// What kind of answer the model gives.
    pub(super) const fn task(&self) -> Task {
        self.target.values.task()
    }

    /// The classes of a binary task with their rows, the negative one first.
    pub(super) fn binary_classes(&self) -> Option<[(String, u64); 2]> {
        let column = self.target_column();
        let number = |wanted: f64| {
            let key = Number(wanted);
            column.numbers.all().and_then(|numbers| numbers.get(&key).copied()).unwrap_or(0)
        };
        let text = |wanted: &String| {
            let texts = column.texts.all();
            (wanted.clone(), texts.and_then(|texts| texts.get(wanted).copied()).unwrap_or(0))
        };
        Some(match &self.target.values {
            Values::Flag => {
                [(format!("not_{}", column.name), number(0.0)), (column.name.clone(), number(1.0))]
            }
            Values::Texts { negative, positive, .. } => [text(negative), text(positive)],
            Values::Pair { negative, positive } => {
                [*negative, *positive].map(|value| (quote::number(value), number(value)))
            }
            Values::Classes | Values::Amount => return None,
        })
    }

    /// A declared column that repeats, and so keeps a caller on one side of a rollout.
    pub(super) fn rollout_key(&self) -> Option<&'a ColumnProfile> {
        let repeats = |column: &ColumnProfile| column.distinct_share() < 0.9;
        let with_role = |wanted: Role| {
            let columns = self.profile.columns.iter().zip(&self.treatments);
            let mut found = columns.filter(move |(column, treatment)| {
                matches!(treatment, Treatment::Declared { role, .. } if *role == wanted)
                    && repeats(column)
            });
            found.next().map(|(column, _)| column)
        };
        with_role(Role::Subject).or_else(|| with_role(Role::Key))
    }
}

/// The rules of a column's values.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rules {
    /// A range of numbers.
    Range(Range),
    /// A closed set of texts, the most frequent first.
    Set(Vec<String>),
    /// Every value of the type.
    Any,
}

impl Rules {
    /// The rules for a column in this role. What the model does not see, and what identifies
    /// somebody, has none: a rule there would refuse rows for nothing.
    pub(super) fn of(column: &ColumnProfile, role: Role) -> Self {
        if !matches!(role, Role::Feature | Role::Protected) {
            return Self::Any;
        }
        let range = column.range.filter(|_| column.numbers_are_finite());
        let range = range.and_then(|(min, max)| Range::around(&column.name, min, max));
        range.map(Self::Range).or_else(|| set(column)).unwrap_or(Self::Any)
    }
}

fn set(column: &ColumnProfile) -> Option<Rules> {
    let texts = column.texts.all().filter(|texts| {
        let count = texts.len() as u64;
        (1..=MAX_SET).contains(&texts.len()) && count * MIN_ROWS_PER_VALUE <= column.present
    })?;
    let mut ordered: Vec<_> = texts.iter().collect();
    ordered.sort_by_key(|(text, count)| (std::cmp::Reverse(**count), (*text).clone()));
    Some(Rules::Set(ordered.into_iter().map(|(text, _)| text.clone()).collect()))
}
