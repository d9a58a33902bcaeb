//! What holds over every object store.

use super::*;

pub(super) fn a_bundle_is_read_back(fixture: &Fixture) {
    let bundles = &fixture.bundles;
    assert!(!bundles.contains(&id(1)).unwrap());
    bundles.put(&id(1), FILES).unwrap();
    is_whole(bundles, &id(1));
    is_whole(&fixture.reopened().unwrap(), &id(1));
    assert_eq!(fixture.entries(), [id(1).hex()]);
}

pub(super) fn a_file_of_many_parts_is_read_back(Fixture { bundles, .. }: &Fixture) {
    let mut long: Vec<u8> = (0..=250).cycle().take(17 << 20).collect();
    for _ in 0..2 {
        bundles.put(&id(1), &[("model.onnx", &long)]).unwrap();
    }
    let read = bundles.read_verified(&id(1), "model.onnx", &sha256(&long));
    assert!(read.unwrap() == long);
    *long.last_mut().unwrap() ^= 1;
    let refused = bundles.put(&id(1), &[("model.onnx", &long)]);
    assert!(matches!(refused, Err(Error::Differs { .. })));
}

pub(super) fn what_is_missing_is_named(Fixture { bundles, .. }: &Fixture) {
    bundles.put(&id(1), FILES).unwrap();
    let digest = sha256(b"");
    let missing = bundles.read_verified(&id(1), "plan.json", &digest);
    assert!(matches!(missing, Err(Error::NoSuchFile { name, .. }) if name == "plan.json"));
    let listed = bundles.file_names(&id(2));
    assert!(matches!(listed, Err(Error::NoSuchBundle { id: missing }) if missing == id(2)));
    bundles.remove(&id(2)).unwrap();
}

pub(super) fn the_same_files_again_change_nothing(fixture: &Fixture) {
    let bundles = &fixture.bundles;
    bundles.put(&id(1), FILES).unwrap();
    let reversed: Vec<_> = FILES.iter().rev().copied().collect();
    bundles.put(&id(1), &reversed).unwrap();
    is_whole(bundles, &id(1));
    assert_eq!(fixture.entries(), [id(1).hex()]);
}

pub(super) fn other_files_under_the_same_id_are_refused(Fixture { bundles, .. }: &Fixture) {
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
    is_whole(bundles, &id(1));
}

pub(super) fn a_changed_file_is_named_and_not_used(fixture: &Fixture) {
    let bundles = &fixture.bundles;
    bundles.put(&id(1), FILES).unwrap();
    fixture.write(&file(&id(1), "model.onnx"), b"weightz");
    let refused = bundles.read_verified(&id(1), "model.onnx", &sha256(b"weights"));
    let message = refused.unwrap_err().to_string();
    assert!(message.contains("`model.onnx`"), "{message}");
    assert!(message.contains(&sha256(b"weightz")), "{message}");
}

pub(super) fn a_digest_must_be_one(Fixture { bundles, .. }: &Fixture) {
    bundles.put(&id(1), FILES).unwrap();
    for digest in ["", "sha256:00", &sha256(b"weights").to_uppercase()] {
        let refused = bundles.read_verified(&id(1), "model.onnx", digest);
        assert!(matches!(refused, Err(Error::BadDigest { .. })), "{digest}");
    }
}

pub(super) fn names_that_could_lead_elsewhere_are_refused(fixture: &Fixture) {
    let bundles = &fixture.bundles;
    let long = "a".repeat(MAX_NAME_BYTES + 1);
    let bad = ["", ".", "..", "../x", "a/b", "/a", "a\\b", ".a", "a\0", "a b", "a#1", "ä"];
    for name in bad.into_iter().chain([long.as_str()]) {
        let put = bundles.put(&id(1), &[(name, b"")]);
        assert!(matches!(put, Err(Error::BadName { .. })), "{name:?}");
        let read = bundles.read_verified(&id(1), name, &sha256(b""));
        assert!(matches!(read, Err(Error::BadName { .. })), "{name:?}");
    }
    assert!(fixture.entries().is_empty());
}

pub(super) fn an_empty_or_ambiguous_bundle_is_refused(Fixture { bundles, .. }: &Fixture) {
    let empty = bundles.put(&id(1), &[]);
    assert!(matches!(empty, Err(Error::BadCount { count: 0, .. })));
    let twice = bundles.put(&id(1), &[("a", b"1"), ("a", b"2")]);
    assert!(matches!(twice, Err(Error::DuplicateName { .. })));
    assert!(!bundles.contains(&id(1)).unwrap());
}

/// A process that is killed between two writes of `put` leaves this.
pub(super) fn what_a_crash_left_of_a_bundle_does_not_count_and_goes(fixture: &Fixture) {
    fixture.bundles.put(&id(1), FILES).unwrap();
    for written in 0..=FILES.len() {
        let leave = || {
            fixture.write(&note(), id(2).as_str().as_bytes());
            for (name, contents) in &FILES[..written] {
                fixture.write(&file(&id(2), name), contents);
            }
            assert!(!fixture.bundles.contains(&id(2)).unwrap());
            let listed = fixture.bundles.file_names(&id(2));
            assert!(matches!(listed, Err(Error::NoSuchBundle { .. })));
        };
        leave();
        let reopened = fixture.reopened().unwrap();
        assert_eq!(fixture.entries(), [id(1).hex()]);
        // What is left while the bundles are open goes with the next that is stored.
        leave();
        reopened.put(&id(3), FILES).unwrap();
        assert_eq!(fixture.entries(), [id(1).hex(), id(3).hex()]);
        leave();
        reopened.put(&id(2), FILES).unwrap();
        for stored in 1..=3 {
            is_whole(&reopened, &id(stored));
        }
        reopened.remove(&id(2)).unwrap();
        reopened.remove(&id(3)).unwrap();
    }
}

pub(super) fn a_removal_that_a_crash_interrupted_is_brought_to_its_end(fixture: &Fixture) {
    for removed in 0..=FILES.len() {
        fixture.bundles.put(&id(1), FILES).unwrap();
        fixture.write(&note(), id(1).as_str().as_bytes());
        for (name, _) in &FILES[..removed] {
            fixture.delete(&file(&id(1), name));
        }
        assert!(!fixture.bundles.contains(&id(1)).unwrap());
        fixture.reopened().unwrap();
        assert!(fixture.entries().is_empty());
    }
}

pub(super) fn a_removed_bundle_is_gone_and_can_be_stored_again(fixture: &Fixture) {
    let bundles = &fixture.bundles;
    for _ in 0..2 {
        bundles.put(&id(1), FILES).unwrap();
        bundles.put(&id(2), FILES).unwrap();
        bundles.remove(&id(1)).unwrap();
        assert!(!bundles.contains(&id(1)).unwrap());
        assert_eq!(fixture.entries(), [id(2).hex()]);
    }
    is_whole(bundles, &id(2));
}

pub(super) fn a_note_that_names_no_release_is_refused_by_name(fixture: &Fixture) {
    fixture.bundles.put(&id(1), FILES).unwrap();
    for contents in ["", "sha256:12", &"a".repeat(1000)] {
        fixture.write(&note(), contents.as_bytes());
        let refused = fixture.reopened().map(drop);
        let refused = [refused, fixture.bundles.put(&id(2), FILES)];
        for refused in refused {
            let message = refused.unwrap_err().to_string();
            assert!(message.contains(UNFINISHED), "{message}");
        }
    }
    fixture.delete(&note());
    is_whole(&fixture.reopened().unwrap(), &id(1));
}

pub(super) fn threads_that_store_the_same_bundle_agree(fixture: &Fixture) {
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| fixture.bundles.put(&id(1), FILES).unwrap());
        }
    });
    is_whole(&fixture.bundles, &id(1));
    assert_eq!(fixture.entries(), [id(1).hex()]);
}

pub(super) fn threads_that_store_and_remove_others_do_not_meet(fixture: &Fixture) {
    let bundles = &fixture.bundles;
    thread::scope(|scope| {
        for own in 0..4 {
            scope.spawn(move || {
                for _ in 0..4 {
                    bundles.remove(&id(own)).unwrap();
                    bundles.put(&id(own), FILES).unwrap();
                    is_whole(bundles, &id(own));
                }
            });
        }
    });
    assert_eq!(fixture.entries().len(), 4);
}

/// A command has no runtime; a server has one, and calls on its threads that may block. One that
/// may not must not end the process.
pub(super) fn every_kind_of_thread_may_call(fixture: &Fixture) {
    let call = || {
        let bundles = fixture.reopened().unwrap();
        bundles.put(&id(1), FILES).unwrap();
        is_whole(&bundles, &id(1));
        bundles.remove(&id(1)).unwrap();
    };
    call();
    wait(async { call() });
    let workers = runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    workers.block_on(async { call() });
    workers.block_on(async { task::block_in_place(call) });
    let Fixture { behind, lock, .. } = memory();
    let blocking = move || {
        let bundles = Bundles::over(&lock, behind).unwrap();
        bundles.put(&id(1), FILES).unwrap();
        is_whole(&bundles, &id(1));
    };
    workers.block_on(task_of(blocking));
}

async fn task_of(blocking: impl FnOnce() + Send + 'static) {
    task::spawn_blocking(blocking).await.unwrap();
}
