use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use tempfile::TempDir;

use super::*;
use crate::StateDir;

const FILES: &[NamedBytes] = &[("model.onnx", b"weights"), ("contract.json", b"{}")];

type NamedBytes = (&'static str, &'static [u8]);

struct Fixture {
    bundles: Bundles,
    lock: StateLock,
    _directory: TempDir,
}

fn fixture() -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let lock = StateDir::open(directory.path()).unwrap().lock().unwrap();
    Fixture { bundles: Bundles::open(&lock).unwrap(), lock, _directory: directory }
}

fn id(byte: u8) -> ReleaseId {
    ReleaseId::from_sha256(&[byte; 32])
}

fn sha256(contents: &[u8]) -> String {
    hex::encode(Sha256::digest(contents))
}

fn entries(directory: &Path) -> Vec<String> {
    names(directory).unwrap().into_iter().collect()
}

#[test]
fn a_bundle_is_read_back() {
    let Fixture { bundles, .. } = &fixture();
    assert!(!bundles.contains(&id(1)).unwrap());
    bundles.put(&id(1), FILES).unwrap();
    assert!(bundles.contains(&id(1)).unwrap());
    assert_eq!(bundles.file_names(&id(1)).unwrap(), ["contract.json", "model.onnx"]);
    for (name, contents) in FILES {
        let read = bundles.read_verified(&id(1), name, &sha256(contents));
        assert_eq!(read.unwrap(), *contents);
    }
    assert_eq!(entries(&bundles.root), [id(1).hex()]);
}

#[test]
fn what_is_missing_is_named() {
    let Fixture { bundles, .. } = &fixture();
    bundles.put(&id(1), FILES).unwrap();
    let digest = sha256(b"");
    let missing = bundles.read_verified(&id(1), "plan.json", &digest);
    assert!(matches!(missing, Err(Error::NoSuchFile { name, .. }) if name == "plan.json"));
    let listed = bundles.file_names(&id(2));
    assert!(matches!(listed, Err(Error::NoSuchBundle { id: missing }) if missing == id(2)));
}

#[test]
fn the_same_files_again_change_nothing() {
    let Fixture { bundles, .. } = &fixture();
    bundles.put(&id(1), FILES).unwrap();
    let reversed: Vec<_> = FILES.iter().rev().copied().collect();
    bundles.put(&id(1), &reversed).unwrap();
    assert_eq!(entries(&bundles.root), [id(1).hex()]);
}

#[test]
fn other_files_under_the_same_id_are_refused() {
    let Fixture { bundles, .. } = &fixture();
    bundles.put(&id(1), FILES).unwrap();
    let others: [(&str, &[NamedBytes]); 3] = [
        ("model.onnx", &[("model.onnx", b"other"), FILES[1]]),
        ("model.onnx", &[FILES[1]]),
        ("extra", &[FILES[0], FILES[1], ("extra", b"")]),
    ];
    for (culprit, files) in others {
        let refused = bundles.put(&id(1), files);
        assert!(matches!(refused, Err(Error::Differs { name, .. }) if name == culprit));
    }
    let kept = bundles.read_verified(&id(1), "model.onnx", &sha256(b"weights"));
    assert_eq!(kept.unwrap(), b"weights");
}

#[test]
fn a_changed_file_is_named_and_not_used() {
    let Fixture { bundles, .. } = &fixture();
    bundles.put(&id(1), FILES).unwrap();
    fs::write(bundles.place(&id(1)).join("model.onnx"), b"weightz").unwrap();
    let refused = bundles.read_verified(&id(1), "model.onnx", &sha256(b"weights"));
    let message = refused.unwrap_err().to_string();
    assert!(message.contains("`model.onnx`"), "{message}");
    assert!(message.contains(&sha256(b"weightz")), "{message}");
}

#[test]
fn a_digest_must_be_one() {
    let Fixture { bundles, .. } = &fixture();
    bundles.put(&id(1), FILES).unwrap();
    for digest in ["", "sha256:00", &sha256(b"weights").to_uppercase()] {
        let refused = bundles.read_verified(&id(1), "model.onnx", digest);
        assert!(matches!(refused, Err(Error::BadDigest { .. })), "{digest}");
    }
}

#[test]
fn names_that_could_lead_elsewhere_are_refused() {
    let Fixture { bundles, .. } = &fixture();
    let long = "a".repeat(MAX_NAME_BYTES + 1);
    for name in ["", ".", "..", "../x", "a/b", "/a", "a\\b", ".a", "a\0", "a b", "ä", &long] {
        let put = bundles.put(&id(1), &[(name, b"")]);
        assert!(matches!(put, Err(Error::BadName { .. })), "{name:?}");
        let read = bundles.read_verified(&id(1), name, &sha256(b""));
        assert!(matches!(read, Err(Error::BadName { .. })), "{name:?}");
    }
    assert!(entries(&bundles.root).is_empty());
}

#[test]
fn an_empty_or_ambiguous_bundle_is_refused() {
    let Fixture { bundles, .. } = &fixture();
    let empty = bundles.put(&id(1), &[]);
    assert!(matches!(empty, Err(Error::BadCount { count: 0, .. })));
    let twice = bundles.put(&id(1), &[("a", b"1"), ("a", b"2")]);
    assert!(matches!(twice, Err(Error::DuplicateName { .. })));
    assert!(!bundles.contains(&id(1)).unwrap());
}

/// A process that is killed between two writes of `put` leaves this.
#[test]
fn what_a_crash_left_is_swept_and_the_bundle_can_be_stored() {
    let Fixture { bundles, lock, .. } = &fixture();
    bundles.put(&id(1), FILES).unwrap();
    let leftover = bundles.root.join(format!(".tmp-{}-0", id(2).hex()));
    write_files(&leftover, &FILES[..1]).unwrap();
    assert!(!bundles.contains(&id(2)).unwrap());

    let reopened = Bundles::open(lock).unwrap();
    assert_eq!(entries(&reopened.root), [id(1).hex()]);
    reopened.put(&id(2), FILES).unwrap();
    let read = reopened.read_verified(&id(2), "contract.json", &sha256(b"{}"));
    assert_eq!(read.unwrap(), b"{}");
}

#[test]
fn a_write_that_fails_leaves_nothing() {
    let Fixture { bundles, .. } = &fixture();
    // The name of the first temporary directory is taken.
    let taken = bundles.root.join(format!(".tmp-{}-0", id(1).hex()));
    fs::write(&taken, b"").unwrap();
    assert!(matches!(bundles.put(&id(1), FILES), Err(Error::Io { .. })));
    assert!(!bundles.contains(&id(1)).unwrap());
}

#[test]
fn threads_that_store_the_same_bundle_agree() {
    let Fixture { bundles, .. } = &fixture();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| bundles.put(&id(1), FILES).unwrap());
        }
    });
    assert_eq!(entries(&bundles.root), [id(1).hex()]);
}

#[test]
fn only_the_owner_may_look() {
    let Fixture { bundles, .. } = &fixture();
    bundles.put(&id(1), FILES).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let place = bundles.place(&id(1));
    assert_eq!(mode(&bundles.root), 0o700);
    assert_eq!(mode(&place), 0o700);
    assert_eq!(mode(&place.join("model.onnx")), 0o600);
}
