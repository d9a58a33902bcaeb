//! Who may call models, by the tokens in the store.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use shipworthy_serving::Callers;
use shipworthy_store::{Permission, Secret, Store};

/// The most tokens that are remembered for the time when the store is away.
const MAX_REMEMBERED: usize = 4_096;

/// Who may call at an address: on a loopback address every local process, so nobody is asked.
pub(super) fn at(address: SocketAddr, store: &Arc<dyn Store>) -> Option<Arc<dyn Callers>> {
    if address.ip().is_loopback() {
        return None;
    }
    Some(Arc::new(TokenCallers::new(Arc::clone(store))))
}

/// Asks the store, and remembers its answers: when it is away, those who could call still can.
struct TokenCallers {
    store: Arc<dyn Store>,
    remembered: Mutex<HashMap<[u8; 32], bool>>,
}

impl TokenCallers {
    fn new(store: Arc<dyn Store>) -> Self {
        Self { store, remembered: Mutex::default() }
    }
}

impl Callers for TokenCallers {
    fn may_call(&self, token: &str) -> Option<bool> {
        let digest = Secret::parse(token).ok()?.digest();
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        match self.store.authenticate(token) {
            Ok(found) => {
                let may = found.map(|token| token.role.may(Permission::Call));
                match may {
                    Some(may) if remembered.len() < MAX_REMEMBERED => {
                        remembered.insert(digest, may);
                    }
                    _ => {
                        remembered.remove(&digest);
                    }
                }
                may
            }
            Err(error) => {
                tracing::warn!(%error, "the store is away; going by what it said last");
                remembered.get(&digest).copied()
            }
        }
    }
}
