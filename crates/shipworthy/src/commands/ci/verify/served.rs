//! A release as a server tells of it, held to its id and its signatures.

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use shipworthy_core::attestation::{Attested, Statement};
use shipworthy_core::signing::PublicKey;
use shipworthy_core::{ReleaseId, canonical};

use crate::client::{Client, segment};

/// A release that a server has.
pub(super) struct Served {
    pub(super) id: ReleaseId,
    pub(super) unreproducible: Option<String>,
    pub(super) commit: Option<String>,
    /// What is said about it and counts, oldest first.
    pub(super) said: Vec<Attested>,
}

/// As the control plane tells of it.
#[derive(Deserialize)]
pub(super) struct Shown {
    unreproducible_reason: Option<String>,
    manifest: Box<RawValue>,
    statements: Vec<ShownStatement>,
}

#[derive(Deserialize)]
struct ShownStatement {
    #[serde(rename = "type")]
    predicate_type: String,
    key: String,
    predicate: Value,
    envelope: Box<RawValue>,
}

/// What a manifest says of its commit, whichever build wrote it.
#[derive(Deserialize)]
struct Tied {
    commit: Option<String>,
}

impl Served {
    /// Asks a server for a release.
    ///
    /// # Errors
    /// When it does not answer, or tells of another release than its id stands for.
    pub(super) fn ask(
        client: &Client,
        id: ReleaseId,
        trusted: Option<&[PublicKey]>,
    ) -> Result<Self> {
        let shown: Shown = client.get(&format!("/v1/releases/{}", segment(id.as_str())))?;
        Self::checked(id, shown, trusted)
    }

    /// Holds what was told to the id; and to the keys, where some are given. Without them it is the
    /// server's word that a statement counts.
    ///
    /// # Errors
    /// When the manifest is another release's.
    pub(super) fn checked(
        id: ReleaseId,
        shown: Shown,
        trusted: Option<&[PublicKey]>,
    ) -> Result<Self> {
        let Shown { unreproducible_reason, manifest, statements } = shown;
        let found = canonical::sha256_hex(manifest.get().as_bytes());
        if found != id.hex() {
            bail!(
                "the server tells of another release than {id}: its manifest has the digest {found}"
            );
        }
        let Tied { commit } = serde_json::from_str(manifest.get())?;
        let said = statements.into_iter().filter_map(|told| told.counted(&id, trusted));
        let said = said.collect();
        Ok(Self { id, unreproducible: unreproducible_reason, commit, said })
    }

    /// The last statement of a type.
    pub(super) fn newest(&self, predicate_type: &str) -> Option<&Attested> {
        self.said.iter().rev().find(|said| said.statement.predicate_type == predicate_type)
    }
}

impl ShownStatement {
    fn counted(self, id: &ReleaseId, trusted: Option<&[PublicKey]>) -> Option<Attested> {
        let Self { predicate_type, key, predicate, envelope } = self;
        let Some(trusted) = trusted else {
            let statement = Statement { predicate_type, predicate };
            return Some(Attested { statement, key_id: key });
        };
        let known = |key: &str| trusted.iter().find(|known| known.id() == key).cloned();
        Statement::verify(envelope.get(), id, known).ok()
    }
}
