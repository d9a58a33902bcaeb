//! A suite of expectations on a file of rows.

mod scratch;

use std::path::Path;
use std::sync::Arc;

use shipworthy_contract::expectations::{Evaluation, ExpectationResult, Suite};
use shipworthy_rows::files::{Error, RowFile};

use scratch::ScratchFile;

/// Rows read at a time.
const BATCH_ROWS: usize = 16 * 1024;

/// Evaluates a suite on all rows of a file, as a stream. Some expectations need the rows more than
/// once; `seen` is told after each batch how many rows of the present reading there were. What has no
/// room in memory goes into a file without a name in the directory `scratch`; without one, or where it
/// fails, the rows are read again for it.
///
/// # Errors
/// When the file cannot be read.
pub fn evaluate(
    file: &RowFile,
    suite: &Suite,
    scratch: Option<&Path>,
    seen: &mut dyn FnMut(u64),
) -> Result<Vec<ExpectationResult>, Error> {
    let schema = Arc::new(file.schema().clone());
    let mut evaluation = Evaluation::new(suite, &schema);
    if let Some(directory) = scratch {
        evaluation = evaluation.with_scratch(ScratchFile::new(directory.to_owned()));
    }
    loop {
        let mut row = 0;
        for read in file.batches(&schema, BATCH_ROWS)? {
            let (batch, _) = read?;
            evaluation.see(row, &batch);
            row += batch.rows() as u64;
            seen(row);
        }
        if !evaluation.another_pass() {
            return Ok(evaluation.finish());
        }
    }
}
