//! The state directory of a server, and who acts in it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use shipworthy_control::models::Models;
use shipworthy_control::release::Shelf;
use shipworthy_store::{
    Attribution, Bundles, NewToken, Role, Secret, SqliteStore, StateDir, StateLock, Store, Token,
};

use crate::system::System;

/// The name of the first token: whoever can read the state directory.
const FIRST_TOKEN: &str = "operator";

/// A state directory that nobody else writes.
pub(crate) struct State {
    pub(crate) lock: StateLock,
    pub(crate) shelf: Shelf,
    /// Whose token lies in the state directory; `None` when it was revoked or taken away.
    pub(crate) local: Option<Token>,
}

impl State {
    /// Takes a state directory, making what is missing; `models` loads the models in it.
    pub(crate) fn open(path: &Path, models: Arc<dyn Models>, system: &System) -> Result<Self> {
        let directory = StateDir::open(path)?;
        let lock = directory.lock()?;
        keep_out_of_git(path)?;
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&directory.state_db())?);
        let shelf = settled(&lock, &store, models)?;
        if store.tokens()?.is_empty() {
            first_token(&lock, store.as_ref(), system)?;
        }
        let local = match directory.token()? {
            Some(secret) => store.authenticate(&secret.reveal())?,
            None => None,
        };
        Ok(Self { lock, shelf, local })
    }

    /// Says that the holder of the state directory's token does something, and why.
    pub(crate) fn attribution(&self, reason: &str, system: &System) -> Result<Attribution> {
        let actor = self.local.as_ref().context(
            "this needs an actor, but the token in the state directory is missing or revoked; \
             put a live operator's token into its file `token`",
        )?;
        Ok(Attribution::new(&actor.name, reason, system.clock.now())?)
    }
}

/// Writes the first token's secret before it is known to the store: after a crash between the
/// two, the next start goes on with the same secret.
fn first_token(lock: &StateLock, store: &dyn Store, system: &System) -> Result<()> {
    let secret = if let Some(secret) = lock.dir().token()? {
        secret
    } else {
        let mut random = [0; 32];
        system.entropy.fill(&mut random);
        let secret = Secret::from_random(random);
        lock.write_token(&secret)?;
        secret
    };
    let token = NewToken::new(FIRST_TOKEN, Role::Operator, &secret)?;
    let attribution = Attribution::new(FIRST_TOKEN, "first start", system.clock.now())?;
    store.create_token(&token, &attribution)?;
    Ok(())
}

/// The releases of a locked state directory, once what a crash interrupted is brought to its end:
/// before anything else is recorded, for its event is the last.
pub(crate) fn settled(
    lock: &StateLock,
    store: &Arc<dyn Store>,
    models: Arc<dyn Models>,
) -> Result<Shelf> {
    let bundles = Arc::new(Bundles::open(lock)?);
    let shelf = Shelf { store: Arc::clone(store), bundles, models, trusted: None };
    shelf.settle()?;
    settle_signing_key(lock, store.as_ref())?;
    Ok(shelf)
}

/// A key that was to take the signing key's place does so if it was trusted before the crash.
fn settle_signing_key(lock: &StateLock, store: &dyn Store) -> Result<()> {
    let keys = store.keys()?;
    let is_trusted = |id: &str| keys.iter().any(|key| key.is_live() && key.public.id() == id);
    Ok(lock.settle_signing_key(is_trusted)?)
}

/// What git is told about a state directory.
const IGNORE_ALL: &[u8] = b"*\n";

/// Keeps a state directory that is there out of git: state is no source, and would make every tree
/// dirty. Asked before git is: a process that was killed may have left the directory without the
/// file, or with a part of it.
pub(crate) fn keep_out_of_git(path: &Path) -> Result<()> {
    let ignore = path.join(".gitignore");
    let is_whole = std::fs::read(&ignore)
        .is_ok_and(|found| found == IGNORE_ALL || !IGNORE_ALL.starts_with(&found));
    if is_whole || !path.is_dir() {
        return Ok(());
    }
    std::fs::write(&ignore, IGNORE_ALL)
        .with_context(|| format!("cannot write {}", ignore.display()))
}
