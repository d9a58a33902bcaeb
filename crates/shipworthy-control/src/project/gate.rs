//! `[[gate]]`: what a release must pass before it may be deployed.

mod distribution;

use std::ops::Bound;

use self::distribution::TypedDistribution;
use super::diagnosis::{Mistake, Mistakes};
use super::fields::{Key, Section};
use super::reader::{Located, Table, choice, suggestion, value, value_or};
use super::units::Interval;
use crate::gate::{Check, Effect, Fairness, Gate, Limit, MAX_GATES, Metric, Slices};

/// The keys of `[[gate]]`.
pub(super) const SECTION: Section = Section::new(
    "[[gate]]",
    &[
        Key::new("kind", "the name of a kind", "`\"metric\"`"),
        Key::new("name", "a string that is not empty", "made of the rest"),
        Key::new("metric", "the name of a metric", "see below"),
        Key::new("min", "a number", "see below"),
        Key::new("max", "a number", "see below"),
        Key::new("margin", "a number at least 0", "see below"),
        Key::new("confidence", "a number above 0.5 and below 1", "`0.95`"),
        Key::new("column", "the name of a declared column", "see below"),
        Key::new("distance", "the name of a distance", "see below"),
        Key::new("against", "`reference`, `stable` or `declared`", "`\"reference\"`"),
        Key::new("bins", "a whole number", "`10`"),
        Key::new("edges", "a list of numbers", "none: `bins`"),
        Key::new("shares", "a list of numbers", "see below"),
        Key::new("measure", "the name of a measure", "see below"),
        Key::new("by", "a number", "see below"),
        Key::new("effect", "`not_up` or `not_down`", "see below"),
    ],
);

/// What a kind of gate is made of.
struct Kind {
    name: &'static str,
    /// Keys that it needs; `limit` stands for one of `min` and `max`.
    needs: &'static [&'static str],
    /// Keys that it takes besides.
    takes: &'static [&'static str],
}

const LIMIT: &str = "limit";

const KINDS: [Kind; 14] = [
    Kind { name: "metric", needs: &["metric", LIMIT], takes: &["confidence"] },
    Kind { name: "non_inferior", needs: &["metric", "margin"], takes: &["confidence"] },
    Kind { name: "slices", needs: &["metric", LIMIT, "column"], takes: &["confidence"] },
    Kind { name: "worst_slice", needs: &["metric", LIMIT], takes: &["confidence"] },
    Kind {
        name: "distribution",
        needs: &["distance", "max"],
        takes: &["against", "bins", "edges", "shares", "confidence"],
    },
    Kind { name: "calibration", needs: &["max"], takes: &["confidence"] },
    Kind { name: "fairness", needs: &["measure", "column", "max"], takes: &["confidence"] },
    Kind { name: "invariance", needs: &["column", "max"], takes: &[] },
    Kind { name: "direction", needs: &["column", "by", "effect"], takes: &["confidence"] },
    Kind { name: "missing_values", needs: &["column", "metric", "margin"], takes: &["confidence"] },
    Kind { name: "leakage", needs: &["max"], takes: &["confidence"] },
    Kind { name: "duplicates", needs: &["max"], takes: &[] },
    Kind { name: "determinism", needs: &[], takes: &[] },
    Kind { name: "latency", needs: &["max"], takes: &["confidence"] },
];

/// A bound that is as likely wrong as right says nothing, and none is ever sure.
const CONFIDENCES: Interval = Interval(Bound::Excluded(0.5), Bound::Excluded(1.0));

/// A `[[gate]]` as typed.
#[derive(Debug)]
pub(super) struct TypedGate {
    gate: Option<Gate>,
    /// The column that it speaks of.
    pub(super) column: Option<Located<String>>,
    /// The metric that it speaks of.
    pub(super) metric: Option<Located<Metric>>,
    /// The distribution that it expects.
    distribution: Option<TypedDistribution>,
}

/// Reads every `[[gate]]`.
pub(super) fn read(tables: Vec<Table<'_>>, mistakes: &Mistakes) -> Vec<TypedGate> {
    if let Some(beyond) = tables.get(MAX_GATES) {
        let message = format!("there are {} gates", tables.len());
        mistakes.add(Mistake::at(&beyond.span(), message, format!("expected at most {MAX_GATES}")));
        return Vec::new();
    }
    let gates: Vec<_> = tables.into_iter().map(|table| TypedGate::read(table, mistakes)).collect();
    let named = gates.iter().filter_map(|gate| gate.gate.as_ref());
    let mut names: Vec<&str> = named.map(|gate| gate.name.as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        let message = format!("two gates are called \"{}\"", twice[0]);
        mistakes.add(Mistake::at(&(0..0), message, "expected a `name` of its own for one of them"));
    }
    gates
}

impl TypedGate {
    fn read(table: Table<'_>, mistakes: &Mistakes) -> Self {
        let kinds = KINDS.each_ref().map(|kind| (kind.name, kind));
        let kind = table.field("kind");
        let kind = if kind.is_present() { value(kind.one_of(&kinds)) } else { Some(&KINDS[0]) };
        let column = table.field("column").name();
        let metric = table.field("metric").one_of(&Metric::ALL);
        let is_whole = kind.is_some_and(|kind| kind.fits(&table, mistakes));
        let is_of_it = kind.is_some_and(|kind| kind.name == "distribution");
        let distribution = if is_of_it { TypedDistribution::read(&table, mistakes) } else { None };
        let spoken_of = (column.as_ref(), metric.as_ref(), distribution.as_ref());
        let gate = read_gate(&table, kind, spoken_of);
        table.finish();
        Self { gate: gate.filter(|_| is_whole), column, metric, distribution }
    }

    pub(super) fn validated(self) -> Option<Gate> {
        self.gate
    }
}

impl Kind {
    /// Reports what the kind lacks, and what has no meaning for it.
    fn fits(&self, table: &Table<'_>, mistakes: &Mistakes) -> bool {
        let has = |key: &'static str| table.field(key).is_present();
        let limits = [has("min"), has("max")];
        let lacks = |key: &&&'static str| match **key {
            LIMIT => limits[0] == limits[1],
            key => !has(key),
        };
        let mut fits = true;
        // A slip of the pen is told as an unknown key.
        let is_misspelt = |key: &str| match key {
            LIMIT => ["min", "max"].iter().any(|key| table.has_slip_of(key)),
            key => table.has_slip_of(key),
        };
        if let Some(missing) = self.needs.iter().find(|key| lacks(key) && !is_misspelt(key)) {
            let what = if *missing == LIMIT {
                "either `min` or `max`".to_owned()
            } else {
                format!("`{missing}`")
            };
            let message = format!("a gate of the kind `{}` needs {what}", self.name);
            mistakes.add(Mistake::at(&table.span(), message, "expected it here"));
            fits = false;
        }
        let is_known = |key: &str| {
            let known = || self.needs.iter().chain(self.takes);
            ["kind", "name"].contains(&key)
                || known().any(|other| {
                    *other == key || (*other == LIMIT && ["min", "max"].contains(&key))
                })
        };
        for key in SECTION.keys.iter().filter(|key| has(key.name) && !is_known(key.name)) {
            let span = table.field(key.name).span().unwrap_or_default();
            let message =
                format!("`{}` has no meaning for a gate of the kind `{}`", key.name, self.name);
            let names = self.needs.iter().chain(self.takes).copied();
            let names =
                names.flat_map(|name| if name == LIMIT { vec!["min", "max"] } else { vec![name] });
            let expected = match choice(names) {
                none if none.is_empty() => "expected no other key".to_owned(),
                names => format!("expected {names}"),
            };
            mistakes.add(Mistake::at(&span, message, expected));
            fits = false;
        }
        fits
    }
}

/// What a gate speaks of that is checked against the rest of the file.
type SpokenOf<'a> =
    (Option<&'a Located<String>>, Option<&'a Located<Metric>>, Option<&'a TypedDistribution>);

fn read_gate(
    table: &Table<'_>,
    kind: Option<&Kind>,
    (column, metric, distribution): SpokenOf<'_>,
) -> Option<Gate> {
    let number = |key| table.field(key).number_in(Interval::ALL);
    let (min, max) = (value(number("min")), value(number("max")));
    let margin = value(table.field("margin").number_in(Interval::NOT_NEGATIVE));
    let by = value(number("by"));
    let confidence = value_or(table.field("confidence").number_in(CONFIDENCES), 0.95);
    let measure = value(table.field("measure").one_of(&Fairness::ALL));
    let effect = value(table.field("effect").one_of(&Effect::ALL));
    let name = value(table.field("name").name());
    let limit = || min.map(Limit::AtLeast).or(max.map(Limit::AtMost));
    let (column, metric) = (column.map(|at| at.value.clone()), metric.map(|at| at.value));
    let check = match kind?.name {
        "metric" => Check::Metric { metric: metric?, limit: limit()? },
        "non_inferior" => Check::NonInferior { metric: metric?, margin: margin? },
        "slices" => Check::Slices { metric: metric?, limit: limit()?, of: Slices::Of(column?) },
        "worst_slice" => Check::Slices { metric: metric?, limit: limit()?, of: Slices::Worst },
        "distribution" => {
            let TypedDistribution { distance, expected, .. } = distribution?;
            let (against, cells) = expected.clone()?;
            Check::Distribution { distance: distance.value, max: max?, against, cells }
        }
        "calibration" => Check::Calibration { max: max? },
        "fairness" => Check::Fairness { measure: measure?, column: column?, max: max? },
        "invariance" => Check::Invariance { column: column?, max: max? },
        "direction" => Check::Direction { column: column?, by: by?, effect: effect? },
        "missing_values" => {
            Check::MissingValues { column: column?, metric: metric?, margin: margin? }
        }
        "leakage" => Check::Leakage { max: max? },
        "duplicates" => Check::Duplicates { max: max? },
        "determinism" => Check::Determinism,
        _ => Check::Latency { max: max? },
    };
    let name = name.unwrap_or_else(|| check.to_string());
    Some(Gate { name, confidence, check })
}

/// Reports gates that speak of a column that is not declared, or of what the task has not.
pub(super) fn check<'a>(
    gates: &[TypedGate],
    columns: impl Iterator<Item = &'a str> + Clone,
    task: Option<shipworthy_core::Task>,
    mistakes: &Mistakes,
) {
    for gate in gates {
        if let Some(column) = &gate.column
            && columns.clone().all(|name| name != column.value)
        {
            let message = format!("there is no [[column]] \"{}\"", column.value);
            let mistake = Mistake::at(&column.span, message, "expected a declared column");
            mistakes.add(mistake.maybe_help(suggestion(&column.value, columns.clone())));
        }
        let Some(task) = task else { continue };
        if let Some(distribution) = &gate.distribution {
            distribution.check(task, mistakes);
        }
        let Some(metric) = &gate.metric else { continue };
        if !metric.value.is_of(task) {
            let message =
                format!("`{}` is no metric of a {} task", metric.value.name(), task.name());
            let of_task = Metric::ALL.iter().filter(|(_, metric)| metric.is_of(task));
            let expected = format!("expected {}", choice(of_task.map(|(name, _)| *name)));
            mistakes.add(Mistake::at(&metric.span, message, expected));
        }
    }
}
