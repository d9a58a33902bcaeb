//! Recorded rows, answered once more and told to nobody: a release that is new here does what is
//! slow once (pages of memory, connections, caches) before a caller waits for it.

use serde::Serialize;
use shipworthy_core::Clock;

use crate::decode::{Rows, Wire};
use crate::predict::predict;
use crate::release::LoadedRelease;
use crate::validate::Validated;

/// How the rows ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Warmed {
    /// With an answer.
    pub answered: u64,
    /// Refused by the release's contract.
    pub refused: u64,
    /// Without an answer of the model.
    pub failed: u64,
}

/// Lets a release answer recorded inputs, one after another as most callers ask, for `limit_us`
/// microseconds at the most. This thread waits for a model on another server, so it must be one
/// that may.
pub fn warm<'a>(
    release: &LoadedRelease,
    inputs: impl Iterator<Item = &'a str>,
    (clock, limit_us): (&dyn Clock, u64),
) -> Warmed {
    let (mut warmed, begun_us) = (Warmed::default(), clock.monotonic_us());
    for input in inputs {
        if clock.monotonic_us().saturating_sub(begun_us) > limit_us {
            break;
        }
        let body = format!("{{\"instances\":[{input}]}}");
        let decoded = Wire::PredictV1.decode(body.as_bytes(), Rows::of(release, 1));
        let checked = decoded.map(|rows| Validated::check(release, rows.batch, &rows.misfits)).ok();
        let checked = checked.filter(|checked| !checked.outcome.is_refused());
        let ended = match checked.map(|checked| predict(release, &checked.batch)) {
            None => &mut warmed.refused,
            Some(Ok(_)) => &mut warmed.answered,
            Some(Err(_)) => &mut warmed.failed,
        };
        *ended += 1;
    }
    warmed
}
