use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;

fn open() -> (TempDir, StateDir) {
    let parent = tempfile::tempdir().unwrap();
    let dir = StateDir::open(&parent.path().join("a/state")).unwrap();
    (parent, dir)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn server() -> ServerInfo {
    ServerInfo {
        pid: 7,
        listen: "127.0.0.1:8080".parse().unwrap(),
        admin: "[::1]:8081".parse().unwrap(),
        grpc: None,
    }
}

#[test]
fn the_directory_is_made_for_its_owner_alone() {
    let (_parent, dir) = open();
    assert_eq!(mode(dir.path()), 0o700);
    assert_eq!(StateDir::open(dir.path()).unwrap(), dir);
}

#[test]
fn a_directory_that_is_there_keeps_its_mode() {
    let (_parent, dir) = open();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o750)).unwrap();
    StateDir::open(dir.path()).unwrap();
    assert_eq!(mode(dir.path()), 0o750);
}

#[test]
fn a_file_in_its_place_is_refused() {
    let (_parent, dir) = open();
    let path = dir.state_db();
    fs::write(&path, b"").unwrap();
    assert!(matches!(StateDir::open(&path), Err(Error::Io { .. })));
}

#[test]
fn a_second_handle_is_refused_until_the_lock_is_dropped() {
    let (_parent, dir) = open();
    let lock = dir.lock().unwrap();
    let refused = StateDir::open(dir.path()).unwrap().lock();
    let own = std::process::id();
    assert!(matches!(refused, Err(Error::Locked { holder: Some(pid), .. }) if pid == own));
    drop(lock);
    dir.lock().unwrap();
}

#[test]
fn who_only_reads_keeps_writers_away_and_is_kept_away_by_them() {
    let (_parent, dir) = open();
    assert!(lock::shared(&dir).unwrap().is_none(), "there is no lock yet");
    let lock = dir.lock().unwrap();
    let own = std::process::id();
    let refused = [lock::shared(&dir).map(drop), dir.lock_to_read().map(drop)];
    for refused in refused {
        assert!(matches!(refused, Err(Error::Locked { holder: Some(pid), .. }) if pid == own));
    }
    drop(lock);
    // Where nothing may be written, several may read.
    let readers = [lock::shared(&dir).unwrap(), lock::shared(&dir).unwrap()];
    assert!(matches!(dir.lock(), Err(Error::Locked { .. })));
    drop(readers);
    let reading = dir.lock_to_read().unwrap();
    assert_eq!(reading.dir(), &dir);
    assert!(matches!(dir.lock(), Err(Error::Locked { .. })));
}

#[test]
fn a_holder_that_has_not_written_its_id_is_another_process() {
    let (_parent, dir) = open();
    let _lock = dir.lock().unwrap();
    for contents in ["", "x", "99999999999999999999"] {
        fs::write(dir.path().join("LOCK"), contents).unwrap();
        let message = dir.lock().unwrap_err().to_string();
        assert!(message.contains("another process"), "{message}");
    }
}

#[test]
fn the_token_file_is_for_its_owner_alone_and_read_back() {
    let (_parent, dir) = open();
    let lock = dir.lock().unwrap();
    assert!(dir.token().unwrap().is_none());
    let secret = Secret::from_random([7; 32]);
    lock.write_token(&secret).unwrap();
    assert_eq!(mode(&dir.token_file()), 0o600);
    assert_eq!(dir.token().unwrap().unwrap().digest(), secret.digest());
}

#[test]
fn a_token_file_is_never_overwritten() {
    let (_parent, dir) = open();
    let lock = dir.lock().unwrap();
    lock.write_token(&Secret::from_random([7; 32])).unwrap();
    let again = lock.write_token(&Secret::from_random([8; 32]));
    assert!(matches!(again, Err(Error::TokenFileThere { .. })));
    let kept = dir.token().unwrap().unwrap();
    assert_eq!(kept.digest(), Secret::from_random([7; 32]).digest());
}

#[test]
fn a_damaged_token_file_is_named() {
    let (_parent, dir) = open();
    fs::write(dir.token_file(), b"swt_\xff").unwrap();
    assert!(matches!(dir.token(), Err(Error::BadTokenFile { .. })));
}

/// A process that is killed in `write_token` leaves this.
#[test]
fn a_half_written_temporary_file_is_replaced_with_its_mode() {
    let (_parent, dir) = open();
    let lock = dir.lock().unwrap();
    let leftover = dir.path().join("token.tmp");
    fs::write(&leftover, b"swt_12").unwrap();
    fs::set_permissions(&leftover, fs::Permissions::from_mode(0o644)).unwrap();
    lock.write_token(&Secret::from_random([7; 32])).unwrap();
    assert_eq!(mode(&dir.token_file()), 0o600);
    assert!(dir.token().unwrap().is_some() && !leftover.exists());
}

#[test]
fn a_server_is_found_until_it_withdraws() {
    let (_parent, dir) = open();
    let lock = dir.lock().unwrap();
    assert_eq!(dir.server().unwrap(), None);
    lock.announce(&server()).unwrap();
    assert_eq!(dir.server().unwrap(), Some(server()));
    let text = fs::read_to_string(dir.server_file()).unwrap();
    let known = r#"{"pid":7,"listen":"127.0.0.1:8080","admin":"[::1]:8081"}"#;
    assert_eq!(text, known);
    let grpc = ServerInfo { grpc: Some("127.0.0.1:9000".parse().unwrap()), ..server() };
    lock.announce(&grpc).unwrap();
    assert_eq!(dir.server().unwrap(), Some(grpc));
    lock.withdraw().unwrap();
    lock.withdraw().unwrap();
    assert_eq!(dir.server().unwrap(), None);
}

#[test]
fn the_next_holder_removes_what_a_killed_server_announced() {
    let (_parent, dir) = open();
    let lock = dir.lock().unwrap();
    lock.announce(&server()).unwrap();
    drop(lock);
    assert!(dir.server().unwrap().is_some());
    let _lock = dir.lock().unwrap();
    assert_eq!(dir.server().unwrap(), None);
}

#[test]
fn a_damaged_server_file_is_named() {
    let (_parent, dir) = open();
    fs::write(dir.server_file(), b"{").unwrap();
    assert!(matches!(dir.server(), Err(Error::BadServerFile { .. })));
}
