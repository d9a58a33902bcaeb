//! Whether the release lies in an immutable image, and which.

use super::{Item, ReleaseFacts, State, shown};

/// What is known about an image, as it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFacts {
    /// The digest of its manifest.
    pub digest: String,
    /// What it runs on.
    pub platform: String,
    /// The commit that it says it has.
    pub revision: Option<String>,
    /// The name of the key that signed for it.
    pub key: String,
}

pub(super) fn image(part: &'static str, release: Option<&ReleaseFacts>) -> Item {
    let (state, evidence) = judged(release);
    Item {
        id: "image",
        part,
        title: "containerised in an immutable image",
        state,
        evidence,
        next: "`shipworthy image build RELEASE --output image.tar`",
    }
}

fn judged(release: Option<&ReleaseFacts>) -> (State, String) {
    let Some(ReleaseFacts { id, commit, image, .. }) = release else {
        return (State::NotSetUp, "no release yet".to_owned());
    };
    let Some(ImageFacts { digest, platform, revision, key }) = image else {
        return (State::NotSetUp, format!("no image of {id} is signed"));
    };
    let failing = |why: String| (State::Failing, format!("image {digest} of {id} {why}"));
    match (commit, revision) {
        (Some(commit), Some(revision)) if commit == revision => {
            let key = shown(key);
            (State::Met, format!("{id} is in image {digest} for {platform}, signed by key {key}"))
        }
        (_, None) => failing("names no commit".to_owned()),
        (None, Some(revision)) => failing(format!("names {revision}, and the release no commit")),
        (Some(commit), Some(revision)) => {
            failing(format!("names {revision}, and the release {commit}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::Provenance;

    fn state(commit: Option<&str>, image: Option<Option<&str>>) -> State {
        let release = ReleaseFacts {
            id: "sha256:00".to_owned(),
            commit: commit.map(str::to_owned),
            unreproducible: None,
            provenance: Provenance::Missing,
            gates: None,
            image: image.map(|revision| ImageFacts {
                digest: "sha256:11".to_owned(),
                platform: "linux/amd64".to_owned(),
                revision: revision.map(str::to_owned),
                key: "ab".repeat(32),
            }),
        };
        image_of(Some(&release)).state
    }

    fn image_of(release: Option<&ReleaseFacts>) -> Item {
        image("Engineering", release)
    }

    #[test]
    fn an_image_counts_when_it_has_the_releases_commit() {
        assert_eq!(image_of(None).state, State::NotSetUp);
        assert_eq!(state(Some("c0ffee"), None), State::NotSetUp);
        assert_eq!(state(Some("c0ffee"), Some(Some("c0ffee"))), State::Met);
        assert_eq!(state(Some("c0ffee"), Some(Some("decaf"))), State::Failing);
        assert_eq!(state(Some("c0ffee"), Some(None)), State::Failing);
        assert_eq!(state(None, Some(Some("c0ffee"))), State::Failing);
        assert_eq!(state(None, Some(None)), State::Failing);
    }
}
