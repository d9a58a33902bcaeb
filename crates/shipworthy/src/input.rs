//! Small texts that people and programs give.

use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;

use anyhow::{Context, Result, bail};

/// The longest text, in bytes: keys and reports, never data.
const MAX_BYTES: u64 = 1 << 20;

/// The text of a file; of standard input for `-`.
///
/// # Errors
/// When it cannot be read, is longer than 1 MiB, or is no UTF-8.
pub(crate) fn text(path: &Path) -> Result<String> {
    let reader: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(stdin()),
        _ => Box::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?),
    };
    let mut text = String::new();
    let read = reader.take(MAX_BYTES + 1).read_to_string(&mut text);
    let bytes = read.with_context(|| format!("cannot read {}", path.display()))?;
    if bytes as u64 > MAX_BYTES {
        bail!("{} is longer than {MAX_BYTES} bytes", path.display());
    }
    Ok(text)
}
