//! Who somebody is to a registry: from the environment, else from the file in which `podman login`
//! and `docker login` keep it.
//!
//! Source: <https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md>.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::Reference;
use crate::system::System;

const USERNAME: &str = "SHIPWORTHY_REGISTRY_USERNAME";
const PASSWORD: &str = "SHIPWORTHY_REGISTRY_PASSWORD";
/// Which registry they are for, where a command asks two.
const HOST: &str = "SHIPWORTHY_REGISTRY";
const FILE: &str = "REGISTRY_AUTH_FILE";

/// What is known of somebody. `Debug` does not show the password.
#[derive(PartialEq, Eq)]
pub(super) enum Credentials {
    /// Nothing.
    None,
    /// That another program knows it, which is not asked.
    Helper {
        /// Its name.
        program: String,
    },
    /// Name and password.
    Basic {
        username: String,
        password: String,
        /// Where they are from.
        from: String,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Helper { program } => f.debug_tuple("Helper").field(program).finish(),
            Self::Basic { username, .. } => f.debug_tuple("Basic").field(username).finish(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct File {
    auths: BTreeMap<String, Entry>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: String,
    identitytoken: String,
}

impl Credentials {
    /// Those for a registry.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn find(reference: &Reference) -> Result<Self> {
        if let Some(found) = of_environment(reference)? {
            return Ok(found);
        }
        let path = match System::variable(FILE) {
            Some(path) => PathBuf::from(path),
            None => match System::variable("HOME") {
                Some(home) => PathBuf::from(home).join(".docker/config.json"),
                None => return Ok(Self::None),
            },
        };
        if !path.is_file() {
            return Ok(Self::None);
        }
        let told = || format!("cannot read the logins of registries in {}", path.display());
        let text = fs::read_to_string(&path).with_context(told)?;
        Self::parse(&text, reference, &path.display().to_string()).with_context(told)
    }

    fn parse(text: &str, reference: &Reference, from: &str) -> Result<Self> {
        let file: File = serde_json::from_str(text)?;
        let names = names(reference);
        let found = |name: &&String| file.auths.iter().find(|(key, _)| bare(key) == **name);
        let entry = names.iter().find_map(|name| found(&name));
        if let Some((_, entry)) = entry.filter(|(_, entry)| !entry.auth.is_empty()) {
            let decoded = STANDARD.decode(&entry.auth).ok().map(String::from_utf8);
            let Some(Ok(pair)) = decoded else { bail!("the login of {} is no base64", names[0]) };
            let Some((username, password)) = pair.split_once(':') else {
                bail!("the login of {} is no name and password", names[0]);
            };
            let [username, password] = [username, password].map(str::to_owned);
            return Ok(Self::Basic { username, password, from: from.to_owned() });
        }
        if entry.is_some_and(|(_, entry)| !entry.identitytoken.is_empty()) {
            return Ok(Self::Helper { program: "an identity token".to_owned() });
        }
        let helper = |name: &String| file.cred_helpers.get(name);
        let store = names.iter().find_map(helper).or(file.creds_store.as_ref());
        Ok(store.map_or(Self::None, |name| Self::Helper {
            program: format!("docker-credential-{name}"),
        }))
    }

    /// What to do when a registry wants to know more.
    pub(super) fn advice(&self) -> String {
        let variables = format!("set {USERNAME} and {PASSWORD}");
        match self {
            Self::None => format!(
                "{variables}, or log in with `podman login` or `docker login` \
                and name the file that it writes in {FILE}"
            ),
            Self::Helper { program } => {
                format!("the login is kept by {program}, which is not asked here: {variables}")
            }
            Self::Basic { username, from, .. } => {
                format!("it does not take the password of `{username}` from {from}")
            }
        }
    }
}

fn of_environment(reference: &Reference) -> Result<Option<Credentials>> {
    if System::variable(HOST).is_some_and(|host| host != reference.host()) {
        return Ok(None);
    }
    match (System::variable(USERNAME), System::variable(PASSWORD)) {
        (Some(username), Some(password)) => {
            let from = format!("{USERNAME} and {PASSWORD}");
            Ok(Some(Credentials::Basic { username, password, from }))
        }
        (None, None) => Ok(None),
        (Some(_), None) => bail!("{USERNAME} is set, and {PASSWORD} is not: set both or none"),
        (None, Some(_)) => bail!("{PASSWORD} is set, and {USERNAME} is not: set both or none"),
    }
}

/// What an entry may be named, the narrowest first: `host/team/flights`, `host/team`, `host`.
fn names(reference: &Reference) -> Vec<String> {
    let mut name = format!("{}/{}", reference.host(), reference.repository());
    let mut names = vec![name.clone()];
    while let Some(at) = name.rfind('/') {
        name.truncate(at);
        names.push(name.clone());
    }
    if reference.host() == "docker.io" {
        names.push("index.docker.io".to_owned());
    }
    names
}

/// Docker writes some names as addresses: `https://index.docker.io/v1/`.
fn bare(key: &str) -> &str {
    let key = key.strip_prefix("https://").or(key.strip_prefix("http://")).unwrap_or(key);
    let key = key.trim_end_matches('/');
    key.strip_suffix("/v1").or(key.strip_suffix("/v2")).unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, reference: &str) -> Result<Credentials> {
        Credentials::parse(text, &reference.parse().unwrap(), "a file")
    }

    fn login(pair: &str) -> String {
        format!(r#"{{"auth":"{}"}}"#, STANDARD.encode(pair))
    }

    #[test]
    fn the_narrowest_login_counts() {
        let (wide, narrow) = (login("ana:wide:1"), login("bo:narrow"));
        let docker = login("cy:docker");
        let text = format!(
            r#"{{"auths":{{"r.example":{wide},"r.example/team":{narrow},
            "https://index.docker.io/v1/":{docker}}},"currentContext":"x"}}"#
        );
        let check = |reference: &str, name: &str, word: &str| {
            let found = parsed(&text, reference).unwrap();
            let [username, password, from] = [name, word, "a file"].map(str::to_owned);
            assert!(found == Credentials::Basic { username, password, from }, "{reference}");
        };
        check("r.example/flights:1", "ana", "wide:1");
        check("r.example/team/flights:1", "bo", "narrow");
        check("r.example/teams/flights:1", "ana", "wide:1");
        check("docker.io/debian:12", "cy", "docker");
        assert_eq!(parsed(&text, "other.example/a:1").unwrap(), Credentials::None);
        assert!(!format!("{:?}", parsed(&text, "r.example/a:1").unwrap()).contains("wide"));
    }

    #[test]
    fn a_login_that_another_program_keeps_is_told() {
        let check = |text: &str, program: &str| {
            let found = parsed(text, "r.example/a:1").unwrap();
            assert_eq!(found, Credentials::Helper { program: program.to_owned() });
            assert!(found.advice().contains(program) && found.advice().contains(PASSWORD));
        };
        check(r#"{"auths":{"r.example":{}},"credsStore":"desktop"}"#, "docker-credential-desktop");
        check(r#"{"credHelpers":{"r.example":"ecr-login"}}"#, "docker-credential-ecr-login");
        check(r#"{"auths":{"r.example":{"identitytoken":"x"}}}"#, "an identity token");
    }

    #[test]
    fn a_file_that_is_none_is_refused() {
        for text in ["", "{", r#"{"auths":{"r.example":{"auth":"???"}}}"#] {
            assert!(parsed(text, "r.example/a:1").is_err(), "{text}");
        }
        let no_pair = format!(r#"{{"auths":{{"r.example":{}}}}}"#, login("ana"));
        let told = parsed(&no_pair, "r.example/a:1").unwrap_err().to_string();
        assert_eq!(told, "the login of r.example/a is no name and password");
    }
}
