//! Requests to one repository of a registry, and showing it who asks.
//!
//! **Invariant:** a password or a token goes to the registry that it is for, or to the server of
//! tokens that this registry names; and from a registry over https never in clear text.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use ureq::config::RedirectAuthHeaders;
use ureq::http::{HeaderMap, HeaderValue, Method, Request};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

use super::challenge::Challenge;
use super::credentials::Credentials;
use super::reference::Reference;
use crate::client::segment;
use crate::output;
use crate::system::System;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long nothing may come or go.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(60);
/// A registry computes the digest of all that it was sent before it answers.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(300);
/// How long a request may take with all its bytes.
const WHOLE_TIMEOUT: Duration = Duration::from_secs(3600);
const MAX_REDIRECTS: u32 = 5;
const MAX_TOKEN_BYTES: u64 = 256 * 1024;
/// As much as is shown of what a registry says.
const MAX_TOLD_CHARS: usize = 300;

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Right {
    Pull,
    Push,
}

impl Right {
    const fn scope(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "pull,push",
        }
    }

    pub(super) fn about(self, name: &str) -> String {
        match self {
            Self::Pull => format!("pull from `{name}`"),
            Self::Push => format!("push to `{name}`"),
        }
    }
}

/// A request.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<&'a [u8]>,
    /// The longest answer.
    pub(super) limit: u64,
}

impl Ask<'_> {
    pub(super) const fn get(url: String, limit: u64) -> Self {
        Self { method: Method::GET, url, headers: Vec::new(), body: None, limit }
    }
}

/// What a registry answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// What registries say when they do not do something.
#[derive(Deserialize)]
struct Refused {
    errors: Vec<RefusedError>,
}

#[derive(Deserialize)]
struct RefusedError {
    code: String,
    #[serde(default)]
    message: String,
}

/// What a server of tokens answers.
#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    token: String,
    #[serde(default)]
    access_token: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What was said, for people: shortened, without what could steer a terminal.
    pub(super) fn told(&self) -> String {
        let refused: Option<Refused> = serde_json::from_slice(&self.body).ok();
        let first = refused.and_then(|refused| refused.errors.into_iter().next());
        let said =
            first.map_or_else(String::new, |error| format!(", {}: {}", error.code, error.message));
        let said = said.chars().filter(|char| !char.is_control()).take(MAX_TOLD_CHARS);
        format!("{}{}", self.status, said.collect::<String>())
    }
}

/// A repository of a registry, and the right to use it.
pub(super) struct Http {
    agent: Agent,
    base: String,
    host: String,
    repository: String,
    right: Right,
    credentials: Credentials,
    /// What the registry last wanted to see.
    authorization: RefCell<Option<HeaderValue>>,
}

impl Http {
    pub(super) fn new(reference: &Reference, is_plain: bool, right: Right) -> Result<Self> {
        let is_plain = is_plain || reference.is_local();
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(!is_plain)
            .max_redirects(MAX_REDIRECTS)
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .proxy(if reference.is_local() { None } else { System::proxy() })
            .timeout_global(Some(WHOLE_TIMEOUT))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_per_read(Some(SILENCE_TIMEOUT))
            .timeout_per_write(Some(SILENCE_TIMEOUT))
            .timeout_recv_response(Some(ANSWER_TIMEOUT));
        if !is_plain {
            config = config.tls_config(tls()?);
        }
        let credentials = Credentials::find(reference)?;
        if is_plain && !reference.is_local() && matches!(credentials, Credentials::Basic { .. }) {
            let host = reference.host();
            output::note(&format!("warning: the password goes to {host} in clear text"));
        }
        Ok(Self {
            agent: config.build().into(),
            base: format!("{}://{}", if is_plain { "http" } else { "https" }, reference.api_host()),
            host: reference.host().to_owned(),
            repository: reference.repository().to_owned(),
            right,
            credentials,
            authorization: RefCell::new(None),
        })
    }

    pub(super) const fn right(&self) -> Right {
        self.right
    }

    /// Who asks, in words.
    pub(super) fn who(&self) -> String {
        match &self.credentials {
            Credentials::Basic { username, .. } => format!("`{username}`"),
            _ => "somebody without a login".to_owned(),
        }
    }

    /// The address of a thing in the repository.
    pub(super) fn url(&self, parts: &[&str]) -> String {
        format!("{}/v2/{}/{}", self.base, self.repository, parts.join("/"))
    }

    /// The address that a registry names, which may leave out its own host.
    pub(super) fn absolute(&self, location: &str) -> Result<String> {
        if location.starts_with('/') && !location.starts_with("//") {
            return Ok(format!("{}{location}", self.base));
        }
        let is_plain = self.base.starts_with("http://");
        if location.starts_with("https://") || (is_plain && location.starts_with("http://")) {
            return Ok(location.to_owned());
        }
        bail!("the registry {} names the address `{location}`, which is not gone to", self.host)
    }

    /// Asks, and once more when the registry wants to know who does.
    ///
    /// # Errors
    /// When there is no answer, or the registry does not take who asks.
    pub(super) fn ask(&self, ask: &Ask<'_>) -> Result<Answer> {
        let answer = self.once(ask)?;
        if answer.status != 401 || !self.is_ours(&ask.url) {
            return Ok(answer);
        }
        self.authorize(&answer)?;
        let answer = self.once(ask)?;
        if answer.status == 401 { Err(self.unknown()) } else { Ok(answer) }
    }

    fn once(&self, ask: &Ask<'_>) -> Result<Answer> {
        let authorization = self.authorization.borrow().clone().filter(|_| self.is_ours(&ask.url));
        self.send(ask, authorization)
    }

    fn send(&self, ask: &Ask<'_>, authorization: Option<HeaderValue>) -> Result<Answer> {
        let mut request = Request::builder().method(ask.method.clone()).uri(&ask.url);
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let sent = match ask.body {
            Some(body) => self.agent.run(request.body(body)?),
            None => self.agent.run(request.body(())?),
        };
        let mut response = sent.map_err(|error| self.unreachable(error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = read(response.body_mut(), ask.limit);
        let body = body.with_context(|| {
            format!("the answer of the registry {} did not arrive whole", self.host)
        })?;
        Ok(Answer { status, headers, body })
    }

    /// Whether an address is the registry's own.
    fn is_ours(&self, url: &str) -> bool {
        url.strip_prefix(&self.base).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Does what the registry wants to see.
    fn authorize(&self, answer: &Answer) -> Result<()> {
        let headers = answer.headers.get_all("www-authenticate").iter();
        let mut challenges = headers.filter_map(|header| Challenge::parse(header.to_str().ok()?));
        let value = match challenges.next() {
            Some(Challenge::Basic) => self.basic().ok_or_else(|| self.unknown())?,
            Some(Challenge::Bearer { realm, service }) => {
                self.bearer(&realm, service.as_deref())?
            }
            None => bail!(
                "the registry {} wants to know who asks in a way that is not spoken here",
                self.host
            ),
        };
        *self.authorization.borrow_mut() = Some(secret(&value, &self.host)?);
        Ok(())
    }

    fn basic(&self) -> Option<String> {
        let Credentials::Basic { username, password, .. } = &self.credentials else { return None };
        Some(format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))))
    }

    /// A token of the server that the registry names.
    fn bearer(&self, realm: &str, service: Option<&str>) -> Result<String> {
        let realm = self.absolute(realm)?;
        let scope = format!("repository:{}:{}", self.repository, self.right.scope());
        let mut url = format!("{realm}{}scope={}", joint(&realm), segment(&scope));
        if let Some(service) = service {
            url.push_str(&format!("&service={}", segment(service)));
        }
        let basic = self.basic().map(|value| secret(&value, &self.host)).transpose()?;
        let answer = self.send(&Ask::get(url, MAX_TOKEN_BYTES), basic)?;
        match answer.status {
            200 => {}
            401 | 403 => return Err(self.unknown()),
            _ => bail!("the server of tokens of {} refused: {}", self.host, answer.told()),
        }
        let token: Token = serde_json::from_slice(&answer.body)
            .with_context(|| format!("the server of tokens of {} gave none", self.host))?;
        let found = if token.token.is_empty() { token.access_token } else { token.token };
        Ok(format!("Bearer {found}"))
    }

    fn unknown(&self) -> anyhow::Error {
        let about = self.right.about(&self.repository);
        anyhow!(
            "the registry {} wants to know who may {about}: {}",
            self.host,
            self.credentials.advice()
        )
    }

    fn unreachable(&self, error: ureq::Error) -> anyhow::Error {
        let advice = if is_unknown_host(&error) {
            "no such host is known: is its name right?"
        } else if is_certificate(&error) {
            "if its certificate is issued by an authority of your own, name that in SSL_CERT_FILE"
        } else if self.base.starts_with("https://") {
            "is it running, and does it speak https? If it speaks http alone, add --plain-http"
        } else {
            "is it running there, and does it speak http?"
        };
        anyhow::Error::new(error)
            .context(format!("cannot reach the registry {}; {advice}", self.host))
    }
}

fn is_unknown_host(error: &ureq::Error) -> bool {
    // The standard library has no kind for it, only these words.
    let is_lookup = |error: &std::io::Error| error.to_string().contains("failed to lookup address");
    matches!(error, ureq::Error::HostNotFound)
        || matches!(error, ureq::Error::Io(error) if is_lookup(error))
}

fn is_certificate(error: &ureq::Error) -> bool {
    let failure = match error {
        ureq::Error::Rustls(failure) => Some(failure),
        ureq::Error::Io(error) => error.get_ref().and_then(|held| held.downcast_ref()),
        _ => None,
    };
    matches!(failure, Some(rustls::Error::InvalidCertificate(_)))
}

fn read(body: &mut Body, limit: u64) -> Result<Vec<u8>, ureq::Error> {
    // One more, since a body that is just as long as the limit is refused as well.
    body.with_config().limit(limit.saturating_add(1)).read_to_vec()
}

/// What comes before one more parameter of an address.
pub(super) fn joint(url: &str) -> char {
    if url.contains('?') { '&' } else { '?' }
}

fn secret(text: &str, host: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::try_from(text).with_context(|| {
        format!("the login or token for the registry {host} has a sign that no header may have")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// TLS 1.2 and 1.3. Trusted are the authorities in `SSL_CERT_FILE` and `SSL_CERT_DIR`, or without
/// these the system's.
fn tls() -> Result<TlsConfig> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        bail!(
            "no certificate of an authority is found here: install those of the system \
             (ca-certificates), or name a file of them in PEM form in SSL_CERT_FILE"
        );
    }
    let certificates = found.certs.iter();
    let certificates: Vec<_> =
        certificates.map(|one| Certificate::from_der(one.as_ref()).to_owned()).collect();
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&certificates))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build())
}
