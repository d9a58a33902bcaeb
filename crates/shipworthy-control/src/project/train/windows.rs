//! Which rows train, validate and test.

use std::ops::Range;
use std::time::Duration;

use shipworthy_rows::Timestamp;

use super::{Test, Validation};
use crate::project::diagnosis::{Mistake, Mistakes};
use crate::project::fields::{Key, Section};
use crate::project::reader::{Field, Located, Table, value};
use crate::project::units::Interval;

/// The keys of `validation` in `[train]`.
pub(in crate::project) const VALIDATION: Section = Section::new(
    "[train.validation]",
    &[
        Key::new("last", "a time span such as \"7d\"", "this or `share`"),
        Key::new("share", "a number above 0 and below 1", "this or `last`"),
    ],
);

/// The keys of `test` in `[train]`.
pub(in crate::project) const TEST: Section = Section::new(
    "[train.test]",
    &[
        Key::new("from", "an instant", "none: from the first row"),
        Key::new("until", "an instant", "none: up to the last row"),
        Key::new("share", "a number above 0 and below 1", "this or a window"),
    ],
);

/// The shortest and the longest time that validates.
const LAST_RANGE: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_hours(24 * 3650);

/// A time window; an end that is `None` is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeWindow {
    /// The first instant in it.
    pub from: Option<Timestamp>,
    /// The first instant after it.
    pub until: Option<Timestamp>,
}

/// A time window as typed.
#[derive(Debug)]
pub(super) struct TypedWindow {
    from: Option<Located<Timestamp>>,
    until: Option<Located<Timestamp>>,
}

impl TimeWindow {
    /// Whether an instant is in the window.
    pub fn contains(self, instant: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= instant) && self.until.is_none_or(|end| instant < end)
    }

    /// Whether both windows have an instant in common.
    pub(super) fn overlaps(self, other: Self) -> bool {
        let ends_before =
            |a: Self, b: Self| a.until.zip(b.from).is_some_and(|(end, from)| end <= from);
        !ends_before(self, other) && !ends_before(other, self)
    }
}

impl TypedWindow {
    /// Reads `from` and `until` of a table.
    pub(super) fn read(table: &Table<'_>, mistakes: &Mistakes) -> Self {
        let from = table.field("from").instant();
        let until = table.field("until").instant();
        if let (Some(from), Some(until)) = (&from, &until)
            && from.value >= until.value
        {
            let message = "a time window ends before it begins".to_owned();
            let mistake = Mistake::at(&until.span, message, "expected an instant after `from`");
            mistakes.add(mistake.and_at(&from.span, "`from`"));
            return Self { from: None, until: None };
        }
        Self { from, until }
    }

    /// The places of its ends.
    pub(super) fn spans(&self) -> impl Iterator<Item = &Range<usize>> {
        [&self.from, &self.until].into_iter().flatten().map(|end| &end.span)
    }

    pub(super) fn validated(&self) -> TimeWindow {
        TimeWindow { from: value(self.from.clone()), until: value(self.until.clone()) }
    }
}

/// Reads `{ last = … }` or `{ share = … }`.
pub(super) fn read_validation(
    field: Field<'_>,
    mistakes: &Mistakes,
) -> Option<Located<Validation>> {
    let span = field.span()?;
    let table = field.table(&VALIDATION);
    let is_table = table.is_present();
    let (last, share) = (table.field("last"), table.field("share"));
    let keys = (last.is_present(), share.is_present());
    let last = last.duration_in(LAST_RANGE).map(|last| last.with(Validation::Last(last.value)));
    let share = share.number_in(Interval::INSIDE_UNIT);
    let share = share.map(|share| share.with(Validation::Share(share.value)));
    table.finish();
    if is_table && keys.0 == keys.1 {
        let message = "`validation` takes the last rows or a share of them".to_owned();
        let expected = "expected `last` or `share`, one of them";
        mistakes.add(Mistake::at(&span, message, expected).help("validation = { share = 0.2 }"));
        return None;
    }
    last.or(share)
}

/// Reads `{ from = …, until = … }` or `{ share = … }`.
pub(super) fn read_test(field: Field<'_>, mistakes: &Mistakes) -> Option<Located<Test>> {
    let span = field.span()?;
    let table = field.table(&TEST);
    let is_table = table.is_present();
    let is_window = table.field("from").is_present() || table.field("until").is_present();
    let share = table.field("share");
    let is_share = share.is_present();
    let share = share.number_in(Interval::INSIDE_UNIT);
    let share = share.map(|share| share.with(Test::Share(share.value)));
    let window = TypedWindow::read(&table, mistakes);
    table.finish();
    if is_table && is_window == is_share {
        let message = "`test` takes a time window or a share of the rows".to_owned();
        let expected = "expected `share`, or `from` and `until`";
        mistakes.add(Mistake::at(&span, message, expected).help("test = { share = 0.2 }"));
        return None;
    }
    let is_read = window.spans().next().is_some();
    let window = is_read.then(|| Located { value: Test::Window(window.validated()), span });
    share.or(window)
}
