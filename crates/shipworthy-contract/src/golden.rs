//! Rows made from the contract alone, whose answers say what a release does.

use std::sync::Arc;

use shipworthy_rows::{Cell, Column, DataType, RowBatch, Timestamp};

use crate::{Checks, ColumnRules, Contract};

/// Rows that the contract allows, the same for the same contract and seed on every machine: no
/// person's data. Values lie all over their ranges and sets; one in eight that may be missing is.
/// Rows that are not as expected are drawn again, for a while: where chance does not meet an
/// expectation (a pattern of free text, say), a row stays that meets the rules of its columns alone.
#[must_use]
pub fn golden_rows(contract: &Contract, rows: usize, seed: u64) -> RowBatch {
    /// Of a row that one draw in ten meets, one in 850 stays unmet.
    const DRAWS: usize = 64;
    let mut chance = Chance { state: seed };
    let first = draw(contract, rows, &mut chance);
    let Ok(checks) = Checks::compile(contract) else { return first };
    // The row of all draws that stands at each place.
    let mut places: Vec<usize> = (0..rows).collect();
    let is_met = |batch: &RowBatch, row: &usize| checks.expect(batch, *row);
    let mut unmet: Vec<usize> = (0..rows).filter(|row| !is_met(&first, row)).collect();
    let mut batches = vec![first];
    while !unmet.is_empty() && batches.len() < DRAWS {
        let again = draw(contract, rows, &mut chance);
        for row in (0..rows).filter(|row| is_met(&again, row)) {
            let Some(place) = unmet.pop() else { break };
            places[place] = batches.len() * rows + row;
        }
        batches.push(again);
    }
    let all = RowBatch::stack(&batches.iter().collect::<Vec<_>>());
    all.expect("all draws are of one schema").take(&places)
}

fn draw(contract: &Contract, rows: usize, chance: &mut Chance) -> RowBatch {
    let schema = Arc::new(contract.schema());
    let columns = contract.columns.iter().map(|rules| {
        let mut column = Column::with_capacity(rules.data_type, rows * rules.width);
        for _ in 0..rows * rules.width {
            let fitted = column.push(value(rules, chance));
            debug_assert!(fitted, "a golden value is of its column's type");
        }
        column
    });
    RowBatch::new(schema, columns.collect()).expect("columns are made from the schema")
}

fn value<'a>(rules: &'a ColumnRules, chance: &mut Chance) -> Cell<'a> {
    /// Text where any is allowed; no model knows it.
    const ANY: [&str; 4] = ["", "a", "golden", "two words"];
    /// Two years from 2023-11-14.
    const INSTANTS_US: (f64, f64) = (1.7e15, 1.7e15 + 6.3e13);
    if !rules.required && chance.below(8) == 0 {
        return Cell::Missing;
    }
    match rules.data_type {
        DataType::Boolean => Cell::Boolean(chance.below(2) == 1),
        DataType::Integer => Cell::Integer(whole_within(rules, chance)),
        DataType::Float => Cell::Float(chance.between(range(rules))),
        DataType::String => match rules.one_of.as_ref().or(rules.categories.as_ref()) {
            Some(known) if !known.is_empty() => Cell::String(&known[chance.below(known.len())]),
            _ => Cell::String(ANY[chance.below(ANY.len())]),
        },
        DataType::Timestamp => {
            Cell::Timestamp(Timestamp::from_micros(whole(chance.between(INSTANTS_US))))
        }
    }
}

/// A whole number of the range; the one below it where it holds none.
fn whole_within(rules: &ColumnRules, chance: &mut Chance) -> i64 {
    let (min, max) = range(rules);
    whole(chance.between((min, max)).round().max(min.ceil()).min(max.floor()))
}

/// Where numbers are drawn from; an open end is a thousand away.
fn range(rules: &ColumnRules) -> (f64, f64) {
    const SPAN: f64 = 1_000.0;
    match (rules.min, rules.max) {
        (Some(min), Some(max)) => (min, max),
        (Some(min), None) => (min, min + SPAN),
        (None, Some(max)) => (max - SPAN, max),
        (None, None) => (-SPAN, SPAN),
    }
}

#[allow(clippy::cast_possible_truncation, reason = "saturates, and bounds are far smaller")]
const fn whole(value: f64) -> i64 {
    value as i64
}

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): whole numbers alone, so the same everywhere.
struct Chance {
    state: u64,
}

impl Chance {
    const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    #[allow(clippy::cast_possible_truncation, reason = "a remainder below a usize")]
    const fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    /// Both ends included; no step of it overflows.
    #[allow(clippy::cast_precision_loss, reason = "53 bits, exact")]
    fn between(&mut self, (min, max): (f64, f64)) -> f64 {
        let share = (self.next() >> 11) as f64 / ((1_u64 << 53) - 1) as f64;
        (min * (1.0 - share) + max * share).max(min).min(max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, data_type: DataType, required: bool) -> ColumnRules {
        ColumnRules { required, ..ColumnRules::plain(name, data_type) }
    }

    fn contract() -> Contract {
        let number =
            |name, data_type, min, max| ColumnRules { min, max, ..column(name, data_type, true) };
        let ports = Some(vec!["EWR".to_owned(), "JFK".to_owned()]);
        Contract::new(vec![
            number("whole", DataType::Integer, Some(-3.5), Some(7.5)),
            number("wide", DataType::Float, Some(-f64::MAX), Some(f64::MAX)),
            number("open", DataType::Float, Some(5.0), None),
            ColumnRules { one_of: ports, ..column("port", DataType::String, true) },
            column("free", DataType::String, false),
            column("flag", DataType::Boolean, false),
            column("at", DataType::Timestamp, false),
        ])
    }

    #[test]
    fn the_contract_allows_every_golden_row() {
        let batch = golden_rows(&contract(), 500, 1);
        let outcome = Checks::compile(&contract()).unwrap().check(&mut batch.clone(), &[]);
        assert!(outcome.violations.is_empty(), "{:?}", outcome.violations);
        let missing = (0..500).filter(|row| batch.columns()[4].is_missing(*row)).count();
        assert!((30..100).contains(&missing), "{missing} of 500");
        let distinct = |value: &str| (0..500).any(|row| batch.cell(row, 3) == Cell::String(value));
        assert!(distinct("EWR") && distinct("JFK"));
    }

    #[test]
    fn the_seed_alone_decides() {
        assert_eq!(golden_rows(&contract(), 9, 1), golden_rows(&contract(), 9, 1));
        assert_ne!(golden_rows(&contract(), 9, 1), golden_rows(&contract(), 9, 2));
        assert_eq!(golden_rows(&contract(), 9, 1).cell(0, 0), Cell::Integer(3));
    }
}
