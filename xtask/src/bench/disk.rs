//! How long the disk takes to keep what it is given: the floor under every durable answer.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::quantiles::quantile;

/// Enough for a p99 of twenty samples above it; some ten seconds on a slow disk.
const WRITES: usize = 2_000;
/// What a group of a few dozen decisions takes in the ledger.
const APPEND_BYTES: usize = 8 * 1024;

/// Latency of an append with `fdatasync`, in microseconds.
pub(super) struct Sync {
    pub(super) p50_us: f64,
    pub(super) p90_us: f64,
    pub(super) p99_us: f64,
}

/// Appends [`APPEND_BYTES`] [`WRITES`] times to a new file in `directory`, with `fdatasync` each.
pub(super) fn measure(directory: &Path) -> Result<Sync> {
    let path = directory.join("fdatasync-probe");
    let samples_us = append_and_sync(&path)
        .with_context(|| format!("cannot measure the disk in {}", directory.display()));
    let _ = fs::remove_file(&path);
    let samples_us = samples_us?;
    Ok(Sync {
        p50_us: quantile(&samples_us, 0.5),
        p90_us: quantile(&samples_us, 0.9),
        p99_us: quantile(&samples_us, 0.99),
    })
}

fn append_and_sync(path: &Path) -> std::io::Result<Vec<f64>> {
    let block = [0x5a_u8; APPEND_BYTES];
    let mut file = File::create(path)?;
    let mut samples_us = Vec::with_capacity(WRITES);
    for _ in 0..WRITES {
        let start = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        samples_us.push(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(samples_us)
}

impl Sync {
    pub(super) fn to_json(&self) -> Value {
        json!({"p50_us": self.p50_us, "p90_us": self.p90_us, "p99_us": self.p99_us})
    }
}
