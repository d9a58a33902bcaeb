//! The control plane: where people and programs steer a server and read what it did.
//!
//! The files are what it is made of: `guard` lets in and keeps out, `sign_in` turns a one-time link
//! into a browser's session, and there is a file for each group of routes.
//!
//! **Invariant:** every answer but a sign-in page needs a token, on loopback too.
//!
//! **Invariant:** an action's actor is the name of the token that asked for it.
//!
//! **Invariant:** whatever fails answers `{"error", "code", "hint"}`, and nothing internal is in it.
//!
//! **Invariant:** what waits for a disk waits on a thread that may block.

mod body;
mod drill;
mod endpoints;
mod error;
mod events;
mod facts;
mod guard;
mod ledger;
mod metrics;
mod openapi;
mod page;
mod releases;
mod reload;
mod sign_in;
mod status;
#[cfg(test)]
mod tests;
mod tokens;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{get, post};
use shipworthy_core::{Clock, Entropy};
use shipworthy_ledger::{Disk, Ledger};
use shipworthy_serving::Serving;
use shipworthy_store::{Permission, Store, Token};
use tokio::sync::{Mutex, Semaphore};

use crate::release::Shelf;
use crate::traffic::Traffic;

pub use error::Error;
pub(crate) use error::chain;
pub use facts::{GatherFacts, ServingFacts, deployment_facts, release_facts};
pub use releases::Signer;
pub use reload::{Reload, ReloadError};
pub use tokens::{create_token, revoke_token};

/// Questions to the ledger that may scan it at one time; more wait. Each holds a thread and a
/// disk, which decisions need too.
const MAX_LEDGER_READS: usize = 4;

/// Archives of releases that are sent at one time; more wait. Each is held in memory.
const MAX_DOWNLOADS: usize = 2;

/// What comes from outside.
#[derive(Clone)]
pub struct Ports {
    /// Control state.
    pub store: Arc<dyn Store>,
    /// The releases in it.
    pub shelf: Shelf,
    /// Who signs what is said about them.
    pub signer: Arc<dyn Signer>,
    /// The data plane.
    pub serving: Arc<Serving>,
    /// The traffic of its endpoints.
    pub traffic: Arc<Traffic>,
    /// Where the ledger's segments are.
    pub ledger_disk: Arc<dyn Disk>,
    /// The running ledger, which says up to where they may be read.
    pub ledger: Ledger,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Secrets.
    pub entropy: Arc<dyn Entropy>,
    /// Reads the configuration again.
    pub reload: Arc<dyn Reload>,
    /// What the checklist is judged by.
    pub facts: Arc<dyn GatherFacts>,
    /// The address that the listener is bound to. On a loopback address only requests for a
    /// loopback name are answered, so that no page of another name reads from here.
    pub bound: SocketAddr,
}

/// The control plane's state.
pub struct ControlPlane {
    ports: Ports,
    sign_ins: sign_in::SignIns,
    ledger_reads: Arc<Semaphore>,
    live_pages: Arc<Semaphore>,
    /// One reload at a time: the second sees what the first did.
    reloading: Mutex<()>,
    /// One archive of a release at a time.
    uploading: Mutex<()>,
    downloads: Arc<Semaphore>,
}

impl fmt::Debug for ControlPlane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlPlane").field("bound", &self.ports.bound).finish_non_exhaustive()
    }
}

impl ControlPlane {
    /// A control plane over these ports, with nobody signed in.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        Self {
            ports,
            sign_ins: sign_in::SignIns::default(),
            ledger_reads: Arc::new(Semaphore::new(MAX_LEDGER_READS)),
            live_pages: Arc::new(Semaphore::new(page::MAX_STREAMS)),
            reloading: Mutex::new(()),
            uploading: Mutex::new(()),
            downloads: Arc::new(Semaphore::new(MAX_DOWNLOADS)),
        }
    }

    /// A link that signs one browser in, once, within 15 minutes, as the holder of `token`.
    /// `base_url` is how the browser reaches this listener: `http://127.0.0.1:8081`.
    #[must_use]
    pub fn sign_in_link(&self, base_url: &str, token: &Token) -> String {
        let now_us = self.ports.clock.monotonic_us();
        let code = self.sign_ins.new_code(&*self.ports.entropy, token.id, now_us);
        format!("{}/login?code={code}", base_url.trim_end_matches('/'))
    }

    /// Does work that waits for a disk.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let plane = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&plane)).await;
        done.unwrap_or_else(|panic| Err(Error::Internal(panic.into())))
    }
}

/// The routes of the control plane, and what each needs.
pub fn router(plane: Arc<ControlPlane>) -> Router {
    let needs = |permission| {
        let state = (Arc::clone(&plane), permission);
        from_fn_with_state(state, guard::authorise)
    };
    let reading = Router::new()
        .route("/openapi.json", get(openapi::serve))
        .route("/v1/status", get(status::show))
        .route("/v1/checklist", get(status::checklist))
        .route("/metrics", get(metrics::show))
        .route("/v1/tokens", get(tokens::list))
        .route("/v1/ledger/entries", get(ledger::list))
        .route("/v1/ledger/entries/{id}", get(ledger::show))
        .route("/v1/events", get(events::list))
        .route("/v1/page/events", get(page::events))
        .route("/v1/endpoints", get(endpoints::list))
        .route("/v1/endpoints/{name}/history", get(endpoints::history))
        .route("/v1/endpoints/{name}", get(endpoints::show).post(endpoints::act))
        // What each verb needs besides is for the handler to ask.
        .route("/v1/releases/{name_and_verb}", get(releases::show).post(releases::act))
        .route("/v1/releases/{release}/archive", get(releases::archive))
        .route_layer(needs(Permission::Read));
    let controlling = Router::new()
        .route("/v1/reload", post(reload::reload))
        .route("/v1/tokens", post(tokens::create))
        .route("/v1/tokens/{name_and_verb}", post(tokens::act))
        .route("/v1/sign-in-links", post(sign_in::new_link))
        .route("/v1/releases", post(releases::upload))
        .route_layer(needs(Permission::Control));
    Router::new()
        .route("/", get(page::home))
        // It asks who it is by itself, for it answers people.
        .route("/rollback", post(page::roll_back))
        .route("/login", get(sign_in::login))
        .merge(reading)
        .merge(controlling)
        .fallback(unknown_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::clone(&plane), guard::only_for_this_server))
        .layer(map_response(guard::protect))
        .with_state(plane)
}

async fn unknown_route(request: Request) -> Error {
    Error::UnknownRoute { path: shown_path(&request) }
}

async fn wrong_method(request: Request) -> Error {
    let (method, path) = (request.method().clone(), shown_path(&request));
    let allowed = endpoints::allowed(&path).or_else(|| releases::allowed(&path));
    Error::WrongMethod { method, path, allowed }
}

/// The path, as far as it is worth repeating.
fn shown_path(request: &Request) -> String {
    request.uri().path().chars().take(body::MAX_SHOWN_CHARS).collect()
}

/// A JSON answer.
fn json<T: serde::Serialize>(status: axum::http::StatusCode, body: &T) -> Response<Body> {
    use axum::http::{HeaderValue, header::CONTENT_TYPE};
    let text = serde_json::to_vec(body).expect("answers have a JSON form");
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
