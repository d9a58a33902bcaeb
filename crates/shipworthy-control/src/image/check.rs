//! Whether an image is what it says: its layers, its release, and what is said about both.
//!
//! That every blob has its digest is known already of whoever holds a [`Layout`].

mod finding;
mod layers;
mod statements;
#[cfg(test)]
mod tests;

use shipworthy_core::signing::PublicKey;
use shipworthy_core::{Manifest, ReleaseId};

use super::{Layout, RELEASE, REVISION};
use crate::release::Archive;

pub use finding::Finding;
pub use statements::{Said, Statements, Subject, statements};

/// What is found of an image.
#[derive(Debug)]
pub struct Checked {
    /// The release in it, if it is whole.
    pub release: Option<ReleaseId>,
    /// What trusted keys say of the image and of its release.
    pub said: Vec<Said>,
    /// What others say, a line each.
    pub left_out: Vec<String>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// Checks an image; `trusted` gives the key of a name, if it counts.
pub fn check(layout: &Layout, trusted: impl Fn(&str) -> Option<PublicKey>) -> Checked {
    let mut findings = layers::differing(layout);
    let release = match layers::release(layout) {
        Ok(archive) => whole(&archive, layout, &mut findings),
        Err(finding) => {
            findings.push(finding);
            None
        }
    };
    // Whoever says something of the release says it by its name, which may be whole where it is not.
    let named = layout.annotation(RELEASE).and_then(|id| id.parse().ok());
    let Statements { said, left_out, findings: wrong } =
        statements(layout, release.as_ref().or(named.as_ref()), trusted);
    findings.extend(wrong);
    Checked { release, said, left_out, findings }
}

/// The release, if all of it is there and is the one that the image names.
fn whole(archive: &Archive, layout: &Layout, findings: &mut Vec<Finding>) -> Option<ReleaseId> {
    let manifest = match archive.checked() {
        Ok(manifest) => manifest,
        Err(error) => {
            findings.push(Finding::Release { why: error.to_string() });
            return None;
        }
    };
    let id = archive.id().clone();
    differs(RELEASE, layout, Some(&id.to_string()), findings);
    let Manifest { commit, .. } = manifest;
    differs(REVISION, layout, commit.as_deref(), findings);
    Some(id)
}

fn differs(key: &'static str, layout: &Layout, found: Option<&str>, findings: &mut Vec<Finding>) {
    let said = layout.annotation(key);
    if said != found {
        let owned = |text: Option<&str>| text.unwrap_or("nothing").to_owned();
        findings.push(Finding::Annotation { key, said: owned(said), found: owned(found) });
    }
}
