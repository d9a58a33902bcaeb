//! The outbox over a real store, and over disks that fail, are killed, or lose power.

mod comparing;
mod crashing;
mod running;

use std::sync::Arc;

use serde_json::json;
use shipworthy_core::SeededEntropy;
use shipworthy_ledger::{Kind, Options as LedgerOptions, SimulatedDisk, open};
use shipworthy_rows::Timestamp;
use shipworthy_store::{Attribution, NewEvent, NewToken, Role, Secret, SqliteStore};

use super::*;

/// A store with a token, and a disk for its ledger.
struct Bench {
    store: Arc<SqliteStore>,
    disk: SimulatedDisk,
    _directory: tempfile::TempDir,
}

impl Bench {
    /// The first event is that of the token `ana`.
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&directory.path().join("state.db")).unwrap();
        let token = NewToken::new("ana", Role::Operator, &Secret::from_random([1; 32])).unwrap();
        store.create_token(&token, &by_ana()).unwrap();
        Self { store: Arc::new(store), disk: SimulatedDisk::new(1), _directory: directory }
    }

    /// Records an event whose body has about so many bytes.
    fn act(&self, subject: &str, bytes: usize) {
        let event = NewEvent::new("test", subject, &json!({"why": "x".repeat(bytes)})).unwrap();
        self.store.record_event(&event, &by_ana()).unwrap();
    }

    /// Opens the ledger, lets `work` have it while it is written, and closes it.
    fn with_ledger<T>(&self, work: impl FnOnce(Ports) -> T) -> T {
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        let options = LedgerOptions::default();
        let (ledger, writer, _) = open(Arc::clone(&disk), [7; 16], options).unwrap();
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| writer.run());
            let entropy = Arc::new(SeededEntropy::new(7));
            let store = self.store.clone();
            let done = work(Ports { store, ledger: ledger.clone(), disk, entropy });
            ledger.close();
            writing.join().unwrap();
            done
        })
    }

    /// Copies as a command does that opens the ledger for it.
    fn copy(&self) -> Result<(), Error> {
        self.with_ledger(copy)
    }

    /// Appends a decision, which is none of the outbox's business.
    fn decide(&self) {
        self.with_ledger(|ports| {
            let record = Record {
                kind: Kind::DECISION,
                id: entry_id(1),
                salt: [0; 16],
                payload: b"{}".to_vec(),
            };
            ports.ledger.try_append(&[record]).unwrap().wait().unwrap();
        });
    }

    /// The position that the store notes before it copies everything that is left.
    fn intention(&self) -> OutboxPosition {
        self.with_ledger(|Ports { store, ledger, .. }| {
            let noted = store.outbox().unwrap().filter(|noted| noted.log_id == ledger.log_id());
            let copied = noted.map_or(0, |noted| noted.copied);
            let sent = store.latest_events(None, 1).unwrap()[0].id;
            let sequence = ledger.watermark().sequence;
            OutboxPosition { log_id: ledger.log_id(), copied, sent, sequence }
        })
    }

    /// What the ledger says about events, in its order.
    fn told(&self) -> Vec<String> {
        let reader = match Reader::open(Arc::new(self.disk.clone()), None) {
            Err(ReadError::NoLedger) => return Vec::new(),
            reader => reader.unwrap(),
        };
        let entries = reader.entries(0).map(Result::unwrap);
        let events = entries.filter(|entry| entry.kind == Kind::EVENT);
        events.map(|entry| String::from_utf8(entry.payload().unwrap().to_vec()).unwrap()).collect()
    }

    /// What it should say: every event, once.
    fn recorded(&self) -> Vec<String> {
        let events = self.store.events_after(0, MAX_PAGE_ROWS).unwrap();
        let told = events.iter().map(|event| RecordedEvent::of(event).unwrap());
        told.map(|told| serde_json::to_string(&told).unwrap()).collect()
    }

    #[track_caller]
    fn every_event_is_there_once(&self) {
        assert_eq!(self.told(), self.recorded());
    }
}

fn by_ana() -> Attribution {
    Attribution::new("ana", "a \"test\"", Timestamp::from_micros(1_700_000_000_000_001)).unwrap()
}

#[test]
fn an_entry_says_who_did_what_when_and_why_and_is_found_by_the_number() {
    let bench = Bench::new();
    bench.act("delay", 3);
    bench.copy().unwrap();
    let expected = r#"{"id":2,"at":"2023-11-14T22:13:20.000001Z","actor":"ana","reason":"a \"test\"","kind":"test","subject":"delay","body":{"why":"xxx"}}"#;
    assert_eq!(bench.told()[1], expected);
    let reader = Reader::open(Arc::new(bench.disk.clone()), None).unwrap();
    let found = reader.find(&entry_id(2)).unwrap().unwrap();
    assert_eq!(found.payload(), Some(expected.as_bytes()));
    assert_eq!(found.commitment_holds(), Some(true));
}

#[test]
fn what_was_copied_is_not_copied_again_and_what_came_since_is() {
    let bench = Bench::new();
    for subject in ["a", "b", "c"] {
        bench.act(subject, 3);
        bench.copy().unwrap();
        bench.copy().unwrap();
        bench.decide();
        bench.every_event_is_there_once();
    }
}

#[test]
fn events_that_are_long_or_many_are_copied_in_several_appends() {
    let bench = Bench::new();
    for _ in 0..3 {
        bench.act("long", 250 << 10);
    }
    for number in 0..600 {
        bench.act(&number.to_string(), 900);
    }
    bench.copy().unwrap();
    assert_eq!(bench.told().len(), 604);
    let (first, rest) = (bench.recorded(), bench.store.events_after(500, 500).unwrap());
    assert_eq!(bench.told()[..500], first);
    assert_eq!(rest.len(), 104);
}

#[test]
fn a_new_ledger_gets_all_events() {
    let mut bench = Bench::new();
    bench.act("before", 3);
    bench.copy().unwrap();
    bench.disk = SimulatedDisk::new(2);
    bench.act("after", 3);
    bench.copy().unwrap();
    bench.every_event_is_there_once();
}

#[test]
fn a_ledger_that_comes_back_gets_what_it_missed() {
    let mut bench = Bench::new();
    bench.copy().unwrap();
    let first = bench.disk.kill();
    bench.act("a", 3);
    bench.copy().unwrap();
    // The copy of an older day is shorter than the store knows it.
    bench.disk = first;
    bench.act("b", 3);
    bench.copy().unwrap();
    bench.every_event_is_there_once();
}

#[test]
fn a_ledger_that_the_store_does_not_know_is_looked_through() {
    let bench = Bench::new();
    bench.act("a", 3);
    bench.copy().unwrap();
    let unknown = OutboxPosition { log_id: [9; 16], copied: 2, sent: 2, sequence: 2 };
    bench.store.move_outbox(&unknown).unwrap();
    bench.act("b", 3);
    bench.copy().unwrap();
    bench.every_event_is_there_once();
}

#[test]
fn events_of_another_store_are_not_taken_for_those_of_this_one() {
    let mut bench = Bench::new();
    bench.act("a", 3);
    bench.copy().unwrap();
    let old = bench.told();
    let anew = Bench::new();
    anew.act("b", 3);
    bench.store = anew.store.clone();
    bench.copy().unwrap();
    // Both have made the token `ana`, at the same time for the same reason.
    assert_eq!(bench.told(), [old, bench.recorded()[1..].to_vec()].concat());
}

#[test]
fn nothing_is_in_doubt_after_a_copy_however_much_is_decided_then() {
    let bench = Bench::new();
    bench.decide();
    bench.copy().unwrap();
    let position = bench.store.outbox().unwrap().unwrap();
    assert_eq!(position, OutboxPosition { log_id: [7; 16], copied: 1, sent: 1, sequence: 2 });
    bench.decide();
    bench.copy().unwrap();
    assert_eq!(bench.store.outbox().unwrap(), Some(position));
}
