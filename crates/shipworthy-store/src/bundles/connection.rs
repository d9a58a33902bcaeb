//! An object store, waited for.

use std::{io, sync::Arc, thread};

use object_store::ObjectStore;
use tokio::runtime::{Builder, Runtime};

/// An object store, and the runtime that its work is done in.
#[derive(Debug)]
pub(super) struct Connection {
    store: Arc<dyn ObjectStore>,
    /// Kept between calls, as are the connections of a store on the network; `None` when dropped.
    runtime: Option<Runtime>,
}

impl Connection {
    pub(super) fn new(store: Arc<dyn ObjectStore>) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().thread_name("bundles").build()?;
        Ok(Self { store, runtime: Some(runtime) })
    }

    /// Waits until the store has done what it is asked, on a thread of its own: a thread of another
    /// runtime may not wait in this one, and whoever calls may be on one.
    pub(super) fn wait<T: Send>(
        &self,
        ask: impl AsyncFnOnce(&dyn ObjectStore) -> T + Send,
    ) -> io::Result<T> {
        let runtime = self.runtime.as_ref().expect("it is there until this is dropped");
        thread::scope(|scope| {
            let wait = || runtime.block_on(ask(self.store.as_ref()));
            let waiting =
                thread::Builder::new().name("bundles".into()).spawn_scoped(scope, wait)?;
            Ok(waiting.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        })
    }
}

impl Drop for Connection {
    /// A runtime waits for its threads when it is dropped, which not every caller may; these have
    /// nothing left to do.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
