//! Requests to a control plane, and its refusals in its own words.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use ureq::http::{Response, Uri};
use ureq::{Agent, AsSendBody, Body};

use super::{CONNECT_TIMEOUT, warn_of_clear_text};

/// How long an answer may take: a look-up by id may have to scan the ledger.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// The longest answer, in bytes: a page of the ledger, with one of its longest entries.
const MAX_ANSWER_BYTES: u64 = 256 << 20;

/// A control plane, and the right to use it.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    base: String,
    token: String,
}

/// What a control plane says when it does not do something.
#[derive(Debug, Deserialize, thiserror::Error)]
#[error("{error}\n  {hint}")]
struct Refused {
    error: String,
    code: String,
    hint: String,
}

/// Whether a control plane refused something, for the reason that this code stands for.
pub(crate) fn is_refusal(error: &anyhow::Error, code: &str) -> bool {
    error.downcast_ref::<Refused>().is_some_and(|refused| refused.code == code)
}

impl Client {
    /// A client of the control plane at `url`.
    ///
    /// # Errors
    /// When it is no `http` URL with a host.
    pub(crate) fn new(url: &str, token: String) -> Result<Self> {
        let base = url.trim_end_matches('/').to_owned();
        let uri: Uri = base.parse().with_context(|| format!("`{url}` is no URL"))?;
        let Some(host) = uri.host() else {
            bail!("`{url}` is no URL of a server; one looks like http://127.0.0.1:8081");
        };
        if uri.scheme_str() != Some("http") {
            bail!(
                "`{url}` does not start with http://, and this version speaks nothing else; a \
                 tunnel helps: `ssh -L 8081:localhost:8081 HOST`"
            );
        }
        warn_of_clear_text(host);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // The token is for this server only.
            .proxy(None)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(ANSWER_TIMEOUT))
            .timeout_recv_body(Some(ANSWER_TIMEOUT))
            .build();
        Ok(Self { agent: config.into(), base, token })
    }

    /// Where the server is: `http://127.0.0.1:8081`.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Reads.
    ///
    /// # Errors
    /// When the server refuses or cannot be reached.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let request = self.agent.get(format!("{}{path}", self.base));
        self.answer(request.header("authorization", self.bearer()).call())
    }

    /// Acts.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) fn post<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T> {
        let request = self.agent.post(format!("{}{path}", self.base));
        self.answer(request.header("authorization", self.bearer()).send_json(body))
    }

    /// Sends bytes, of a file say.
    ///
    /// # Errors
    /// As [`Client::get`], and when they cannot be read.
    pub(crate) fn upload<T: DeserializeOwned>(
        &self,
        path: &str,
        content_type: &str,
        bytes: impl AsSendBody,
    ) -> Result<T> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = request.header("authorization", self.bearer());
        self.answer(request.header("content-type", content_type).send(bytes))
    }

    /// Reads a file of at most so many bytes.
    ///
    /// # Errors
    /// As [`Client::get`], and when it is longer.
    pub(crate) fn download(&self, path: &str, limit_bytes: u64) -> Result<Vec<u8>> {
        let request = self.agent.get(format!("{}{path}", self.base));
        self.body(request.header("authorization", self.bearer()).call(), limit_bytes)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    fn answer<T: DeserializeOwned>(
        &self,
        answered: Result<Response<Body>, ureq::Error>,
    ) -> Result<T> {
        serde_json::from_slice(&self.body(answered, MAX_ANSWER_BYTES)?).context(
            "the server's answer is not what this version expects; the versions may differ",
        )
    }

    /// The body of an answer that is no refusal.
    fn body(
        &self,
        answered: Result<Response<Body>, ureq::Error>,
        limit_bytes: u64,
    ) -> Result<Vec<u8>> {
        let mut response =
            answered.with_context(|| format!("no answer from the server at {}", self.base))?;
        let status = response.status();
        let body = response.body_mut().with_config().limit(limit_bytes);
        let body = body.read_to_vec().with_context(|| {
            format!("the answer of the server at {} did not arrive whole", self.base)
        })?;
        if status.is_success() {
            return Ok(body);
        }
        match serde_json::from_slice::<Refused>(&body) {
            Ok(refused) => Err(refused.into()),
            Err(_) => Err(anyhow!(
                "{} answered {status}, and not as a control plane does; is it the address that \
                 the server was given with --admin?",
                self.base
            )),
        }
    }
}

/// Text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_stays_one() {
        assert_eq!(segment("ana@example.org"), "ana@example.org");
        assert_eq!(segment("../a b:revoke?"), "..%2Fa%20b%3Arevoke%3F");
    }

    #[test]
    fn only_http_urls_name_a_server() {
        let made = |url: &str| Client::new(url, String::new());
        assert_eq!(made("http://127.0.0.1:8081/").unwrap().base(), "http://127.0.0.1:8081");
        for url in ["", "localhost:8081", "https://models.example", "/v1", "ftp://h"] {
            assert!(made(url).is_err(), "{url}");
        }
    }
}
