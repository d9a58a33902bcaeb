//! Decision records are numbered, once each: `docs/decisions/0007-one-ledger-per-replica.md`.

use std::collections::BTreeMap;

use super::Finding;
use super::repo::Repo;

const DIRECTORY: &str = "docs/decisions/";

pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    for file in repo.files() {
        let Some(name) = file.path.strip_prefix(DIRECTORY) else { continue };
        // The index of the directory.
        if name == "README.md" {
            continue;
        }
        let Some(number) = number_of(name) else {
            let message = "not named `NNNN-title.md` (four digits, lower-case words, hyphens)";
            findings.push(Finding::new(&file.path, 1, message));
            continue;
        };
        if let Some(first) = taken.insert(number, name) {
            let message = format!("number {number} is taken by {first}: take the next free one");
            findings.push(Finding::new(&file.path, 1, message));
        }
    }
    findings
}

/// The four digits of a well-formed name.
fn number_of(name: &str) -> Option<&str> {
    let (number, title) = name.strip_suffix(".md")?.split_once('-')?;
    let is_number = number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit());
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    (is_number && title.split('-').all(is_word)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::check;

    #[test]
    fn records_are_numbered_once_each() {
        let input = "
//- docs/decisions/0001-one-binary.md
//- docs/decisions/0002-sqlite-first.md
//- docs/decisions/0002-wal.md
//- docs/decisions/3-Later.md
//- docs/decisions/README.md
";
        let expect = "
docs/decisions/0002-wal.md:1: number 0002 is taken by 0002-sqlite-first.md: take the next free one
docs/decisions/3-Later.md:1: not named `NNNN-title.md` (four digits, lower-case words, hyphens)
";
        check(super::check, input, expect);
    }
}
