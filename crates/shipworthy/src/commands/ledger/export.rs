//! `shipworthy ledger export`: a file that appears whole or not at all.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};
use indicatif::ProgressBar;
use tempfile::NamedTempFile;

use super::entries::Ledger;
use super::parquet::DecisionWriter;
use crate::output;

/// Entries between two moves of the progress bar.
const TICK_ENTRIES: u64 = 1_024;

/// Writes all decisions of this moment to `path`; gives their number.
pub(super) fn export(ledger: &Ledger, path: &Path) -> Result<u64> {
    let end = ledger.end()?;
    let bar = output::progress(end, "entries");
    let directory = directory_of(path);
    let cannot_write = || format!("cannot write {}", path.display());
    let temporary = NamedTempFile::new_in(directory).with_context(cannot_write)?;
    let rows = write(ledger, end, temporary.as_file(), &bar)?;
    temporary.as_file().sync_all().with_context(cannot_write)?;
    temporary.persist(path).with_context(cannot_write)?;
    File::open(directory).and_then(|directory| directory.sync_all()).with_context(cannot_write)?;
    bar.finish_and_clear();
    Ok(rows)
}

/// Writes the decisions before the sequence `end`; gives their number.
pub(super) fn write(ledger: &Ledger, end: u64, file: &File, bar: &ProgressBar) -> Result<u64> {
    let mut writer = DecisionWriter::new(file)?;
    for entry in ledger.entries(0) {
        let entry = entry?;
        if entry.sequence >= end {
            break;
        }
        if let Some(status) = entry.status() {
            writer.push(&entry, status)?;
        }
        if entry.sequence.is_multiple_of(TICK_ENTRIES) {
            bar.set_position(entry.sequence);
        }
    }
    writer.finish()
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
