//! Patterns on text: regular expressions, and SQL's LIKE.
//!
//! Regular expressions are those of the `regex` crate: linear in the text whatever the pattern. Of
//! Python's, look-around and back-references are refused; `$` and `\Z` mean what they mean there.

use regex::{Regex, RegexBuilder};

use super::problem::Problem;

/// Memory of one compiled pattern, in bytes. A pattern that needs more is refused.
const MAX_PATTERN_BYTES: usize = 2 << 20;

/// Compiles a pattern that is searched for anywhere in a text.
pub(super) fn regex(pattern: &str) -> Result<Regex, Problem> {
    compile(pattern, &as_here(pattern))
}

/// Compiles a pattern of SQL's LIKE, which is about the whole text: `%` stands for any characters
/// and `_` for one, but for themselves after the `escape`.
pub(super) fn like(pattern: &str, escape: Option<char>) -> Result<Regex, Problem> {
    let mut written = String::from("(?s)^");
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            _ if Some(character) == escape => {
                characters.next().into_iter().for_each(|kept| push_literal(&mut written, kept));
            }
            '%' => written.push_str(".*"),
            '_' => written.push('.'),
            other => push_literal(&mut written, other),
        }
    }
    written.push_str(r"\z");
    compile(pattern, &written)
}

fn push_literal(written: &mut String, character: char) {
    written.push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
}

fn compile(pattern: &str, written: &str) -> Result<Regex, Problem> {
    let mut builder = RegexBuilder::new(written);
    builder.size_limit(MAX_PATTERN_BYTES).dfa_size_limit(MAX_PATTERN_BYTES);
    builder.build().map_err(|error| Problem::Pattern {
        pattern: pattern.to_owned(),
        why: match error {
            regex::Error::CompiledTooBig(_) => "it compiles to more than 2 MiB".to_owned(),
            other => last_line(&other.to_string()),
        },
    })
}

/// The crate shows the pattern with a mark below; the reason comes last.
fn last_line(text: &str) -> String {
    let line = text.lines().last().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

/// Python's `$` holds before a line feed at the end as well, and its `\Z` is `\z` here.
fn as_here(pattern: &str) -> String {
    let is_multi_line = pattern.starts_with("(?") && {
        let flags = pattern[2..].split([')', ':']).next().unwrap_or_default();
        flags.contains('m') && flags.chars().all(|flag| flag.is_ascii_alphabetic())
    };
    let mut written = String::with_capacity(pattern.len() + 8);
    let mut characters = pattern.chars();
    let mut in_class = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('Z') if !in_class => written.push_str(r"\z"),
                escaped => {
                    written.push('\\');
                    written.extend(escaped);
                }
            },
            '$' if !in_class && !is_multi_line => written.push_str(r"(?:\n?\z)"),
            _ => {
                in_class = (in_class || character == '[') && character != ']';
                written.push(character);
            }
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_holds_where_pythons_does() {
        let check = |pattern: &str, text: &str, expect| {
            assert_eq!(regex(pattern).unwrap().is_match(text), expect, "{pattern} on {text:?}");
        };
        check(r"^N\d{1,5}$", "N123", true);
        check(r"^N\d{1,5}$", "N123\n", true);
        check(r"^N\d{1,5}$", "N123\n\n", false);
        check(r"N\Z", "N\n", false);
        check(r"[$]\$", "a$$", true);
        check(r"(?m)^a$", "b\na\nc", true);
        check("b", "abc", true);
    }

    #[test]
    fn like_is_about_the_whole_text() {
        let check = |pattern: &str, text: &str, expect| {
            assert_eq!(
                like(pattern, Some('!')).unwrap().is_match(text),
                expect,
                "{pattern} on {text:?}"
            );
        };
        check("N%", "N123", true);
        check("N%", "AN123", false);
        check("N_", "N1", true);
        check("N_", "N12", false);
        check("a.c", "abc", false);
        check("100!%", "100%", true);
        check("100!%", "1000", false);
    }

    #[test]
    fn what_python_has_and_this_has_not_is_named() {
        let check = |pattern, expect: &str| {
            let problem = regex(pattern).unwrap_err().to_string();
            assert!(problem.ends_with(expect), "{problem}");
        };
        check("a(?!b)", "look-around, including look-ahead and look-behind, is not supported");
        check(r"(a)\1", "backreferences are not supported");
        check("(", "unclosed group");
        check(r"(\w{100}){100}", "it compiles to more than 2 MiB");
    }
}
