//! `[[rollout.guard]]`: what must hold for a rollout to go on.

use std::mem::discriminant;
use std::ops::RangeInclusive;
use std::time::Duration;

use shipworthy_core::rollout::{Guard, Limit, Metric, micros};

use crate::project::diagnosis::{Mistake, Mistakes};
use crate::project::fields::{Key, Section};
use crate::project::reader::{Field, Located, Table, value};
use crate::project::units::Interval;

/// The keys of `[[rollout.guard]]`.
pub(in crate::project) const SECTION: Section = Section::new(
    "[[rollout.guard]]",
    &[
        Key::new("metric", "the name of a metric", "required"),
        Key::new("max", "a number from 0 to 1, or a time span", "this or `max_regression`"),
        Key::new("max_regression", "a number from 0 to 1, or a time span", "this or `max`"),
    ],
);

/// Each is judged at every look.
const MAX_GUARDS: usize = 32;
/// No request may take longer than this.
const LATENCIES: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_mins(10);

/// Reads every `[[rollout.guard]]`; where there is none, the usual guards stand in.
pub(super) fn read(tables: Vec<Table<'_>>, mistakes: &Mistakes) -> Vec<Guard> {
    if tables.is_empty() {
        return Guard::defaults();
    }
    if let Some(beyond) = tables.get(MAX_GUARDS) {
        let message = format!("a rollout has {} guards", tables.len());
        let expected = format!("expected at most {MAX_GUARDS}");
        mistakes.add(Mistake::at(&beyond.span(), message, expected));
        return Vec::new();
    }
    let read = tables.into_iter().filter_map(|table| read_one(table, mistakes));
    let guards: Vec<_> = read.collect();
    check_repeated(&guards, mistakes);
    guards.into_iter().map(|guard| guard.value).collect()
}

fn read_one(table: Table<'_>, mistakes: &Mistakes) -> Option<Located<Guard>> {
    let header = table.span();
    let metric = value(table.field("metric").required().one_of(&Metric::ALL));
    let (max, regression) = (table.field("max"), table.field("max_regression"));
    let keys = (max.is_present(), regression.is_present());
    let max = read_limit(max, metric).map(|read| read.with(Limit::Max(read.value)));
    let regression = read_limit(regression, metric);
    let regression = regression.map(|read| read.with(Limit::MaxRegression(read.value)));
    table.finish();
    if keys.0 == keys.1 {
        let message = "a guard has one limit".to_owned();
        let expected = "expected `max` or `max_regression`, one of them";
        mistakes.add(Mistake::at(&header, message, expected));
        return None;
    }
    let (limit, metric) = (max.or(regression)?, metric?);
    Some(limit.with(Guard { metric, limit: limit.value }))
}

/// Reads a limit as its metric has it; of a metric that is not known it is not read.
fn read_limit(field: Field<'_>, metric: Option<Metric>) -> Option<Located<f64>> {
    match metric? {
        Metric::ErrorRate | Metric::RefusedRate | Metric::DisagreementRate => {
            field.number_in(Interval::UNIT)
        }
        Metric::Latency(_) => {
            field.duration_in(LATENCIES).map(|span| span.with(micros(span.value)))
        }
    }
}

fn check_repeated(guards: &[Located<Guard>], mistakes: &Mistakes) {
    let kind = |guard: &Guard| (guard.metric, discriminant(&guard.limit));
    for (index, guard) in guards.iter().enumerate() {
        let mut earlier = guards[..index].iter();
        let Some(first) = earlier.find(|other| kind(&other.value) == kind(&guard.value)) else {
            continue;
        };
        let message = format!("`{}` has two limits of one kind", guard.value.metric.name());
        let mistake = Mistake::at(&guard.span, message, "expected another metric or kind");
        mistakes.add(mistake.and_at(&first.span, "the first one"));
    }
}
