//! A metric in each slice, as its gate judges it.

use maud::Markup;
use svg::node::element::{Circle, Group, Title};

use super::axes::{Axis, WIDTH, line, picture, pixel, text};
use super::{captioned, thousands};
use crate::gate::Limit;
use crate::gate::plots::{Part, Parts};

const LEFT: f64 = 138.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 24.0;
const ROW: f64 = 22.0;
const BOTTOM: f64 = 42.0;
/// Letters of a name that have room.
const NAME_CHARS: usize = 18;

pub(super) fn figure(parts: &Parts) -> Markup {
    let metric = parts.metric.name();
    let (limit, side) = match parts.limit {
        Limit::AtLeast(least) => (least, "at least"),
        Limit::AtMost(most) => (most, "at most"),
    };
    let axis = axis(parts, limit);
    let at = |value: f64| {
        let share = ((value - axis.low) / (axis.high - axis.low)).clamp(0.0, 1.0);
        pixel(LEFT + share * (WIDTH - RIGHT - LEFT))
    };
    let bottom = parts.parts.iter().fold(TOP, |y, _| y + ROW);
    let title = format!("{metric} for each {}, {side} {limit}", parts.column);
    let (mut grid, mut numbers) = (Group::new().set("class", "grid"), Group::new());
    for tick in axis.ticks() {
        grid = grid.add(line((at(tick), TOP), (at(tick), bottom)));
        numbers = numbers.add(text(&axis.shown(tick), (at(tick), bottom + 17.0), "middle"));
    }
    let middle = f64::midpoint(LEFT, WIDTH - RIGHT);
    numbers = numbers.add(text(metric, (middle, bottom + 36.0), "middle"));
    let floor = Group::new()
        .set("class", "limit")
        .add(line((at(limit), TOP - 4.0), (at(limit), bottom)))
        .add(text(
            &format!("{side} {limit}"),
            (at(limit).clamp(LEFT, WIDTH - 60.0), 13.0),
            "middle",
        ));
    let mut drawn = picture(&title, bottom + BOTTOM).add(grid).add(numbers).add(floor);
    let mut y = TOP + ROW / 2.0;
    for part in &parts.parts {
        drawn = drawn.add(row((parts, part), &axis, at, y));
        y += ROW;
    }
    let others = match parts.others {
        0 => String::new(),
        others => format!(" {others} more have more room."),
    };
    let reading = format!(
        "Dots are what was seen; each line reaches to the bound at {}\u{a0}%, by which the gate \
         judges.{others}",
        parts.confidence * 100.0
    );
    captioned(&format!("{metric} for each {}", parts.column), &reading, &[], &drawn)
}

/// From the least to the greatest of all that is drawn, with a little room.
fn axis(parts: &Parts, limit: f64) -> Axis {
    let numbers = parts.parts.iter().flat_map(|part| [part.observed, part.bound]).flatten();
    let (low, high) =
        numbers.fold((limit, limit), |(low, high), number| (low.min(number), high.max(number)));
    let room = ((high - low) * 0.06).max(1e-6);
    let title = parts.metric.name().to_owned();
    Axis { title, low: low - room, high: high + room, is_share: false }
}

fn row((parts, part): (&Parts, &Part), axis: &Axis, at: impl Fn(f64) -> f64, y: f64) -> Group {
    let of_column = part.name.strip_prefix(&parts.column);
    let name =
        of_column.and_then(|name| name.strip_prefix(" = ").or_else(|| name.strip_prefix(" has ")));
    let name = name.unwrap_or(&part.name);
    let class = if part.passed { "mark candidate" } else { "mark missed" };
    let shown = |number: Option<f64>| match number {
        Some(number) => format!("{number:.4}"),
        None => "not enough data".to_owned(),
    };
    let told = format!(
        "{}: {}, bound {}, {} rows",
        part.name,
        shown(part.observed),
        shown(part.bound),
        thousands(part.rows)
    );
    let label = text(&short(name), (LEFT - 8.0, y + 4.0), "end");
    let mut row = Group::new().set("class", class).add(Title::new(told)).add(label);
    if let (Some(observed), Some(bound)) = (part.observed, part.bound) {
        row = row
            .add(line((at(observed), y), (at(bound), y)))
            .add(line((at(bound), y - 4.0), (at(bound), y + 4.0)))
            .add(Circle::new().set("cx", at(observed)).set("cy", y).set("r", 3.5));
    } else {
        row = row.add(text("not enough data", (at(axis.low) + 6.0, y + 4.0), "start"));
    }
    row
}

/// A name that has room beside its line.
fn short(name: &str) -> String {
    match name.char_indices().nth(NAME_CHARS) {
        None => name.to_owned(),
        Some((end, _)) => format!("{}…", &name[..end]),
    }
}
