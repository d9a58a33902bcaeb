//! What is printed about the steps.

use std::fmt::Write;
use std::time::Duration;

use anyhow::Result;

use super::steps::Step;
use super::{Ended, Outcome};

/// One line a step: what it is called and what it runs.
pub(super) fn list(steps: &[&Step]) -> String {
    let mut text = String::new();
    for (number, step) in (1..).zip(steps) {
        let _ = writeln!(text, "{number} {:8} {}", step.name, step.about);
    }
    text
}

/// One line a step: how it ended, how long it took, and why when it did not pass.
pub(super) fn table(ended: &[Ended]) -> String {
    let mut text = format!("  {:8} {:8} {:>9}  why\n", "step", "result", "took");
    for (number, Ended { step, result, took }) in (1..).zip(ended) {
        let (word, took) = (word(result), seconds(*took));
        let line = format!("{number} {:8} {word:8} {took:>9}  {}", step.name, why(result));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

pub(super) fn word(result: &Result<Outcome>) -> &'static str {
    match result {
        Ok(Outcome::Passed) => "ok",
        Ok(Outcome::Skipped(_)) => "skipped",
        Err(_) => "failed",
    }
}

/// To a tenth of a second.
pub(super) fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

/// The first line of the reason.
fn why(result: &Result<Outcome>) -> String {
    let why = match result {
        Ok(Outcome::Passed) => String::new(),
        Ok(Outcome::Skipped(why)) => why.clone(),
        Err(error) => format!("{error:#}"),
    };
    why.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::steps::STEPS;
    use super::*;

    #[test]
    fn the_table_says_how_every_step_ended() {
        let results = [
            Ok(Outcome::Passed),
            Ok(Outcome::Skipped("no python3".into())),
            Err(anyhow::anyhow!("ended with 1\nand more")),
        ];
        let ended: Vec<Ended> = results
            .into_iter()
            .zip(STEPS)
            .map(|(result, step)| Ended { step, result, took: Duration::from_millis(1260) })
            .collect();
        let expect = "  step     result        took  why
1 tidy     ok           1.3 s
2 fmt      skipped      1.3 s  no python3
3 clippy   failed       1.3 s  ended with 1
";
        assert_eq!(table(&ended), expect);
    }
}
