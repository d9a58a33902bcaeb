use std::{fs, os::unix::fs::PermissionsExt, thread};

use object_store::{ObjectStoreExt, local::LocalFileSystem, memory::InMemory};
use tempfile::TempDir;
use tokio::{runtime, task};

use super::*;

const FILES: &[NamedBytes] = &[("model.onnx", b"weights"), ("contract.json", b"{}")];

type NamedBytes = (&'static str, &'static [u8]);

/// Bundles, and the object store behind them.
struct Fixture {
    bundles: Bundles,
    behind: Arc<dyn ObjectStore>,
    lock: StateLock,
    is_directory: bool,
    _directory: TempDir,
}

impl Fixture {
    /// The bundles as the next process opens them.
    fn reopened(&self) -> Result<Bundles, Error> {
        match self.is_directory {
            true => Bundles::open(&self.lock),
            false => Bundles::over(&self.lock, Arc::clone(&self.behind)),
        }
    }

    fn write(&self, path: &Path, contents: &[u8]) {
        wait(self.behind.put(path, contents.to_vec().into())).unwrap();
    }

    fn delete(&self, path: &Path) {
        wait(self.behind.delete(path)).unwrap();
    }

    /// The names at the root.
    fn entries(&self) -> Vec<String> {
        if self.is_directory {
            return entries(&self.lock.dir().bundles());
        }
        self.bundles.objects.names(&Path::default()).unwrap().into_iter().collect()
    }
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

fn directory() -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let lock = StateDir::open(directory.path()).unwrap().lock().unwrap();
    let bundles = Bundles::open(&lock).unwrap();
    let behind = Arc::new(LocalFileSystem::new_with_prefix(lock.dir().bundles()).unwrap());
    Fixture { bundles, behind, lock, is_directory: true, _directory: directory }
}

fn memory() -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let lock = StateDir::open(directory.path()).unwrap().lock().unwrap();
    let behind: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let bundles = Bundles::over(&lock, Arc::clone(&behind)).unwrap();
    Fixture { bundles, behind, lock, is_directory: false, _directory: directory }
}

fn id(byte: u8) -> ReleaseId {
    ReleaseId::from_sha256(&[byte; 32])
}

fn sha256(contents: &[u8]) -> String {
    hex::encode(Sha256::digest(contents))
}

fn entries(directory: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn is_whole(bundles: &Bundles, id: &ReleaseId) {
    assert!(bundles.contains(id).unwrap());
    assert_eq!(bundles.file_names(id).unwrap(), ["contract.json", "model.onnx"]);
    for (name, contents) in FILES {
        let read = bundles.read_verified(id, name, &sha256(contents));
        assert_eq!(read.unwrap(), *contents);
    }
}

/// One test per case and object store: what holds in a directory holds without one.
macro_rules! conformance {
    ([$($place:ident),+] $cases:tt) => { $(conformance!(@in $place $cases);)+ };
    (@in $place:ident { $($case:ident),+ $(,)? }) => {
        mod $place {
            $(#[test]
            fn $case() {
                super::cases::$case(&super::$place());
            })+
        }
    };
}

conformance! {
    [directory, memory]
    {
        a_bundle_is_read_back,
        a_file_of_many_parts_is_read_back,
        what_is_missing_is_named,
        the_same_files_again_change_nothing,
        other_files_under_the_same_id_are_refused,
        a_changed_file_is_named_and_not_used,
        a_digest_must_be_one,
        names_that_could_lead_elsewhere_are_refused,
        an_empty_or_ambiguous_bundle_is_refused,
        what_a_crash_left_of_a_bundle_does_not_count_and_goes,
        a_removal_that_a_crash_interrupted_is_brought_to_its_end,
        a_removed_bundle_is_gone_and_can_be_stored_again,
        a_note_that_names_no_release_is_refused_by_name,
        threads_that_store_the_same_bundle_agree,
        threads_that_store_and_remove_others_do_not_meet,
        every_kind_of_thread_may_call,
    }
}

mod cases;

#[test]
fn whoever_reads_sees_what_is_written_and_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let state = StateDir::open(directory.path()).unwrap();
    let reading = Bundles::reading(&state);
    assert!(!reading.contains(&id(1)).unwrap());
    let read = reading.read_verified(&id(1), "model.onnx", &sha256(b"weights"));
    assert!(matches!(read, Err(Error::NoSuchFile { .. })));
    assert_eq!(entries(directory.path()), [] as [&str; 0]);

    let writing = Bundles::open(&state.lock().unwrap()).unwrap();
    writing.put(&id(1), FILES).unwrap();
    is_whole(&reading, &id(1));
    assert!(matches!(reading.put(&id(2), FILES), Err(Error::ReadOnly)));
    assert!(matches!(reading.remove(&id(1)), Err(Error::ReadOnly)));
    writing.remove(&id(1)).unwrap();
    assert!(matches!(reading.file_names(&id(1)), Err(Error::NoSuchBundle { .. })));
}

/// Builds before object stores left the first, a process that is killed leaves the others.
#[test]
fn what_a_crash_left_that_is_no_object_is_swept() {
    let fixture = directory();
    let root = fixture.lock.dir().bundles();
    let old = root.join(format!(".tmp-{}-0", id(1).hex()));
    fs::create_dir(&old).unwrap();
    fs::write(old.join("model.onnx"), b"weig").unwrap();
    fs::write(root.join(".unfinished#1"), b"sha2").unwrap();
    fixture.bundles.put(&id(2), FILES).unwrap();
    fixture.reopened().unwrap();
    assert_eq!(entries(&root), [id(2).hex()]);

    fixture.write(&note(), id(3).as_str().as_bytes());
    fs::create_dir(root.join(id(3).hex())).unwrap();
    fs::write(root.join(id(3).hex()).join("model.onnx#1"), b"weig").unwrap();
    fixture.bundles.put(&id(3), FILES).unwrap();
    assert_eq!(entries(&root.join(id(3).hex())), ["contract.json", "model.onnx"]);
}

#[test]
fn a_write_that_fails_leaves_nothing() {
    let fixture = directory();
    let root = fixture.lock.dir().bundles();
    fs::write(root.join(id(1).hex()), b"").unwrap();
    let refused = fixture.bundles.put(&id(1), FILES);
    assert!(refused.unwrap_err().to_string().contains(id(1).hex()));
    assert_eq!(entries(&root), [] as [&str; 0]);
    fixture.bundles.put(&id(1), FILES).unwrap();
    is_whole(&fixture.bundles, &id(1));
}

#[test]
fn an_object_that_cannot_be_read_is_named() {
    let fixture = directory();
    fixture.bundles.put(&id(1), FILES).unwrap();
    let path = fixture.lock.dir().bundles().join(id(1).hex()).join("contract.json");
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&path, &path).unwrap();
    let refused = fixture.bundles.read_verified(&id(1), "contract.json", &sha256(b"{}"));
    let refused = refused.unwrap_err();
    assert!(matches!(refused, Error::Store { .. }));
    assert_eq!(refused.to_string(), format!("cannot read {}", path.display()));
    assert!(matches!(fixture.bundles.put(&id(1), FILES), Err(Error::Store { .. })));
}

#[test]
fn only_the_owner_may_look() {
    let fixture = directory();
    fixture.bundles.put(&id(1), FILES).unwrap();
    let root = fixture.lock.dir().bundles();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let place = root.join(id(1).hex());
    assert_eq!(mode(&root), 0o700);
    assert_eq!(mode(&place), 0o700);
    assert_eq!(mode(&place.join("model.onnx")), 0o600);
}
