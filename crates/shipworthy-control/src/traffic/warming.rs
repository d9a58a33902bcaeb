//! A release that is new here answers what callers asked lately, before it answers callers.

use shipworthy_ledger::{Entry, Kind, ReadError, Reader};
use shipworthy_serving::record::Recorded;
use shipworthy_serving::release::LoadedRelease;
use shipworthy_serving::{Warmed, warm};

use super::Traffic;

/// The newest entries of the ledger that are looked at.
const ENTRIES: u64 = 1_024;

/// The most rows that are answered, and their bytes in memory.
const ROWS: usize = 256;
const BYTES: usize = 8 << 20;

/// The longest time for it, in microseconds: a model on another server may be slow.
const LIMIT_US: u64 = 2_000_000;

impl Traffic {
    /// Warms a release with recorded traffic of an endpoint. What it answers is judged later, when
    /// it is recorded beside what stable answers.
    pub(super) fn warm(&self, endpoint: &str, release: &LoadedRelease) -> Warmed {
        let inputs = self.recorded_inputs(endpoint).unwrap_or_else(|error| {
            tracing::warn!(endpoint, %error, "no recorded rows to warm a release with");
            Vec::new()
        });
        let inputs = inputs.iter().map(String::as_str);
        warm(release, inputs, (&*self.ports.clock, LIMIT_US))
    }

    /// What an endpoint was asked last and has answered, oldest first.
    fn recorded_inputs(&self, endpoint: &str) -> Result<Vec<String>, ReadError> {
        let upto = self.ports.serving.watermark();
        let reader = Reader::open(self.ports.ledger_disk.clone(), Some(upto))?;
        let (mut inputs, mut bytes) = (Vec::new(), 0);
        for entry in reader.entries(upto.sequence.saturating_sub(ENTRIES)) {
            let Some(input) = input(&entry?, endpoint) else { continue };
            bytes += input.len();
            inputs.push(input);
            if bytes > BYTES || inputs.len() == ROWS {
                break;
            }
        }
        Ok(inputs)
    }
}

fn input(entry: &Entry, endpoint: &str) -> Option<String> {
    let payload = Some(entry).filter(|entry| entry.kind == Kind::DECISION)?.payload()?;
    let recorded: Recorded = serde_json::from_slice(payload).ok()?;
    (recorded.endpoint == endpoint).then(|| recorded.input.get().to_owned())
}
