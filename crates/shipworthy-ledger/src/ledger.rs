//! The handle by which the server appends.
//!
//! What must hold: the future of an append resolves with a receipt only when the rows are durable.
//! Hashing and encoding happen here, on the caller's thread; the writer thread copies bytes.
//! The one bound on what waits is [`Options::queue_bytes`]: every submission holds that many
//! permits of a semaphore until it is answered.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, mpsc, oneshot, watch};

use crate::format::frame::Frame;
use crate::format::{MAX_GROUP_BYTES, segment};
use crate::record::{LogId, Record};
use crate::survey::Depth;
use crate::writer::Failure;

/// Limits of a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// A segment that would become longer than this is followed by a new one. In bytes; at least
    /// one group and a header.
    pub segment_bytes: u64,
    /// The cap on all segments together, in bytes. The ledger fails when the next group would pass
    /// it: an answer without its record is not an option, nor is filling the disk.
    pub max_bytes: u64,
    /// What is committed together at most, in bytes; also the longest request. At most
    /// [`MAX_GROUP_BYTES`].
    pub max_group_bytes: usize,
    /// What may wait to be durable, in bytes, the group in the making included; at least one
    /// group. With more, [`Ledger::try_append`] sheds and [`Ledger::append`] waits.
    pub queue_bytes: usize,
    /// How much is checked when the ledger is opened.
    pub depth: Depth,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            segment_bytes: 256 << 20,
            max_bytes: 64 << 30,
            max_group_bytes: 8 << 20,
            queue_bytes: 32 << 20,
            depth: Depth::EverySegment,
        }
    }
}

/// Options that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// The group is too big for the format, or too small for any row.
    #[error("max_group_bytes is {found}, but must be between 1024 and {MAX_GROUP_BYTES}")]
    GroupBytes {
        /// The value.
        found: usize,
    },
    /// A group must fit into a segment.
    #[error("segment_bytes is {found}, but must hold a group: at least {least}")]
    SegmentBytes {
        /// The value.
        found: u64,
        /// The least that goes with the other options.
        least: u64,
    },
    /// A group must fit into the queue.
    #[error("queue_bytes is {found}, but must hold a group: at least {least}")]
    QueueBytes {
        /// The value.
        found: usize,
        /// The least that goes with the other options.
        least: usize,
    },
}

impl Options {
    pub(crate) fn check(&self) -> Result<(), OptionsError> {
        if !(1024..=MAX_GROUP_BYTES).contains(&self.max_group_bytes) {
            return Err(OptionsError::GroupBytes { found: self.max_group_bytes });
        }
        let least = (self.max_group_bytes + segment::HEADER_BYTES) as u64;
        if self.segment_bytes < least {
            return Err(OptionsError::SegmentBytes { found: self.segment_bytes, least });
        }
        if !(self.max_group_bytes..=Semaphore::MAX_PERMITS).contains(&self.queue_bytes) {
            let least = self.max_group_bytes;
            return Err(OptionsError::QueueBytes { found: self.queue_bytes, least });
        }
        Ok(())
    }
}

/// Proof that an append is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Sequence of the first record.
    pub first_sequence: u64,
    /// Number of records; their sequences follow one another.
    pub count: u32,
}

/// The end of what is durable. Everything before it may be read, nothing behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermark {
    /// The first sequence of the last segment, which is its name.
    pub segment: u64,
    /// The length of its durable part in bytes.
    pub offset: u64,
    /// The sequence of the next row: the rows before it are durable.
    pub sequence: u64,
}

/// Whether the ledger takes records.
#[derive(Debug, Clone)]
pub enum Health {
    /// It does.
    Healthy,
    /// It never will again: restart, after the cause is gone.
    Failed(Arc<Failure>),
    /// It was closed in order.
    Closed,
}

/// Why an append did not become durable, as far as is known.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// No record was given.
    #[error("an append needs at least one record")]
    Empty,
    /// The records are longer than a commit group may be.
    #[error("the records are longer than {limit_bytes} bytes, the limit of one append")]
    TooLong {
        /// The limit, [`Options::max_group_bytes`].
        limit_bytes: usize,
    },
    /// Too much waits already; try again later.
    #[error("the ledger's queue of {queue_bytes} bytes is full")]
    QueueFull {
        /// The limit, [`Options::queue_bytes`].
        queue_bytes: usize,
    },
    /// The ledger has failed. If that happened after the records were submitted, they may be in
    /// the log after a restart or not.
    #[error("the ledger has failed")]
    Failed(#[source] Arc<Failure>),
    /// The ledger was closed.
    #[error("the ledger is closed")]
    Closed,
}

/// What the handles and the writer share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) log_id: LogId,
    pub(crate) max_group_bytes: usize,
    pub(crate) queue_bytes: usize,
    /// One permit per byte that waits.
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) failure: OnceLock<Arc<Failure>>,
    pub(crate) health: watch::Sender<Health>,
    pub(crate) watermark: watch::Sender<Watermark>,
}

impl Shared {
    /// Why nothing is taken any more.
    pub(crate) fn refusal(&self) -> AppendError {
        match self.failure.get() {
            Some(failure) => AppendError::Failed(Arc::clone(failure)),
            None => AppendError::Closed,
        }
    }
}

/// What the writer receives.
#[derive(Debug)]
pub(crate) enum Message {
    Frame(Submission),
    Close,
}

/// A frame that waits to be durable.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) frame: Frame,
    pub(crate) reply: oneshot::Sender<Result<Receipt, AppendError>>,
    /// Released when the submission is answered.
    pub(crate) _permit: OwnedSemaphorePermit,
}

/// A handle to the ledger; clones are handles to the same one.
#[derive(Debug, Clone)]
pub struct Ledger {
    shared: Arc<Shared>,
    queue: mpsc::UnboundedSender<Message>,
}

impl Ledger {
    pub(crate) fn new(shared: Arc<Shared>, queue: mpsc::UnboundedSender<Message>) -> Ledger {
        Ledger { shared, queue }
    }

    /// Appends `records` as one frame: all of them or none become durable, with consecutive
    /// sequences. Waits while the queue is full. Hashes the payloads on the calling thread
    /// (about 1 µs per KiB).
    ///
    /// A caller that drops the future does not take the records back.
    ///
    /// # Errors
    /// See [`AppendError`]; all but [`AppendError::QueueFull`] can happen.
    pub async fn append(&self, records: Vec<Record>) -> Result<Receipt, AppendError> {
        let (bytes, permits) = self.measure(&records)?;
        let acquired = Arc::clone(&self.shared.permits).acquire_many_owned(permits).await;
        let permit = acquired.map_err(|_| self.shared.refusal())?;
        self.submit(&records, bytes, permit)?.await
    }

    /// As [`Ledger::append`], but refuses at once when the queue is full, before it hashes anything.
    /// The records are queued when this returns; the future says when they are durable.
    ///
    /// # Errors
    /// See [`AppendError`].
    pub fn try_append<P: AsRef<[u8]>>(
        &self,
        records: &[Record<P>],
    ) -> Result<Pending, AppendError> {
        let (bytes, permits) = self.measure(records)?;
        let permit =
            Arc::clone(&self.shared.permits).try_acquire_many_owned(permits).map_err(|error| {
                match error {
                    TryAcquireError::NoPermits => {
                        AppendError::QueueFull { queue_bytes: self.shared.queue_bytes }
                    }
                    TryAcquireError::Closed => self.shared.refusal(),
                }
            })?;
        self.submit(records, bytes, permit)
    }

    /// Encodes and hashes `records`, which is the work of an append, and holds up nobody: a thread
    /// that comes to run when nothing else does may do this, and an ordinary one append the result.
    ///
    /// # Errors
    /// When there are none, they are too long, or the ledger has failed.
    pub fn seal<P: AsRef<[u8]>>(&self, records: &[Record<P>]) -> Result<Sealed, AppendError> {
        let (bytes, permits) = self.measure(records)?;
        Ok(Sealed { frame: Frame::encode(&self.shared.log_id, records, bytes), permits })
    }

    /// As [`Ledger::append`], of records that this ledger sealed.
    ///
    /// # Errors
    /// As [`Ledger::append`].
    pub async fn append_sealed(&self, sealed: Sealed) -> Result<Receipt, AppendError> {
        let Sealed { frame, permits } = sealed;
        let acquired = Arc::clone(&self.shared.permits).acquire_many_owned(permits).await;
        self.enqueue(frame, acquired.map_err(|_| self.shared.refusal())?)?.await
    }

    /// The end of what is durable. A receipt's rows are before it.
    pub fn watermark(&self) -> Watermark {
        *self.shared.watermark.borrow()
    }

    /// Follows the watermark.
    pub fn watch_watermark(&self) -> watch::Receiver<Watermark> {
        self.shared.watermark.subscribe()
    }

    /// Follows the health, by which the server goes unready.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.shared.health.subscribe()
    }

    /// The id of the log.
    pub fn log_id(&self) -> LogId {
        self.shared.log_id
    }

    /// Refuses new records from now on; the writer commits what is queued, and returns.
    pub fn close(&self) {
        self.shared.permits.close();
        // An error means that the writer is gone already.
        let _ = self.queue.send(Message::Close);
    }

    /// The encoded length of `records`, and the permits that it needs.
    fn measure<P: AsRef<[u8]>>(&self, records: &[Record<P>]) -> Result<(usize, u32), AppendError> {
        if let Some(failure) = self.shared.failure.get() {
            return Err(AppendError::Failed(Arc::clone(failure)));
        }
        if records.is_empty() {
            return Err(AppendError::Empty);
        }
        let limit_bytes = self.shared.max_group_bytes;
        let bytes = Frame::encoded_bytes(records).filter(|bytes| *bytes <= limit_bytes);
        let bytes = bytes.ok_or(AppendError::TooLong { limit_bytes })?;
        let permits = u32::try_from(bytes).expect("at most MAX_GROUP_BYTES");
        Ok((bytes, permits))
    }

    fn submit<P: AsRef<[u8]>>(
        &self,
        records: &[Record<P>],
        bytes: usize,
        permit: OwnedSemaphorePermit,
    ) -> Result<Pending, AppendError> {
        self.enqueue(Frame::encode(&self.shared.log_id, records, bytes), permit)
    }

    fn enqueue(&self, frame: Frame, permit: OwnedSemaphorePermit) -> Result<Pending, AppendError> {
        let (reply, answer) = oneshot::channel();
        let submission = Submission { frame, reply, _permit: permit };
        self.queue.send(Message::Frame(submission)).map_err(|_| self.shared.refusal())?;
        Ok(Pending { answer, shared: Arc::clone(&self.shared) })
    }
}

/// Records that are encoded and hashed, and not yet appended.
#[derive(Debug)]
pub struct Sealed {
    frame: Frame,
    permits: u32,
}

/// An append on its way; resolves when it is durable or never will be.
#[derive(Debug)]
#[must_use = "the records are durable only when this resolves"]
pub struct Pending {
    answer: oneshot::Receiver<Result<Receipt, AppendError>>,
    shared: Arc<Shared>,
}

impl Pending {
    /// Blocks this thread until the records are durable, for those who have no runtime. To be
    /// called outside of one, or on a thread of it that may block.
    ///
    /// # Errors
    /// See [`AppendError`]; what it says of [`Ledger::append`] holds.
    pub fn wait(self) -> Result<Receipt, AppendError> {
        self.answer.blocking_recv().unwrap_or_else(|_| Err(self.shared.refusal()))
    }
}

impl Future for Pending {
    type Output = Result<Receipt, AppendError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // An error means that the writer is gone.
        let answer = Pin::new(&mut self.answer).poll(context);
        answer.map(|answer| answer.unwrap_or_else(|_| Err(self.shared.refusal())))
    }
}
