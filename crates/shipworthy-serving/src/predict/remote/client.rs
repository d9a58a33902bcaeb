//! HTTP to one server, over a pool of connections.

use std::time::Duration;

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::uri::Scheme;
use axum::http::{HeaderValue, Method, Request, StatusCode, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::Semaphore;

use super::tls;
use super::wire::Body;
use crate::accept::JSON_LENGTH;

/// Requests at one time; more wait for their turn within their deadline.
const MAX_CONNECTIONS: usize = 64;
/// The longest answer: as large as the largest request's, with room.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// A connection that was silent for so long is closed: shorter than servers and proxies keep it.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nobody whose certificates would be trusted.
    #[error(
        "no certificate of an authority is found here ({found}): install those of the system \
         (ca-certificates), or name a file of them in PEM form in SSL_CERT_FILE"
    )]
    Certificates {
        /// What was found instead.
        found: String,
    },
    /// The token is no header value.
    #[error("the token in {variable} has a sign that no header may have; is it a line break?")]
    Token {
        /// The environment variable that it is from.
        variable: String,
    },
    /// No connection, or it ended.
    #[error("the request got no answer")]
    Connection(#[source] legacy::Error),
    /// The answer ended early or was too long.
    #[error("the answer did not come whole")]
    Answer(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What a server wants to see before it answers. It is never shown: hence no `Debug`.
#[derive(Clone, Default)]
pub struct Token {
    /// The environment variable that it is from, which messages name in its stead.
    pub variable: String,
    /// Sent as `Authorization: Bearer`, if there is one.
    pub value: Option<String>,
}

impl Token {
    fn header(&self) -> Result<Option<HeaderValue>, Error> {
        let Some(value) = &self.value else { return Ok(None) };
        let header = HeaderValue::try_from(format!("Bearer {value}"));
        let mut header = header.map_err(|_| Error::Token { variable: self.variable.clone() })?;
        header.set_sensitive(true);
        Ok(Some(header))
    }

    /// A text of the server's, who may have repeated the token in it.
    pub(super) fn hidden_in(&self, text: &str) -> String {
        match &self.value {
            Some(value) => text.replace(value.as_str(), "[the token]"),
            None => text.to_owned(),
        }
    }
}

/// A server's answer, whatever its status.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: StatusCode,
    pub(super) body: Body,
}

pub(super) struct Client {
    inner: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    token: Token,
    authorization: Option<HeaderValue>,
    turns: Semaphore,
}

impl Client {
    /// A client that has made no connection yet. Only for `https` does it need certificates.
    pub(super) fn new(scheme: Option<&Scheme>, token: Token) -> Result<Self, Error> {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        http.set_connect_timeout(Some(CONNECT_TIMEOUT));
        http.enforce_http(false);
        let tls = tls::config(scheme == Some(&Scheme::HTTPS))?;
        let https = HttpsConnectorBuilder::new().with_tls_config(tls);
        let https = https.https_or_http().enable_http1().wrap_connector(http);
        let inner = legacy::Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(MAX_CONNECTIONS)
            .build(https);
        let authorization = token.header()?;
        Ok(Self { inner, token, authorization, turns: Semaphore::new(MAX_CONNECTIONS) })
    }

    /// What this client is let in with.
    pub(super) const fn token(&self) -> &Token {
        &self.token
    }

    pub(super) async fn get(&self, uri: &Uri) -> Result<Response, Error> {
        self.send(self.request(Method::GET, uri), Bytes::new()).await
    }

    pub(super) async fn post(&self, uri: &Uri, body: &Body) -> Result<Response, Error> {
        let request = self.request(Method::POST, uri);
        let request = match body.json_bytes {
            None => request.header(CONTENT_TYPE, "application/json"),
            Some(length) => {
                request.header(CONTENT_TYPE, "application/octet-stream").header(JSON_LENGTH, length)
            }
        };
        self.send(request, body.bytes.clone()).await
    }

    fn request(&self, method: Method, uri: &Uri) -> axum::http::request::Builder {
        let request = Request::builder().method(method).uri(uri.clone());
        match &self.authorization {
            Some(authorization) => request.header(AUTHORIZATION, authorization.clone()),
            None => request,
        }
    }

    async fn send(
        &self,
        request: axum::http::request::Builder,
        body: Bytes,
    ) -> Result<Response, Error> {
        let _turn = self.turns.acquire().await.expect("never closed");
        let request = request.body(Full::new(body)).expect("its parts were checked before");
        let response = self.inner.request(request).await.map_err(Error::Connection)?;
        let (head, body) = response.into_parts();
        let bytes = Limited::new(body, MAX_ANSWER_BYTES).collect().await.map_err(Error::Answer)?;
        let json_bytes = head.headers.get(JSON_LENGTH).and_then(|length| length.to_str().ok());
        let json_bytes = json_bytes.and_then(|length| length.trim().parse().ok());
        Ok(Response { status: head.status, body: Body { bytes: bytes.to_bytes(), json_bytes } })
    }
}
