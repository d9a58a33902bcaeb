//! No trailing whitespace, and a line break at the end of every text file.

use super::Finding;
use super::repo::{File, Repo};

/// Files that people write; data is left as its tool wrote it.
const WRITTEN: &[&str] = &[
    "css",
    "gitignore",
    "html",
    "js",
    "lua",
    "md",
    "proto",
    "py",
    "rs",
    "sh",
    "sql",
    "toml",
    "yaml",
    "yml",
];

pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let written = |file: &&File| WRITTEN.contains(&file.extension()) || file.text.starts_with("#!");
    repo.files().filter(written).flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Finding> {
    let trailing = file.text.split('\n').enumerate().filter(|(_, line)| line.trim_end() != *line);
    let mut findings: Vec<Finding> = trailing
        .map(|(at, _)| {
            Finding::new(&file.path, at + 1, "whitespace at the end of the line: cut it")
        })
        .collect();
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        let last = file.text.split('\n').count();
        let message = "no line break at the end of the file: add one";
        findings.push(Finding::new(&file.path, last, message));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::fixture::check;

    #[test]
    fn lines_and_files_end_cleanly() {
        check(super::check, "//- a.md\none\n\ntwo\n//- b.csv\nx \ny", "");
        let expect = "
a.md:1: whitespace at the end of the line: cut it
a.md:3: no line break at the end of the file: add one
";
        check(super::check, "//- a.md\none \n\nthree", expect);
        let expect = "run:2: whitespace at the end of the line: cut it";
        check(super::check, "//- run\n#!/bin/sh\nx\t\n", expect);
    }
}
