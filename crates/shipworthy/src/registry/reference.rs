//! The name of an image in a registry: `HOST/NAME:TAG`, `HOST/NAME@DIGEST`.
//!
//! Source: <https://github.com/distribution/reference/blob/v0.6.0/reference.go>; but a reference
//! says everything: no registry and no tag goes without saying.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// What registries take: a name with its host.
const MAX_LENGTH: usize = 255;
const MAX_TAG_LENGTH: usize = 128;

/// An image in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    host: String,
    repository: String,
    tag: Option<String>,
    digest: Option<String>,
}

/// Why text is no reference.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum ReferenceError {
    /// No registry.
    #[error("`{text}` names no registry; write HOST/NAME:TAG, docker.io/library/{text} for one")]
    Host {
        /// What was given.
        text: String,
    },
    /// No version.
    #[error("`{text}` says no tag and no digest; write {text}:TAG")]
    Tag {
        /// What was given.
        text: String,
    },
    /// Something else.
    #[error("`{text}` is no reference of an image: {why}")]
    Other {
        /// What was given.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl Reference {
    /// The registry as it was written: a host, perhaps with a port.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The host that has the registry's API.
    pub(super) fn api_host(&self) -> &str {
        if self.host == "docker.io" { "registry-1.docker.io" } else { &self.host }
    }

    /// The name in the registry.
    pub(crate) fn repository(&self) -> &str {
        &self.repository
    }

    /// The digest, else the tag: what a manifest is asked for by.
    pub(crate) fn name(&self) -> &str {
        let name = self.digest.as_deref().or(self.tag.as_deref());
        name.expect("a reference has a tag or a digest")
    }

    /// The tag, if it has one.
    pub(crate) fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, if it has one.
    pub(crate) fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// Whether the registry is on this machine.
    pub(super) fn is_local(&self) -> bool {
        let name = match self.host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or(rest),
            None => self.host.split(':').next().unwrap_or(&self.host),
        };
        name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let owned = || text.to_owned();
        let other = |why| ReferenceError::Other { text: owned(), why };
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        if digest.is_some_and(|digest| !is_digest(digest)) {
            return Err(other("a digest is `sha256:` and 64 hexadecimal digits"));
        }
        let (host, rest) = match rest.split_once('/') {
            Some((host, rest)) if is_host(host) => (host, rest),
            _ => return Err(ReferenceError::Host { text: owned() }),
        };
        let (name, tag) = match rest.split_once(':') {
            Some((name, tag)) => (name, Some(tag)),
            None => (rest, None),
        };
        if !name.split('/').all(is_component) || host.len() + name.len() >= MAX_LENGTH {
            return Err(other(
                "a name has small letters, digits, `.`, `_` and `-` between slashes",
            ));
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(other("a tag has at most 128 letters, digits, `.`, `_` and `-`"));
        }
        if tag.is_none() && digest.is_none() {
            return Err(ReferenceError::Tag { text: owned() });
        }
        let is_short = host == "docker.io" && !name.contains('/');
        let repository = if is_short { format!("library/{name}") } else { name.to_owned() };
        let [tag, digest] = [tag, digest].map(|part| part.map(str::to_owned));
        Ok(Self { host: host.to_owned(), repository, tag, digest })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        self.digest.as_ref().map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}

/// What a container tool takes for a host, and not for the first part of a name.
fn is_host(text: &str) -> bool {
    let is_whole = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
    };
    is_whole(text) && (text.contains(['.', ':']) || text == "localhost") && !text.starts_with(':')
}

/// A part of a name: runs of small letters and digits, with one `.`, `_`, `__` or several `-` between.
fn is_component(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let has_ends = bytes.first().is_some_and(|byte| is_word(*byte))
        && bytes.last().is_some_and(|byte| is_word(*byte));
    let separators = bytes.split(|byte| is_word(*byte)).filter(|run| !run.is_empty());
    let is_separator =
        |run: &[u8]| matches!(run, b"." | b"_" | b"__") || run.iter().all(|byte| *byte == b'-');
    has_ends && separators.into_iter().all(is_separator)
}

fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = text.as_bytes();
    bytes.len() <= MAX_TAG_LENGTH
        && bytes.first().is_some_and(|byte| is_word(*byte))
        && bytes.iter().all(|byte| is_word(*byte) || b".-".contains(byte))
}

/// Whether it is the SHA-256 of something, as images are named by.
pub(crate) fn is_digest(text: &str) -> bool {
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(is_hex))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIGEST: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    #[test]
    fn a_reference_is_taken_apart_and_printed_the_same() {
        let check = |text: &str, host: &str, repository: &str, name: &str| {
            let read: Reference = text.parse().unwrap();
            assert_eq!((read.host(), read.repository(), read.name()), (host, repository, name));
            assert_eq!(read.to_string(), text);
        };
        check("localhost:5000/flights:1.0", "localhost:5000", "flights", "1.0");
        check("ghcr.io/team/flights_v2:1.0-rc.1", "ghcr.io", "team/flights_v2", "1.0-rc.1");
        check("[::1]:5000/a__b/c--d:x", "[::1]:5000", "a__b/c--d", "x");
        check(&format!("r.example/a@{DIGEST}"), "r.example", "a", DIGEST);
        check(&format!("r.example/a:1@{DIGEST}"), "r.example", "a", DIGEST);
        let short: Reference = "docker.io/debian:12".parse().unwrap();
        assert_eq!(short.repository(), "library/debian");
        assert_eq!(short.api_host(), "registry-1.docker.io");
    }

    #[test]
    fn what_is_none_is_told_with_what_to_write() {
        let check = |text: &str, told: &str| {
            let error = text.parse::<Reference>().unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        };
        check("debian:12", "names no registry; write HOST/NAME:TAG, docker.io/library/debian:12");
        check("team/flights:1", "names no registry");
        check("r.example/flights", "says no tag and no digest; write r.example/flights:TAG");
        for name in ["Flights", "a..b", "a-", "", "a//b", "a___b", "a b"] {
            check(&format!("r.example/{name}:1"), "a name has small letters");
        }
        check(&format!("r.example/{}:1", "a".repeat(255)), "a name has small letters");
        for tag in ["", ".1", "a b", "ü", &"1".repeat(129)] {
            check(&format!("r.example/a:{tag}"), "a tag has at most 128");
        }
        check("r.example/a@sha256:00", "a digest is `sha256:` and 64");
    }

    #[test]
    fn a_registry_on_this_machine_is_known_by_its_name() {
        let check = |text: &str, is_local: bool| {
            assert_eq!(text.parse::<Reference>().unwrap().is_local(), is_local, "{text}");
        };
        for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.8.8.8", "[::1]:5000"] {
            check(&format!("{host}/a:1"), true);
        }
        for host in ["localhost.example", "10.0.0.1:5000", "r.example", "[::2]:5000"] {
            check(&format!("{host}/a:1"), false);
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_printed_so_that_it_reads_the_same(text in "[a-z.:/@0-9\\[\\]A_-]{0,40}") {
            if let Ok(read) = text.parse::<Reference>() {
                prop_assert_eq!(read.to_string().parse::<Reference>().unwrap(), read);
            }
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = text.parse::<Reference>().map(|read| read.is_local());
        }
    }
}
