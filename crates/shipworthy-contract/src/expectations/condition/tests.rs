use std::sync::Arc;

use shipworthy_rows::{Column, RowBatch, Schema};

use super::parse::parse;

fn batch() -> RowBatch {
    let columns = [
        ("origin", Column::String([Some("JFK"), Some("EWR"), None].into_iter().collect())),
        ("distance", Column::Float(vec![1.0, 2.5, f64::NAN])),
        ("my stops", Column::Integer(vec![Some(1), Some(2), Some(3)])),
        ("at", Column::Timestamp(vec!["2013-01-02 00:00:00".parse().ok(); 3])),
    ];
    let schema = Schema::new(columns.iter().map(|(name, column)| (*name, column.data_type())));
    RowBatch::new(Arc::new(schema), columns.into_iter().map(|(_, column)| column).collect())
        .unwrap()
}

fn selected(text: &str, with_col: bool) -> Vec<usize> {
    let batch = batch();
    let condition = parse(text, with_col, batch.schema()).unwrap();
    (0..batch.rows()).filter(|row| condition.selects(&batch, *row)).collect()
}

#[test]
fn conditions_select_what_pandas_selects() {
    let check = |text, expect: &[usize]| assert_eq!(selected(text, false), expect, "{text}");
    check("origin == \"JFK\"", &[0]);
    check("origin == 'JFK' and distance<2", &[0]);
    check("origin != 'JFK'", &[1, 2]);
    check("origin in ['JFK', 'EWR']", &[0, 1]);
    check("origin not in ['JFK']", &[1, 2]);
    check("not (origin == 'JFK' or distance > 2)", &[2]);
    check("~(distance >= 1) | `my stops` == 2", &[1, 2]);
    check("distance.isnull()", &[2]);
    check("distance.notna() & `my stops` > distance", &[]);
    check("2.4 < distance", &[1]);
    check("distance > -1e-3", &[0, 1]);
    check("at >= '2013-01-02'", &[0, 1, 2]);
    check("origin.isin(('EWR',))", &[1]);
}

#[test]
fn the_spelling_of_great_expectations_says_the_same() {
    let check = |text, expect: &[usize]| assert_eq!(selected(text, true), expect, "{text}");
    check("col(\"origin\") == \"JFK\"", &[0]);
    check("col(\"distance\").notNull() and col(\"my stops\") >= 2", &[1]);
    check("col(\"at\") < date(\"2013-01-03\")", &[0, 1, 2]);
}

#[test]
fn what_is_not_understood_is_told_with_its_place() {
    let check = |text: &str, expect: &str| {
        let problem = parse(text, false, batch().schema()).unwrap_err();
        assert_eq!(problem.to_string(), expect, "{text}");
    };
    check("orgin == 'JFK'", "the data has no column `orgin`; did you mean `origin`?");
    check("origin = 'JFK'", "row_condition, character 8: `=` is not known");
    check("origin == 'JFK", "row_condition, character 11: no ' ends the text");
    check("origin ==", "row_condition, character 10: a column or a value should stand here");
    check(
        "origin > 3",
        "row_condition, character 11: `origin` is string, which cannot be compared so",
    );
    check("origin == 'a' 'b'", "row_condition, character 15: `and`, `or` or the end should follow");
    check(
        "origin.str.len() == 3",
        "row_condition, character 8: `.str` is not supported, only .isnull, .notnull and .isin",
    );
    check(&"(".repeat(40), "row_condition, character 33: it is nested too deeply");
}
