//! This program, as an image has it: the file, and the libraries that it needs.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use shipworthy_control::image::{Elf, Library, Sources};

/// What this program was built from.
pub(super) const SOURCES: Sources = Sources {
    lock: include_str!("../../../../../Cargo.lock"),
    manifests: &[
        include_str!("../../../Cargo.toml"),
        include_str!("../../../../shipworthy-contract/Cargo.toml"),
        include_str!("../../../../shipworthy-control/Cargo.toml"),
        include_str!("../../../../shipworthy-core/Cargo.toml"),
        include_str!("../../../../shipworthy-ledger/Cargo.toml"),
        include_str!("../../../../shipworthy-models/Cargo.toml"),
        include_str!("../../../../shipworthy-rows/Cargo.toml"),
        include_str!("../../../../shipworthy-serving/Cargo.toml"),
        include_str!("../../../../shipworthy-stats/Cargo.toml"),
        include_str!("../../../../shipworthy-store/Cargo.toml"),
    ],
};

/// The file that runs now.
pub(super) fn this_program() -> Result<Library> {
    read(&std::env::current_exe().context("where this program lies is not known")?)
}

/// A program or a library.
pub(super) fn read(path: &Path) -> Result<Library> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Library { path: path.display().to_string(), bytes })
}

/// What loads the program, and every library that it and the other one are linked to, by the paths
/// where that finds them on this machine; none of a static program.
pub(super) fn libraries(program: &Library, other: Option<&Library>) -> Result<Vec<Library>> {
    let elf = Elf::parse(&program.bytes)
        .with_context(|| format!("{} cannot be put into an image", program.path))?;
    let Some(loader) = elf.interpreter()? else { return Ok(Vec::new()) };
    let mut paths = vec![loader.to_owned()];
    for file in std::iter::once(program).chain(other) {
        paths.extend(listed(loader, &file.path)?);
    }
    paths.sort();
    paths.dedup();
    paths.iter().map(|path| read(Path::new(path))).collect()
}

/// What the loader finds for a file. It is asked, and does not run it.
fn listed(loader: &str, file: &str) -> Result<Vec<String>> {
    let answer = Command::new(loader).args(["--list", file]).output();
    let answer = answer.with_context(|| format!("cannot run {loader}"))?;
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    if !answer.status.success() {
        bail!("{loader} does not list what {file} is linked to: {}", text.trim());
    }
    let mut paths = Vec::new();
    for line in text.lines().map(str::trim) {
        // `NAME => PATH (ADDRESS)`; the kernel's own has no path, and the loader is known.
        let Some((name, place)) = line.split_once(" => ") else { continue };
        let path = place.rsplit_once(" (").map_or(place, |(path, _)| path);
        if !path.starts_with('/') {
            bail!("{file} is linked to {name}, which this machine does not have");
        }
        paths.push(path.to_owned());
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_starts_with_what_is_found_for_it() {
        let program = this_program().unwrap();
        let libraries = libraries(&program, None).unwrap();
        let has = |name: &str| libraries.iter().any(|library| library.path.contains(name));
        assert!(has("libc.so") && has("ld-linux"), "{libraries:?}");
        let stripped = Elf::parse(&program.bytes).unwrap().stripped().unwrap();
        assert!(stripped.len() < program.bytes.len());
        let kept = tempfile::tempdir().unwrap();
        let path = kept.path().join("program");
        fs::write(&path, stripped).unwrap();
        let loader = &libraries.iter().find(|library| library.path.contains("ld-linux")).unwrap();
        let ran = Command::new(&loader.path).arg(&path).arg("--list").output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
    }

    #[test]
    fn the_lock_file_has_every_crate_of_this_program() {
        for text in SOURCES.manifests {
            let name = text.lines().find_map(|line| line.strip_prefix("name = ")).unwrap();
            assert!(SOURCES.lock.contains(&format!("name = {name}")), "{name}");
        }
    }
}
