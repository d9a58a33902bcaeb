//! Which key signs, and which keys count.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use shipworthy_control::models::Cause;
use shipworthy_control::plane::Signer;
use shipworthy_core::signing::{PublicKey, SigningKey};
use shipworthy_store::{Attribution, StateDir};

use crate::server::State;
use crate::system::System;
use crate::{input, output};

/// The key that signs.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SigningArgs {
    /// The private key that signs what is said about the release: Ed25519 in PEM. Else the one
    /// that the variable SHIPWORTHY_SIGNING_KEY holds, else the state directory's own.
    #[arg(long, value_name = "FILE", env = "SHIPWORTHY_SIGNING_KEY_FILE")]
    signing_key: Option<PathBuf>,
}

/// The keys that count.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct TrustArgs {
    /// Public keys in PEM, one after the other: no other key counts then, whatever the state
    /// directory says.
    #[arg(long, value_name = "FILE", env = "SHIPWORTHY_TRUSTED_KEYS")]
    trusted_keys: Option<PathBuf>,
}

/// Holds a private key in PEM: for pipelines, which have secrets but no files.
const VARIABLE: &str = "SHIPWORTHY_SIGNING_KEY";

/// Why the first key of a state directory is trusted.
const FIRST_KEY: &str = "the first key";

impl SigningArgs {
    /// The key to sign with. The first key of a state directory is trusted at once; one that
    /// comes later signs only after somebody has trusted it. `by` acts; without one it is whose
    /// token lies in the state directory.
    ///
    /// # Errors
    /// When what was given is no key, or the first one cannot be made.
    pub(crate) fn signer(
        &self,
        state: &State,
        by: Option<&Attribution>,
        system: &System,
    ) -> Result<SigningKey> {
        let key = match self.given()? {
            Some(key) => key,
            None => of_state(state, system)?,
        };
        let store = &state.shelf.store;
        if store.keys()?.is_empty() {
            let by = match by {
                Some(by) => Attribution::new(by.actor(), FIRST_KEY, system.clock.now())?,
                None => state.attribution(FIRST_KEY, system)?,
            };
            store.trust_key(&key.public(), &by)?;
            output::note(&format!("key {} signs the releases of this state", key.public().id()));
        }
        Ok(key)
    }
}

impl SigningArgs {
    /// The key that was given: in a file, or in a variable.
    fn given(&self) -> Result<Option<SigningKey>> {
        match (&self.signing_key, System::variable_as_set(VARIABLE)) {
            (Some(path), _) => read(path).map(Some),
            // A pipeline whose secret is missing must not go on with another key.
            (None, Some(pem)) if pem.trim().is_empty() => bail!(
                "{VARIABLE} is set, but empty: let it hold a private key in PEM, or unset it to sign \
                 with the state directory's own"
            ),
            (None, Some(pem)) => Ok(Some(SigningKey::from_pem(&pem).context(VARIABLE)?)),
            (None, None) => Ok(None),
        }
    }

    /// The key to sign with beside a server that holds the state directory.
    ///
    /// # Errors
    /// As [`signer`](Self::signer), and when there is none.
    pub(crate) fn beside(&self, directory: &StateDir) -> Result<SigningKey> {
        let key = self.given()?.map_or_else(|| directory.signing_key(), |key| Ok(Some(key)))?;
        key.with_context(|| {
            format!(
                "{} has no signing key: give one with --signing-key",
                directory.path().display()
            )
        })
    }

    /// Whether somebody asked for a key on the command line.
    pub(crate) const fn is_given(&self) -> bool {
        self.signing_key.is_some()
    }
}

/// Reads a private key.
pub(crate) fn read(path: &Path) -> Result<SigningKey> {
    SigningKey::from_pem(&input::text(path)?).with_context(|| path.display().to_string())
}

fn of_state(state: &State, system: &System) -> Result<SigningKey> {
    if let Some(key) = state.lock.dir().signing_key()? {
        return Ok(key);
    }
    if !state.shelf.store.keys()?.is_empty() {
        bail!(
            "the state directory has no key of its own, and trusts others: sign with one of those \
             (--signing-key), or make one with `shipworthy key rotate`"
        );
    }
    let key = fresh(system);
    state.lock.write_signing_key(&key)?;
    Ok(key)
}

/// A new private key.
pub(crate) fn fresh(system: &System) -> SigningKey {
    let mut random = [0; 32];
    system.entropy.fill(&mut random);
    SigningKey::from_random(&random)
}

/// The key of a server, found when it is first needed: one that says nothing about releases
/// needs none.
pub(crate) struct StateSigner {
    state: Arc<State>,
    signing: SigningArgs,
    system: System,
}

impl StateSigner {
    pub(crate) fn new(state: &Arc<State>, signing: SigningArgs, system: &System) -> Self {
        Self { state: Arc::clone(state), signing, system: system.clone() }
    }
}

impl Signer for StateSigner {
    fn key(&self) -> Result<SigningKey, Cause> {
        Ok(self.signing.signer(&self.state, None, &self.system)?)
    }
}

impl TrustArgs {
    /// The keys of the list, if one was given.
    ///
    /// # Errors
    /// When it cannot be read, or holds something else.
    pub(crate) fn trusted(&self) -> Result<Option<Arc<[PublicKey]>>> {
        let Some(path) = &self.trusted_keys else { return Ok(None) };
        let keys = PublicKey::all_from_pem(&input::text(path)?)
            .with_context(|| path.display().to_string())?;
        Ok(Some(keys.into()))
    }
}
