//! What clients write into JSON although JSON does not know it: `NaN` and `Infinity`.
//!
//! A body that is refused for them is read again with their stand-ins, so nobody else pays.

/// A text in which other words stand in for what JSON does not know.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StandIns {
    pub(super) text: Vec<u8>,
    /// Of each stand-in: its line and its end in the new text, and how much longer it is.
    longer: Vec<(usize, usize, usize)>,
}

impl StandIns {
    /// The same text with `null` for `NaN` and a text for `Infinity`; `None` when it has neither.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        const WORDS: [(&[u8], &[u8]); 3] =
            [(b"NaN", b"null"), (b"-Infinity", b"\"-Infinity\""), (b"Infinity", b"\"Infinity\"")];
        let mut out = Vec::with_capacity(text.len());
        let (mut line, mut line_start, mut longer) = (1, 0, Vec::new());
        let (mut rest, mut in_string) = (text, false);
        while let Some((&byte, after)) = rest.split_first() {
            if in_string && byte == b'\\' {
                let end = rest.len().min(2);
                out.extend_from_slice(&rest[..end]);
                rest = &rest[end..];
                continue;
            }
            in_string ^= byte == b'"';
            let word = WORDS.iter().find(|(word, _)| !in_string && rest.starts_with(word));
            if let Some((word, stand_in)) = word {
                out.extend_from_slice(stand_in);
                longer.push((line, out.len() - line_start, stand_in.len() - word.len()));
                rest = &rest[word.len()..];
                continue;
            }
            out.push(byte);
            rest = after;
            if byte == b'\n' {
                (line, line_start) = (line + 1, out.len());
            }
        }
        (!longer.is_empty()).then_some(Self { text: out, longer })
    }

    /// Where in the first text a place of the new one is.
    pub(super) fn column(&self, line: usize, column: usize) -> usize {
        let of_line = self.longer.iter().filter(|(at, ..)| *at == line);
        let before = of_line.filter(|(_, end, _)| *end <= column);
        column.saturating_sub(before.map(|(.., longer)| longer).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_json_does_not_know_have_stand_ins() {
        let text = |text: &str| {
            let stand_ins = StandIns::of(text.as_bytes());
            stand_ins.map(|stand_ins| String::from_utf8(stand_ins.text).unwrap())
        };
        let read = text(r#"[NaN, -Infinity, "NaN \" NaN", Infinity]"#);
        let expect = r#"[null, "-Infinity", "NaN \" NaN", "Infinity"]"#;
        assert_eq!(read.as_deref(), Some(expect));
        assert_eq!(text(r#"["NaN", 1]"#), None);
        assert_eq!(text("\"\\"), None);
    }

    #[test]
    fn places_are_those_of_the_text_that_came() {
        let stand_ins = StandIns::of(b"[NaN,\n NaN, NaN, x]").unwrap();
        assert_eq!(stand_ins.text, b"[null,\n null, null, x]");
        assert_eq!(stand_ins.column(1, 2), 2);
        assert_eq!(stand_ins.column(2, 14), 12);
        assert_eq!(stand_ins.column(3, 1), 1);
    }
}
