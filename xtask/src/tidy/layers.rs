//! Arrows point downwards: a crate uses only what the code map lets it use.

use super::Finding;
use super::manifest::{Dependency, Manifest, manifests};
use super::repo::Repo;

/// The binary; nothing may depend on it.
const BINARY: &str = "shipworthy";

struct Layer {
    name: &'static str,
    /// What it may depend on, besides what those may depend on.
    uses: &'static [&'static str],
}

/// The code map of `ARCHITECTURE.md`, top to bottom. Change the map first.
const LAYERS: &[Layer] = &[
    Layer { name: BINARY, uses: &["shipworthy-console", "shipworthy-control"] },
    Layer {
        name: "shipworthy-console",
        uses: &["shipworthy-core", "shipworthy-store", "shipworthy-ledger"],
    },
    Layer {
        name: "shipworthy-control",
        uses: &["shipworthy-serving", "shipworthy-store", "shipworthy-features"],
    },
    Layer {
        name: "shipworthy-serving",
        uses: &["shipworthy-contract", "shipworthy-models", "shipworthy-ledger", "shipworthy-core"],
    },
    // Fuzz targets, in a workspace of their own.
    Layer { name: "fuzz", uses: &["shipworthy-models"] },
    Layer { name: "shipworthy-store", uses: &["shipworthy-core"] },
    Layer { name: "shipworthy-features", uses: &["shipworthy-query", "shipworthy-core"] },
    Layer { name: "shipworthy-core", uses: &["shipworthy-contract", "shipworthy-stats"] },
    Layer { name: "shipworthy-ledger", uses: &["shipworthy-rows"] },
    Layer { name: "shipworthy-query", uses: &["shipworthy-rows"] },
    Layer { name: "shipworthy-models", uses: &["shipworthy-rows", "shipworthy-stats"] },
    Layer { name: "shipworthy-contract", uses: &["shipworthy-rows", "shipworthy-stats"] },
    Layer { name: "shipworthy-stats", uses: &[] },
    Layer { name: "shipworthy-rows", uses: &[] },
    Layer { name: "xtask", uses: &[] },
];

pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    let members: Vec<Manifest<'_>> = manifests(repo).collect();
    members.iter().flat_map(|member| check_member(member, &members)).collect()
}

fn check_member(member: &Manifest<'_>, members: &[Manifest<'_>]) -> Vec<Finding> {
    let path = &member.file.path;
    let Some(rank) = rank(&member.name) else {
        let message = format!(
            "{} is not in the code map: add a row to it and to xtask/src/tidy/layers.rs, with a \
             reason as good as the others'",
            member.name
        );
        return vec![Finding::new(path, 1, message)];
    };
    let ours = |name: &str| members.iter().any(|member| member.name == name);
    let dependencies = member.dependencies.iter().filter(|dependency| ours(&dependency.name));
    let broken = dependencies.filter_map(|dependency| {
        let wrong = wrong_arrow(rank, dependency)?;
        Some(Finding::new(path, dependency.line, format!("{} {wrong}", member.name)))
    });
    broken.collect()
}

/// What is wrong with the arrow from the crate at `rank`, if anything is.
fn wrong_arrow(rank: usize, dependency: &Dependency) -> Option<String> {
    let name = &dependency.name;
    if name == BINARY {
        return Some(format!("may not depend on {BINARY}, the binary: move what it needs down"));
    }
    if dependency.dev {
        let downwards = self::rank(name).is_some_and(|below| below > rank);
        let wrong = format!(
            "may not use {name} in its tests, which stands above it in the code map: move the \
             test up"
        );
        return (!downwards).then_some(wrong);
    }
    let allowed = reachable(rank);
    if allowed.contains(&name.as_str()) {
        return None;
    }
    let allowed = if allowed.is_empty() { "no crate of ours".into() } else { allowed.join(", ") };
    Some(format!(
        "may not depend on {name} (it may on {allowed}): move the code, or cut a port and wire it \
         in the binary"
    ))
}

fn rank(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.name == name)
}

/// Everything below a layer that its `uses` lead to, top to bottom.
fn reachable(rank: usize) -> Vec<&'static str> {
    let mut reached = vec![false; LAYERS.len()];
    reached[rank] = true;
    // One pass suffices: the table is ordered, so an arrow never leads back up.
    for at in rank..LAYERS.len() {
        if reached[at] {
            for below in LAYERS[at].uses.iter().filter_map(|name| self::rank(name)) {
                reached[below] = true;
            }
        }
    }
    let below = LAYERS.iter().zip(reached).skip(rank + 1);
    below.filter(|(_, reached)| *reached).map(|(layer, _)| layer.name).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn check(input: &str, expect: &str) {
        let members: String = LAYERS
            .iter()
            .map(|layer| format!("//- m/{0}/Cargo.toml\npackage.name = \"{0}\"\n", layer.name))
            .collect();
        fixture::check(super::check, &format!("{members}{input}"), expect);
    }

    #[test]
    fn the_table_points_downwards_only() {
        for (at, layer) in LAYERS.iter().enumerate() {
            for below in layer.uses {
                assert!(rank(below).is_some_and(|rank| rank > at), "{} → {below}", layer.name);
            }
        }
        let all_but = "the binary may use all but the fuzz targets and xtask";
        assert_eq!(reachable(0).len(), LAYERS.len() - 3, "{all_but}");
    }

    #[test]
    fn arrows_of_the_code_map_pass_directly_or_not() {
        let input = r#"
//- crates/shipworthy-core/Cargo.toml
[package]
name = "shipworthy-core"
[dependencies]
serde.workspace = true
shipworthy-contract.workspace = true
shipworthy-rows = { path = "../shipworthy-rows" }
[dev-dependencies]
shipworthy-models.workspace = true
"#;
        check(input, "");
    }

    #[test]
    fn other_arrows_fail_in_every_kind_of_table() {
        let input = r#"
//- crates/shipworthy-ledger/Cargo.toml
[package]
name = "shipworthy-ledger"
[dev-dependencies]
shipworthy-store.workspace = true
shipworthy.workspace = true
[dependencies]
shipworthy-rows.workspace = true
shipworthy-core.workspace = true
[target.'cfg(unix)'.dependencies]
stats = { package = "shipworthy-stats", path = "../shipworthy-stats" }
"#;
        let expect = "\
crates/shipworthy-ledger/Cargo.toml:8: shipworthy-ledger may not depend on shipworthy-core (it \
may on shipworthy-rows): move the code, or cut a port and wire it in the binary
crates/shipworthy-ledger/Cargo.toml:5: shipworthy-ledger may not depend on shipworthy, the binary: \
move what it needs down
crates/shipworthy-ledger/Cargo.toml:4: shipworthy-ledger may not use shipworthy-store in its tests, \
which stands above it in the code map: move the test up
crates/shipworthy-ledger/Cargo.toml:10: shipworthy-ledger may not depend on shipworthy-stats (it \
may on shipworthy-rows): move the code, or cut a port and wire it in the binary";
        check(input, expect);
    }

    #[test]
    fn a_crate_beside_the_map_fails() {
        let expect = "crates/new/Cargo.toml:1: shipworthy-new is not in the code map: add a row to \
                      it and to xtask/src/tidy/layers.rs, with a reason as good as the others'";
        check("//- crates/new/Cargo.toml\npackage.name = \"shipworthy-new\"\n", expect);
    }
}
