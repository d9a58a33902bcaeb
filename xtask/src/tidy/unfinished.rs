//! What is committed is finished.

use super::Finding;
use super::repo::{File, Repo};

const PLACEHOLDERS: &[&str] = &["todo!", "unimplemented!"];

pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    repo.with_extension("rs").flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Finding> {
    let code = file.code();
    let placeholder = |line: &str| PLACEHOLDERS.iter().find(|name| line.contains(**name)).copied();
    let found = (1..).zip(code.lines()).filter_map(|(at, line)| {
        let message =
            format!("`{}` is a promise: keep it, or leave the item out", placeholder(line)?);
        Some(Finding::new(&file.path, at, message))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::check;

    #[test]
    fn placeholders_fail_outside_comments_and_strings() {
        let input = "
//- a/src/b.rs
// todo!()
fn x() { todo!() }
fn y() { unimplemented!(\"later\") }
fn z() -> &'static str { \"todo!\" }
";
        let expect = "
a/src/b.rs:2: `todo!` is a promise: keep it, or leave the item out
a/src/b.rs:3: `unimplemented!` is a promise: keep it, or leave the item out
";
        check(super::check, input, expect);
    }
}
