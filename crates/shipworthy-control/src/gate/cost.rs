//! Gates about how a release comes to be, and what a row costs.

use std::hint::black_box;

use shipworthy_rows::RowBatch;
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
/// The most rows of a batch that is asked for at once.
const BATCH_ROWS: usize = 1_000;

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
    let Paired { ratios, .. } = of_rows(ground, stable)?;
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

/// How long blocks took, each sorted; there is one of each release in each pair.
pub(super) struct Paired {
    /// Of the candidate, in microseconds and at least one.
    pub(super) new_us: Vec<f64>,
    /// Of the release that it is held against.
    pub(super) old_us: Vec<f64>,
    /// The candidate's to the other's.
    pub(super) ratios: Vec<f64>,
    /// Rows of a block.
    pub(super) rows: usize,
}

/// Blocks of rows that are asked for one by one.
pub(super) fn of_rows(ground: &Ground<'_>, stable: &LoadedRelease) -> Result<Paired, Error> {
    let test = &ground.rows.test.batch;
    let rows = (0..BLOCK_ROWS).map(|row| test.take(&[row % test.rows()]));
    paired(ground, stable, &rows.collect::<Vec<_>>())
}

/// Blocks of rows that are asked for at once.
pub(super) fn of_a_batch(ground: &Ground<'_>, stable: &LoadedRelease) -> Result<Paired, Error> {
    let test = &ground.rows.test.batch;
    let rows: Vec<usize> = (0..test.rows().min(BATCH_ROWS)).collect();
    paired(ground, stable, &[test.take(&rows)])
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of a moment")]
fn paired(
    ground: &Ground<'_>,
    stable: &LoadedRelease,
    requests: &[RowBatch],
) -> Result<Paired, Error> {
    let time = |release| -> Result<f64, Error> {
        let from = ground.clock.monotonic_us();
        for request in requests {
            black_box(predict(release, request)?);
        }
        Ok(ground.clock.monotonic_us().saturating_sub(from).max(1) as f64)
    };
    // The first of each finds cold caches.
    time(ground.candidate)?;
    time(stable)?;
    let rows = requests.iter().map(RowBatch::rows).sum();
    let none = || Vec::with_capacity(BLOCKS);
    let mut paired = Paired { new_us: none(), old_us: none(), ratios: none(), rows };
    for _ in 0..BLOCKS {
        let (new, old) = (time(ground.candidate)?, time(stable)?);
        paired.new_us.push(new);
        paired.old_us.push(old);
        paired.ratios.push(new / old);
    }
    for times in [&mut paired.new_us, &mut paired.old_us, &mut paired.ratios] {
        times.sort_by(f64::total_cmp);
    }
    Ok(paired)
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
