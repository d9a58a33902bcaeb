//! The changelog has a place for what is not released yet.

use super::Finding;
use super::repo::Repo;

const PATH: &str = "CHANGELOG.md";

pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let is_section = |line: &str| matches!(line.trim_end(), "## Unreleased" | "## [Unreleased]");
    let message = match repo.file(PATH) {
        None => "is missing: add it with a section `## Unreleased`",
        Some(file) if file.text.lines().any(is_section) => return Vec::new(),
        Some(_) => "has no section `## Unreleased`: add it at the top",
    };
    vec![Finding::new(PATH, 1, message)]
}

#[cfg(test)]
mod tests {
    use super::super::fixture::check;

    #[test]
    fn there_is_an_unreleased_section() {
        check(super::check, "//- CHANGELOG.md\n# Changelog\n\n## Unreleased\n", "");
        let expect = "CHANGELOG.md:1: has no section `## Unreleased`: add it at the top";
        check(super::check, "//- CHANGELOG.md\n# Changelog\n\n## 0.1.0\n", expect);
        let expect = "CHANGELOG.md:1: is missing: add it with a section `## Unreleased`";
        check(super::check, "//- README.md\n", expect);
    }
}
