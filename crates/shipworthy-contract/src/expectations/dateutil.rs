//! Texts that Python's `dateutil.parser.parse` takes for dates, in the forms that data has: ISO 8601,
//! numbers with separators in any order that makes a day, months by name, times alone.
//!
//! Not taken, though dateutil does: words between the parts (`4th of July`), and runs of digits of
//! other lengths than a day, a year, a date or a date with a time.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::strptime::{days_in, month};

/// A day, then perhaps a time; or a time alone.
static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
    let weekday =
        r"(?:(?:mon|tue(?:s)?|wed|thu(?:r|rs)?|fri|sat|sun)(?:day|nesday|urday)?\.?,?\s+)?";
    let name = r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?";
    let time = r"(?P<h>\d{1,2})(?::(?P<min>\d{1,2})(?::(?P<s>\d{1,2})(?:[.,]\d+)?)?\s*(?:[ap]\.?m\.?)?|\s*[ap]m)";
    let zone = r"(?:\s*(?:z|[a-z]{3,5})?\s*(?:[+-]\d{1,2}(?::?\d{2})?)?)";
    let day = [
        r"(?P<a>\d{1,4})[-/.\s](?P<b>\d{1,2})[-/.\s](?P<c>\d{1,4})".to_owned(),
        r"(?P<ya>\d{4})[-/.](?P<ma>\d{1,2})".to_owned(),
        r"(?P<run>\d{14}|\d{12}|\d{8}|\d{6}|\d{4}|\d{1,2})".to_owned(),
        format!(r"(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[-/.\s]*{name}(?:,?[-/.\s]+'?(?P<y>\d{{2,4}}))?"),
        format!(
            r"{}(?:[-/.\s]*(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\b)?(?:,?[-/.\s]+'?(?P<y2>\d{{2,4}}))?",
            name.replace("?P<name>", "?P<name2>"),
        ),
        format!(
            r"(?P<y3>\d{{4}})[-/.\s]*{}(?:[-/.\s]*(?P<d3>\d{{1,2}}))?",
            name.replace("?P<name>", "?P<name3>")
        ),
    ];
    let day = day.join("|");
    let run_time = r"(?:t(?P<t>\d{2}(?:\d{2}(?:\d{2}(?:[.,]\d+)?)?)?))";
    let after = time.replace("<h>", "<h2>").replace("<min>", "<min2>").replace("<s>", "<s2>");
    let whole = format!(
        r"(?i)^\s*(?:{weekday}(?:{day})(?:,?[t\s]\s*{time}{zone}|{run_time}{zone}|{zone})|{after}{zone})\s*$"
    );
    Regex::new(&whole).expect("a pattern that the tests compile")
});

/// Whether the text is a date.
pub(super) fn parses(text: &str) -> bool {
    /// Longer text is no date.
    const MAX_BYTES: usize = 100;
    text.len() <= MAX_BYTES && PATTERN.captures(text).is_some_and(|found| is_valid(&found))
}

fn is_valid(found: &Captures<'_>) -> bool {
    let number = |name: &str| found.name(name).and_then(|part| part.as_str().parse::<u32>().ok());
    let is_time = |names: [&str; 3]| {
        let limits = [23, 59, 59];
        names.iter().zip(limits).all(|(name, limit)| number(name).is_none_or(|n| n <= limit))
    };
    let named = [("name", "d", "y"), ("name2", "d2", "y2"), ("name3", "d3", "y3")];
    let is_named_day = named.iter().all(|(name, day, year)| {
        found.name(name).and_then(|name| month(name.as_str())).is_none_or(|month| {
            let day = number(day).unwrap_or(1);
            let year = full_year(number(year).unwrap_or(2000));
            // A number that is no day of the month is a year.
            (1..=days_in(year, month)).contains(&day) || (found.name("y2").is_none() && day > 31)
        })
    });
    let triple = number("a").zip(number("b")).zip(number("c"));
    let text = |name| found.name(name).map_or("", |part| part.as_str());
    is_time(["h", "min", "s"])
        && is_time(["h2", "min2", "s2"])
        && is_named_day
        && triple.is_none_or(|((a, b), c)| is_triple(a, b, c, text("a").len() > 2))
        && number("ma").is_none_or(|month| (1..=12).contains(&month))
        && found.name("run").is_none_or(|run| is_run(run.as_str()))
        && found.name("t").is_none_or(|time| is_run_time(time.as_str()))
}

/// Whether three numbers are a day in one of the orders that dateutil tries.
fn is_triple(a: u32, b: u32, c: u32, starts_with_year: bool) -> bool {
    let is_day = |year: u32, month, day| (1..=days_in(full_year(year), month)).contains(&day);
    if starts_with_year || a > 31 {
        return is_day(a, b, c) || is_day(a, c, b);
    }
    is_day(c, a, b) || is_day(c, b, a) || (c <= 31 && is_day(a, b, c))
}

/// Whether digits without separators are a day, a year, a date, or a date with a time.
fn is_run(run: &str) -> bool {
    let part = |from: usize, to: usize| run.get(from..to).and_then(|p| p.parse().ok()).unwrap_or(0);
    let is_date = || (1..=days_in(part(0, 4), part(4, 6))).contains(&part(6, 8));
    match run.len() {
        1 | 2 => (1..=31).contains(&part(0, run.len())),
        4 => part(0, 4) > 0,
        6 => (1..=days_in(full_year(part(0, 2)), part(2, 4))).contains(&part(4, 6)),
        8 => is_date(),
        _ => is_date() && is_run_time(&run[8..]),
    }
}

fn is_run_time(time: &str) -> bool {
    let digits = time.split(['.', ',']).next().unwrap_or_default();
    let part = |at: usize| digits.get(at..at + 2).map_or(Some(0), |part| part.parse::<u32>().ok());
    part(0).is_some_and(|h| h < 24) && [2, 4].iter().all(|at| part(*at).is_some_and(|m| m < 60))
}

/// Two digits are a year of this century or the last.
const fn full_year(year: u32) -> u32 {
    if year < 100 { year + 2000 } else { year }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_people_and_programs_write_them() {
        for text in [
            "2013-02-24T12:00:00Z",
            "2013-02-24 12:00:00.123+01:00",
            "2013-02-24",
            "2013/2/4",
            "24.02.2013",
            "02/24/2013 5:30 PM",
            "20130224",
            "20130224T120000Z",
            "20130224120000",
            "2013-02",
            "2013",
            "24 Feb 2013",
            "24-Feb-13",
            "Feb 24, 2013",
            "February 2013",
            "Sun, 24 Feb 2013 12:00:00 GMT",
            "2012-02-29",
            "12:30",
            "5pm",
            "10",
        ] {
            assert!(parses(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "2013-13-45",
            "2013-02-30",
            "",
            "soon",
            "N12345",
            "25:00",
            "2013-02-24T25:00:00",
            "32",
            "31 Feb 2013",
            "99/99/99",
            "not a date",
            "ops@a.example",
        ] {
            assert!(!parses(text), "{text}");
        }
    }
}
