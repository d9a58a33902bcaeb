//! Relative links of Markdown files lead to files of the repository.

use super::Finding;
use super::repo::{File, Repo};

pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    repo.with_extension("md").flat_map(|file| check_file(repo, file)).collect()
}

fn check_file(repo: &Repo, file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut fenced = false;
    for (at, line) in file.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for target in targets(&without_code(line)) {
            let Some(path) = local_path(&file.path, &target) else { continue };
            if !repo.has(&path) {
                let message =
                    format!("the link to {target} leads nowhere: mend the path or add the file");
                findings.push(Finding::new(&file.path, at, message));
            }
        }
    }
    findings
}

/// The line without its `code spans`.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

/// What the line links to: `[text](target "title")`, `![alt](target)` and `[name]: target`.
fn targets(line: &str) -> Vec<String> {
    let inline = line.split("](").skip(1).map(|rest| rest.split([')', ' ']).next());
    let definition = line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]: "))
        .map(|(_, target)| target.split(' ').next());
    let found = inline.chain(definition).flatten();
    found.map(|target| target.trim_matches(['<', '>']).to_owned()).collect()
}

/// The path from the root that a link in `file` means, `None` when it leaves the repository or
/// stays on its page. A path that climbs above the root keeps its `..`, and so leads nowhere.
fn local_path(file: &str, target: &str) -> Option<String> {
    let path = target.split(['#', '?']).next().unwrap_or_default();
    let elsewhere = target.contains("://") || target.starts_with("mailto:");
    if path.is_empty() || elsewhere {
        return None;
    }
    let directory = file.rsplit_once('/').map_or("", |(directory, _)| directory);
    let from = if path.starts_with('/') { "" } else { directory };
    let mut parts: Vec<&str> = Vec::new();
    for part in from.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::check;

    #[test]
    fn links_that_lead_somewhere_pass() {
        let input = "
//- README.md
[a](docs/a.md#part), [dir](docs/), ![p](<docs/p.png> \"title\"), [web](https://example.org/x.md)
[here](#here) `[code](nowhere.md)`
```toml
[[x]](nowhere.md)
```
[ref]: docs/a.md
//- docs/a.md
[up](../README.md) and [root](/README.md)
//- docs/p.png
";
        check(super::check, input, "");
    }

    #[test]
    fn links_that_lead_nowhere_fail() {
        let input = "
//- docs/a.md
[a](a.md) [b](b.md)
[up](../../README.md)
[ref]: ../c.md
";
        let expect = "
docs/a.md:1: the link to b.md leads nowhere: mend the path or add the file
docs/a.md:2: the link to ../../README.md leads nowhere: mend the path or add the file
docs/a.md:3: the link to ../c.md leads nowhere: mend the path or add the file
";
        check(super::check, input, expect);
    }
}
