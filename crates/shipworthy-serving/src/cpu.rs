//! The one door for work that would hold up a worker.

use tokio::sync::Semaphore;

/// Bodies up to this length are worked on at once: about 100 rows, well under 500 µs.
pub(crate) const INLINE_BODY_BYTES: usize = 32 * 1024;

/// Lets long work in, a bounded number at a time.
#[derive(Debug)]
pub(crate) struct CpuDoor {
    permits: Semaphore,
}

/// The work panicked or the runtime is going away.
#[derive(Debug, thiserror::Error)]
#[error("the work was not finished")]
pub(crate) struct Unfinished;

impl CpuDoor {
    /// A door for as many jobs at a time as there are cores.
    pub(crate) fn new(cores: usize) -> Self {
        Self { permits: Semaphore::new(cores.max(1)) }
    }

    /// Runs `work` on `body_bytes` of input: here when it is short, else on a thread that may
    /// block, waiting for a place first.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        body_bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unfinished> {
        if body_bytes <= INLINE_BODY_BYTES {
            return Ok(work());
        }
        let _permit = self.permits.acquire().await.map_err(|_| Unfinished)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| Unfinished)
    }
}
