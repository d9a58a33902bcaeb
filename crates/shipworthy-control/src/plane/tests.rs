//! The control plane behind its router, over a real store and a real ledger, on a clock that
//! stands still.

mod guarding;
mod ledger;
mod pages;
mod roles;
mod served;
mod sign_in;
mod steering;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::{Value, json};
use shipworthy_core::signing::SigningKey;
use shipworthy_core::{SeededEntropy, SimulatedClock};
use shipworthy_ledger::{Kind, MemoryDisk, Options, Record, Writer, open};
use shipworthy_rows::Timestamp;
use shipworthy_serving::{Limits, Plan, Serving};
use shipworthy_store::{
    Attribution, Bundles, EndpointName, NewRelease, ReleaseId, Reproducibility, Role, SqliteStore,
    StateDir, Token,
};
use tower::ServiceExt;

use super::{ControlPlane, Ports, Reload, ReloadError, ServingFacts, Signer, create_token, router};
use crate::models::{Cause, Trees};
use crate::release::Shelf;
use crate::traffic::{self, Traffic};

/// The name that requests call the server by, unless they say otherwise.
const HOST: &str = "127.0.0.1:8081";

/// Where a request answered by a page's own server comes from.
const ORIGIN: &str = "http://127.0.0.1:8081";

/// A server without a network: the plane, and a hand on what it stands on.
struct Bench {
    plane: Arc<ControlPlane>,
    router: Router,
    clock: Arc<SimulatedClock>,
    writer: Mutex<Option<Writer>>,
    operator: String,
    _directory: tempfile::TempDir,
}

impl Bench {
    /// With one token, the operator `root`.
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&directory.path().join("state.db")).unwrap());
        let clock = Arc::new(SimulatedClock::at(Timestamp::from_millis(1_700_000_000_000)));
        let entropy = Arc::new(SeededEntropy::new(7));
        let disk = Arc::new(MemoryDisk::new(64 << 20));
        let (ledger, writer, _) = open(disk.clone(), [7; 16], Options::default()).unwrap();
        let by = Attribution::new("root", "the first start", Timestamp::from_millis(0)).unwrap();
        let (_, secret) = create_token(&*store, &*entropy, ("root", Role::Operator), &by).unwrap();
        let ports = shipworthy_serving::Ports {
            clock: clock.clone(),
            entropy: entropy.clone(),
            ledger: ledger.clone(),
        };
        let serving = Arc::new(Serving::new(nothing_served(), ports, 1));
        let bundles = Arc::new(Bundles::reading(&StateDir::open(directory.path()).unwrap()));
        let shelf = Shelf { store: store.clone(), bundles, models: Arc::new(Trees), trusted: None };
        let facts = ServingFacts {
            shelf: shelf.clone(),
            serving: Arc::clone(&serving),
            ledger: ledger.clone(),
            declared: Arc::new(traffic::Undeclared),
            clock: clock.clone(),
        };
        let traffic = Arc::new(Traffic::new(traffic::Ports {
            shelf: shelf.clone(),
            signer: Arc::new(Signs),
            serving: Arc::clone(&serving),
            ledger_disk: disk.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            declared: Arc::new(traffic::Undeclared),
        }));
        let plane = Arc::new(ControlPlane::new(Ports {
            store,
            shelf,
            signer: Arc::new(Signs),
            serving,
            traffic,
            ledger_disk: disk,
            ledger,
            clock: clock.clone(),
            entropy,
            reload: Arc::new(Reloads),
            facts: Arc::new(facts),
            bound: "127.0.0.1:8081".parse().unwrap(),
        }));
        let router = router(Arc::clone(&plane));
        let (operator, writer) = (secret.reveal(), Mutex::new(Some(writer)));
        Self { plane, router, clock, writer, operator, _directory: directory }
    }

    /// The secret of a new token.
    fn token(&self, name: &str, role: Role) -> String {
        let by = Attribution::new("root", "a test", Timestamp::from_millis(0)).unwrap();
        let ports = &self.plane.ports;
        let made = create_token(&*ports.store, &*ports.entropy, (name, role), &by);
        made.unwrap().1.reveal()
    }

    /// A release that is stable at `delay`, of which there is no file.
    fn serve_a_release(&self) {
        let by = Attribution::new("root", "a test", Timestamp::from_millis(0)).unwrap();
        let store = &self.plane.ports.store;
        let id = ReleaseId::from_sha256(&[5; 32]);
        let release = NewRelease::new(id.clone(), "{}", Reproducibility::Reproducible).unwrap();
        store.insert_release(&release, &by).unwrap();
        store.set_stable(&EndpointName::parse("delay").unwrap(), &id, &by).unwrap();
        store.trust_key(&Signs.key().unwrap().public(), &by).unwrap();
    }

    fn stored(&self, name: &str) -> Token {
        let tokens = self.plane.ports.store.tokens().unwrap();
        tokens.into_iter().find(|token| token.name == name).unwrap()
    }

    /// Records that are in the queue, and durable only after [`Bench::commit`].
    fn append(&self, count: u8) {
        for number in 0..count {
            let payload = json!({"number": number}).to_string().into_bytes();
            let record = Record { kind: Kind::DECISION, id: [number; 16], salt: [9; 16], payload };
            drop(self.plane.ports.ledger.try_append(&[record]).unwrap());
        }
    }

    fn commit(&self) {
        self.writer.lock().unwrap().as_mut().unwrap().commit_queued();
    }

    /// `method path` as whoever `headers` say.
    async fn ask(&self, line: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Reply {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request = request.header(header::HOST, HOST);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(text.to_vec()).unwrap();
        Reply { status: parts.status, headers: parts.headers, text }
    }

    /// As the holder of a token.
    async fn with(&self, secret: &str, line: &str, body: &Value) -> Reply {
        let authorization = format!("Bearer {secret}");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask(line, &[("authorization", &authorization)], body).await
    }

    /// As the operator.
    async fn operate(&self, line: &str, body: &Value) -> Reply {
        self.with(&self.operator, line, body).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.operate(&format!("GET {path}"), &Value::Null).await
    }

    /// A browser that follows a fresh link, and the `Cookie` that it sends from then on.
    async fn browser(&self, name: &str) -> String {
        let link = self.plane.sign_in_link(ORIGIN, &self.stored(name));
        let path = link.strip_prefix(ORIGIN).unwrap();
        let reply = self.ask(&format!("GET {path}"), &[], "").await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text);
        let cookie = reply.headers[header::SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }
}

/// What came back.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// The code of an error, whose body is checked to be one.
    #[track_caller]
    fn code(&self) -> String {
        let body = self.json();
        for field in ["error", "hint"] {
            assert!(body[field].as_str().is_some_and(|text| !text.is_empty()), "{}", self.text);
        }
        body["code"].as_str().unwrap().to_owned()
    }
}

/// Signs with the key that the bench trusts.
struct Signs;

impl Signer for Signs {
    fn key(&self) -> Result<SigningKey, Cause> {
        Ok(SigningKey::from_random(&[3; 32]))
    }
}

/// Takes every configuration but one.
struct Reloads;

impl Reload for Reloads {
    fn reload(&self, attribution: &Attribution) -> Result<Vec<&'static str>, ReloadError> {
        if attribution.reason().contains("broken") {
            let message = "line 3: unknown field `treshold`".to_owned();
            return Err(ReloadError { message, hint: "did you mean `threshold`?".to_owned() });
        }
        Ok(vec!["decision"])
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

fn is_get(line: &str) -> bool {
    line.starts_with(Method::GET.as_str())
}
