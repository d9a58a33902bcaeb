//! Where a model is on another server: `http://HOST:PORT/v2/models/NAME`.

use std::fmt;
use std::str::FromStr;

use axum::http::Uri;
use axum::http::uri::{PathAndQuery, Scheme};

/// The address of a model that speaks the Open Inference Protocol over REST; one of its versions
/// with `/versions/VERSION` behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Of the model itself.
    model: Uri,
    /// What stands before `/v2`, where a proxy has put the server below a path.
    root_path: String,
}

impl Address {
    /// Whether a text is meant as an address, and not as a file's name.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.starts_with("http://") || text.starts_with("https://")
    }

    /// `http` or `https`.
    pub(super) fn scheme(&self) -> Option<&Scheme> {
        self.model.scheme()
    }

    /// The name of the model there.
    #[must_use]
    pub fn name(&self) -> &str {
        let (_, model) = self.model.path().split_once("/v2/models/").unwrap_or_default();
        model.split('/').next().unwrap_or_default()
    }

    /// Of the model's metadata.
    pub(super) const fn model(&self) -> &Uri {
        &self.model
    }

    /// Of its predictions.
    pub(super) fn infer(&self) -> Uri {
        self.with_path(&format!("{}/infer", self.model.path()))
    }

    /// Of the server's metadata.
    pub(super) fn server(&self) -> Uri {
        self.with_path(&format!("{}/v2", self.root_path))
    }

    fn with_path(&self, path: &str) -> Uri {
        let mut parts = self.model.clone().into_parts();
        parts.path_and_query = PathAndQuery::try_from(path).ok();
        Uri::from_parts(parts).expect("the path is made of one that was read")
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str = "expected http://HOST:PORT/v2/models/NAME, at will with \
                            /versions/VERSION behind it";
        let bad = |why: &str| format!("{text:?} {why}: {FORM}");
        let text = text.trim_end_matches('/');
        let uri: Uri = text.parse().map_err(|_| bad("is no URL"))?;
        let schemes = [Some(&Scheme::HTTP), Some(&Scheme::HTTPS)];
        let authority = uri.authority().filter(|_| schemes.contains(&uri.scheme()));
        let authority = authority.ok_or_else(|| bad("is no URL of http or https"))?;
        if authority.as_str().contains('@') || uri.query().is_some() {
            return Err(bad("has a user, a password or a query"));
        }
        let (root_path, model) =
            uri.path().split_once("/v2/models/").ok_or_else(|| bad("names no model"))?;
        let segments: Vec<&str> = model.split('/').collect();
        match segments[..] {
            [name] | [name, "versions", _] if !name.is_empty() => {}
            _ => return Err(bad("names no model")),
        }
        let root_path = root_path.to_owned();
        Ok(Self { model: uri, root_path })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.model.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_routes_of_a_model_follow_from_its_address() {
        let address: Address = "https://ml.example/risk/v2/models/late/".parse().unwrap();
        assert_eq!(address.to_string(), "https://ml.example/risk/v2/models/late");
        assert_eq!(address.infer(), "https://ml.example/risk/v2/models/late/infer");
        assert_eq!(address.name(), "late");
        assert_eq!(address.server(), "https://ml.example/risk/v2");
        let address: Address = "http://127.0.0.1:8000/v2/models/a/versions/3".parse().unwrap();
        assert_eq!(address.infer(), "http://127.0.0.1:8000/v2/models/a/versions/3/infer");
        assert_eq!(address.server(), "http://127.0.0.1:8000/v2");
    }

    #[test]
    fn what_is_no_such_address_is_told_its_form() {
        for (text, why) in [
            ("http://127.0.0.1:8000", "names no model"),
            ("http://127.0.0.1:8000/v2/models/", "names no model"),
            ("http://127.0.0.1:8000/v2/models/a/infer", "names no model"),
            ("http://a:b@127.0.0.1/v2/models/a", "has a user"),
            ("http://127.0.0.1/v2/models/a?x=1", "a query"),
            ("grpc://127.0.0.1/v2/models/a", "no URL of http"),
            ("http://", "is no URL"),
        ] {
            let error = text.parse::<Address>().unwrap_err();
            assert!(error.contains(why) && error.contains("/v2/models/NAME"), "{error}");
        }
    }
}
