//! A name says what is inside: no `utils`, no `mod.rs`.

use super::Finding;
use super::repo::{File, Repo};

/// Names that fit anything, and so attract it.
const EMPTY_NAMES: &[&str] = &["common", "helper", "helpers", "misc", "prelude", "util", "utils"];

pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let sources = repo.files().filter(|file| matches!(file.extension(), "rs" | "py"));
    sources.flat_map(|file| check_path(file).into_iter().chain(check_modules(file))).collect()
}

fn check_path(file: &File) -> Option<Finding> {
    if file.name() == "mod.rs" {
        let directory = file.path.rsplit('/').nth(1).unwrap_or_default();
        let message = format!("mod.rs hides its name: move it to ../{directory}.rs");
        return Some(Finding::new(&file.path, 1, message));
    }
    let (directories, _) = file.path.rsplit_once('/').unwrap_or_default();
    let mut names = directories.split('/').chain([file.stem()]);
    names.find(|name| EMPTY_NAMES.contains(name)).map(|name| finding(file, 1, name))
}

/// Modules written inline; the others have files.
fn check_modules(file: &File) -> Vec<Finding> {
    if file.extension() != "rs" {
        return Vec::new();
    }
    let named = |line: &str| {
        let mut words = line.split_whitespace().skip_while(|word| *word != "mod").skip(1);
        let name = words.next()?;
        EMPTY_NAMES.iter().copied().find(|empty| *empty == name)
    };
    let code = file.code();
    (1..).zip(code.lines()).filter_map(|(at, line)| Some(finding(file, at, named(line)?))).collect()
}

fn finding(file: &File, line: usize, name: &str) -> Finding {
    let message = format!("`{name}` says nothing: name it by what is inside, or move that home");
    Finding::new(&file.path, line, message)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::check;

    #[test]
    fn telling_names_pass() {
        let input = "
//- crates/a/src/lib.rs
mod rows;
pub(crate) mod columns { /* mod utils { */ }
//- crates/a/src/commonality.rs
//- docs/common/index.md
";
        check(super::check, input, "");
    }

    #[test]
    fn empty_names_fail_as_files_directories_and_modules() {
        let input = "
//- a/src/inline.rs
fn x() {}
pub mod misc {
}
//- a/src/mod.rs
//- a/src/utils.rs
//- a/tests/common/server.rs
//- tests/python/helpers.py
";
        let expect = "
a/src/inline.rs:2: `misc` says nothing: name it by what is inside, or move that home
a/src/mod.rs:1: mod.rs hides its name: move it to ../src.rs
a/src/utils.rs:1: `utils` says nothing: name it by what is inside, or move that home
a/tests/common/server.rs:1: `common` says nothing: name it by what is inside, or move that home
tests/python/helpers.py:1: `helpers` says nothing: name it by what is inside, or move that home
";
        check(super::check, input, expect);
    }
}
