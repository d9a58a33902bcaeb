//! What was measured in rounds, as a table.

use std::fmt::Write;

use super::quantiles::{median, range};

/// One figure of each round.
pub(super) struct Column<Round> {
    pub(super) name: &'static str,
    pub(super) of: fn(&Round) -> f64,
    /// Digits after the point.
    pub(super) digits: usize,
}

/// A line a round, then the median and the ends of each column.
pub(super) fn table<Round>(columns: &[Column<Round>], rounds: &[Round]) -> String {
    let (mut head, mut rule) = ("| round |".to_owned(), "|---|".to_owned());
    for column in columns {
        let _ = write!(head, " {} |", column.name);
        rule.push_str("---:|");
    }
    let mut text = format!("{head}\n{rule}\n");
    for (index, round) in rounds.iter().enumerate() {
        line(&mut text, &(index + 1).to_string(), columns, |column| (column.of)(round));
    }
    let values = |column: &Column<Round>| rounds.iter().map(column.of).collect::<Vec<f64>>();
    line(&mut text, "**median**", columns, |column| median(&values(column)));
    line(&mut text, "least", columns, |column| range(&values(column)).0);
    line(&mut text, "most", columns, |column| range(&values(column)).1);
    text
}

fn line<Round>(
    text: &mut String,
    name: &str,
    columns: &[Column<Round>],
    of: impl Fn(&Column<Round>) -> f64,
) {
    let _ = write!(text, "| {name} |");
    for column in columns {
        let _ = write!(text, " {:.*} |", column.digits, of(column));
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_ends_with_its_median_and_its_ends() {
        let columns = [
            Column { name: "a", of: |round: &(f64, f64)| round.0, digits: 0 },
            Column { name: "b", of: |round| round.1, digits: 2 },
        ];
        let expect = "\
| round | a | b |
|---|---:|---:|
| 1 | 3 | 0.50 |
| 2 | 1 | 0.25 |
| 3 | 2 | 0.75 |
| **median** | 2 | 0.50 |
| least | 1 | 0.25 |
| most | 3 | 0.75 |
";
        assert_eq!(table(&columns, &[(3.0, 0.5), (1.0, 0.25), (2.0, 0.75)]), expect);
    }
}
