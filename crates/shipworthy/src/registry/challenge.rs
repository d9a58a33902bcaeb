//! What a registry asks for before it answers.
//!
//! Source: <https://distribution.github.io/distribution/spec/auth/token/>, RFC 9110, section 11.

/// How somebody shows who they are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// With name and password.
    Basic,
    /// With a token of another server.
    Bearer {
        /// Where it is.
        realm: String,
        /// Whom the token is for.
        service: Option<String>,
    },
}

impl Challenge {
    /// Reads a `WWW-Authenticate` header; `None` for other ways.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let (mut realm, mut service) = (None, None);
        for (key, value) in parameters(rest) {
            if key.eq_ignore_ascii_case("realm") {
                realm = Some(value);
            } else if key.eq_ignore_ascii_case("service") {
                service = Some(value);
            }
        }
        Some(Self::Bearer { realm: realm?, service })
    }
}

/// `key="value", key=value`: a comma between quotes belongs to its value.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((key, after)) = rest.split_once('=') {
        let key = key.trim_matches([' ', ',', '\t']).to_owned();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        found.push((key, value.trim().to_owned()));
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_challenge_is_read_as_registries_write_it() {
        let docker = "Bearer realm=\"https://auth.docker.io/token\",\
            service=\"registry.docker.io\",scope=\"repository:a/b:pull,push\",error=\"invalid_token\"";
        let bearer = |realm: &str, service: Option<&str>| {
            let [realm, service] = [Some(realm), service].map(|part| part.map(str::to_owned));
            Some(Challenge::Bearer { realm: realm.unwrap(), service })
        };
        let expected = bearer("https://auth.docker.io/token", Some("registry.docker.io"));
        assert_eq!(Challenge::parse(docker), expected);
        let bare = "bearer Realm=https://a.example/t, Service=b";
        assert_eq!(Challenge::parse(bare), bearer("https://a.example/t", Some("b")));
        assert_eq!(Challenge::parse("Bearer realm=\"x\""), bearer("x", None));
        assert_eq!(Challenge::parse("Basic realm=\"Registry\""), Some(Challenge::Basic));
        for other in ["Bearer", "Bearer service=\"a\"", "Negotiate", "", "Digest realm=\"a\""] {
            assert_eq!(Challenge::parse(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(text in "(Bearer|Basic)? ?[ -~ü]{0,60}") {
            let _ = Challenge::parse(&text);
        }
    }
}
