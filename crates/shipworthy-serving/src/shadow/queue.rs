//! Where live requests leave what a shadow is to answer.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::sync::mpsc::{self, OwnedPermit, Receiver, Sender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::asked::Mirrored;
use super::share::Share;

/// The most requests that wait: a quarter of a second of a busy server.
const MAX_REQUESTS: usize = 8_192;

/// The most that they hold in memory, in bytes.
const MAX_BYTES: usize = 64 << 20;

/// A queue that never makes anybody wait: there is room in it, or there is not.
#[derive(Default)]
pub(crate) struct Queue {
    /// Of live requests, those that are to come here.
    pub(super) share: Share,
    /// Absent while nobody answers.
    open: ArcSwapOption<Open>,
}

struct Open {
    jobs: Sender<Mirrored>,
    bytes: Arc<Semaphore>,
}

/// A place in the queue, given back on drop.
pub(super) struct Room {
    pub(super) place: OwnedPermit<Mirrored>,
    pub(super) bytes: OwnedSemaphorePermit,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("is_open", &self.open.load().is_some()).finish()
    }
}

impl Queue {
    /// From now on there is room; what comes is received here.
    pub(super) fn open(&self) -> Receiver<Mirrored> {
        self.open_for(MAX_REQUESTS, MAX_BYTES)
    }

    pub(super) fn open_for(&self, requests: usize, bytes: usize) -> Receiver<Mirrored> {
        let (jobs, received) = mpsc::channel(requests);
        let bytes = Arc::new(Semaphore::new(bytes));
        self.open.store(Some(Arc::new(Open { jobs, bytes })));
        received
    }

    #[cfg(test)]
    pub(super) fn is_open(&self) -> bool {
        self.open.load().is_some()
    }

    /// From now on there is none. The receiver ends after what is in the queue.
    pub(super) fn close(&self) {
        self.open.store(None);
    }

    /// Room for a request that holds so many bytes, if there is any.
    pub(super) fn room(&self, bytes: usize) -> Option<Room> {
        let open = self.open.load();
        let open = open.as_ref()?;
        let bytes = u32::try_from(bytes).ok()?;
        let bytes = Arc::clone(&open.bytes).try_acquire_many_owned(bytes).ok()?;
        let place = open.jobs.clone().try_reserve_owned().ok()?;
        Some(Room { place, bytes })
    }
}
