//! What the answers of a `[[gate]]` are expected to be distributed as.

use std::ops::Range;

use shipworthy_core::Task;

use crate::gate::{Against, Cells, Distance};
use crate::project::diagnosis::{Mistake, Mistakes};
use crate::project::reader::{Located, Table, choice, value, value_or};
use crate::project::units::Interval;

/// Cells of the same share, when nothing else is declared: the deciles of credit scoring.
const BINS: usize = 10;
/// More have too few rows each.
const MAX_BINS: usize = 1_000;
/// How far shares may be from a sum of 1.
const SUM_TOLERANCE: f64 = 1e-6;

const DECLARED: &str = "declared";
/// Whose distribution is expected; only a declared one has shares of its own.
const WHOSE: [(&str, Option<Against>); 3] =
    [("reference", Some(Against::Reference)), ("stable", Some(Against::Stable)), (DECLARED, None)];

/// What a gate of this kind says besides its `max`.
#[derive(Debug)]
pub(in crate::project) struct TypedDistribution {
    pub(super) distance: Located<Distance>,
    pub(super) expected: Option<(Against, Cells)>,
    /// Where `bins` or `edges` stand, if they do.
    cells: Option<Range<usize>>,
    /// Where declared shares stand that have no edges.
    classes: Option<Range<usize>>,
}

impl TypedDistribution {
    pub(super) fn read(table: &Table<'_>, mistakes: &Mistakes) -> Option<Self> {
        let distance = table.field("distance").one_of(&Distance::ALL)?;
        let whose: Vec<_> = WHOSE.iter().enumerate().map(|(at, (name, _))| (*name, at)).collect();
        let against = value_or(table.field("against").one_of(&whose), 0);
        let bins = value_or(table.field("bins").whole_in(2..=MAX_BINS), BINS);
        let edges = table.field("edges").numbers_in(Interval::ALL, MAX_BINS - 1);
        let shares = table.field("shares").numbers_in(Interval::UNIT, MAX_BINS);
        let span = |key| table.field(key).span();
        let is_whole = fits(table, distance.value, WHOSE[against].1.is_none(), mistakes)
            && add_up(edges.as_ref(), shares.as_ref(), mistakes);
        let cells = match &edges {
            Some(edges) => Cells::Edges(edges.value.clone()),
            None => Cells::Quantiles(bins),
        };
        let against = WHOSE[against].1.clone().or_else(|| value(shares).map(Against::Declared));
        let is_of_classes =
            is_whole && matches!(against, Some(Against::Declared(_))) && edges.is_none();
        Some(Self {
            distance,
            expected: against.filter(|_| is_whole).map(|against| (against, cells)),
            cells: span("edges").or_else(|| span("bins")),
            classes: span("shares").filter(|_| is_of_classes),
        })
    }

    /// Reports what has no meaning for the answers of a task.
    pub(super) fn check(&self, task: Task, mistakes: &Mistakes) {
        let is_classes = task == Task::Multiclass;
        if !self.distance.value.is_of(task) {
            let message = format!("`{}` needs numbers, not classes", self.distance.value.name());
            let names = Distance::ALL.iter().filter(|(_, distance)| distance.is_of(task));
            let expected = format!("expected {}", choice(names.map(|(name, _)| *name)));
            mistakes.add(Mistake::at(&self.distance.span, message, expected));
        } else if let Some(span) = self.cells.as_ref().filter(|_| is_classes) {
            let message = "classes are counted as they are".to_owned();
            mistakes.add(Mistake::at(span, message, "expected no `bins` and no `edges`"));
        } else if let Some(span) = self.classes.as_ref().filter(|_| !is_classes) {
            let message = "shares of numbers need the `edges` between them".to_owned();
            mistakes.add(Mistake::at(span, message, "expected `edges` beside it"));
        }
    }
}

/// Reports keys that do not go together.
fn fits(table: &Table<'_>, distance: Distance, is_declared: bool, mistakes: &Mistakes) -> bool {
    let at = |key| table.field(key).span();
    let name = distance.name();
    let of_shares = Distance::ALL.iter().filter(|(_, distance)| distance.is_of_shares());
    let of_shares = || choice(of_shares.clone().map(|(name, _)| *name));
    let found = if !distance.is_of_shares() {
        let key = ["bins", "edges", "shares"].into_iter().find_map(|key| Some((key, at(key)?)));
        match (key, at("against")) {
            (Some((key, span)), _) => {
                let message = format!("`{key}` has no meaning for `{name}`");
                Some((span, message, "expected no such key".to_owned()))
            }
            (None, Some(span)) if is_declared => {
                let message = format!("`{name}` is no distance from declared shares");
                Some((span, message, format!("expected it with {}", of_shares())))
            }
            _ => None,
        }
    } else if let (Some(_), Some(span)) = (at("edges"), at("bins")) {
        let message = "`edges` say already what the cells are".to_owned();
        Some((span, message, "expected no `bins` beside them".to_owned()))
    } else {
        match (is_declared, at("shares"), at("bins")) {
            (true, None, _) => {
                let message = "a declared distribution needs `shares`".to_owned();
                Some((table.span(), message, "expected it here".to_owned()))
            }
            (true, _, Some(span)) => {
                let message = "declared shares have `edges`, not `bins`".to_owned();
                Some((span, message, "expected `edges`".to_owned()))
            }
            (false, Some(span), _) => {
                let message = "`shares` are for what is declared".to_owned();
                Some((span, message, "expected it with against = \"declared\"".to_owned()))
            }
            _ => None,
        }
    };
    let fits = found.is_none();
    if let Some((span, message, expected)) = found {
        mistakes.add(Mistake::at(&span, message, expected));
    }
    fits
}

/// Reports edges that do not ascend, and shares that are no whole or not one for each cell.
fn add_up(
    edges: Option<&Located<Vec<f64>>>,
    shares: Option<&Located<Vec<f64>>>,
    mistakes: &Mistakes,
) -> bool {
    let mut is_good = true;
    let mut refuse = |at: &Range<usize>, message: String, expected: String| {
        mistakes.add(Mistake::at(at, message, expected));
        is_good = false;
    };
    if let Some(edges) = edges
        && (edges.value.is_empty() || edges.value.windows(2).any(|pair| pair[0] >= pair[1]))
    {
        let message = "`edges` do not ascend".to_owned();
        refuse(&edges.span, message, "expected each number above the one before".to_owned());
    }
    let Some(shares) = shares else { return is_good };
    let whole = shares.value.iter().sum::<f64>();
    if (whole - 1.0).abs() > SUM_TOLERANCE {
        let message = format!("`shares` are {whole} together");
        refuse(&shares.span, message, "expected them to be 1".to_owned());
    }
    let (count, cells) = (shares.value.len(), edges.map(|edges| edges.value.len() + 1));
    if let Some(cells) = cells.filter(|cells| *cells != count) {
        let message = format!("{cells} cells need as many shares, not {count}");
        refuse(&shares.span, message, "expected one more than there are `edges`".to_owned());
    }
    is_good
}
