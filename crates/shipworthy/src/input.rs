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
    text_up_to(path, MAX_BYTES)
}

/// As [`text()`], of a file that may have so many bytes.
///
/// # Errors
/// As [`text()`].
pub(crate) fn text_up_to(path: &Path, max_bytes: u64) -> Result<String> {
    let reader: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(stdin()),
        _ => Box::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?),
    };
    let mut text = String::new();
    let read = reader.take(max_bytes + 1).read_to_string(&mut text);
    let bytes = read.with_context(|| format!("cannot read {}", path.display()))?;
    if bytes as u64 > max_bytes {
        bail!("{} is longer than {max_bytes} bytes", path.display());
    }
    Ok(text)
}
