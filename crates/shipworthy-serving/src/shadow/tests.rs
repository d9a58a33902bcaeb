use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use shipworthy_contract::{ColumnRules, Contract, OnViolation, Role};
use shipworthy_core::routing::Salt;
use shipworthy_core::{Entropy, Output, Policy, ReleaseId, SimulatedClock, Task};
use shipworthy_ledger::{Kind, MemoryDisk, Options, Reader};
use shipworthy_models::{
    Description, Error, FeatureMatrix, Model, ModelFile, Predictions, Transform,
};
use shipworthy_rows::{DataType, Timestamp};
use tokio::task::JoinHandle;

use super::*;
use crate::decode::Wire;
use crate::pipeline::{Arrival, Request, decide};
use crate::record::{Recorded, Status};
use crate::release::LoadedRelease;
use crate::route::{Candidate, Deployed, Endpoint, Limits};
use crate::{Counter, Plan, Ports};

/// Says one number; after its warm-up, it waits for its gate and may fail.
#[derive(Debug, Default)]
struct Says {
    number: f64,
    fails: bool,
    gate: Mutex<()>,
    calls: AtomicUsize,
}

impl Model for Says {
    fn describe(&self) -> &Description {
        static DESCRIPTION: OnceLock<Description> = OnceLock::new();
        DESCRIPTION.get_or_init(|| Description {
            format: "constant",
            objective: "none".to_owned(),
            transform: Transform::Identity,
            features: Vec::new(),
            outputs: 1,
            trees: 0,
            trees_in_file: 0,
        })
    }

    fn predict(&self, features: &FeatureMatrix, out: &mut Predictions) -> Result<(), Error> {
        let is_warm = self.calls.fetch_add(1, Ordering::SeqCst) > 0;
        let _gate = is_warm.then(|| self.gate.lock().unwrap_or_else(PoisonError::into_inner));
        if is_warm && self.fails {
            return Err(Error::FeatureCount { expected: 1, found: 0 });
        }
        out.reset(features.rows(), 1, 1);
        out.transform_mut().1.fill(self.number);
        Ok(())
    }
}

/// Counts names, so that salts of shadows change no name.
struct Names(AtomicU8);

impl Entropy for Names {
    fn fill(&self, bytes: &mut [u8]) {
        const NAME_BYTES: usize = 10;
        let is_name = bytes.len() == NAME_BYTES;
        bytes.fill(if is_name { self.0.fetch_add(1, Ordering::SeqCst) } else { 0 });
    }
}

fn release(name: u8, columns: &[&str], max: f64, model: Arc<Says>) -> Arc<LoadedRelease> {
    let column = |name: &&str| ColumnRules {
        name: (*name).to_owned(),
        data_type: DataType::Float,
        width: 1,
        role: Role::Context,
        required: false,
        min: None,
        max: Some(max),
        one_of: None,
        categories: None,
        on_violation: OnViolation::Reject,
        default: None,
    };
    let contract = Contract::new(columns.iter().map(column).collect());
    let output = Output { task: Task::Regression, target: "delay".to_owned(), classes: Vec::new() };
    let id = ReleaseId::from_sha256(&[name; 32]);
    Arc::new(LoadedRelease::new(id, None, output, contract, &ModelFile::Matrix(model)).unwrap())
}

/// A data plane with a ledger, and perhaps a shadow.
struct Fixture {
    serving: Arc<Serving>,
    disk: Arc<MemoryDisk>,
    stop: CancellationToken,
    mirror: JoinHandle<()>,
}

impl Fixture {
    async fn new(shadow: Option<Arc<LoadedRelease>>) -> Self {
        let disk = Arc::new(MemoryDisk::new(64 << 20));
        let options = Options::default();
        let (ledger, writer, _) = shipworthy_ledger::open(disk.clone(), [7; 16], options).unwrap();
        std::thread::Builder::new().spawn(|| writer.run()).unwrap();
        let model = Arc::new(Says { number: 1.0, ..Says::default() });
        let policy = Policy { threshold: 0.5, safe_answer: None };
        let stable = release(1, &["distance"], 1_000.0, model);
        let candidate = shadow.map(|release| Candidate {
            deployed: Deployed::new(release),
            percent: 0,
            salt: Salt::new([9; 16]),
            is_shadow: true,
            paired: Arc::default(),
        });
        let endpoint = Endpoint { candidate, ..Endpoint::new("flights", stable, policy) };
        let limits = Limits {
            max_body_bytes: 1 << 20,
            max_rows: 100,
            request_timeout: Duration::from_secs(30),
            max_inflight: 10,
        };
        let endpoints = [("flights".to_owned(), endpoint)].into();
        let ports = Ports {
            clock: Arc::new(SimulatedClock::at(Timestamp::from_millis(1_000))),
            entropy: Arc::new(Names(AtomicU8::new(1))),
            ledger,
        };
        let serving = Arc::new(Serving::new(Plan { endpoints, limits }, ports, 1));
        let stop = CancellationToken::new();
        let task = mirror(Arc::clone(&serving), stop.clone());
        let mirror = tokio_util::task::TaskTracker::new().spawn(task);
        while !serving.shadows.is_open() {
            tokio::task::yield_now().await;
        }
        Self { serving, disk, stop, mirror }
    }

    /// What a caller sees.
    async fn ask(&self, distance: f64) -> String {
        let body = Bytes::from(format!(r#"{{"instances":[{{"distance":{distance}}}]}}"#));
        let arrival = Arrival { at: Timestamp::from_millis(1_000), monotonic_us: 0 };
        let (endpoint, wire) = ("flights".to_owned(), Wire::PredictV1);
        let request = Request { endpoint, wire, body, arrival, trace: None, wish: None };
        match decide(&self.serving, request).await {
            Ok(answer) => {
                let body = crate::respond::predict_v1(&answer).into_body();
                let body = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
                String::from_utf8(body.to_vec()).unwrap()
            }
            Err(failure) => format!("{failure:?}"),
        }
    }

    /// Everybody is asked to go; what waits is answered first.
    async fn end(self) -> (PairedCounts, Vec<(Kind, [u8; 16], Recorded)>, crate::Counts) {
        self.stop.cancel();
        self.mirror.await.unwrap();
        let plan = self.serving.plan();
        let paired = plan.endpoints["flights"].candidate.as_ref().unwrap().paired.snapshot();
        let reader = Reader::open(self.disk, Some(self.serving.ports.ledger.watermark())).unwrap();
        let entries = reader.entries(0).map(|entry| {
            let entry = entry.unwrap();
            (entry.kind, entry.id, serde_json::from_slice(entry.payload().unwrap()).unwrap())
        });
        (paired, entries.collect(), self.serving.counters().snapshot())
    }
}

fn says(number: f64) -> Arc<Says> {
    Arc::new(Says { number, ..Says::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_answers_under_the_decisions_own_id() {
    let fixture = Fixture::new(Some(release(2, &["distance"], 1_000.0, says(3.0)))).await;
    for distance in [1.0, 2.0, 5_000.0] {
        fixture.ask(distance).await;
    }
    let (paired, entries, counts) = fixture.end().await;
    assert_eq!((paired.paired, paired.refused_by_both, paired.shed), (2, 1, 0));
    assert_eq!(paired.agreement, Some(0.0));
    assert!((paired.difference.unwrap().mean - 2.0).abs() < 1e-12);
    assert_eq!(counts.get(Counter::ShadowPairedRows), 2);
    let of = |wanted: bool| -> Vec<_> {
        let (kind, entries) = (Kind::SHADOW, entries.iter());
        entries.filter(|entry| (entry.0 == kind) == wanted).map(|entry| entry.1).collect()
    };
    assert_eq!(of(true), of(false));
    let shadow = entries.iter().find(|entry| entry.0 == Kind::SHADOW).unwrap();
    assert_eq!((&*shadow.2.slot, shadow.2.status), ("shadow", Status::Answered));
    assert_eq!(shadow.2.output.get(), r#"{"prediction":3.0}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_see_the_same_bytes_whatever_a_shadow_does() {
    let failing = Arc::new(Says { fails: true, ..Says::default() });
    let shadows = [
        None,
        Some(release(2, &["distance"], 1_000.0, failing)),
        Some(release(3, &["distance"], 0.5, says(1.0))),
        Some(release(4, &["distance", "another"], 1_000.0, says(1.0))),
    ];
    let mut seen = Vec::new();
    for shadow in shadows {
        let has_shadow = shadow.is_some();
        let fixture = Fixture::new(shadow).await;
        let mut answers = Vec::new();
        for distance in [1.0, 2.0, 5_000.0] {
            answers.push(fixture.ask(distance).await);
        }
        seen.push(answers);
        if has_shadow {
            let (paired, entries, _) = fixture.end().await;
            let total = paired.paired + paired.failed + paired.refused_by_shadow;
            assert_eq!((total, paired.refused_by_both, entries.len()), (2, 1, 6), "{paired:?}");
        }
    }
    let first = seen[0].clone();
    assert!(first[0].contains("1.0"), "{first:?}");
    seen.iter().for_each(|answers| assert_eq!(answers[..2], first[..2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_shadow_holds_up_nobody_and_a_failing_one_is_recorded() {
    let slow = Arc::new(Says { fails: true, ..Says::default() });
    let fixture = Fixture::new(Some(release(2, &["distance"], 1_000.0, Arc::clone(&slow)))).await;
    let serving = Arc::clone(&fixture.serving);
    let held = std::thread::scope(|scope| {
        let gate = slow.gate.lock().unwrap();
        let handle = Handle::current();
        let fixture = &fixture;
        // The shadow's model stands at its gate while callers are answered.
        scope.spawn(move || handle.block_on(fixture.ask(1.0))).join().unwrap();
        drop(gate);
        serving.counters().snapshot().get(Counter::AnsweredRows)
    });
    assert_eq!(held, 1);
    let (paired, entries, _) = fixture.end().await;
    assert_eq!((paired.failed, paired.paired), (1, 0));
    assert_eq!(entries[1].2.status, Status::Failed);
    assert_eq!(entries[1].2.output.get(), r#"{"error":"internal"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_finds_no_room_is_shed_and_counted() {
    let fixture = Fixture::new(Some(release(2, &["distance"], 1_000.0, says(1.0)))).await;
    // Nobody takes from this one.
    let mut received = fixture.serving.shadows.open_for(1, 1 << 20);
    for distance in [1.0, 2.0, 3.0] {
        assert!(fixture.ask(distance).await.contains("predictions"));
    }
    assert_eq!(received.try_recv().unwrap().ids.len(), 1);
    let (paired, _, counts) = fixture.end().await;
    assert_eq!((paired.shed, paired.paired), (2, 0));
    assert_eq!(counts.get(Counter::ShadowShedRows), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_server_mirrors_few_and_counts_the_rest() {
    let fixture = Fixture::new(Some(release(2, &["distance"], 1_000.0, says(1.0)))).await;
    fixture.serving.shadows.share.set(100.0, 100.0);
    // The random part of an id is its number again and again: 7 of 255 are below a 32nd.
    for _ in 0..10 {
        assert!(fixture.ask(1.0).await.contains("predictions"));
    }
    let (paired, entries, counts) = fixture.end().await;
    assert_eq!((paired.paired, paired.shed), (7, 3));
    assert_eq!(counts.get(Counter::ShadowShedRows), 3);
    assert_eq!(entries.len(), 17);
}
