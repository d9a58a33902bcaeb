//! What happens where so much is said.

use maud::Markup;
use svg::node::element::{Circle, Group, Title};

use super::axes::{Axes, Axis, line};
use super::{captioned, thousands};
use crate::gate::plots::{Bin, Reliability};

pub(super) fn figure(plot: &Reliability) -> Markup {
    let numbers = plot.bins.iter().flat_map(|bin| [bin.said, bin.low, bin.high]);
    let (least, most) = numbers
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), number| {
            (least.min(number), most.max(number))
        });
    let low = if plot.is_share { 0.0 } else { least };
    let high = if most > low { most } else { low + 1.0 };
    let axis = |title| Axis { title, low, high, is_share: plot.is_share }.rounded_up();
    let (x, y) = match plot.is_share {
        true => (format!("Predicted share of {}", plot.what), "Observed share".to_owned()),
        false => (format!("Mean predicted {}", plot.what), "Mean of what came".to_owned()),
    };
    let axes = Axes { x: axis(x), y: axis(y) };
    let end = axes.x.high;
    let title = format!("Predicted and observed {}, with intervals", plot.what);
    let perfect = axes.path([(low, low), (end, end)]).set("class", "line ideal");
    let mut picture = axes.picture(&title).add(perfect);
    for bin in &plot.bins {
        picture = picture.add(marked(&axes, bin));
    }
    let name = if plot.is_share { "Calibration" } else { "Predicted against actual" };
    let reading = "On the dashed line what is said is what happens. Bars: 95\u{a0}% intervals.";
    captioned(name, reading, &[], &picture)
}

/// The interval of a bin with its value, and what it says when it is pointed at.
fn marked(axes: &Axes, bin: &Bin) -> Group {
    let Bin { said, seen, low, high, rows } = *bin;
    let (x, shown) = (axes.x(said), |value| axes.x.shown(value));
    let told = format!(
        "predicted {}, observed {} ({} to {}) on {} rows",
        shown(said),
        shown(seen),
        shown(low),
        shown(high),
        thousands(rows)
    );
    let bar = |at: f64| line((x - 4.0, axes.y(at)), (x + 4.0, axes.y(at)));
    Group::new()
        .set("class", "mark candidate")
        .add(Title::new(told))
        .add(line((x, axes.y(low)), (x, axes.y(high))))
        .add(bar(low))
        .add(bar(high))
        .add(Circle::new().set("cx", x).set("cy", axes.y(seen)).set("r", 3.5))
}
