//! Gates about how a release comes to be, and what a row costs.

use std::hint::black_box;

use shipworthy_serving::predict;
use shipworthy_serving::release::LoadedRelease;
use shipworthy_stats::special::incomplete_beta;

use super::judge::{Again, Error, Ground};
use super::judged::Finding;

/// Pairs of blocks that are timed, one of each release after the other, so that what else the machine
/// does meets both.
const BLOCKS: usize = 41;
/// Rows of a block, each asked for by itself.
const BLOCK_ROWS: usize = 40;

pub(super) fn determinism(again: Again<'_>) -> Finding {
    match again() {
        Ok(true) => Finding::of(true, 0.0, 0.0, "training again made the same bytes".to_owned()),
        Ok(false) => {
            let why = "training again made another model: fix its seed, its threads and its inputs";
            Finding::of(false, 1.0, 0.0, why.to_owned())
        }
        Err(why) => Finding::undecided(why),
    }
}

/// The ratio of the time of a row to stable's: its median over pairs of blocks, and the upper end of
/// the median's interval by ranks, which asks nothing of the distribution.
pub(super) fn latency(ground: &Ground<'_>, max: f64, sure: f64) -> Result<Finding, Error> {
    let Some(stable) = ground.stable else {
        return Ok(Finding::not_applicable("there is no stable release beside it"));
    };
    let time = |release| block_us(ground, release);
    // The first of each finds cold caches.
    time(ground.candidate)?;
    time(stable)?;
    let mut ratios = Vec::with_capacity(BLOCKS);
    for _ in 0..BLOCKS {
        ratios.push(time(ground.candidate)? / time(stable)?);
    }
    ratios.sort_by(f64::total_cmp);
    let (median, upper) = (ratios[BLOCKS / 2], ratios[upper_rank(BLOCKS, sure)]);
    let passed = upper <= max;
    let times = format!("a row takes {median:.2} times as long as with stable");
    let why = match (passed, median <= max) {
        (true, _) => format!("{times}, at most {upper:.2} times"),
        (false, true) => {
            format!("{times}, but perhaps {upper:.2} times: measure on a quieter machine")
        }
        (false, false) => format!("{times}, and {max} times is the most"),
    };
    Ok(Finding::of(passed, median, upper, why))
}

/// How long a block of rows takes, in microseconds and at least one.
#[expect(clippy::cast_precision_loss, reason = "microseconds of a moment")]
fn block_us(ground: &Ground<'_>, release: &LoadedRelease) -> Result<f64, Error> {
    let test = &ground.rows.test.batch;
    let rows: Vec<_> = (0..BLOCK_ROWS).map(|row| test.take(&[row % test.rows()])).collect();
    let from = ground.clock.monotonic_us();
    for row in &rows {
        black_box(predict(release, row)?);
    }
    Ok(ground.clock.monotonic_us().saturating_sub(from).max(1) as f64)
}

/// The position, among that many sorted numbers, that the median is below with this confidence.
#[expect(clippy::cast_precision_loss, reason = "a small count")]
fn upper_rank(count: usize, sure: f64) -> usize {
    // The chance that at most k of n are below the median is I(1/2; n - k, k + 1).
    let at_most = |k: usize| incomplete_beta((count - k) as f64, k as f64 + 1.0, 0.5);
    let is_sure = |k: &usize| at_most(*k).is_ok_and(|chance| chance >= sure);
    (0..count).find(is_sure).unwrap_or(count - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rank_is_that_of_the_sign_test() {
        // P(Bin(41, 1/2) <= 26) = 0.9702, and <= 25 it is 0.9414.
        assert_eq!(upper_rank(41, 0.95), 26);
        assert_eq!(upper_rank(5, 0.95), 4);
        assert_eq!(upper_rank(3, 0.999), 2);
    }
}
