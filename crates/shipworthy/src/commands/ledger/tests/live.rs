//! The ledger of a server that runs, asked over its control plane.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use shipworthy_control::models::{Cause, Trees};
use shipworthy_control::plane::{
    self, ControlPlane, Ports, Reload, ReloadError, ServingFacts, Signer,
};
use shipworthy_control::release::Shelf;
use shipworthy_control::traffic::{self, Traffic, Undeclared};
use shipworthy_core::signing::SigningKey;
use shipworthy_core::{SeededEntropy, SimulatedClock};
use shipworthy_ledger::{MemoryDisk, Writer};
use shipworthy_rows::Timestamp;
use shipworthy_serving::{Limits, Plan, Serving, listener};
use shipworthy_store::{Attribution, Bundles, Role, SqliteStore, StateDir, Store};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::client::Client;

/// A control plane that listens, over a ledger in memory.
struct Server {
    address: SocketAddr,
    secret: String,
    ledger: shipworthy_ledger::Ledger,
    writer: Writer,
    _runtime: Runtime,
    kept: tempfile::TempDir,
}

struct NothingToReload;

struct SignsNothing;

impl Signer for SignsNothing {
    fn key(&self) -> Result<SigningKey, Cause> {
        Err("a test".into())
    }
}

impl Reload for NothingToReload {
    fn reload(&self, _: &Attribution) -> Result<Vec<&'static str>, ReloadError> {
        Ok(Vec::new())
    }
}

impl Server {
    fn new() -> Self {
        let kept = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(&kept.path().join("state.db")).unwrap());
        let clock = Arc::new(SimulatedClock::at(Timestamp::from_millis(0)));
        let entropy = Arc::new(SeededEntropy::new(7));
        let by = Attribution::new("root", "a test", Timestamp::from_millis(0)).unwrap();
        let operator = ("root", Role::Operator);
        let (_, secret) = plane::create_token(&*store, &*entropy, operator, &by).unwrap();
        let disk = Arc::new(MemoryDisk::new(64 << 20));
        let options = Options::default();
        let (ledger, writer, _) = shipworthy_ledger::open(disk.clone(), [7; 16], options).unwrap();
        let ports = shipworthy_serving::Ports {
            clock: clock.clone(),
            entropy: entropy.clone(),
            ledger: ledger.clone(),
        };
        let serving = Arc::new(Serving::new(nothing_served(), ports, 1));
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let bound = socket.local_addr().unwrap();
        let bundles = Arc::new(Bundles::reading(&StateDir::open(kept.path()).unwrap()));
        let shelf = Shelf { store: store.clone(), bundles, models: Arc::new(Trees), trusted: None };
        let facts = ServingFacts {
            shelf: shelf.clone(),
            serving: serving.clone(),
            ledger: ledger.clone(),
            declared: Arc::new(Undeclared),
            clock: clock.clone(),
        };
        let traffic = Traffic::new(traffic::Ports {
            shelf: shelf.clone(),
            signer: Arc::new(SignsNothing),
            serving: serving.clone(),
            ledger_disk: disk.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            declared: Arc::new(Undeclared),
        });
        let control = ControlPlane::new(Ports {
            store,
            shelf,
            signer: Arc::new(SignsNothing),
            serving,
            traffic: Arc::new(traffic),
            ledger_disk: disk,
            ledger: ledger.clone(),
            clock,
            entropy,
            reload: Arc::new(NothingToReload),
            facts: Arc::new(facts),
            bound,
        });
        let runtime = Runtime::new().unwrap();
        let router = plane::router(Arc::new(control));
        runtime.spawn(async move {
            let socket = tokio::net::TcpListener::from_std(socket).unwrap();
            let options = listener::Options::default();
            listener::serve(socket, router, options, CancellationToken::new()).await
        });
        let secret = secret.reveal();
        Self { address: bound, secret, ledger, writer, _runtime: runtime, kept }
    }

    fn append(&mut self, count: u32) {
        for number in 0..count {
            let mut record = decision(1);
            record.id[..4].copy_from_slice(&number.to_be_bytes());
            drop(self.ledger.try_append(&[record]).unwrap());
        }
        self.writer.commit_queued();
    }

    fn opened(&self) -> Ledger {
        let client = Client::new(&format!("http://{}", self.address), self.secret.clone());
        Ledger::open(Found::Server(client.unwrap())).unwrap()
    }
}

fn nothing_served() -> Plan {
    let limits = Limits {
        max_body_bytes: 1 << 20,
        max_rows: 100,
        request_timeout: Duration::from_secs(1),
        max_inflight: 8,
    };
    Plan { endpoints: BTreeMap::new(), limits }
}

#[test]
fn a_running_server_is_read_page_by_page() {
    let mut server = Server::new();
    let ledger = server.opened();
    assert_eq!((ledger.end().unwrap(), ledger.entries(0).count()), (0, 0));
    server.append(2_500);
    assert_eq!(ledger.end().unwrap(), 2_500);
    let sequences = ledger.entries(3).map(|entry| entry.unwrap().sequence);
    assert!(sequences.eq(3..2_500));
    let file = server.kept.path().join("decisions.parquet");
    export::export(&ledger, &file).unwrap();
    let ids = texts(&read_back(&file), "decision_id");
    let numbers = ids.iter().map(|id| u32::from_str_radix(&id[..8], 16).unwrap());
    assert!(numbers.eq(0..2_500));
}

#[test]
fn a_running_server_shows_a_decision_byte_for_byte() {
    let mut server = Server::new();
    server.append(1);
    let ledger = server.opened();
    let id = ledger.entries(0).next().unwrap().unwrap().id.parse().unwrap();
    let text = show::pretty(&ledger.find(id).unwrap()).unwrap();
    assert!(text.contains("(holds)"), "{text}");
    assert!(text.contains("1.50"), "{text}");
    let missing = ledger.find(DecisionId::from_bytes([9; 16])).unwrap_err();
    assert!(missing.to_string().contains("has no entry"), "{missing}");
}
