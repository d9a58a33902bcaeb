//! The text of a workflow.
//!
//! The templates are workflows to read: `@NAME@` stands for what is filled in, a line `@data` for the
//! steps of a file, and a line that begins with `%CONDITION` is there where that holds.

use std::borrow::Cow;

use super::Forge;
use super::facts::Facts;

const GITHUB: &str = include_str!("github.yml");
const GITHUB_TOOL: &str = include_str!("github_tool.yml");
const GITHUB_DATA: &str = include_str!("github_data.yml");
const GITLAB: &str = include_str!("gitlab.yml");

/// The workflow of a project, for a place in its repository.
pub(super) fn write(forge: Forge, facts: &Facts, place: &str) -> String {
    let template = match forge {
        Forge::Github => GITHUB.replace("@tool\n", GITHUB_TOOL).replace("@data\n", GITHUB_DATA),
        Forge::Gitlab => GITLAB.to_owned(),
    };
    let mut text = String::new();
    for line in template.lines().filter_map(|line| there(line, facts)) {
        text.push_str(&filled(line, facts, place));
        text.push('\n');
    }
    text
}

/// The line, where its condition holds.
fn there<'a>(line: &'a str, facts: &Facts) -> Option<&'a str> {
    let conditions = [
        ("%fetched", facts.data.is_some()),
        ("%committed", facts.data.is_none()),
        ("%large", facts.is_large),
        ("%inside", facts.project != "."),
    ];
    let found = conditions.into_iter().find_map(|(condition, holds)| {
        line.strip_prefix(condition).map(|line| holds.then_some(line))
    });
    found.unwrap_or(Some(line))
}

fn filled<'a>(line: &'a str, facts: &Facts, place: &str) -> Cow<'a, str> {
    if !line.contains('@') {
        return line.into();
    }
    let data = facts.data.clone().unwrap_or_default();
    let line = line
        .replace("@NAME@", &facts.name)
        .replace("@IMAGE@", facts.image())
        .replace("@PROJECT@", &quoted(&facts.project))
        .replace("@PROJECT_FILES@", &quoted(&format!("{}/**", facts.project)))
        .replace("@PROJECT_TREE@", &quoted(&format!("{}/**/*", facts.project)))
        .replace("@WORKFLOW@", &quoted(place))
        .replace("@BRANCH@", &quoted(&facts.branch))
        .replace("@DATA@", &quoted(&data))
        .replace("@DATA_PATH@", &quoted(&facts.data_in_repository().unwrap_or_default()));
    line.into()
}

/// A string of YAML. There is nothing to escape: see [`Facts`].
fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn facts(data: Option<&str>) -> Facts {
        Facts {
            root: PathBuf::from("/repository"),
            name: "late".to_owned(),
            project: "my models/late".to_owned(),
            branch: "main".to_owned(),
            data: data.map(str::to_owned),
            is_large: false,
        }
    }

    #[test]
    fn nothing_of_a_template_is_left() {
        for forge in [Forge::Github, Forge::Gitlab] {
            for data in [None, Some("data/a b.csv")] {
                let text = write(forge, &facts(data), forge.place());
                for line in text.lines() {
                    let is_left = line.starts_with(['%', '@']) || line.contains("@NAME");
                    assert!(!is_left, "{line}");
                    let of_template = line.split('@').skip(1).step_by(2);
                    let mut names = of_template.filter(|name| !name.is_empty());
                    let is_name =
                        |name: &str| name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
                    assert!(!names.any(is_name), "{line}");
                }
            }
        }
    }

    #[test]
    fn an_expression_of_github_is_never_part_of_a_script() {
        let text = write(Forge::Github, &facts(Some("data/a.csv")), "a.yml");
        let mut script: Option<usize> = None;
        for line in text.lines() {
            let indent = line.len() - line.trim_start().len();
            script = script.filter(|of| indent > *of || line.is_empty());
            let begins = line.trim_start().trim_start_matches("- ").starts_with("run: ");
            if script.is_some() || begins {
                assert!(!line.contains("${{"), "{line}");
            }
            if begins && line.ends_with('|') {
                script = Some(indent);
            }
        }
    }

    #[test]
    fn data_is_fetched_where_git_does_not_have_it() {
        for forge in [Forge::Github, Forge::Gitlab] {
            let text = write(forge, &facts(Some("data/a.csv")), "a.yml");
            assert!(
                text.contains("DATA: \"data/a.csv\"") && text.contains("DATA_FETCH: "),
                "{text}"
            );
            assert!(text.contains("\"my models/late/data/a.csv\""), "{text}");
            assert!(!write(forge, &facts(None), "a.yml").contains("DATA_FETCH"));
        }
    }
}
