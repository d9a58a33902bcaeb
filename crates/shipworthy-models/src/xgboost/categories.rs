//! The `cats` block: the category names that a training frame had, in code order.
//!
//! Text is one buffer of signed bytes with offsets; numbers are listed. A numeric feature has an
//! empty entry; a file without category names has no entries, or no block (before 3.1).
//!
//! xgboost 3.2 counts characters instead of bytes when it takes names from a pandas frame, so such
//! a file with names beyond ASCII is damaged as written; from Arrow tables it is right.

use super::Error;
use super::document::{Categories, CategoryColumn};

/// Category names per feature; empty when the file has none at all.
pub(super) fn levels(
    block: Option<&Categories>,
    num_feature: usize,
) -> Result<Vec<Vec<String>>, Error> {
    let columns = block.map_or(&[][..], |block| &block.enc);
    if !columns.is_empty() && columns.len() != num_feature {
        let found = columns.len();
        return Err(Error::Length { field: "cats.enc", expected: num_feature, found });
    }
    let decode = |(feature, column): (usize, &CategoryColumn)| {
        column_levels(column).map_err(|reason| Error::Categories { feature, reason })
    };
    columns.iter().enumerate().map(decode).collect()
}

fn column_levels(column: &CategoryColumn) -> Result<Vec<String>, &'static str> {
    let Some(offsets) = &column.offsets else {
        return Ok(column.values.iter().map(ToString::to_string).collect());
    };
    let bytes = column.values.iter().map(|value| value.as_i64().and_then(byte));
    let bytes: Vec<u8> = bytes.collect::<Option<_>>().ok_or("a value is not a byte")?;
    let level = |ends: &[i64]| {
        let start = usize::try_from(ends[0]).map_err(|_| "an offset is negative")?;
        let end = usize::try_from(ends[1]).map_err(|_| "an offset is negative")?;
        let text = bytes.get(start..end).ok_or("an offset is out of order or range")?;
        let text = std::str::from_utf8(text)
            .map_err(|_| "a name is not UTF-8 (xgboost 3.2 writes it so from pandas; use Arrow)")?;
        Ok(text.to_owned())
    };
    let levels: Vec<String> = offsets.windows(2).map(level).collect::<Result<_, &str>>()?;
    // Overlapping offsets would let a short file ask for much memory; names partition the bytes.
    if levels.is_empty() || levels.iter().map(String::len).sum::<usize>() == bytes.len() {
        Ok(levels)
    } else {
        Err("the names do not cover the values")
    }
}

/// Signed as XGBoost writes them, unsigned as it may one day.
fn byte(value: i64) -> Option<u8> {
    i8::try_from(value).map(i8::cast_unsigned).or_else(|_| u8::try_from(value)).ok()
}
