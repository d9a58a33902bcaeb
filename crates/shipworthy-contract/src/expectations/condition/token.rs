//! The words of a row condition.

use crate::expectations::problem::Problem;

/// A word, as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name or a keyword.
    Word(String),
    /// A name in backticks.
    Quoted(String),
    /// A text in single or double quotes.
    Text(String),
    /// A number.
    Number(f64),
    /// A sign: a comparison, a bracket, a comma, a dot, `&`, `|`, `~`.
    Sign(&'static str),
}

/// Signs, longer ones before their beginnings.
const SIGNS: &[&str] =
    &["==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ",", ".", "&", "|", "~"];

/// The words with the place of each, from 0.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, usize)>, Problem> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = if first.is_whitespace() {
            first.len_utf8()
        } else {
            let (token, length) = token(rest, first, at)?;
            tokens.push((token, at));
            length
        };
        at += length;
    }
    Ok(tokens)
}

fn token(rest: &str, first: char, at: usize) -> Result<(Token, usize), Problem> {
    let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    match first {
        '\'' | '"' => quoted(rest, first, at).map(|(text, length)| (Token::Text(text), length)),
        '`' => quoted(rest, first, at).map(|(text, length)| (Token::Quoted(text), length)),
        '-' | '.' | '+' if is_number(&rest[1..]) => number(rest, at),
        _ if is_number(rest) => number(rest, at),
        _ if first.is_alphabetic() || first == '_' => {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            Ok((Token::Word(rest[..end].to_owned()), end))
        }
        _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            Some(sign) => Ok((Token::Sign(sign), sign.len())),
            None => Err(Problem::Condition { at: at + 1, why: format!("`{first}` is not known") }),
        },
    }
}

/// The text between quotes, and its length with them. A backslash keeps the next character.
fn quoted(rest: &str, quote: char, at: usize) -> Result<(String, usize), Problem> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((place, character)) = characters.next() {
        match character {
            '\\' => text.extend(characters.next().map(|(_, kept)| kept)),
            _ if character == quote => return Ok((text, place + 1)),
            _ => text.push(character),
        }
    }
    Err(Problem::Condition { at: at + 1, why: format!("no {quote} ends the text") })
}

fn number(rest: &str, at: usize) -> Result<(Token, usize), Problem> {
    let mut before = ' ';
    let end = rest.char_indices().skip(1).find(|(place, c)| {
        before = rest[..*place].chars().next_back().unwrap_or(' ');
        let is_sign = matches!(c, '-' | '+') && matches!(before, 'e' | 'E');
        !(c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E') || is_sign)
    });
    let text = &rest[..end.map_or(rest.len(), |(place, _)| place)];
    match text.parse() {
        Ok(value) => Ok((Token::Number(value), text.len())),
        Err(_) => Err(Problem::Condition { at: at + 1, why: format!("`{text}` is no number") }),
    }
}
