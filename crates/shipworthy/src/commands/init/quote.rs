//! Text and numbers from data, written so that they stay what they are.

/// A TOML basic string. It has no control characters, so it can stand in a comment too.
pub(crate) fn text(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            // Line separators and marks of direction would let data rewrite what is seen.
            c if c.is_control()
                || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                quoted.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Strings as a TOML array.
pub(crate) fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<_> = texts.into_iter().map(text).collect();
    format!("[{}]", quoted.join(", "))
}

/// The beginning of a text, quoted.
pub(super) fn shortened(long: &str, most_chars: usize) -> String {
    if long.chars().count() <= most_chars {
        return text(long);
    }
    let start: String = long.chars().take(most_chars).collect();
    text(&(start + "…"))
}

/// A finite number as TOML that a reader of numbers takes: whole where it is whole.
pub(crate) fn number(number: f64) -> String {
    /// Above it, digits say more than the number knows.
    const WRITTEN_OUT: f64 = 1e15;
    // Adding zero turns the negative zero into zero.
    let number = number + 0.0;
    let is_whole = number.fract().abs() < f64::MIN_POSITIVE;
    if is_whole && number.abs() < WRITTEN_OUT {
        format!("{number:.0}")
    } else {
        format!("{number:?}")
    }
}

/// A number for people: at most six digits of it.
pub(super) fn rough(exact: f64) -> String {
    number(format!("{exact:.5e}").parse().unwrap_or(exact))
}

/// A share as a percentage for people; never 0 % or 100 % of something that is neither.
pub(super) fn percent(part: u64, whole: u64) -> String {
    let share = 100.0 * part as f64 / whole.max(1) as f64;
    match share {
        _ if part == 0 || part == whole => format!("{share:.0} %"),
        share if share < 0.1 => "less than 0.1 %".to_owned(),
        share if share > 99.9 => "more than 99.9 %".to_owned(),
        share => format!("{share:.1} %"),
    }
}

/// A path as one word of a shell's command line.
pub(super) fn shell(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+:@%,".contains(c);
    if !path.is_empty() && path.chars().all(is_plain) {
        return path.to_owned();
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use shipworthy_control::project::Project;

    #[test]
    fn a_shell_reads_one_word() {
        let words = ["data/a", "my data", "it's"].map(shell);
        assert_eq!(words, ["data/a", "'my data'", r"'it'\''s'"]);
    }

    #[test]
    fn people_see_few_digits() {
        let shown = [1.799_999_952_316_284_2, -0.1, 300_000.0, 0.0].map(rough);
        assert_eq!(shown, ["1.8", "-0.1", "300000", "0"]);
    }

    #[test]
    fn a_small_share_is_not_none() {
        let shares = [(0, 9), (1, 9), (9, 9), (1, 100_000), (99_999, 100_000)];
        let shown = shares.map(|(part, whole)| percent(part, whole));
        assert_eq!(shown, ["0 %", "11.1 %", "100 %", "less than 0.1 %", "more than 99.9 %"]);
    }

    /// What a project file of this name of a column and this bound says they are.
    fn read_back(name: &str, bound: f64) -> (String, Option<f64>) {
        let file = format!(
            "[project]\nname = \"a\"\n[source]\npath = \"a.csv\"\n[model]\ntask = \"regression\"\n\
             target = \"y\"\n[[column]] # {0}\nname = {0}\ntype = \"float\"\nmin = {1}\n",
            text(name),
            number(bound),
        );
        let project = Project::parse(&file, "test").unwrap();
        (project.columns[0].name.clone(), project.columns[0].min)
    }

    proptest! {
        #[test]
        fn a_project_file_says_what_was_quoted(
            name in "\\PC*[a-x][\\x00-\\x7f\u{2028}\u{202e}]*", bound in proptest::num::f64::NORMAL,
        ) {
            prop_assert_eq!(read_back(&name, bound), (name, Some(bound)));
        }
    }
}
