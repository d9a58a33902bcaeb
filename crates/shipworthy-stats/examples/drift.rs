//! What `cargo xtask bench drift` measures of this crate: the verdict of Evidently's default preset on
//! `reference.parquet` and `current.parquet`, which are in memory. Says `ready`, and for each line on
//! standard input a line of JSON with the microseconds it took and the score of each column.
//!
//! `drift DIRECTORY`

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program that prints how long things took"
)]

use std::borrow::Cow;
use std::error::Error;
use std::io::stdin;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Map, Value, json};
use shipworthy_rows::files::RowFile;
use shipworthy_rows::{Column, RowBatch};
use shipworthy_stats::presets::{Samples, TableVerdict, evidently_table};

/// As many as the machines have on which it is asked for.
const THREADS: usize = 2;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1).ok_or("usage: drift DIRECTORY")?;
    let table = |name| read(&Path::new(&directory).join(name));
    let (reference, current) = (table("reference.parquet")?, table("current.parquet")?);
    println!("ready");
    for line in stdin().lines() {
        line?;
        let start = Instant::now();
        let verdict = verdict(&reference, &current)?;
        let micros = start.elapsed().as_secs_f64() * 1e6;
        let names = reference.schema().fields().iter().map(|field| field.name.to_string());
        let scores = verdict.columns.iter().map(|column| Value::from(column.score));
        let scores: Map<String, Value> = names.zip(scores).collect();
        println!("{}", json!({"micros": micros, "scores": scores}));
    }
    Ok(())
}

fn read(path: &Path) -> Result<RowBatch, Box<dyn Error>> {
    let file = RowFile::open(path)?;
    let mut batches = Vec::new();
    for batch in file.batches(&Arc::new(file.schema().clone()), 16 * 1024)? {
        batches.push(batch?.0);
    }
    let whole = RowBatch::stack(&batches.iter().collect::<Vec<_>>());
    whole.ok_or_else(|| format!("{} has no rows", path.display()).into())
}

/// The values of a column that are there.
enum Values<'a> {
    Numbers(Cow<'a, [f64]>),
    Texts(Vec<&'a str>),
}

fn values(column: &Column) -> Result<Values<'_>, Box<dyn Error>> {
    match column {
        Column::Float(values) if column.count_missing() == 0 => {
            Ok(Values::Numbers(Cow::Borrowed(values)))
        }
        Column::Float(values) => {
            let there = values.iter().copied().filter(|value| !value.is_nan());
            Ok(Values::Numbers(Cow::Owned(there.collect())))
        }
        Column::String(values) if column.count_missing() == 0 => {
            Ok(Values::Texts(values.iter().map(Option::unwrap_or_default).collect()))
        }
        Column::String(values) => Ok(Values::Texts(values.iter().flatten().collect())),
        _ => Err("a column is neither of floats nor of texts".into()),
    }
}

fn verdict(reference: &RowBatch, current: &RowBatch) -> Result<TableVerdict, Box<dyn Error>> {
    let of = |table| RowBatch::columns(table).iter().map(values).collect::<Result<Vec<_>, _>>();
    let (reference, current) = (of(reference)?, of(current)?);
    let pairs = reference.iter().zip(&current).map(|pair| match pair {
        (Values::Numbers(reference), Values::Numbers(current)) => {
            Ok(Samples::Numbers(reference, current))
        }
        (Values::Texts(reference), Values::Texts(current)) => {
            Ok(Samples::Categories(reference, current))
        }
        _ => Err("a column is of numbers in one table alone"),
    });
    Ok(evidently_table(&pairs.collect::<Result<Vec<_>, _>>()?, THREADS)?)
}
