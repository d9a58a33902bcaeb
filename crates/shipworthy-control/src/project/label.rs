//! How a target is made from a column: `arr_delay > 15`.

use std::fmt;
use std::ops::Range;

/// A comparison of a column with a literal. Rows where it holds are the positive ones; rows where
/// the column is missing have no label.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The column of the source.
    pub column: String,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what.
    pub literal: Literal,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

/// What a column is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A finite number.
    Number(f64),
    /// Text; compared by `==` and `!=` only.
    Text(String),
}

/// Where in the text of a label something else was expected.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LabelError {
    /// The place, in bytes of the text.
    pub(super) at: Range<usize>,
    /// What was expected there.
    pub(super) expected: &'static str,
    /// What to do about it.
    pub(super) help: Option<String>,
}

impl Comparison {
    /// All comparisons with their signs; a sign comes before its own beginning.
    pub const ALL: [(&'static str, Self); 6] = [
        (">=", Self::AtLeast),
        ("<=", Self::AtMost),
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        (">", Self::Above),
        ("<", Self::Below),
    ];

    const fn is_of_order(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }

    fn sign(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, comparison)| *comparison == self);
        found.map_or("", |(sign, _)| sign)
    }
}

impl Label {
    /// Reads `column comparison literal`. The column is everything before the first of `<>=!`.
    pub(super) fn parse(text: &str) -> Result<Self, LabelError> {
        let Some(sign_at) = text.find(['<', '>', '=', '!']) else {
            return Err(error(0..text.len(), "a comparison: >, >=, <, <=, == or !="));
        };
        let column = text[..sign_at].trim();
        if column.is_empty() {
            return Err(error(0..sign_at, "a column before the comparison"));
        }
        let rest = &text[sign_at..];
        let Some((sign, comparison)) = Comparison::ALL.iter().find(|(s, _)| rest.starts_with(s))
        else {
            let help = Some("did you mean `==` or `!=`?".to_owned());
            let at = sign_at..sign_at + 1;
            return Err(LabelError { help, ..error(at, "one of >, >=, <, <=, == and !=") });
        };
        let literal_at = sign_at + sign.len();
        let literal = parse_literal(&text[literal_at..], literal_at)?;
        if comparison.is_of_order() && matches!(literal, Literal::Text(_)) {
            return Err(error(sign_at..literal_at, "== or != before a text"));
        }
        Ok(Self { column: column.to_owned(), comparison: *comparison, literal })
    }
}

/// The label in its canonical form, which reads back as the same label.
impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.column, self.comparison.sign())?;
        match &self.literal {
            Literal::Number(number) => write!(f, "{number}"),
            Literal::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
        }
    }
}

/// Reads a number, or text in single quotes in which `''` is a quote. `offset` is its place.
fn parse_literal(text: &str, offset: usize) -> Result<Literal, LabelError> {
    let literal = text.trim();
    let start = offset + (text.len() - text.trim_start().len());
    let at = if literal.is_empty() { 0..offset } else { start..start + literal.len() };
    if let Some(number) = literal.parse::<f64>().ok().filter(|number| number.is_finite()) {
        return Ok(Literal::Number(number));
    }
    if let Some(text) = unquoted(literal) {
        return Ok(Literal::Text(text));
    }
    let is_word = !literal.is_empty() && literal.chars().all(char::is_alphanumeric);
    let help = is_word.then(|| format!("text stands in single quotes: '{literal}'"));
    Err(LabelError { help, ..error(at, "a number or a 'text' after the comparison") })
}

fn unquoted(literal: &str) -> Option<String> {
    let inner = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    let is_closed_early = inner.replace("''", "").contains('\'');
    (!is_closed_early).then(|| inner.replace("''", "'"))
}

const fn error(at: Range<usize>, expected: &'static str) -> LabelError {
    LabelError { at, expected, help: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_a_column_a_sign_and_a_literal() {
        for (text, canonical) in [
            ("arr_delay > 15", "arr_delay > 15"),
            ("arr_delay>=-1.50", "arr_delay >= -1.5"),
            ("number of rooms<=1e3", "number of rooms <= 1000"),
            ("status == 'it''s bad'", "status == 'it''s bad'"),
            ("status!=''", "status != ''"),
        ] {
            assert_eq!(Label::parse(text).unwrap().to_string(), canonical);
        }
    }

    #[test]
    fn says_where_it_stopped_understanding() {
        for (text, at, expected) in [
            ("arr_delay", 0..9, "a comparison: >, >=, <, <=, == or !="),
            (" > 15", 0..1, "a column before the comparison"),
            ("a = 15", 2..3, "one of >, >=, <, <=, == and !="),
            ("a > ", 0..3, "a number or a 'text' after the comparison"),
            ("a > soon", 4..8, "a number or a 'text' after the comparison"),
            ("a == 'b' c'", 5..11, "a number or a 'text' after the comparison"),
            ("a == 'b", 5..7, "a number or a 'text' after the comparison"),
            ("a > inf", 4..7, "a number or a 'text' after the comparison"),
            ("a > 'b'", 2..3, "== or != before a text"),
        ] {
            let found = Label::parse(text).unwrap_err();
            assert_eq!((found.at, found.expected), (at, expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_canonical_form_reads_back(
            column in "[a-z_][a-z0-9_ ]{0,8}[a-z]", which in 0..4_usize, number in -1e9..1e9f64,
            text in any::<String>(),
        ) {
            let (_, comparison) = Comparison::ALL[which];
            let literal = if comparison.is_of_order() {
                Literal::Number(number)
            } else {
                Literal::Text(text)
            };
            let label = Label { column, comparison, literal };
            prop_assert_eq!(Label::parse(&label.to_string()), Ok(label));
        }

        #[test]
        fn no_text_is_too_strange(text in any::<String>()) {
            if let Err(error) = Label::parse(&text) {
                prop_assert!(text.get(error.at).is_some());
            }
        }
    }
}
