//! Who may call models, by the tokens in the store.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use shipworthy_serving::{Callers, Doorkeeper};
use shipworthy_store::{Permission, Role, Secret, Store};

/// The most tokens that are remembered for the time when the store is away.
const MAX_REMEMBERED: usize = 4_096;

/// Who is let in at an address: on a loopback address every local process may call.
pub(super) fn at(address: SocketAddr, store: &Arc<dyn Store>) -> Doorkeeper {
    let callers = Arc::new(TokenCallers::new(Arc::clone(store)));
    Doorkeeper { callers, is_open: address.ip().is_loopback() }
}

/// Asks the store, and remembers its answers: when it is away, those who could call still can.
struct TokenCallers {
    store: Arc<dyn Store>,
    remembered: Mutex<HashMap<[u8; 32], Role>>,
}

impl TokenCallers {
    fn new(store: Arc<dyn Store>) -> Self {
        Self { store, remembered: Mutex::default() }
    }

    /// The role of a token; `None` when there is no such token.
    fn role(&self, token: &str) -> Option<Role> {
        let digest = Secret::parse(token).ok()?.digest();
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        match self.store.authenticate(token) {
            Ok(found) => {
                let role = found.map(|token| token.role);
                match role {
                    Some(role) if remembered.len() < MAX_REMEMBERED => {
                        remembered.insert(digest, role);
                    }
                    _ => {
                        remembered.remove(&digest);
                    }
                }
                role
            }
            Err(error) => {
                tracing::warn!(%error, "the store is away; going by what it said last");
                remembered.get(&digest).copied()
            }
        }
    }
}

impl Callers for TokenCallers {
    fn may_call(&self, token: &str) -> Option<bool> {
        Some(self.role(token)?.may(Permission::Call))
    }

    fn may_choose(&self, token: &str) -> bool {
        self.role(token).is_some_and(|role| role.may(Permission::Control))
    }
}
