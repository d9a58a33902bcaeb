//! A crate lives in the directory of its name.

use super::Finding;
use super::manifest::{Manifest, manifests};
use super::repo::Repo;

pub(super) fn check(repo: &Repo) -> Vec<Finding> {
    manifests(repo).filter_map(|manifest| check_manifest(&manifest)).collect()
}

fn check_manifest(manifest: &Manifest<'_>) -> Option<Finding> {
    let path = &manifest.file.path;
    let directory = path.rsplit('/').nth(1)?;
    let name = &manifest.name;
    let message = format!("{name} lives in {directory}/: give the directory the crate's name");
    (directory != name).then(|| Finding::new(path, 1, message))
}

#[cfg(test)]
mod tests {
    use super::super::fixture;

    #[test]
    fn directory_and_crate_have_one_name() {
        let input = "
//- crates/shipworthy-rows/Cargo.toml
package.name = \"shipworthy-rows\"
//- crates/rows/Cargo.toml
package.name = \"shipworthy-rows\"
";
        let expect = "crates/rows/Cargo.toml:1: shipworthy-rows lives in rows/: give the directory \
                      the crate's name";
        fixture::check(super::check, input, expect);
    }
}
