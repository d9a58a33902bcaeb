//! Formats of dates, read as Python's `datetime.strptime` reads them: each directive stands for a
//! pattern, the first alternative that fits is taken, and the whole text must be used.

use regex::{Captures, Regex};

use super::kwargs::wrong;
use super::pattern;
use super::problem::Problem;

/// A format, compiled.
#[derive(Clone, Debug)]
pub(super) struct Format {
    pattern: Regex,
}

impl Format {
    /// Compiles a `strftime_format`.
    ///
    /// # Errors
    /// When a directive is none of Python's, or stands twice.
    pub(super) fn compile(format: &str) -> Result<Self, Problem> {
        let refused = |why: String| wrong("strftime_format", &why, Some(&format.into()));
        let mut written = String::from(r"(?i)^(?-i:)");
        let mut characters = format.chars();
        let mut seen = String::new();
        while let Some(character) = characters.next() {
            match character {
                '%' => {
                    let directive = characters.next().unwrap_or(' ');
                    let Some(part) = directive_pattern(directive) else {
                        return Err(refused(format!(
                            "of known directives (`%{directive}` is none)"
                        )));
                    };
                    if directive != '%' && seen.contains(directive) {
                        return Err(refused(format!("without a second `%{directive}`")));
                    }
                    seen.push(directive);
                    written.push_str(part);
                }
                space if space.is_whitespace() => written.push_str(r"\s+"),
                other => written.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
            }
        }
        Ok(Self { pattern: pattern::regex(&written)? })
    }

    /// Whether the text is a date of this format.
    pub(super) fn reads(&self, text: &str) -> bool {
        let Some(found) = self.pattern.captures(text) else { return false };
        found.get(0).is_some_and(|whole| whole.end() == text.len()) && is_a_day(&found)
    }
}

/// The pattern of a directive, from CPython's `_strptime.py`; the parts of a day are named.
fn directive_pattern(directive: char) -> Option<&'static str> {
    Some(match directive {
        'Y' => r"(?P<Y>\d{4})",
        'y' => r"(?P<y>\d{2})",
        'm' => r"(?P<m>1[0-2]|0[1-9]|[1-9])",
        'd' => r"(?P<d>3[01]|[12]\d|0[1-9]|[1-9]| [1-9])",
        'H' => r"(?:2[0-3]|[01]\d|\d)",
        'I' => r"(?:1[0-2]|0[1-9]|[1-9]| [1-9])",
        'M' => r"(?:[0-5]\d|\d)",
        'S' => r"(?:6[01]|[0-5]\d|\d)",
        'f' => r"[0-9]{1,6}",
        'j' => r"(?:36[0-6]|3[0-5]\d|[12]\d{2}|0[1-9]\d|00[1-9]|[1-9]\d|0[1-9]|[1-9])",
        'p' => r"(?:am|pm)",
        'b' | 'h' => r"(?P<b>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)",
        'B' => {
            r"(?P<B>september|november|december|february|january|october|august|march|april|june|july|may)"
        }
        'a' => r"(?:mon|tue|wed|thu|fri|sat|sun)",
        'A' => r"(?:wednesday|thursday|saturday|tuesday|monday|friday|sunday)",
        'w' => r"[0-6]",
        'u' => r"[1-7]",
        'U' | 'W' => r"(?:5[0-3]|[0-4]\d|\d)",
        'z' => r"(?:[+-]\d\d:?[0-5]\d(?::?[0-5]\d(?:\.\d{1,6})?)?|Z)",
        'Z' => r"(?:utc|gmt)",
        '%' => "%",
        _ => return None,
    })
}

/// Whether the month has that day. Without a year it is 1900, as in Python.
fn is_a_day(found: &Captures<'_>) -> bool {
    let number = |name| found.name(name).and_then(|part| part.as_str().trim().parse::<u32>().ok());
    let short = number("y").map(|year| if year < 69 { 2000 + year } else { 1900 + year });
    let year = number("Y").or(short).unwrap_or(1900);
    let by_name = || {
        let name = found.name("b").or_else(|| found.name("B"))?;
        month(name.as_str())
    };
    let month = number("m").or_else(by_name).unwrap_or(1);
    year > 0 && number("d").unwrap_or(1) <= days_in(year, month)
}

/// The number of a month by the beginning of its name, from 1.
pub(super) fn month(name: &str) -> Option<u32> {
    let months = "janfebmaraprmayjunjulaugsepoctnovdec";
    let start = name.get(..3)?.to_ascii_lowercase();
    let at = (0..12).find(|month| months[month * 3..][..3] == start)?;
    u32::try_from(at + 1).ok()
}

/// The days of a month of the Gregorian calendar; none outside of a year.
pub(super) const fn days_in(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_reads_what_python_reads() {
        let check = |format: &str, text: &str, expect| {
            assert_eq!(Format::compile(format).unwrap().reads(text), expect, "{format} {text}");
        };
        let iso = "%Y-%m-%dT%H:%M:%SZ";
        check(iso, "2013-02-24T12:00:00Z", true);
        check(iso, "2013-2-4T1:0:0z", true);
        check(iso, "2013-13-45", false);
        check(iso, "2013-02-24T12:00:00Z ", false);
        check("%Y-%m-%d", "2013-02-29", false);
        check("%Y-%m-%d", "2012-02-29", true);
        check("%d %b %y", "31 Sep 13", false);
        check("%d %B %Y", "30  september 2013", true);
        check("%I:%M %p", "13:00 pm", false);
        check("%H:%M:%S.%f%z", "23:59:60.5+0100", true);
        check("100%%", "100%", true);
    }

    #[test]
    fn a_format_that_is_none_is_refused() {
        let check = |format, expect: &str| {
            assert_eq!(Format::compile(format).unwrap_err().to_string(), expect);
        };
        check("%Q", "`strftime_format` must be of known directives (`%Q` is none), not \"%Q\"");
        check("%Y %Y", "`strftime_format` must be without a second `%Y`, not \"%Y %Y\"");
    }
}
