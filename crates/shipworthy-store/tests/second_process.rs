//! The lock between processes. In a test binary of its own: between fork and
//! exec a child holds copies of all its parent's locks, which tests of other
//! threads would see.

use std::{path::Path, process::Command};

use shipworthy_store::StateDir;

/// The directory that the child process tries to lock.
const CHILD_DIRECTORY: &str = "SHIPWORTHY_TEST_LOCKED_DIRECTORY";

#[test]
#[expect(clippy::disallowed_methods, reason = "how the child is told from the parent")]
fn a_second_process_is_refused_and_told_who_holds_the_lock() {
    if let Some(path) = std::env::var_os(CHILD_DIRECTORY) {
        let refused = StateDir::open(Path::new(&path)).unwrap().lock();
        println!("{}", refused.unwrap_err());
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let _lock = StateDir::open(directory.path()).unwrap().lock().unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_second_process_is_refused_and_told_who_holds_the_lock", "--nocapture"])
        .env(CHILD_DIRECTORY, directory.path())
        .output()
        .unwrap();
    assert!(child.status.success(), "{child:?}");
    let output = String::from_utf8(child.stdout).unwrap();
    let holder = format!("is in use by process {}: talk to", std::process::id());
    assert!(output.contains(&holder), "{output}");
}
