//! Tests run, all of them, and wait for events rather than for time.

use super::Finding;
use super::mask::test_lines;
use super::repo::{File, Repo};

const SLEEPS: &[&str] = &["thread::sleep", "time::sleep"];

pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    repo.with_extension("rs").flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Finding> {
    let code = file.code();
    let in_tests = test_lines(&code);
    let mut findings = Vec::new();
    for (at, line) in code.lines().enumerate() {
        let mut report = |message: &str| findings.push(Finding::new(&file.path, at + 1, message));
        if ignores(line) {
            report("an ignored test tells nothing: repair it or delete it");
        }
        if (file.is_test() || in_tests[at]) && SLEEPS.iter().any(|sleep| line.contains(sleep)) {
            report("a test that sleeps is slow or flaky: await the event it waits for");
        }
    }
    findings
}

fn ignores(line: &str) -> bool {
    line.contains("#[ignore") || (line.contains("cfg_attr(") && line.contains(" ignore"))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::check;

    #[test]
    fn ignored_tests_fail() {
        let input = r#"
//- a/tests/b.rs
#[test]
#[ignore = "slow"]
fn x() {}
// #[ignore]
#[cfg_attr(windows, ignore)]
fn ignore() {}
"#;
        let expect = "
a/tests/b.rs:2: an ignored test tells nothing: repair it or delete it
a/tests/b.rs:5: an ignored test tells nothing: repair it or delete it
";
        check(super::check, input, expect);
    }

    #[test]
    fn only_tests_may_not_sleep() {
        let input = "
//- a/src/b.rs
fn backoff() { std::thread::sleep(PAUSE); }
#[cfg(test)]
mod tests {
    async fn x() { tokio::time::sleep(PAUSE).await; }
}
fn again() { std::thread::sleep(PAUSE); }
//- a/src/b_tests.rs
use std::thread::sleep;
//- a/tests/c.rs
// thread::sleep
";
        let expect = "
a/src/b.rs:4: a test that sleeps is slow or flaky: await the event it waits for
a/src/b_tests.rs:1: a test that sleeps is slow or flaky: await the event it waits for
";
        check(super::check, input, expect);
    }
}
