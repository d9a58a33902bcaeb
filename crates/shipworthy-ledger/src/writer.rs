//! The one thread that writes: group commit.
//!
//! It takes everything that is queued, gives it sequences, makes one write and one sync, then
//! answers all. While it waits for the disk the next group gathers, so the slower the disk, the
//! bigger the groups.
//!
//! What must hold:
//!
//! - A receipt is sent after the sync that covers it returned `Ok`, and the watermark moves before
//!   the receipts are sent.
//! - After a failed operation nothing is written again, ever: what a failed sync left on the disk is
//!   unknown, and a later sync that succeeds says nothing about it. The ledger is failed, all who
//!   wait are told, and only opening it again (which reads what is really there) helps.

use std::io;
use std::sync::{Arc, OnceLock};

use tokio::sync::{Semaphore, mpsc, watch};

use crate::disk::Disk;
use crate::format::Group;
use crate::format::frame::Place;
use crate::format::segment::{self, SegmentHeader};
use crate::ledger::{
    AppendError, Health, Ledger, Message, Options, Receipt, Shared, Submission, Watermark,
};
use crate::record::LogId;
use crate::tail::Tail;

/// Why a ledger failed, for good.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The declared cap is reached.
    #[error("the ledger has reached its cap: {total_bytes} bytes of max_bytes = {max_bytes}")]
    CapReached {
        /// [`Options::max_bytes`].
        max_bytes: u64,
        /// What the segments hold.
        total_bytes: u64,
    },
    /// The disk is full.
    #[error("no space is left on the disk for {file}")]
    DiskFull {
        /// The segment file.
        file: String,
        /// What the disk said.
        #[source]
        source: io::Error,
    },
    /// A segment could not be created.
    #[error("cannot create {file}")]
    Create {
        /// The segment file.
        file: String,
        /// What the disk said.
        #[source]
        source: io::Error,
    },
    /// A write failed.
    #[error("cannot write to {file} at offset {offset}")]
    Write {
        /// The segment file.
        file: String,
        /// Where, in bytes.
        offset: u64,
        /// What the disk said.
        #[source]
        source: io::Error,
    },
    /// A sync failed: what is on the disk is unknown.
    #[error("cannot make {file} durable from offset {offset} on")]
    Sync {
        /// The segment file.
        file: String,
        /// From where on, in bytes.
        offset: u64,
        /// What the disk said.
        #[source]
        source: io::Error,
    },
    /// The writer ended without being closed.
    #[error("the ledger's writer has ended unexpectedly")]
    WriterEnded,
}

impl Failure {
    /// `otherwise`, unless `source` says that the disk is full.
    fn from_disk(
        file: String,
        source: io::Error,
        otherwise: impl FnOnce(String, io::Error) -> Failure,
    ) -> Failure {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Failure::DiskFull { file, source }
            }
            _ => otherwise(file, source),
        }
    }
}

/// Where recovery lets the writer begin.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) log_id: LogId,
    pub(crate) tail: Tail,
    pub(crate) next_sequence: u64,
    pub(crate) next_group: u64,
    pub(crate) total_bytes: u64,
    pub(crate) segments: usize,
}

/// Commits what the handles submit; see the module.
#[derive(Debug)]
pub struct Writer {
    disk: Arc<dyn Disk>,
    shared: Arc<Shared>,
    queue: mpsc::UnboundedReceiver<Message>,
    options: Options,
    tail: Tail,
    next_sequence: u64,
    next_group: u64,
    total_bytes: u64,
    /// The group in the making, and its bytes; both kept for their memory.
    group: Vec<Submission>,
    bytes: Vec<u8>,
    /// A submission that did not fit into the last group.
    held: Option<Submission>,
    /// Whether the end is in order.
    closed: bool,
}

impl Writer {
    pub(crate) fn new(disk: Arc<dyn Disk>, options: Options, start: Start) -> (Ledger, Writer) {
        let (sender, queue) = mpsc::unbounded_channel();
        let watermark = Watermark {
            segment: start.tail.first_sequence(),
            offset: start.tail.bytes(),
            sequence: start.next_sequence,
        };
        let shared = Arc::new(Shared {
            log_id: start.log_id,
            max_group_bytes: options.max_group_bytes,
            queue_bytes: options.queue_bytes,
            permits: Arc::new(Semaphore::new(options.queue_bytes)),
            failure: OnceLock::new(),
            health: watch::Sender::new(Health::Healthy),
            watermark: watch::Sender::new(watermark),
        });
        let writer = Writer {
            disk,
            shared: Arc::clone(&shared),
            queue,
            options,
            tail: start.tail,
            next_sequence: start.next_sequence,
            next_group: start.next_group,
            total_bytes: start.total_bytes,
            group: Vec::new(),
            bytes: Vec::new(),
            held: None,
            closed: false,
        };
        (Ledger::new(shared, sender), writer)
    }

    /// Commits until the ledger is closed, all its handles are dropped, or it fails; what is queued
    /// by then is committed (or told of the failure). Blocks: give it a thread of its own, outside
    /// of any async runtime.
    pub fn run(mut self) {
        while self.wait() && self.commit_queued() {}
    }

    /// Commits one group of what is queued, without waiting for more. Returns whether the ledger
    /// can go on; with an empty queue nothing happens. [`Writer::run`] is made of this; tests that
    /// must be deterministic call it themselves.
    pub fn commit_queued(&mut self) -> bool {
        let length = self.gather();
        if self.group.is_empty() {
            return !self.closed;
        }
        match self.commit(length) {
            Ok(()) => {
                self.acknowledge();
                self.tail.forget();
                true
            }
            Err(failure) => {
                self.fail(failure);
                false
            }
        }
    }

    /// Waits for a submission; `false` when there will be none.
    fn wait(&mut self) -> bool {
        if self.held.is_none() {
            match self.queue.blocking_recv() {
                Some(message) => self.take(message),
                None => self.closed = true,
            }
        }
        self.held.is_some() || !self.closed
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Frame(submission) => self.held = Some(submission),
            // What was sent before this is still received.
            Message::Close => self.queue.close(),
        }
    }

    /// Moves what is queued into the group, as much as fits; returns its length in bytes.
    fn gather(&mut self) -> u64 {
        let mut length = 0;
        loop {
            if self.held.is_none() {
                match self.queue.try_recv() {
                    Ok(message) => self.take(message),
                    Err(mpsc::error::TryRecvError::Empty) => break,
                    Err(mpsc::error::TryRecvError::Disconnected) => {
                        self.closed = true;
                        break;
                    }
                }
            }
            let Some(submission) = self.held.take() else {
                continue;
            };
            let with_it = length + submission.frame.bytes().len();
            if with_it > self.options.max_group_bytes {
                self.held = Some(submission);
                break;
            }
            length = with_it;
            self.group.push(submission);
        }
        length as u64
    }

    fn commit(&mut self, length: u64) -> Result<(), Failure> {
        self.make_room(length)?;
        let next_sequence = self.assemble(length);
        let offset = self.tail.bytes();
        self.tail.write(&self.bytes).map_err(|source| {
            Failure::from_disk(self.tail.name(), source, |file, source| Failure::Write {
                file,
                offset,
                source,
            })
        })?;
        self.tail.sync(length).map_err(|source| {
            Failure::from_disk(self.tail.name(), source, |file, source| Failure::Sync {
                file,
                offset,
                source,
            })
        })?;
        self.total_bytes += length;
        self.next_sequence = next_sequence;
        self.next_group += 1;
        Ok(())
    }

    /// Makes sure that `length` bytes may be written to the tail: within the cap, and in a new
    /// segment if the last is full.
    fn make_room(&mut self, length: u64) -> Result<(), Failure> {
        let is_full = self.tail.bytes().saturating_add(length) > self.options.segment_bytes;
        let rolls = is_full && !self.tail.is_empty();
        let needed = length + if rolls { segment::HEADER_BYTES as u64 } else { 0 };
        let max_bytes = self.options.max_bytes;
        if self.total_bytes.saturating_add(needed) > max_bytes {
            return Err(Failure::CapReached { max_bytes, total_bytes: self.total_bytes });
        }
        if !rolls {
            return Ok(());
        }
        let header = SegmentHeader {
            log_id: self.shared.log_id,
            first_sequence: self.next_sequence,
            first_group: self.next_group,
        };
        self.tail = Tail::create(&*self.disk, &header).map_err(|source| {
            let file = segment::file_name(header.first_sequence);
            Failure::from_disk(file, source, |file, source| Failure::Create { file, source })
        })?;
        self.total_bytes += self.tail.bytes();
        Ok(())
    }

    /// Gives every frame its place and lines up their bytes; returns the sequence behind them.
    fn assemble(&mut self, length: u64) -> u64 {
        let start = self.tail.bytes();
        let group = Group { number: self.next_group, start, length };
        let mut first_sequence = self.next_sequence;
        self.bytes.clear();
        for submission in &mut self.group {
            let offset = start + self.bytes.len() as u64;
            submission.frame.place(&Place { first_sequence, group, offset });
            self.bytes.extend_from_slice(submission.frame.bytes());
            first_sequence += u64::from(submission.frame.rows());
        }
        first_sequence
    }

    fn acknowledge(&mut self) {
        let watermark = Watermark {
            segment: self.tail.first_sequence(),
            offset: self.tail.bytes(),
            sequence: self.next_sequence,
        };
        self.shared.watermark.send_replace(watermark);
        let counts = self.group.iter().map(|submission| u64::from(submission.frame.rows()));
        let mut first_sequence = self.next_sequence - counts.sum::<u64>();
        for submission in self.group.drain(..) {
            let count = submission.frame.rows();
            // An error means that nobody waits any more.
            let _ = submission.reply.send(Ok(Receipt { first_sequence, count }));
            first_sequence += u64::from(count);
        }
    }

    /// Makes the ledger failed and tells everyone.
    fn fail(&mut self, failure: Failure) {
        let failure = Arc::clone(self.shared.failure.get_or_init(|| Arc::new(failure)));
        self.shared.health.send_replace(Health::Failed(failure));
        self.refuse_all();
    }

    /// Takes nothing any more, and tells those who wait why.
    fn refuse_all(&mut self) {
        self.shared.permits.close();
        self.queue.close();
        let mut waiting: Vec<Submission> = self.group.drain(..).chain(self.held.take()).collect();
        while let Ok(message) = self.queue.try_recv() {
            if let Message::Frame(submission) = message {
                waiting.push(submission);
            }
        }
        let refusal: AppendError = self.shared.refusal();
        for submission in waiting {
            let _ = submission.reply.send(Err(refusal.clone()));
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.shared.failure.get().is_some() {
            return; // told already
        }
        if self.closed {
            self.shared.health.send_replace(Health::Closed);
            self.refuse_all();
        } else {
            self.fail(Failure::WriterEnded);
        }
    }
}
