//! A model on another server, which speaks the Open Inference Protocol: Triton, MLServer, KServe.
//!
//! What it takes and answers is asked once, when it is loaded. Every call has a deadline; a call
//! that was not answered is made again, a bounded number of times within that deadline, for a
//! prediction changes nothing where it is made; and a server that goes on not answering is left
//! alone for a while by a circuit breaker.

mod address;
mod bound;
mod breaker;
mod client;
mod description;
mod error;
mod metadata;
mod tls;
mod wire;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::Uri;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shipworthy_core::{Clock, Entropy};
use shipworthy_models::{Signature, Tensor, encode};
use shipworthy_rows::{Column, Schema};
use tokio::runtime::Handle;

pub use address::Address;
pub(crate) use bound::Bound;
use breaker::{Breaker, Thresholds};
pub use client::Error as ClientError;
pub use client::Token;
use client::{Client, Response};
pub use description::{Description, Error as DescriptionError};
pub use error::Error;
pub use metadata::Told;
use metadata::{Metadata, ServerMetadata};
use wire::Body;
pub(crate) use wire::Received;

/// How a server is called.
#[derive(Clone, Default)]
pub struct Options {
    /// What it is shown to be let in.
    pub token: Token,
    /// From the first attempt to the answer; [`Options::TIMEOUT`] when absent.
    pub timeout: Option<Duration>,
}

impl Options {
    /// Half of the time that a request has by default: what is left is for everything else.
    pub const TIMEOUT: Duration = Duration::from_secs(5);
}

/// What a call needs from outside.
#[derive(Clone)]
pub struct Ports {
    /// Time, for the circuit breaker.
    pub clock: Arc<dyn Clock>,
    /// Chance, so that retries of many callers do not come at once.
    pub entropy: Arc<dyn Entropy>,
    /// Where a thread's calls run that waits for them; requests call where they are.
    pub runtime: Handle,
}

/// Calls of one request at the most.
const ATTEMPTS: u32 = 3;
/// Before the second call; before the third twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

const THRESHOLDS: Thresholds = Thresholds {
    failures: 5,
    first_pause_us: 1_000_000,
    longest_pause_us: 30_000_000,
    trial_us: 10_000_000,
};

/// A model on another server, ready to be called.
pub struct Remote {
    address: Address,
    signature: Signature,
    told: Told,
    takes_binary: bool,
    client: Client,
    breaker: Breaker,
    outages: AtomicU64,
    timeout: Duration,
    ports: Ports,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Remote {
    /// Asks a server what its model takes and answers.
    ///
    /// # Errors
    /// When it does not answer, or describes nothing that can be called.
    pub async fn connect(address: Address, options: Options, ports: Ports) -> Result<Self, Error> {
        let client = Client::new(address.scheme(), options.token);
        let client =
            client.map_err(|source| Error::Client { address: address.to_string(), source })?;
        let nothing = Signature { format: "remote", inputs: Vec::new(), outputs: Vec::new() };
        let timeout = options.timeout.unwrap_or(Options::TIMEOUT);
        let breaker = Breaker::new(THRESHOLDS);
        let mut remote = Self {
            address,
            signature: nothing,
            told: Told::default(),
            takes_binary: false,
            client,
            breaker,
            outages: AtomicU64::new(0),
            timeout,
            ports,
        };
        let metadata: Metadata = remote.described(remote.address.model()).await?;
        let server: ServerMetadata = remote.described(&remote.address.server()).await?;
        remote.takes_binary = server.takes_binary();
        remote.signature = metadata.signature().map_err(|why| remote.no_metadata(why))?;
        remote.told = metadata.told();
        Ok(remote)
    }

    /// The same, for a thread that may wait.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn connect_waiting(
        address: Address,
        options: Options,
        ports: Ports,
    ) -> Result<Self, Error> {
        let runtime = ports.runtime.clone();
        runtime.block_on(Self::connect(address, options, ports))
    }

    /// What its server says of it beyond the protocol.
    #[must_use]
    pub const fn told(&self) -> &Told {
        &self.told
    }

    /// The same model, reading columns of `schema`.
    pub(crate) fn bind(self: &Arc<Self>, schema: &Schema) -> Result<Bound, encode::Error> {
        Bound::new(Arc::clone(self), schema)
    }

    /// What the model takes and answers.
    pub(crate) const fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Everything that is known of the model, for its name: its bytes are elsewhere.
    #[must_use]
    pub fn identity(&self) -> Value {
        let tensor = |tensor: &Tensor| json!([&*tensor.name, tensor.element.name(), tensor.shape]);
        let Signature { inputs, outputs, .. } = &self.signature;
        json!({
            "remote": self.address.to_string(),
            "inputs": inputs.iter().map(tensor).collect::<Vec<_>>(),
            "outputs": outputs.iter().map(tensor).collect::<Vec<_>>(),
        })
    }

    /// Whether its server answered lately.
    pub(crate) fn is_available(&self) -> bool {
        self.breaker.is_closed()
    }

    /// How often its server was found not to answer.
    pub(crate) fn outages(&self) -> u64 {
        self.outages.load(Ordering::Relaxed)
    }

    /// The model's answers to that many rows, whose columns are those of its signature.
    async fn predict(&self, columns: &[Cow<'_, Column>], rows: usize) -> Result<Received, Error> {
        let body = wire::encode(&self.signature, columns, rows, self.takes_binary);
        let body = body.map_err(|why| Error::Rows { why })?;
        if !self.breaker.admits(self.ports.clock.monotonic_us()) {
            return Err(Error::LeftAlone { address: self.address.to_string() });
        }
        let answered = self.within_the_deadline(self.call(&body)).await;
        match &answered {
            Err(error) if error.is_outage() => self.failed(),
            _ => self.breaker.succeeded(),
        }
        let answer = answered?.body;
        wire::decode(&self.signature, &answer, rows)
            .map_err(|why| Error::Answer { address: self.address.to_string(), why })
    }

    fn failed(&self) {
        if self.breaker.failed(self.ports.clock.monotonic_us()) {
            self.outages.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(address = %self.address, "the model's server is left alone for a while");
        }
    }

    async fn within_the_deadline<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        tokio::time::timeout(self.timeout, work).await.unwrap_or_else(|_| {
            let limit_ms = self.timeout.as_millis();
            Err(Error::Timeout { address: self.address.to_string(), limit_ms })
        })
    }

    /// Calls until there is an answer, a bounded number of times.
    async fn call(&self, body: &Body) -> Result<Response, Error> {
        let uri = self.address.infer();
        let mut pause = FIRST_PAUSE;
        for _ in 1..ATTEMPTS {
            match self.answered(self.client.post(&uri, body).await) {
                Err(error) if error.is_transient() => {
                    tracing::debug!(%error, "a call is made again");
                }
                other => return other,
            }
            tokio::time::sleep(self.jittered(pause)).await;
            pause *= 2;
        }
        self.answered(self.client.post(&uri, body).await)
    }

    /// Between half of a pause and all of it.
    fn jittered(&self, pause: Duration) -> Duration {
        let mut random = [0];
        self.ports.entropy.fill(&mut random);
        pause.mul_f64(0.5 + f64::from(random[0]) / 512.0)
    }

    /// One of the server's descriptions.
    async fn described<T: DeserializeOwned>(&self, uri: &Uri) -> Result<T, Error> {
        let get = async { self.answered(self.client.get(uri).await) };
        let body = self.within_the_deadline(get).await?.body;
        serde_json::from_slice(&body.bytes)
            .map_err(|error| self.no_metadata(format!("{uri} is no metadata: {error}")))
    }

    fn no_metadata(&self, why: String) -> Error {
        Error::Metadata { address: self.address.to_string(), why }
    }

    fn answered(&self, response: Result<Response, client::Error>) -> Result<Response, Error> {
        let address = || self.address.to_string();
        let response = response.map_err(|source| Error::of_connection(address(), source))?;
        match response.status.is_success() {
            true => Ok(response),
            false => Err(Error::of_status(address(), &response, self.client.token())),
        }
    }
}
