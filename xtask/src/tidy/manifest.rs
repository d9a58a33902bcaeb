//! What a crate's `Cargo.toml` says, as far as the rules ask.

use toml::{Table, Value};

use super::repo::{File, Repo};

pub(super) struct Manifest<'repo> {
    pub(super) file: &'repo File,
    /// The package's name.
    pub(super) name: String,
    pub(super) dependencies: Vec<Dependency>,
}

pub(super) struct Dependency {
    /// The package's name, whatever it is called here.
    pub(super) name: String,
    /// Used by tests, examples and benches only.
    pub(super) dev: bool,
    /// Where the manifest names it, counted from 1.
    pub(super) line: usize,
}

/// The manifests of all packages in the repository; broken ones are Cargo's to report.
pub(super) fn manifests(repo: &Repo) -> impl Iterator<Item = Manifest<'_>> {
    repo.with_extension("toml").filter(|file| file.name() == "Cargo.toml").filter_map(parse)
}

fn parse(file: &File) -> Option<Manifest<'_>> {
    let table: Table = file.text.parse().ok()?;
    let name = table.get("package")?.get("name")?.as_str()?.to_owned();
    let mut dependencies = dependencies(file, &table);
    let targets = table.get("target").and_then(Value::as_table);
    for target in targets.into_iter().flat_map(Table::values).filter_map(Value::as_table) {
        dependencies.extend(self::dependencies(file, target));
    }
    Some(Manifest { file, name, dependencies })
}

fn dependencies(file: &File, table: &Table) -> Vec<Dependency> {
    let kinds =
        [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)];
    let mut found = Vec::new();
    for (kind, dev) in kinds {
        let section = table.get(kind).and_then(Value::as_table);
        for (key, value) in section.into_iter().flatten() {
            let name = value.get("package").and_then(Value::as_str).unwrap_or(key).to_owned();
            found.push(Dependency { name, dev, line: line_of(file, kind, key) });
        }
    }
    found
}

/// The line that names `key`, after the header of its section if there is one.
fn line_of(file: &File, section: &str, key: &str) -> usize {
    let header = format!("{section}]");
    let after = file.lines().find(|(_, line)| line.ends_with(&header)).map_or(0, |(at, _)| at);
    let names_key =
        |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
    file.lines().find(|&(at, line)| at > after && names_key(line)).map_or(1, |(at, _)| at)
}
