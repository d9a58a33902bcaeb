//! The reference page has every key, and says of it what the reader does.

use crate::project::fields::{ROOT, SECTIONS};

const PAGE: &str = include_str!("../../../../../docs/reference/project-file.md");

/// The part of the page below a section's heading.
fn part(header: &str) -> &'static str {
    let heading = format!("\n## `{header}`\n");
    let start = PAGE.find(&heading).unwrap_or_else(|| panic!("no heading for {header}"));
    let below = &PAGE[start + heading.len()..];
    below.split("\n## ").next().unwrap_or(below)
}

#[test]
fn every_key_has_a_row_with_its_default() {
    for section in SECTIONS.iter().filter(|section| section.header != ROOT.header) {
        let rows = part(section.header).lines().filter(|line| line.starts_with("| `")).count();
        assert_eq!(rows, section.keys.len(), "rows of {}", section.header);
        for key in section.keys {
            let start = format!("| `{}` | {} | {} | ", key.name, key.kind, key.default);
            assert!(part(section.header).contains(&start), "{} lacks: {start}", section.header);
        }
    }
}

#[test]
fn every_section_and_everything_of_later_is_named() {
    for key in ROOT.keys {
        assert!(PAGE.contains(&format!("\n## `{}`\n", key.kind)), "{}", key.kind);
    }
    for later in SECTIONS.iter().flat_map(|section| section.later) {
        assert!(PAGE.contains(&format!("- `{}`", later.header)), "{}", later.header);
    }
}
