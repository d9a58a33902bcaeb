//! The one way the rules are tested.

use super::Rule;
use super::repo::Repo;

/// Asserts that `rule` finds exactly `expect` (one `path:line: message` a line, in order) in the
/// repository `input`: files, each after a line `//- path`. A path `cargo-tree:NAME` stands for
/// the output of `cargo tree --package NAME`.
#[track_caller]
pub(super) fn check(rule: Rule, input: &str, expect: &str) {
    let mut repo = Repo::default();
    for part in input.split("//- ").skip(1) {
        let (path, text) = part.split_once('\n').unwrap_or((part, ""));
        match path.strip_prefix("cargo-tree:") {
            Some(name) => repo.add_tree(name, text),
            None => repo.add(path, text.to_owned()),
        }
    }
    let found: Vec<String> = rule(&repo).iter().map(ToString::to_string).collect();
    assert_eq!(found.join("\n"), expect.trim());
}
