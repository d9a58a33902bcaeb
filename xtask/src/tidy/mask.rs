//! Rust code with comments and literals blanked out, so that a rule sees code only.
//!
//! Not a lexer: it knows just enough to tell where comments, strings and characters end.

/// The text with every character of a comment or literal replaced by a space. Line breaks stay.
pub(super) fn mask(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        if let Some(end) = hidden_end(&chars, at) {
            masked.extend(chars[at..end].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            masked.push(chars[at]);
            at += 1;
        }
    }
    masked
}

/// For each line of masked code, whether it belongs to an item under `#[cfg(test)]`.
pub(super) fn test_lines(code: &str) -> Vec<bool> {
    let mut is_test = vec![false; code.lines().count()];
    for marker in ["#[cfg(test)]", "#[cfg(all(test"] {
        for (start, _) in code.match_indices(marker) {
            let end = item_end(code, start);
            let first = code[..start].matches('\n').count();
            let last = code[..end].matches('\n').count();
            is_test[first..=last].fill(true);
        }
    }
    is_test
}

/// Where the comment or literal that starts at `at` ends (exclusive), if one starts there.
fn hidden_end(chars: &[char], at: usize) -> Option<usize> {
    let rest = &chars[at..];
    let end = match rest {
        ['/', '/', ..] => rest.iter().position(|&c| c == '\n').unwrap_or(rest.len()),
        ['/', '*', ..] => block_comment_end(rest),
        ['"', ..] => quoted_end(rest, '"'),
        ['\'', '\\', ..] => quoted_end(rest, '\''),
        ['\'', _, '\'', ..] => 3,
        ['r', ..] if !continues_a_name(chars, at) => raw_string_end(rest)?,
        _ => return None,
    };
    Some(at + end)
}

/// Whether the `r` at `at` is the end of a longer name, rather than `r"`, `br"` or `cr"`.
fn continues_a_name(chars: &[char], at: usize) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    match chars[..at] {
        [.., before, 'b' | 'c'] => is_name(before),
        ['b' | 'c'] | [] => false,
        [.., before] => is_name(before),
    }
}

/// Block comments nest.
fn block_comment_end(rest: &[char]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at + 1 < rest.len() {
        match (rest[at], rest[at + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn quoted_end(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            '\\' => at += 2,
            c if c == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// `None` when what starts with `r` is a name or a raw identifier.
fn raw_string_end(rest: &[char]) -> Option<usize> {
    let hashes = rest[1..].iter().take_while(|&&c| c == '#').count();
    let open = 1 + hashes;
    if rest.get(open) != Some(&'"') {
        return None;
    }
    let closing: Vec<char> = std::iter::once('"').chain(vec!['#'; hashes]).collect();
    let body = open + 1;
    let length = rest[body..].windows(closing.len()).position(|window| window == closing);
    Some(length.map_or(rest.len(), |length| body + length + closing.len()))
}

/// The index of the last character of the item whose attributes start at `start`: its `;` or the
/// brace that closes it.
fn item_end(code: &str, start: usize) -> usize {
    let mut braces = 0_i32;
    let mut others = 0_i32;
    for (at, c) in code[start..].char_indices() {
        match c {
            '(' | '[' => others += 1,
            ')' | ']' => others -= 1,
            '{' => braces += 1,
            '}' => braces -= 1,
            _ => {}
        }
        let ends = matches!(c, ';' | '}') && braces == 0 && others == 0;
        if ends {
            return start + at;
        }
    }
    code.len().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expect: &str) {
        assert_eq!(mask(input), expect);
    }

    #[test]
    fn comments_and_literals_are_blank() {
        check("a // b\nc", "a     \nc");
        check("a /* b /* c */ d */ e", "a                   e");
        check(r#"f("a\"b", 'c', '\'')"#, "f(      ,    ,     )");
        check("x(r#\"a\"b\"#, br\"c\")", "x(        , b    )");
    }

    #[test]
    fn lifetimes_and_raw_names_are_code() {
        check("fn f<'a>(r#type: &'a str, bar: char)", "fn f<'a>(r#type: &'a str, bar: char)");
    }

    #[test]
    fn test_items_end_with_their_brace_or_semicolon() {
        let code = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n";
        assert_eq!(test_lines(code), [false, true, true, true, true, false]);
        let code = "#[cfg(test)]\n#[path]\nmod tests;\nfn c() {}\n";
        assert_eq!(test_lines(code), [true, true, true, false]);
    }
}
