//! Rows made from the contract alone.

use shipworthy_rows::{Cell, Column, DataType, RowBatch, Timestamp};
use std::sync::Arc;

use crate::{ColumnRules, Contract};

/// One row that the contract allows, with a value in every column: no person's data, and the same
/// every time. It warms a model up before it may serve.
#[must_use]
pub fn sample_row(contract: &Contract) -> RowBatch {
    let schema = Arc::new(contract.schema());
    let columns = contract.columns.iter().map(|rules| {
        let mut column = Column::with_capacity(rules.data_type, rules.width);
        for _ in 0..rules.width.max(1) {
            let fitted = column.push(sample_value(rules));
            debug_assert!(fitted, "a sample value is of its column's type");
        }
        column
    });
    RowBatch::new(schema, columns.collect()).expect("columns are made from the schema")
}

fn sample_value(rules: &ColumnRules) -> Cell<'_> {
    match rules.data_type {
        DataType::Boolean => Cell::Boolean(true),
        DataType::Integer => Cell::Integer(whole(middle(rules).round())),
        DataType::Float => Cell::Float(middle(rules)),
        DataType::String => {
            let known = rules.one_of.as_ref().or(rules.categories.as_ref());
            Cell::String(known.and_then(|values| values.first()).map_or("", String::as_str))
        }
        DataType::Timestamp => Cell::Timestamp(Timestamp::from_micros(0)),
    }
}

fn middle(rules: &ColumnRules) -> f64 {
    match (rules.min, rules.max) {
        (Some(min), Some(max)) => min + (max - min) / 2.0,
        (Some(bound), None) | (None, Some(bound)) => bound,
        (None, None) => 0.0,
    }
}

#[allow(clippy::cast_possible_truncation, reason = "saturates, and bounds are far smaller")]
const fn whole(value: f64) -> i64 {
    value as i64
}
