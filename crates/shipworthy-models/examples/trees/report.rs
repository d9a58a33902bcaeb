//! What was measured, for people and for machines.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::rounds::{Arena, BATCHES, Entry};

/// A line for each contender.
pub(crate) fn text(arenas: &[Arena]) -> String {
    let mut text = format!("{:<36}", "µs a row: median (min–max)");
    for batch in BATCHES {
        let _ = write!(text, "{:>24}", format!("{batch} at a time"));
    }
    for arena in arenas {
        for entry in &arena.entries {
            let _ = write!(text, "\n{:<36}", format!("{}, {}", arena.name, entry.name));
            for samples in &entry.us_per_row {
                let _ = write!(text, "{:>24}", summary(samples));
            }
        }
    }
    text
}

/// Every sample.
pub(crate) fn json(arenas: &[Arena]) -> String {
    let entry = |entry: &Entry| {
        let samples = entry.us_per_row.iter().map(|samples| json!(samples));
        json!({
            "name": entry.name,
            "largest_difference": entry.agreement.largest,
            "disagreeing_rows": entry.agreement.disagreeing,
            "us_per_row":
                BATCHES.iter().map(ToString::to_string).zip(samples).collect::<Map<_, Value>>(),
        })
    };
    let arena = |arena: &Arena| {
        json!({
            "name": arena.name,
            "trees": arena.trees,
            "contenders": arena.entries.iter().map(entry).collect::<Vec<Value>>(),
            "left_out": arena.left_out.iter().map(|(name, why)| json!({"name": name, "why": why}))
                .collect::<Vec<Value>>(),
        })
    };
    json!(arenas.iter().map(arena).collect::<Vec<Value>>()).to_string()
}

/// Median, smallest and largest.
fn summary(samples: &[f64]) -> String {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.first(), sorted.get(sorted.len() / 2), sorted.last()) {
        (Some(min), Some(median), Some(max)) => format!("{median:.3} ({min:.3}–{max:.3})"),
        _ => "–".into(),
    }
}
