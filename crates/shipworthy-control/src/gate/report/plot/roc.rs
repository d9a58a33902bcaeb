//! What is caught at which price.

use maud::Markup;

use super::axes::{Axes, Axis};
use super::captioned;
use crate::gate::plots::Roc;

pub(super) fn figure(curves: &[Roc]) -> Markup {
    let axis = |title: &str| Axis { title: title.to_owned(), low: 0.0, high: 1.0, is_share: true };
    let axes = Axes { x: axis("False positive rate"), y: axis("True positive rate") };
    let legend: Vec<_> = curves
        .iter()
        .map(|curve| (curve.whose, format!("{}: ROC-AUC {:.4}", curve.whose.name(), curve.auc)))
        .collect();
    let names: Vec<_> = legend.iter().map(|(_, name)| name.as_str()).collect();
    let chance = axes.path([(0.0, 0.0), (1.0, 1.0)]).set("class", "line ideal");
    let mut picture = axes.picture(&format!("ROC curve; {}", names.join(", "))).add(chance);
    // The candidate last, above the others.
    for curve in curves.iter().rev() {
        let class = format!("line {}", curve.whose.class());
        picture = picture.add(axes.path(curve.points.iter().copied()).set("class", class));
    }
    let reading = "What is caught, and what false alarms it takes. The dashed line is chance.";
    captioned("ROC", reading, &legend, &picture)
}
