//! Which class is taken for which.

use maud::{Markup, html};

use super::thousands;
use crate::gate::plots::Confusion;

#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
pub(super) fn figure(table: &Confusion) -> Markup {
    html! {
        figure class="wide" {
            figcaption {
                h3 { "Confusion" }
                p { "Rows of each true class, by the class that is told: right on the diagonal." }
            }
            div class="scroll" {
                table class="confusion" {
                    thead { tr { th { "true \\ told" } @for class in &table.classes { th { (class) } } } }
                    tbody {
                        @for (class, counts) in table.classes.iter().zip(&table.counts) {
                            @let rows = counts.iter().sum::<usize>().max(1) as f64;
                            tr {
                                th { (class) }
                                @for count in counts { (cell(*count, *count as f64 / rows)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The more rows of the class, the stronger its colour.
fn cell(count: usize, share: f64) -> Markup {
    let strength = format!("--share:{:.0}%", share * 60.0);
    html! {
        td style=(strength) { (thousands(count)) " " small { (format!("{:.0} %", share * 100.0)) } }
    }
}
