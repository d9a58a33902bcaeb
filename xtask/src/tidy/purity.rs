//! Pure crates pull in no runtime, no server, no client and no database, however indirectly; the
//! serving path pulls in no query engine.

use super::Finding;
use super::manifest::manifests;
use super::repo::Repo;

struct Ban {
    /// The crate that stays free of it, with its default features.
    name: &'static str,
    /// Packages, each with everything named `PACKAGE-…`.
    banned: &'static [&'static str],
}

const IMPURE: &[&str] = &["axum", "hyper", "reqwest", "rusqlite", "tokio", "ureq"];

const BANS: &[Ban] = &[
    Ban { name: "shipworthy-rows", banned: IMPURE },
    Ban { name: "shipworthy-stats", banned: IMPURE },
    Ban { name: "shipworthy-contract", banned: IMPURE },
    Ban { name: "shipworthy-models", banned: IMPURE },
    Ban { name: "shipworthy-core", banned: IMPURE },
    Ban { name: "shipworthy-serving", banned: &["datafusion"] },
];

pub(super) fn crates_to_check(repo: &Repo) -> Vec<&'static str> {
    let present: Vec<String> = manifests(repo).map(|manifest| manifest.name).collect();
    let names = BANS.iter().map(|ban| ban.name);
    names.filter(|name| present.iter().any(|present| present == name)).collect()
}

pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, tree) in repo.trees() {
        let bans = BANS.iter().filter(|ban| ban.name == name).flat_map(|ban| ban.banned);
        for banned in bans {
            let Some(package) = tree.iter().find_map(|line| package_of(line, banned)) else {
                continue;
            };
            let message = format!(
                "{name} pulls in {package}; `cargo tree -e normal -p {name} -i {package}` shows \
                 the way: turn the feature off, or do this work in a crate above"
            );
            findings.push(Finding::new(&format!("crates/{name}/Cargo.toml"), 1, message));
        }
    }
    findings
}

/// The name in a line of `cargo tree`, if it is `banned` or `banned-…`.
fn package_of<'tree>(line: &'tree str, banned: &str) -> Option<&'tree str> {
    let name = line.split(' ').next().unwrap_or_default();
    let rest = name.strip_prefix(banned)?;
    (rest.is_empty() || rest.starts_with('-')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::super::fixture;

    fn check(input: &str, expect: &str) {
        fixture::check(super::check, input, expect);
    }

    #[test]
    fn a_pure_crate_pulls_in_no_runtime() {
        let input = "//- cargo-tree:shipworthy-core\nshipworthy-core v0.1.0 (/r)\nserde v1.0.1\n";
        check(input, "");
        check(
            &format!("{input}tokio-util v0.7.1\n"),
            "crates/shipworthy-core/Cargo.toml:1: shipworthy-core pulls in tokio-util; `cargo tree \
             -e normal -p shipworthy-core -i tokio-util` shows the way: turn the feature off, or \
             do this work in a crate above",
        );
    }

    #[test]
    fn serving_has_a_runtime_but_no_query_engine() {
        let input = "//- cargo-tree:shipworthy-serving\ntokio v1.0.0\naxum v0.8.0\n";
        check(input, "");
        check(
            &format!("{input}datafusion-expr v55.2.0\n"),
            "crates/shipworthy-serving/Cargo.toml:1: shipworthy-serving pulls in datafusion-expr; \
             `cargo tree -e normal -p shipworthy-serving -i datafusion-expr` shows the way: turn \
             the feature off, or do this work in a crate above",
        );
    }
}
