//! Small things as people read them.

use maud::{Markup, html};
use shipworthy_rows::Timestamp;

/// Hexadecimal digits that tell commits apart at a glance.
const SHORT_COMMIT_CHARS: usize = 12;

/// `sha256:` and as many digits.
const SHORT_RELEASE_CHARS: usize = 7 + SHORT_COMMIT_CHARS;

/// Text with what stands between backticks as code.
pub(super) fn commands(text: &str) -> Markup {
    html! {
        @for (index, piece) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (piece) } } @else { (piece) }
        }
    }
}

/// A name of programs as words.
pub(super) fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// The first `chars` characters.
fn head(text: &str, chars: usize) -> &str {
    text.char_indices().nth(chars).map_or(text, |(end, _)| &text[..end])
}

/// Digits in groups of three, apart by a thin space that does not break.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// A moment to the second, in UTC.
pub(super) fn moment(at: Timestamp) -> Markup {
    let seconds = at.as_micros().div_euclid(1_000_000) * 1_000_000;
    let text = Timestamp::from_micros(seconds).to_string();
    let shown = text.replace('T', " ").replace('Z', " UTC");
    html! { time datetime=(text) { (shown) } }
}

/// A release by as much of its name as tells it apart; the whole name is its title.
pub(super) fn release(id: &str) -> Markup {
    html! { code title=(id) { (head(id, SHORT_RELEASE_CHARS)) } }
}

/// A commit in the same way.
pub(super) fn commit(id: Option<&str>) -> Markup {
    html! {
        @match id {
            Some(id) => code title=(id) { (head(id, SHORT_COMMIT_CHARS)) },
            None => span.quiet { "none" },
        }
    }
}

/// Microseconds as milliseconds, with as many digits as say something.
pub(super) fn millis(us: Option<u64>) -> String {
    match us {
        None => "–".to_owned(),
        Some(us) if us < 100_000 => format!("{}.{:02}", us / 1_000, us % 1_000 / 10),
        Some(us) => grouped(us / 1_000),
    }
}

/// A time span in its largest unit.
pub(super) fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(grouped(123_456), "123\u{202f}456");
    }

    #[test]
    fn what_stands_between_backticks_is_code() {
        let text = commands("commit, then `shipworthy up <x>`").into_string();
        assert_eq!(text, "commit, then <code>shipworthy up &lt;x&gt;</code>");
    }

    #[test]
    fn latencies_are_in_milliseconds_and_spans_in_their_largest_unit() {
        assert_eq!(millis(None), "–");
        assert_eq!(millis(Some(1_239)), "1.23");
        assert_eq!(millis(Some(1_234_567)), "1\u{202f}234");
        assert_eq!(
            (span(119), span(120), span(7_200)),
            ("119 s".into(), "2 min".into(), "2 h".into())
        );
        assert_eq!(span(200_000), "2 days");
    }
}
