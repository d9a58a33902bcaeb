//! What `cargo xtask bench validate` measures of this crate. For each line `table` or `row` on
//! standard input it prints how long it took, in µs: to evaluate a suite on the rows of a file that
//! are in memory, and to check a row of a request.
//!
//! `expectations DATA SUITE CONTRACT ROWS`

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program that prints how long things took"
)]

use std::error::Error;
use std::hint::black_box;
use std::io::stdin;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use shipworthy_contract::expectations::{Evaluation, Suite};
use shipworthy_contract::{Checks, Contract, sample_row};
use shipworthy_rows::RowBatch;
use shipworthy_rows::files::RowFile;

/// Rows at a time, as `shipworthy validate` reads them.
const BATCH_ROWS: usize = 16 * 1024;

/// Checks of a row that are timed together: one is too short for a clock.
const ROW_CHECKS: u32 = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, suite, contract, rows] = &arguments[..] else {
        return Err("usage: expectations DATA SUITE CONTRACT ROWS".into());
    };
    let batches = read(Path::new(data), rows.parse()?)?;
    let suite = Suite::parse(&std::fs::read_to_string(suite)?)?;
    let contract: Contract = serde_json::from_str(&std::fs::read_to_string(contract)?)?;
    let checks = Checks::compile(&contract)?;
    let mut row = sample_row(&contract);
    for line in stdin().lines() {
        let start = Instant::now();
        let micros = match line?.as_str() {
            "table" => {
                table(&suite, &batches)?;
                start.elapsed().as_secs_f64() * 1e6
            }
            _ => {
                for _ in 0..ROW_CHECKS {
                    let outcome = checks.check(black_box(&mut row), &[]);
                    if black_box(outcome).is_refused() {
                        return Err("the row breaks its contract".into());
                    }
                }
                start.elapsed().as_secs_f64() * 1e6 / f64::from(ROW_CHECKS)
            }
        };
        println!("{micros}");
    }
    Ok(())
}

fn read(path: &Path, rows: usize) -> Result<Vec<RowBatch>, Box<dyn Error>> {
    let file = RowFile::open(path)?;
    let mut batches = Vec::new();
    let mut read = 0;
    for batch in file.batches(&Arc::new(file.schema().clone()), BATCH_ROWS)? {
        let (batch, _) = batch?;
        let taken: Vec<usize> = (0..batch.rows().min(rows - read)).collect();
        read += taken.len();
        batches.push(batch.take(&taken));
    }
    Ok(batches)
}

fn table(suite: &Suite, batches: &[RowBatch]) -> Result<(), Box<dyn Error>> {
    let first = batches.first().ok_or("the file has no rows")?;
    let mut evaluation = Evaluation::new(suite, first.schema());
    loop {
        let mut row = 0;
        for batch in batches {
            evaluation.see(row, batch);
            row += batch.rows() as u64;
        }
        if !evaluation.another_pass() {
            break;
        }
    }
    let results = evaluation.finish();
    match results.iter().find(|result| !result.success) {
        Some(result) => Err(result.line().into()),
        None => Ok(()),
    }
}
