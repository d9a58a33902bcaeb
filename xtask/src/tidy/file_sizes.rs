//! Rust files are short. Tests are not counted: neither `#[cfg(test)]` items nor files that hold
//! nothing else.

use super::Finding;
use super::mask::test_lines;
use super::repo::{File, Repo};

/// From here on a file says why it is long.
const EXPLAIN_AFTER: usize = 400;
/// No reason is good enough for more.
const STOP_AFTER: usize = 600;
/// The reason is given in the head of the file, where its reader starts.
const HEAD: usize = 15;
const REASON: &str = "//! Long because: ";

pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let counted = |file: &&File| file.is_integration_test() || !file.is_test();
    repo.with_extension("rs").filter(counted).filter_map(check_file).collect()
}

fn check_file(file: &File) -> Option<Finding> {
    if file.text.lines().count() <= EXPLAIN_AFTER {
        return None;
    }
    let lines = test_lines(&file.code()).iter().filter(|&&is_test| !is_test).count();
    let explained = file
        .text
        .lines()
        .take(HEAD)
        .any(|line| line.strip_prefix(REASON).is_some_and(|reason| !reason.trim().is_empty()));
    if lines > STOP_AFTER {
        let message = format!("{lines} lines without the tests, {STOP_AFTER} at most: split it");
        Some(Finding::new(&file.path, STOP_AFTER + 1, message))
    } else if lines > EXPLAIN_AFTER && !explained {
        let message = format!(
            "{lines} lines without the tests: split it, or say in its first {HEAD} lines \
             `{REASON}…` ({EXPLAIN_AFTER} need no reason)"
        );
        Some(Finding::new(&file.path, EXPLAIN_AFTER + 1, message))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;

    fn check(head: &str, code_lines: usize, test_lines: usize, expect: &str) {
        let code = "fn a() {}\n".repeat(code_lines);
        let tests = "    fn b() {}\n".repeat(test_lines);
        let file = format!("//- a/src/b.rs\n{head}{code}#[cfg(test)]\nmod tests {{\n{tests}}}\n");
        fixture::check(super::check, &file, expect);
    }

    #[test]
    fn four_hundred_lines_need_no_reason() {
        check("", 400, 0, "");
        check("", 400, 900, "");
    }

    #[test]
    fn more_lines_need_a_reason() {
        let expect = "a/src/b.rs:401: 401 lines without the tests: split it, or say in its first \
                      15 lines `//! Long because: …` (400 need no reason)";
        check("", 401, 0, expect);
        check("//! Long because: \n", 400, 0, expect);
        check("//! Long because: one table.\n", 599, 0, "");
    }

    #[test]
    fn six_hundred_lines_are_the_end() {
        let expect = "a/src/b.rs:601: 601 lines without the tests, 600 at most: split it";
        check("//! Long because: one table.\n", 600, 0, expect);
    }

    #[test]
    fn files_of_unit_tests_are_not_counted_and_files_of_integration_tests_are() {
        let lines = "fn a() {}\n".repeat(601);
        let unit = format!("//- a/src/b_tests.rs\n{lines}//- a/src/c/tests.rs\n{lines}");
        fixture::check(super::check, &unit, "");
        let integration = format!("//- a/tests/b.rs\n{lines}");
        let expect = "a/tests/b.rs:601: 601 lines without the tests, 600 at most: split it";
        fixture::check(super::check, &integration, expect);
    }
}
