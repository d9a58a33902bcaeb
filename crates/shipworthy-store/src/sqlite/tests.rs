//! What is SQLite's own: the file, its schema and its plans. What every store
//! does is in `tests/conformance`.

use std::path::PathBuf;

use rusqlite::Params;
use shipworthy_rows::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::{
    release::Reproducibility,
    token::{Role, Secret},
};

fn open() -> (TempDir, PathBuf, SqliteStore) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    let store = SqliteStore::open(&path).unwrap();
    let secret = Secret::from_random([1; 32]);
    let token = NewToken::new("ana", Role::Operator, &secret).unwrap();
    store.create_token(&token, &by("ana")).unwrap();
    (directory, path, store)
}

fn by(actor: &str) -> Attribution {
    Attribution::new(actor, "a test", Timestamp::from_millis(1)).unwrap()
}

fn id(byte: u8) -> ReleaseId {
    ReleaseId::from_sha256(&[byte; 32])
}

fn insert_release(store: &SqliteStore, byte: u8) {
    let release = NewRelease::new(id(byte), "{}", Reproducibility::Reproducible).unwrap();
    store.insert_release(&release, &by("ana")).unwrap();
}

#[test]
fn what_was_written_is_there_after_opening_again() {
    let (_directory, path, store) = open();
    insert_release(&store, 1);
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.tokens().unwrap().len(), 1);
    assert!(store.release(&id(1)).unwrap().is_some());
    assert_eq!(store.events_after(0, 10).unwrap().len(), 2);
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let (_directory, path, store) = open();
    drop(store);
    let raw = Connection::open(&path).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    let refused = SqliteStore::open(&path).unwrap_err();
    assert!(matches!(refused, Error::SchemaTooNew { found: 99, known: 1.., .. }));
    assert!(refused.to_string().contains("run the version that wrote it"));
    let version: i64 = raw.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[test]
fn a_file_that_somebody_writes_is_opened_without_waiting_for_them() {
    let (_directory, path, _store) = open();
    let mut raw = connect(&path).unwrap();
    let writing = raw.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    assert_eq!(SqliteStore::open(&path).unwrap().tokens().unwrap().len(), 1);
    drop(writing);
}

#[test]
fn a_file_of_any_schema_is_brought_to_the_newest() {
    for version in 0..=schema::MIGRATIONS.len() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state.db");
        let raw = connect(&path).unwrap();
        for migration in &schema::MIGRATIONS[..version] {
            raw.execute_batch(migration).unwrap();
        }
        raw.pragma_update(None, "user_version", i64::try_from(version).unwrap()).unwrap();
        let store = SqliteStore::open(&path).unwrap();
        assert_eq!(store.outbox().unwrap(), None);
        assert_eq!(store.search_releases(&ReleaseQuery::default(), None, 9).unwrap(), []);
    }
}

#[test]
fn an_endpoint_of_an_earlier_schema_was_never_changed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    let raw = connect(&path).unwrap();
    for migration in &schema::MIGRATIONS[..6] {
        raw.execute_batch(migration).unwrap();
    }
    raw.pragma_update(None, "user_version", 6).unwrap();
    raw.execute(
        "INSERT INTO releases (id, manifest, created_at_us, reproducible) VALUES (?1, '{}', 0, 1)",
        [id(1).as_str()],
    )
    .unwrap();
    let insert = "INSERT INTO endpoints (name, stable) VALUES ('delay', ?1)";
    raw.execute(insert, [id(1).as_str()]).unwrap();
    let read = SqliteStore::reading(&path).unwrap().endpoint("delay").unwrap().unwrap();
    let migrated = SqliteStore::open(&path).unwrap().endpoint("delay").unwrap().unwrap();
    assert_eq!(read, migrated);
    assert_eq!(migrated.stable, Some(id(1)));
    assert_eq!((migrated.revision, migrated.rollout, migrated.stopped), (0, None, false));
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    std::fs::write(&path, "not a database, and long enough to have a header").unwrap();
    let refused = SqliteStore::open(&path);
    assert!(matches!(refused, Err(Error::Open { .. })));
}

#[test]
fn connections_are_durable_and_check_foreign_keys() {
    let (_directory, _path, store) = open();
    for connection in [&store.writer, &store.reader] {
        let connection = locked(connection);
        let pragma = |name: &str| -> String {
            connection
                .pragma_query_value(None, name, |row| {
                    Ok(match row.get_ref(0)? {
                        rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                        other => other.as_str()?.to_owned(),
                    })
                })
                .unwrap()
        };
        assert_eq!(pragma("journal_mode"), "wal");
        assert_eq!(pragma("synchronous"), "2", "FULL");
        assert_eq!(pragma("foreign_keys"), "1");
        assert_eq!(pragma("busy_timeout"), "5000");
    }
}

#[test]
fn the_schema_forbids_what_no_code_should_do() {
    let (_directory, path, store) = open();
    insert_release(&store, 1);
    let statement = NewAttestation::new("a:b", "{}".to_owned()).unwrap();
    store.attest(&id(1), &statement, &by("ana")).unwrap();
    let key = shipworthy_core::signing::SigningKey::from_random(&[1; 32]).public();
    store.trust_key(&key, &by("ana")).unwrap();
    let raw = connect(&path).unwrap();
    let event = "(id, at_us, actor, reason, kind, subject, body)
         VALUES (1, 0, 'eve', 'none', 'k', 's', '{}')";
    let release = "(id, manifest, created_at_us, reproducible)";
    let endpoint = |columns: &str, values: String| {
        format!("INSERT INTO endpoints (name, {columns}) VALUES ('e', {values})")
    };
    let forbidden = [
        "UPDATE events SET actor = 'eve'".to_owned(),
        "DELETE FROM events".to_owned(),
        format!("INSERT OR REPLACE INTO events {event}"),
        "UPDATE releases SET manifest = '[]'".to_owned(),
        "DELETE FROM releases".to_owned(),
        format!("INSERT OR REPLACE INTO releases {release} VALUES ('{}', '[]', 0, 1)", id(1)),
        format!("INSERT INTO releases {release} VALUES ('{}', '{{', 0, 1)", id(2)),
        format!("INSERT INTO releases {release} VALUES ('{}', '{{}}', 0, 0)", id(2)),
        format!("INSERT INTO endpoints (name, stable) VALUES ('e', '{}')", id(9)),
        endpoint("stable, candidate", format!("'{0}', '{0}'", id(1))),
        endpoint("stable, previous", format!("'{0}', '{0}'", id(1))),
        endpoint("candidate, previous", format!("'{0}', '{0}'", id(1))),
        endpoint("revision", "-1".to_owned()),
        endpoint("rollout", "'{'".to_owned()),
        endpoint("stopped", "2".to_owned()),
        "UPDATE tokens SET role = 'root'".to_owned(),
        "UPDATE attestations SET envelope = ''".to_owned(),
        "DELETE FROM attestations".to_owned(),
        "DELETE FROM keys".to_owned(),
        "UPDATE keys SET ended = 'retired'".to_owned(),
    ];
    for sql in forbidden {
        let refused = raw.execute(&sql, []).unwrap_err();
        let code = refused.sqlite_error_code();
        let constraint = Some(rusqlite::ErrorCode::ConstraintViolation);
        assert_eq!(code, constraint, "{sql}: {refused}");
    }
    assert_eq!(store.events_after(0, 10).unwrap()[0].actor, "ana");
}

#[test]
fn a_candidate_that_becomes_stable_leaves_its_slot() {
    let (_directory, path, store) = open();
    insert_release(&store, 1);
    insert_release(&store, 2);
    let name = EndpointName::parse("delay").unwrap();
    store.set_stable(&name, &id(1), &by("ana")).unwrap();
    let raw = connect(&path).unwrap();
    raw.execute("UPDATE endpoints SET candidate = ?1", [id(2).as_str()]).unwrap();
    let endpoint = store.set_stable(&name, &id(2), &by("ana")).unwrap();
    assert_eq!(endpoint.stable, Some(id(2)));
    assert_eq!(endpoint.candidate, None);
    assert_eq!(endpoint.previous, Some(id(1)));
}

#[test]
fn an_effect_whose_event_fails_is_undone() {
    let (_directory, path, store) = open();
    let raw = connect(&path).unwrap();
    raw.execute_batch(
        "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'full'); END",
    )
    .unwrap();
    let secret = Secret::from_random([2; 32]);
    let token = NewToken::new("ben", Role::Caller, &secret).unwrap();
    let failed = store.create_token(&token, &by("ana"));
    assert!(matches!(failed, Err(Error::Backend { doing: "create a token", .. })));
    assert!(store.revoke_token("ana", &by("ana")).is_err());
    let release = NewRelease::new(id(1), "{}", Reproducibility::Reproducible).unwrap();
    assert!(store.insert_release(&release, &by("ana")).is_err());

    let tokens = store.tokens().unwrap();
    assert_eq!((tokens.len(), tokens[0].revoked_at), (1, None));
    assert_eq!(store.release(&id(1)).unwrap(), None);
}

#[test]
fn a_value_that_was_edited_is_reported_as_such() {
    let (_directory, path, store) = open();
    let raw = connect(&path).unwrap();
    raw.execute_batch("PRAGMA ignore_check_constraints = 1; UPDATE tokens SET role = 'root'")
        .unwrap();
    assert!(matches!(store.tokens(), Err(Error::Corrupt { what: "role", .. })));
}

#[test]
fn a_panic_in_a_write_leaves_a_store_that_works() {
    let (_directory, _path, store) = open();
    std::thread::scope(|scope| {
        let crashed = scope.spawn(|| {
            store.write("crash", |tx| {
                tx.execute("UPDATE tokens SET name = 'eve'", [])?;
                if true {
                    panic!("in the middle");
                }
                Ok(())
            })
        });
        assert!(crashed.join().is_err());
    });
    assert_eq!(store.tokens().unwrap()[0].name, "ana");
    insert_release(&store, 1);
}

#[test]
fn queries_use_indexes_among_many_rows() {
    let (_directory, path, store) = open();
    let raw = connect(&path).unwrap();
    raw.execute_batch(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
         INSERT INTO events (at_us, actor, reason, kind, subject, body)
         SELECT i, 'ana', 'many', 'test', 'subject', '{}' FROM n;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
         INSERT INTO releases (id, manifest, created_at_us, reproducible)
         SELECT printf('sha256:%064x', i), '{}', i, 1 FROM n;
         ANALYZE;",
    )
    .unwrap();
    let a = "x";
    assert_searches(&store, events::AFTER, (5, 5), "events USING INTEGER PRIMARY KEY");
    assert_searches(&store, events::LATEST, (5, 5), "events USING INTEGER PRIMARY KEY");
    let of_subject = "events USING INDEX events_by_subject (subject=? AND rowid<?)";
    assert_searches(&store, events::OF_SUBJECT, (a, 5, 5), of_subject);
    assert_searches(&store, releases::BY_ID, [a], "releases USING INDEX sqlite_autoindex");
    let by_seq = "releases USING INTEGER PRIMARY KEY";
    let named = (a, "b", 5);
    assert_searches(&store, releases::NAMED, named, "releases USING INDEX sqlite_autoindex");
    assert_searches(&store, releases::LATEST_BEFORE, (5, a), by_seq);
    assert_searches(&store, tokens::LIVE_BY_DIGEST, [a], "tokens USING INDEX sqlite_autoindex");
    let digest = "tokens USING COVERING INDEX sqlite_autoindex";
    assert_searches(&store, tokens::DIGEST_EXISTS, [a], digest);
    assert_searches(&store, tokens::LIVE_BY_NAME, [a], "tokens USING INDEX tokens_");
    let name = "tokens USING COVERING INDEX tokens_name";
    assert_searches(&store, tokens::NAME_EVER_EXISTED, [a], name);
    let about = "e USING INDEX events_of_attestations";
    assert_searches(&store, attestations::OF_RELEASE, [a], about);
    assert_searches(&store, keys::BY_ID, [a], "keys USING PRIMARY KEY");
    assert_searches(&store, endpoints::BY_NAME, [a], "endpoints USING PRIMARY KEY");
    let change = rusqlite::params_from_iter([None::<i64>; 6]);
    assert_searches(&store, endpoints::CHANGE, change, "endpoints USING PRIMARY KEY");
    // These walk a table in the order of its key: no sort, and no further than asked.
    for (sql, given) in
        [(tokens::LIST, vec![]), (endpoints::LIST, vec![]), (releases::LATEST, vec![5])]
    {
        let plan = plan(&store, sql, rusqlite::params_from_iter(given));
        assert!(!plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
    }
    for (way, entered_by) in [
        (search::BY_COMMIT, "commit (git_commit>? AND git_commit<?)"),
        (search::BY_PROJECT, "project (project=?"),
        (search::BY_TIME, "time (created_at_us>?"),
    ] {
        let given = rusqlite::params_from_iter([None::<i64>; 11]);
        let plan = plan(&store, &search::sql(&search::found_by(way)), given);
        let found = format!("SEARCH releases USING INDEX releases_by_{entered_by}");
        assert!(plan.contains(&found), "{plan}");
        assert!(plan.contains("SEARCH releases USING INTEGER PRIMARY KEY (rowid=?)"), "{plan}");
        // Sequences alone are sorted, before their manifests are read.
        assert!(plan.matches("TEMP B-TREE").count() <= 1, "{plan}");
        assert!(!plan.contains("SCAN releases"), "{plan}");
    }
    let given = rusqlite::params_from_iter([None::<i64>; 11]);
    let plan = plan(&store, &search::sql(search::BY_METRIC), given);
    assert!(plan.contains("SEARCH metrics USING PRIMARY KEY (name=?)"), "{plan}");
    assert!(!plan.contains("TEMP B-TREE") && !plan.contains("SCAN releases"), "{plan}");
    let page = store.latest_events(Some(50_000), 2).unwrap();
    assert_eq!((page[0].id, page[1].id), (49_999, 49_998));
}

fn assert_searches(store: &SqliteStore, sql: &str, given: impl Params, how: &str) {
    let plan = plan(store, sql, given);
    assert!(plan.contains(&format!("SEARCH {how}")), "{sql}\n{plan}");
    let walks = plan.lines().any(|step| step.starts_with("SCAN") && step != "SCAN CONSTANT ROW");
    assert!(!walks && !plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
}

fn plan(store: &SqliteStore, sql: &str, given: impl Params) -> String {
    let connection = locked(&store.reader);
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let steps = statement.query_map(given, |row| row.get::<_, String>("detail")).unwrap();
    steps.map(Result::unwrap).collect::<Vec<_>>().join("\n")
}
