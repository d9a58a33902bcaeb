//! A release in a file that a server is given at its start, as an image has it.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, Result};
use shipworthy_control::release::{Archive, Taken};
use shipworthy_core::ReleaseId;

use crate::output;
use crate::server::State;
use crate::signing::SigningArgs;
use crate::system::System;

const REASON: &str = "given at the start";

/// The path, where a text names a file and no release: no id and no slot has a slash, and of a name
/// with an extension a slot is told by its `@`.
pub(crate) fn file(text: &str) -> Option<&Path> {
    let path = Path::new(text);
    let is_named_as_a_file = path.extension().is_some() && !text.contains('@');
    (text.contains('/') || is_named_as_a_file).then_some(path)
}

/// Takes the release of a file into the state directory. Who starts the server says by that whose it
/// is: no key needs to be trusted.
///
/// # Errors
/// When it cannot be read, is not whole, or does not answer.
pub(crate) fn take(
    path: &Path,
    kept: &State,
    signing: &SigningArgs,
    system: &System,
) -> Result<Taken> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let archive = Archive::read(BufReader::new(file));
    let archive = archive.with_context(|| format!("{} is refused", path.display()))?;
    let by = kept.attribution(REASON, system)?;
    let signer = signing.signer(kept, Some(&by), system)?;
    let taken = kept.shelf.take_given(&archive, &signer, &by)?;
    taken.left_out.iter().for_each(|statement| output::note(&format!("left out: {statement}")));
    Ok(taken)
}

/// The release that its endpoint serves: this one when it comes here for the first time. Later starts
/// with the same file leave what was decided since, a rollback for one, as it is.
///
/// # Errors
/// When the record cannot be read or written.
pub(crate) fn stable(taken: &Taken, kept: &State, system: &System) -> Result<ReleaseId> {
    let Taken { id, project, was_here, .. } = taken;
    let stable = kept.shelf.store.endpoint(project)?.and_then(|endpoint| endpoint.stable);
    match stable {
        Some(stable) if stable == *id => Ok(stable),
        Some(stable) if *was_here => {
            output::note(&format!(
                "{project} serves {stable}, which came after the one that is given"
            ));
            Ok(stable)
        }
        _ => {
            kept.shelf.set_stable(project, id, &kept.attribution(REASON, system)?)?;
            Ok(id.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_from_a_release() {
        for text in ["late.tar", "/srv/shipworthy/release.tar", "./late", "/srv/late@2/it"] {
            assert_eq!(file(text), Some(Path::new(text)));
        }
        for text in ["08d796d1faec", "sha256:08d796d1faec", "late@stable", "late.v2@stable"] {
            assert_eq!(file(text), None);
        }
    }
}
