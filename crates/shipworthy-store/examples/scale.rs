//! How long the store takes to answer when it holds much: fills one in the directory that is given
//! and prints, as JSON, the microseconds of many calls of each kind.
//!
//! `cargo xtask bench store` runs it and makes a table.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program that prints how long things took"
)]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use rusqlite::{Connection, params};
use serde_json::{Value, json};
use shipworthy_rows::Timestamp;
use shipworthy_store::{
    Attribution, MetricBounds, NewToken, ReleaseId, ReleaseQuery, Role, Secret, SqliteStore, Store,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Asks for something by a number below that of the releases; gives how much was found.
type Call<'a> = dyn Fn(u32) -> Result<usize> + 'a;

/// Releases, a commit each.
const RELEASES: u32 = 10_000;

/// Projects that share them.
const PROJECTS: u32 = 10;

/// Endpoints, each with a stable and a previous release.
const ENDPOINTS: u32 = 100;

/// Measured of every release, from 0 to 0.999.
const METRICS: [&str; 8] = [
    "test.brier_score",
    "test.expected_calibration_error",
    "test.log_loss",
    "test.roc_auc",
    "validation.brier_score",
    "validation.expected_calibration_error",
    "validation.log_loss",
    "validation.roc_auc",
];

const EVENTS: u32 = 1_000_000;

/// Calls of each kind, after some that are not counted.
const CALLS: u32 = 200;
const WARM_UP_CALLS: u32 = 20;

/// Microseconds between two releases or events.
const STEP_US: i64 = 60_000_000;

fn main() -> Result<()> {
    let directory = std::env::args().nth(1).ok_or("usage: scale DIRECTORY")?;
    let path = Path::new(&directory).join("state.db");
    let filled_s = fill(&path)?;
    let store = SqliteStore::open(&path)?;
    let bytes = std::fs::metadata(&path)?.len();
    let measured = measure(&path, &store)?;
    let held = json!({"releases": RELEASES, "events": EVENTS, "endpoints": ENDPOINTS});
    println!("{}", json!({"held": held, "bytes": bytes, "filled_s": filled_s, "calls": measured}));
    Ok(())
}

/// Fills a store past its port, which would wait for the disk a million times; gives the seconds.
fn fill(path: &Path) -> Result<f64> {
    let start = Instant::now();
    let store = SqliteStore::open(path)?;
    let token = NewToken::new("ana", Role::Operator, &Secret::from_random([1; 32]))?;
    let by = Attribution::new("ana", "to fill", Timestamp::from_micros(0))?;
    store.create_token(&token, &by)?;
    drop(store);
    let mut raw = Connection::open(path)?;
    let tx = raw.transaction()?;
    let mut insert = tx.prepare(
        "INSERT INTO releases (id, manifest, created_at_us, reproducible) VALUES (?1, ?2, ?3, 1)",
    )?;
    for number in 0..RELEASES {
        let at_us = i64::from(number) * STEP_US;
        insert.execute(params![id(number).as_str(), manifest(number).to_string(), at_us])?;
        let release = tx.last_insert_rowid();
        for (metric, name) in METRICS.iter().enumerate() {
            let value = f64::from((number * 7 + u32::try_from(metric)?) % 1_000) / 1e3;
            let row = params![name, release, value];
            tx.prepare_cached("INSERT INTO metrics (name, release, value) VALUES (?1, ?2, ?3)")?
                .execute(row)?;
        }
    }
    drop(insert);
    let mut insert =
        tx.prepare("INSERT INTO endpoints (name, stable, previous) VALUES (?1, ?2, ?3)")?;
    for number in 0..ENDPOINTS {
        let name = format!("endpoint-{number}");
        insert.execute(params![name, id(number).as_str(), id(number + 1).as_str()])?;
    }
    drop(insert);
    tx.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         INSERT INTO events (at_us, actor, reason, kind, subject, body)
         SELECT i * ?2, 'ana', 'fewer false alarms, as agreed on Monday', 'policy.reloaded',
             'endpoint-' || (i % 100), '{\"changed\":[\"decision\",\"limits\"]}' FROM n",
        params![EVENTS - 1, STEP_US],
    )?;
    tx.commit()?;
    Ok(start.elapsed().as_secs_f64())
}

/// Digits that look like chance, and follow from the number.
fn digits(number: u32, places: usize) -> String {
    let mut text = String::new();
    let mut state = u64::from(number) + 1;
    while text.len() < places {
        state = state.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (state >> 29);
        text.push_str(&format!("{state:016x}"));
    }
    text.truncate(places);
    text
}

fn id(number: u32) -> ReleaseId {
    format!("sha256:{}", digits(number, 64)).parse().expect("64 digits")
}

fn commit(number: u32) -> String {
    digits(number ^ 0x5a5a_5a5a, 40)
}

/// As long as those of `shipworthy release`: 1.2 KB.
fn manifest(number: u32) -> Value {
    let file = |name: &str| json!({"bytes": 7_345, "name": name, "sha256": digits(number, 64)});
    json!({
        "commit": commit(number), "contract": file("contract.json"), "format": 2,
        "golden": {"input": file("golden_input.jsonl"), "output": file("golden_output.jsonl")},
        "model": file("model.json"),
        "output": {"classes": ["not_fraud", "fraud"], "target": "fraud", "task": "binary"},
        "project": format!("project-{}", number % PROJECTS),
        "trainer": {"name": "builtin", "parameters": {
            "colsample_bytree": 1.0, "early_stopping_rounds": 0, "gamma": 0.0, "learning_rate": 0.1,
            "max_bin": 256, "max_depth": 6, "min_child_weight": 1.0, "reg_alpha": 0.0,
            "reg_lambda": 1.0, "rounds": 300, "subsample": 1.0, "validation": {"share": 0.2},
        }, "seed": 7, "version": "0.1.0"},
        "training_set": {
            "files": [{"path": "payments.csv", "rows": 400, "sha256": digits(number, 64)}],
            "from": null, "label": "fraud", "rows": 257, "until": null, "validation_rows": 74,
        },
    })
}

/// The calls by name, in the order of the report.
fn measure(path: &Path, store: &SqliteStore) -> Result<Vec<Value>> {
    let query = ReleaseQuery::default;
    let time = |number: u32| Some(Timestamp::from_micros(i64::from(number) * STEP_US));
    let auc = |least, most| Some(MetricBounds { name: "test.roc_auc".to_owned(), least, most });
    let calls: [(&str, &Call<'_>); 22] = [
        ("open the store", &|_| Ok(SqliteStore::open(path)?.tokens()?.len())),
        ("the newest 20 releases", &|_| Ok(store.latest_releases(None, 20)?.len())),
        ("20 releases in the middle", &|n| Ok(store.latest_releases(Some(&id(n)), 20)?.len())),
        ("the newest 500 releases", &|_| Ok(store.latest_releases(None, 500)?.len())),
        ("a release by its id", &|n| Ok(store.release(&id(n))?.into_iter().count())),
        ("a release by 12 digits", &|n| Ok(store.releases_named(&digits(n, 12))?.len())),
        ("an alias: endpoint@stable", &|n| {
            let endpoint = store.endpoint(&format!("endpoint-{}", n % ENDPOINTS))?;
            let stable = endpoint.and_then(|endpoint| endpoint.stable).ok_or("no stable slot")?;
            Ok(store.release(&stable)?.into_iter().count())
        }),
        ("search: 12 digits of a commit", &|n| {
            let query = ReleaseQuery { commit: Some(commit(n)[..12].to_owned()), ..query() };
            Ok(store.search_releases(&query, None, 20)?.len())
        }),
        ("search: 1 digit of a commit", &|n| {
            let query = ReleaseQuery { commit: Some(commit(n)[..1].to_owned()), ..query() };
            Ok(store.search_releases(&query, None, 20)?.len())
        }),
        ("search: a project", &|n| {
            let query =
                ReleaseQuery { project: Some(format!("project-{}", n % PROJECTS)), ..query() };
            Ok(store.search_releases(&query, None, 20)?.len())
        }),
        ("search: a project, in a day", &|n| {
            let project = Some(format!("project-{}", n % PROJECTS));
            let query = ReleaseQuery { project, from: time(n), until: time(n + 1_440), ..query() };
            Ok(store.search_releases(&query, None, 20)?.len())
        }),
        ("search: a day", &|n| {
            let query = ReleaseQuery { from: time(n), until: time(n + 1_440), ..query() };
            Ok(store.search_releases(&query, None, 20)?.len())
        }),
        ("search: none of all that fits", &|_| {
            let query = ReleaseQuery { reproducible: Some(false), ..query() };
            Ok(store.search_releases(&query, None, 20)?.len() + 1)
        }),
        ("search: a metric above its median", &|_| {
            let query = ReleaseQuery { metric: auc(0.5, 1.0), ..query() };
            Ok(store.search_releases(&query, None, 20)?.len())
        }),
        ("search: a metric that none has reached", &|_| {
            let query = ReleaseQuery { metric: auc(2.0, 3.0), ..query() };
            Ok(store.search_releases(&query, None, 20)?.len() + 1)
        }),
        ("search: the same of a project", &|n| {
            let project = Some(format!("project-{}", n % PROJECTS));
            let query = ReleaseQuery { project, metric: auc(2.0, 3.0), ..query() };
            Ok(store.search_releases(&query, None, 20)?.len() + 1)
        }),
        ("the newest 100 events", &|_| Ok(store.latest_events(None, 100)?.len())),
        ("100 events in the middle", &|n| {
            Ok(store.latest_events(Some(i64::from(n) * 50 + 1_000), 100)?.len())
        }),
        ("100 events after one", &|n| Ok(store.events_after(i64::from(n) * 50, 100)?.len())),
        ("500 events after one", &|n| Ok(store.events_after(i64::from(n) * 50, 500)?.len())),
        ("the newest 100 events of an endpoint", &|n| {
            Ok(store.events_of(&format!("endpoint-{}", n % ENDPOINTS), None, 100)?.len())
        }),
        ("100 events of an endpoint in the middle", &|n| {
            let before = Some(i64::from(n) * 50 + 20_000);
            Ok(store.events_of(&format!("endpoint-{}", n % ENDPOINTS), before, 100)?.len())
        }),
    ];
    calls.iter().map(|(name, call)| time_calls(name, call)).collect()
}

/// Calls with numbers that are spread over all releases; each finds something.
fn time_calls(name: &str, call: &Call<'_>) -> Result<Value> {
    let mut samples_us = Vec::new();
    for round in 0..WARM_UP_CALLS + CALLS {
        let number = (round * 7_919) % (RELEASES - 100) + 50;
        let start = Instant::now();
        let found = call(number)?;
        let took_us = start.elapsed().as_secs_f64() * 1e6;
        if found == 0 {
            return Err(format!("{name} found nothing for {number}").into());
        }
        if round >= WARM_UP_CALLS {
            samples_us.push(took_us);
        }
    }
    Ok(json!({"name": name, "samples_us": samples_us}))
}
