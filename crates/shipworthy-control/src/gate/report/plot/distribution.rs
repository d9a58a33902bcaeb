//! Distributions beside each other.

use maud::Markup;
use svg::node::element::Path;

use super::axes::{Axes, Axis};
use super::captioned;
use crate::gate::plots::{Distribution, Series, Whose};

pub(super) fn figure(plot: &Distribution) -> Markup {
    let most = plot.series.iter().flat_map(|series| &series.shares).copied().fold(0.0, f64::max);
    let y = Axis { title: "Share of rows".to_owned(), low: 0.0, high: most, is_share: true };
    let x =
        Axis { title: plot.what.clone(), low: plot.low, high: plot.high, is_share: plot.is_share };
    let axes = Axes { x, y: y.rounded_up() };
    let mut picture = axes.picture(&format!("{}: the distribution", plot.what));
    for series in &plot.series {
        let outline = outline(plot, series);
        if series.whose == Whose::Candidate {
            let area = axes.line_through(outline.clone()) + "Z";
            picture = picture.add(Path::new().set("d", area).set("class", "area candidate"));
        }
        let class = format!("line {}", series.whose.class());
        picture = picture.add(axes.path(outline).set("class", class));
    }
    let reading = match plot.is_share {
        true => "How often each answer is given.",
        false => "How often there is each number. The outermost bins hold everything beyond them.",
    };
    let legend: Vec<_> =
        plot.series.iter().map(|series| (series.whose, series.whose.name().to_owned())).collect();
    captioned(&plot.what, reading, &legend, &picture)
}

/// The outline of the bins, from the axis up and back to it.
#[expect(clippy::cast_precision_loss, reason = "few bins")]
fn outline(plot: &Distribution, series: &Series) -> Vec<(f64, f64)> {
    let width = (plot.high - plot.low) / series.shares.len() as f64;
    let edge = |bin: usize| plot.low + bin as f64 * width;
    let bins = series.shares.iter().enumerate();
    let tops = bins.flat_map(|(bin, share)| [(edge(bin), *share), (edge(bin + 1), *share)]);
    [(plot.low, 0.0)].into_iter().chain(tops).chain([(plot.high, 0.0)]).collect()
}
