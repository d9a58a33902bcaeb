//! Where a model on another server is, as a file: the model file of a release whose model is there.
//!
//! ```json
//! {"format": "remote", "address": "http://green:8080/v2/models/late"}
//! ```

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Address;

/// Why a description is none.
#[derive(Debug, thiserror::Error)]
#[error("the description of a model on another server cannot be used: {why}")]
pub struct Error {
    why: String,
}

/// Where a model is, and how it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Where.
    pub address: Address,
    /// From the first attempt to the answer; [`super::Options::TIMEOUT`] when absent.
    pub timeout: Option<Duration>,
    /// The environment variable that has its token.
    pub token_variable: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: String,
    address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timeout_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_variable: Option<String>,
}

impl Description {
    /// The file's name in a bundle.
    pub const FILE: &str = "remote.json";

    /// The format's name.
    pub const FORMAT: &str = "remote";

    /// Only such variables are read, so that no file can have another one sent away.
    pub const TOKEN_PREFIX: &str = "SHIPWORTHY_REMOTE_TOKEN_";

    /// The longest that a call may take.
    pub const MAX_TIMEOUT: Duration = Duration::from_secs(60);

    /// Longer files are none.
    const MAX_BYTES: usize = 16 << 10;

    /// Reads a file, if it is meant as a description.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Result<Self, Error>> {
        #[derive(Deserialize)]
        struct Meant {
            format: String,
        }
        let bytes = Some(bytes).filter(|bytes| bytes.len() <= Self::MAX_BYTES)?;
        let meant: Meant = serde_json::from_slice(bytes).ok()?;
        (meant.format == Self::FORMAT).then(|| Self::parse(bytes))
    }

    fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let wrong = |why: String| Error { why };
        let written: Written =
            serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
        let Written { address, timeout_ms, token_variable, .. } = written;
        let address = address.parse().map_err(wrong)?;
        let timeout = timeout_ms.map(Duration::from_millis);
        if timeout.is_some_and(|timeout| timeout.is_zero() || timeout > Self::MAX_TIMEOUT) {
            return Err(wrong("timeout_ms must be from 1 to 60000".to_owned()));
        }
        if token_variable.as_deref().is_some_and(|name| !is_token_variable(name)) {
            let prefix = Self::TOKEN_PREFIX;
            return Err(wrong(format!(
                "token_variable must be {prefix} with capitals, digits and `_` behind it"
            )));
        }
        Ok(Self { address, timeout, token_variable })
    }

    /// The file.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let millis = |timeout: Duration| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        let written = Written {
            format: Self::FORMAT.to_owned(),
            address: self.address.to_string(),
            timeout_ms: self.timeout.map(millis),
            token_variable: self.token_variable.clone(),
        };
        serde_json::to_vec_pretty(&written).expect("texts and numbers have a JSON form")
    }
}

fn is_token_variable(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    name.strip_prefix(Description::TOKEN_PREFIX)
        .is_some_and(|rest| !rest.is_empty() && rest.len() <= 128 && rest.bytes().all(is_plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_reads_back() {
        let description = Description {
            address: "http://green:8080/v2/models/late".parse().unwrap(),
            timeout: Some(Duration::from_millis(250)),
            token_variable: Some("SHIPWORTHY_REMOTE_TOKEN_GREEN".to_owned()),
        };
        assert_eq!(Description::read(&description.write()).unwrap().unwrap(), description);
    }

    #[test]
    fn model_files_are_not_meant() {
        for text in ["", "{}", r#"{"format": 3}"#, r#"{"learner": {"format": "remote"}}"#, "tree"] {
            assert!(Description::read(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_told() {
        let with = |more: &str| {
            let address = r#""format": "remote", "address": "http://a/v2/models/m""#;
            let text = format!("{{{address}{more}}}");
            Description::read(text.as_bytes()).unwrap().map(drop).map_err(|error| error.to_string())
        };
        assert_eq!(with(""), Ok(()));
        for (more, why) in [
            (r#", "timeout_ms": 0"#, "from 1 to 60000"),
            (r#", "timeout_ms": 60001"#, "from 1 to 60000"),
            (r#", "token_variable": "HOME""#, "SHIPWORTHY_REMOTE_TOKEN_"),
            (r#", "token_variable": "SHIPWORTHY_REMOTE_TOKEN_""#, "behind it"),
            (r#", "token": "secret""#, "unknown field"),
        ] {
            assert!(with(more).unwrap_err().contains(why), "{more}");
        }
        let bad = br#"{"format": "remote", "address": "http://a"}"#;
        assert!(Description::read(bad).unwrap().is_err());
    }
}
