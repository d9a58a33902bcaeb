//! The tokens in a state directory that no server holds.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use shipworthy_control::models::Trees;
use shipworthy_control::plane;
use shipworthy_control::project::LedgerSizes;
use shipworthy_store::{Attribution, Permission, Role, SqliteStore, StateLock, Store, Token};

use super::{Created, Listed, Shown};
use crate::client::{self, RemoteArgs};
use crate::server::{copy_events, settled};
use crate::system::System;

/// Control state, and who acts on it.
pub(super) struct Files<'a> {
    store: Arc<dyn Store>,
    actor: Token,
    system: &'a System,
    lock: StateLock,
}

impl<'a> Files<'a> {
    /// Opens the state, and finds who holds the token.
    ///
    /// The first token is never made here: `up` makes it, and leaves its secret where later
    /// commands find it.
    pub(super) fn open(lock: StateLock, remote: &RemoteArgs, system: &'a System) -> Result<Self> {
        let path = lock.dir().state_db();
        if !path.is_file() {
            bail!(
                "there are no tokens in {} yet; the first `shipworthy up PROJECT` makes an \
                 operator, who can make others",
                lock.dir().path().display()
            );
        }
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path)?);
        settled(&lock, &store, Arc::new(Trees))?;
        let secret = client::token(lock.dir(), remote)?;
        let actor = store.authenticate(&secret)?.context(
            "the token that this would act with does not live; give an operator's with --token or \
             SHIPWORTHY_TOKEN",
        )?;
        Ok(Self { store, actor, system, lock })
    }

    pub(super) fn create(&self, name: &str, role: Role, reason: &str) -> Result<Created> {
        let by = self.attribution(reason)?;
        let made = plane::create_token(&*self.store, &*self.system.entropy, (name, role), &by);
        let (token, secret) = made.map_err(with_hint)?;
        self.copy_events();
        let role = token.role.to_string();
        Ok(Created { name: token.name, role, secret: secret.reveal() })
    }

    pub(super) fn list(&self) -> Result<Listed> {
        self.require(Permission::Read)?;
        let tokens = self.store.tokens()?;
        Ok(Listed { tokens: tokens.into_iter().map(Shown::from).collect() })
    }

    pub(super) fn revoke(&self, name: &str, reason: &str) -> Result<Shown> {
        let by = self.attribution(reason)?;
        let revoked = plane::revoke_token(&*self.store, name, &by).map_err(with_hint)?;
        self.copy_events();
        Ok(revoked.into())
    }

    /// No project is known here, so the ledger's usual sizes stand in for those of its file: an
    /// entry of some hundred bytes may go beyond a smaller cap.
    fn copy_events(&self) {
        copy_events(&self.lock, &self.store, &LedgerSizes::default(), self.system);
    }

    fn attribution(&self, reason: &str) -> Result<Attribution> {
        self.require(Permission::Control)?;
        Ok(Attribution::new(&self.actor.name, reason, self.system.clock.now())?)
    }

    fn require(&self, permission: Permission) -> Result<()> {
        if self.actor.role.may(permission) {
            return Ok(());
        }
        bail!("`{}` is an {}, whose role may not do this", self.actor.name, self.actor.role)
    }
}

impl From<Token> for Shown {
    fn from(token: Token) -> Self {
        Self {
            name: token.name,
            role: token.role.to_string(),
            created_at: token.created_at.to_string(),
            revoked_at: token.revoked_at.map(|at| at.to_string()),
        }
    }
}

/// A refusal as a server would tell it.
fn with_hint(error: plane::Error) -> anyhow::Error {
    let told = format!("{error}\n  {}", error.hint());
    match std::error::Error::source(&error) {
        Some(_) => anyhow::Error::new(error),
        None => anyhow::anyhow!(told),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use shipworthy_core::{SeededEntropy, SimulatedClock};
    use shipworthy_rows::Timestamp;
    use shipworthy_store::{NewToken, Secret, StateDir};

    use super::*;
    use crate::client::TokenArgs;

    fn system() -> System {
        System {
            clock: Arc::new(SimulatedClock::at(Timestamp::from_millis(0))),
            entropy: Arc::new(SeededEntropy::new(7)),
        }
    }

    /// A state directory after its first `up`, and the lock of it.
    fn after_up() -> (tempfile::TempDir, StateLock) {
        let kept = tempfile::tempdir().unwrap();
        let lock = StateDir::open(kept.path()).unwrap().lock().unwrap();
        let secret = Secret::from_random([9; 32]);
        lock.write_token(&secret).unwrap();
        let store = SqliteStore::open(&lock.dir().state_db()).unwrap();
        let token = NewToken::new("operator", Role::Operator, &secret).unwrap();
        let by = Attribution::new("operator", "first start", Timestamp::from_millis(0)).unwrap();
        store.create_token(&token, &by).unwrap();
        (kept, lock)
    }

    fn with(token: &str) -> RemoteArgs {
        RemoteArgs { server: None, actor: TokenArgs { token: Some(token.to_owned()) } }
    }

    #[test]
    fn the_actor_is_the_token_in_the_state_directory() {
        let ((_kept, lock), system) = (after_up(), system());
        let files = Files::open(lock, &RemoteArgs::default(), &system).unwrap();
        let created = files.create("ci", Role::Auditor, "the nightly report").unwrap();
        assert_eq!(files.store.authenticate(&created.secret).unwrap().unwrap().name, "ci");
        let events = files.store.latest_events(None, 1).unwrap();
        assert_eq!((events[0].actor.as_str(), events[0].subject.as_str()), ("operator", "ci"));
        assert!(files.revoke("ci", "leaked").unwrap().revoked_at.is_some());
        assert_eq!(files.list().unwrap().tokens.len(), 2);
        let error = files.revoke("operator", "no more").unwrap_err().to_string();
        assert!(error.contains("last operator") && error.contains("make another"), "{error}");
    }

    #[test]
    fn who_may_only_read_makes_no_token() {
        let ((_kept, lock), system) = (after_up(), system());
        let files = Files::open(lock, &RemoteArgs::default(), &system).unwrap();
        let auditor = files.create("ana", Role::Auditor, "the audit").unwrap();
        let Files { lock, .. } = files;
        let files = Files::open(lock, &with(&auditor.secret), &system).unwrap();
        assert!(files.create("bob", Role::Operator, "why not").is_err());
        assert!(files.revoke("operator", "why not").is_err());
        assert!(files.list().is_ok());
    }

    #[test]
    fn without_a_living_token_nothing_is_done() {
        let ((_kept, lock), system) = (after_up(), system());
        let secret = Secret::from_random([1; 32]).reveal();
        assert!(Files::open(lock, &with(&secret), &system).is_err());
        let kept = tempfile::tempdir().unwrap();
        let lock = StateDir::open(kept.path()).unwrap().lock().unwrap();
        let database = lock.dir().state_db();
        let error = Files::open(lock, &with(&secret), &system).err().unwrap().to_string();
        assert!(error.contains("shipworthy up"), "{error}");
        assert!(!database.exists(), "nothing is made");
    }
}
