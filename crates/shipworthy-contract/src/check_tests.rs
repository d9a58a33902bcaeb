use super::*;
use proptest::prelude::*;

/// A contract of one column `x`.
fn rules(data_type: DataType) -> ColumnRules {
    ColumnRules::plain("x", data_type)
}

fn check(rules: ColumnRules, cells: &[Cell<'_>]) -> (Vec<(usize, Rule, String)>, RowBatch) {
    let contract = Contract::new(vec![rules]);
    let checks = Checks::compile(&contract).unwrap();
    let mut column = Column::with_capacity(contract.columns[0].data_type, cells.len());
    let mut misfits = Vec::new();
    for (row, cell) in cells.iter().enumerate() {
        if !column.push(*cell) {
            misfits.push(Misfit { row, column: 0, found: text(*cell) });
        }
    }
    let mut batch = RowBatch::new(Arc::clone(checks.schema()), vec![column]).unwrap();
    let outcome = checks.check(&mut batch, &misfits);
    (outcome.violations.into_iter().map(|v| (v.row, v.rule, v.hint)).collect(), batch)
}

#[test]
fn every_violation_is_told_with_what_to_do() {
    let range = ColumnRules { min: Some(10.0), max: Some(6000.0), ..rules(DataType::Integer) };
    let cells = [
        Cell::Integer(10),
        Cell::Integer(9),
        Cell::Integer(6001),
        Cell::Missing,
        Cell::String("9"),
    ];
    let (violations, _) = check(range, &cells);
    let expected = [
        (1, Rule::Min, "send 10 or more"),
        (2, Rule::Max, "send 6000 or less"),
        (3, Rule::Required, "send a value: a whole number from 10 to 6000"),
        (4, Rule::Type, "send a whole number from 10 to 6000 without quotes"),
    ];
    let expected = expected.map(|(row, rule, hint)| (row, rule, hint.to_owned()));
    assert_eq!(violations, expected);
}

#[test]
fn a_set_lists_its_values() {
    let set = ["EWR", "JFK", "LGA"].map(str::to_owned).to_vec();
    let column = ColumnRules { one_of: Some(set), ..rules(DataType::String) };
    let (violations, _) = check(column, &[Cell::String("JFK"), Cell::String("XXX")]);
    let hint = r#"send one of ["EWR", "JFK", "LGA"]"#.to_owned();
    assert_eq!(violations, [(1, Rule::OneOf, hint)]);
}

#[test]
fn an_optional_value_may_be_missing_but_not_of_another_type() {
    let column = ColumnRules { required: false, ..rules(DataType::Float) };
    let (violations, _) =
        check(column, &[Cell::Missing, Cell::Float(f64::NAN), Cell::Boolean(true)]);
    assert_eq!(violations.len(), 1);
    assert_eq!((violations[0].0, violations[0].1), (2, Rule::Type));
}

#[test]
fn a_default_stands_in_for_a_bad_value() {
    let column = ColumnRules {
        max: Some(1.0),
        on_violation: OnViolation::Default,
        default: Some(Default::Float(0.5)),
        ..rules(DataType::Float)
    };
    let (violations, batch) = check(column, &[Cell::Float(2.0), Cell::Float(1.0), Cell::Missing]);
    assert_eq!(violations.len(), 2);
    assert_eq!(batch.columns()[0], Column::Float(vec![0.5, 1.0, 0.5]));
}

#[test]
fn a_contract_that_makes_no_sense_is_refused() {
    let compile = |column| Checks::compile(&Contract::new(vec![column])).map(|_| ());
    let bounded_text = ColumnRules { min: Some(1.0), ..rules(DataType::String) };
    assert!(matches!(compile(bounded_text), Err(CompileError::RuleForType { .. })));
    let empty = ColumnRules { min: Some(2.0), max: Some(1.0), ..rules(DataType::Float) };
    assert!(matches!(compile(empty), Err(CompileError::EmptyRange { .. })));
    let bad_default = ColumnRules {
        max: Some(1.0),
        on_violation: OnViolation::Default,
        default: Some(Default::Float(3.0)),
        ..rules(DataType::Float)
    };
    assert!(matches!(compile(bad_default), Err(CompileError::Default { .. })));
    let twice = Contract::new(vec![rules(DataType::Float), rules(DataType::Float)]);
    assert!(matches!(Checks::compile(&twice), Err(CompileError::Duplicate { .. })));
}

proptest! {
    #[test]
    fn the_sample_row_of_a_range_is_in_it(min in -1e6..1e6f64, width in 1.0..1e6f64) {
        for data_type in [DataType::Integer, DataType::Float] {
            let max = Some(min + width);
            let column = ColumnRules { min: Some(min), max, ..rules(data_type) };
            let contract = Contract::new(vec![column]);
            let mut row = crate::sample_row(&contract);
            let outcome = Checks::compile(&contract).unwrap().check(&mut row, &[]);
            prop_assert_eq!(outcome.violations, vec![]);
        }
    }

    #[test]
    fn a_violation_is_found_wherever_it_stands(values in prop::collection::vec(-5.0..5.0f64, 1..50)) {
        let column = ColumnRules { min: Some(-1.0), max: Some(1.0), ..rules(DataType::Float) };
        let cells: Vec<_> = values.iter().map(|value| Cell::Float(*value)).collect();
        let (violations, _) = check(column, &cells);
        let bad = values.iter().enumerate().filter(|(_, value)| value.abs() > 1.0);
        let rows: Vec<_> = bad.map(|(row, _)| row).collect();
        prop_assert_eq!(violations.iter().map(|v| v.0).collect::<Vec<_>>(), rows);
    }
}
