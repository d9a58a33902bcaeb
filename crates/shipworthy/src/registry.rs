//! Registries of images, after the distribution specification of the Open Container Initiative:
//! what is pushed to them, and what is pulled from them.
//!
//! **Invariant:** nothing that a registry says is trusted: every answer has a longest length, and
//! every blob that is pulled is held to its digest before it is used.
//!
//! Source: <https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md>.

mod challenge;
mod credentials;
mod http;
mod pull;
mod push;
mod reference;

use anyhow::{Context, Result};
use clap::Args;

use http::{Answer, Ask, Http, Right};
pub(crate) use reference::{Reference, is_digest};

/// How a registry is reached.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct RegistryArgs {
    /// Ask the registry over http, where others may read along; those on this machine always are.
    #[arg(long)]
    pub(crate) plain_http: bool,
}

/// One repository of a registry, and what of it is meant.
pub(crate) struct Registry {
    http: Http,
    reference: Reference,
}

/// The longest manifest or index: what registries take.
const MAX_MANIFEST_BYTES: u64 = 4 * 1024 * 1024;

/// Manifests and indexes that are understood.
const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, \
    application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.list.v2+json";

impl Registry {
    /// To read what a reference means.
    ///
    /// # Errors
    /// When the credentials for it cannot be read, or nobody's certificates are trusted.
    pub(crate) fn to_pull(reference: &Reference, args: RegistryArgs) -> Result<Self> {
        Self::new(reference, args, Right::Pull)
    }

    /// To write it.
    ///
    /// # Errors
    /// As [`Registry::to_pull`].
    pub(crate) fn to_push(reference: &Reference, args: RegistryArgs) -> Result<Self> {
        Self::new(reference, args, Right::Push)
    }

    fn new(reference: &Reference, args: RegistryArgs, right: Right) -> Result<Self> {
        let http = Http::new(reference, args.plain_http, right)?;
        Ok(Self { http, reference: reference.clone() })
    }

    /// A manifest or an index by its tag or digest, if it is there.
    fn manifest(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let mut ask = Ask::get(self.http.url(&["manifests", name]), MAX_MANIFEST_BYTES);
        ask.headers.push(("accept", MANIFESTS.to_owned()));
        let answer = self.http.ask(&ask)?;
        match answer.status {
            200 => Ok(Some(answer.body)),
            404 => Ok(None),
            _ => Err(self.refused(&answer, "to give a manifest")),
        }
    }

    /// What a registry says when it does not do something.
    fn refused(&self, answer: &Answer, what: &str) -> anyhow::Error {
        let host = self.reference.host();
        if answer.status == 403 {
            let who = self.http.who();
            let name = self.reference.repository();
            return anyhow::anyhow!(
                "the registry {host} does not let {who} {}: ask whoever keeps `{name}` there for the \
                 right to",
                self.http.right().about(name)
            );
        }
        anyhow::anyhow!("the registry {host} refused {what}: {}", answer.told())
    }
}

/// The tag under which registries without the API of referrers list what is attached to an image.
fn fallback_tag(digest: &str) -> String {
    digest.replace(':', "-")
}

/// An index, of which it is said whose it is when it cannot be read.
fn index(bytes: &[u8], whose: &str) -> Result<oci_spec::image::ImageIndex> {
    serde_json::from_slice(bytes).with_context(|| format!("{whose} is no image index"))
}

#[cfg(test)]
mod tests;
