//! The outbox: a copy of every control action in the ledger, exactly once.
//!
//! Control state is the truth about what was done; the ledger shows that nobody rewrote it since.
//! An event is copied soon after it was recorded, in the order of the events.
//!
//! **Invariant:** an event has one entry, whatever the moment of a crash. Before events are
//! appended, the store notes which ones and from which sequence on their entries will be; they go
//! into the ledger as one frame, whole or not at all; then the store notes that they are there. A
//! start that finds the first note without the second looks through what was written in between,
//! and through no more. Only a ledger that the store does not know, or one that is shorter than
//! it was, is looked through from its beginning.

mod compared;
mod entry;
mod found;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use shipworthy_core::Entropy;
use shipworthy_ledger::{AppendError, Disk, Ledger, ReadError, Reader, Record};
use shipworthy_store::store::MAX_PAGE_ROWS;
use shipworthy_store::{Event, OutboxPosition, Store, store};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

pub use compared::{Edited, compare, events_about};
pub use entry::{RecordedEvent, entry_id};
use found::Found;

/// Payloads that go into one append, in bytes, if more than one event does: far below the least
/// limit of a group.
const APPEND_BYTES: usize = 256 << 10;

/// Flushes that may wait to be answered; more wait to be asked.
const MAX_FLUSHES: usize = 16;

/// What comes from outside.
#[derive(Clone)]
pub struct Ports {
    /// Where events are recorded.
    pub store: Arc<dyn Store>,
    /// Where they are copied to.
    pub ledger: Ledger,
    /// Where the ledger's segments are.
    pub disk: Arc<dyn Disk>,
    /// Salts.
    pub entropy: Arc<dyn Entropy>,
}

/// How events are copied.
#[derive(Clone, Debug)]
pub struct Options {
    /// How often the store is asked for new events, which costs microseconds: the longest that one
    /// waits. A wake-up by who records would be sooner, and could be forgotten.
    pub poll: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { poll: Duration::from_millis(250) }
    }
}

/// Why events cannot be copied. None is lost: the next start goes on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Control state cannot be reached; it may be again.
    #[error("the events cannot be read, or their copies noted")]
    Store(#[from] store::Error),
    /// The ledger takes no records.
    #[error("the ledger does not take the events")]
    Append(#[from] AppendError),
    /// The ledger cannot be read.
    #[error("the ledger cannot be looked through for events")]
    Read(#[from] ReadError),
    /// An event without a JSON form.
    #[error("event {id} cannot be written down")]
    Event {
        /// Its id.
        id: i64,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl Error {
    /// Whether trying again can help without a restart.
    const fn may_pass(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Append(AppendError::QueueFull { .. }))
    }
}

/// Copies the events that are recorded so far. Blocks.
///
/// # Errors
/// When the store or the ledger fails; what was copied until then is not copied again.
pub fn copy(ports: Ports) -> Result<(), Error> {
    Copier::new(ports).copy()
}

/// The component that goes on copying.
pub struct Service {
    options: Options,
    copier: Arc<Mutex<Copier>>,
    flushes: mpsc::Receiver<oneshot::Sender<()>>,
}

/// Asks the running component for a copy now.
#[derive(Clone, Debug)]
pub struct Handle {
    flushes: mpsc::Sender<oneshot::Sender<()>>,
}

impl Handle {
    /// Waits until every event that is recorded by now is in the ledger. Returns whether it is:
    /// not when the store or the ledger failed.
    pub async fn flush(&self) -> bool {
        let (done, copied) = oneshot::channel();
        self.flushes.send(done).await.is_ok() && copied.await.is_ok()
    }
}

impl Service {
    /// A component that has yet to [run](Service::run), and a handle to it.
    #[must_use]
    pub fn new(ports: Ports, options: Options) -> (Self, Handle) {
        let (sender, flushes) = mpsc::channel(MAX_FLUSHES);
        let copier = Arc::new(Mutex::new(Copier::new(ports)));
        (Self { options, copier, flushes }, Handle { flushes: sender })
    }

    /// Copies events as they are recorded, until the shutdown, and then those that are left.
    ///
    /// # Errors
    /// When the ledger fails, which is final. A store that is away is asked again.
    pub async fn run(mut self, shutdown: CancellationToken) -> Result<(), Error> {
        let mut is_away = false;
        loop {
            let (flush, is_last) = tokio::select! {
                () = shutdown.cancelled() => (None, true),
                Some(flush) = self.flushes.recv() => (Some(flush), false),
                () = tokio::time::sleep(self.options.poll) => (None, false),
            };
            match self.copy().await {
                Ok(()) => {
                    is_away = false;
                    // Who asked may have gone.
                    flush.map(|flush| flush.send(()));
                }
                Err(error) if error.may_pass() && !is_last => {
                    if !is_away {
                        tracing::warn!(%error, "events wait to be copied into the ledger");
                    }
                    is_away = true;
                }
                Err(error) => return Err(error),
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Copies on a thread that may block.
    async fn copy(&self) -> Result<(), Error> {
        let copier = Arc::clone(&self.copier);
        let copy = move || copier.lock().unwrap_or_else(PoisonError::into_inner).copy();
        tokio::task::spawn_blocking(copy).await.expect("copying does not panic")
    }
}

/// Where copying stands.
struct Copier {
    ports: Ports,
    /// As the store has it, or a step further; `None` before the first look.
    position: Option<OutboxPosition>,
    /// Copies that the ledger had already when it was opened.
    found: Found,
}

impl Copier {
    fn new(ports: Ports) -> Self {
        Self { ports, position: None, found: Found::default() }
    }

    fn copy(&mut self) -> Result<(), Error> {
        let mut position = match self.position {
            Some(position) => position,
            None => self.find_out()?,
        };
        loop {
            let events = self.ports.store.events_after(position.copied, MAX_PAGE_ROWS)?;
            if events.is_empty() {
                return Ok(());
            }
            let mut events = events.as_slice();
            while !events.is_empty() {
                (position, events) = self.copy_some(position, events)?;
            }
        }
    }

    /// Finds out what the ledger has already.
    fn find_out(&mut self) -> Result<OutboxPosition, Error> {
        let Ports { store, ledger, disk, .. } = &self.ports;
        let (log_id, end) = (ledger.log_id(), ledger.watermark());
        let noted = store.outbox()?;
        let is_of_this = |noted: &OutboxPosition| {
            // A ledger that is shorter was restored, say, and may lack what it had.
            noted.log_id == log_id && noted.sequence <= end.sequence
        };
        let position = match noted.filter(is_of_this) {
            Some(noted) => noted,
            None => {
                let last = store.latest_events(None, 1)?.first().map_or(0, |event| event.id);
                OutboxPosition { log_id, copied: 0, sent: last, sequence: 0 }
            }
        };
        let is_in_doubt = position.sent > position.copied && position.sequence < end.sequence;
        if is_in_doubt {
            let reader = Reader::open(Arc::clone(disk), Some(end))?;
            self.found = Found::between(&position, &reader)?;
        }
        self.position = Some(position);
        Ok(position)
    }

    /// Copies as many of the events as one append takes; gives where that leads, and the rest.
    fn copy_some<'a>(
        &mut self,
        mut position: OutboxPosition,
        events: &'a [Event],
    ) -> Result<(OutboxPosition, &'a [Event]), Error> {
        let (mut records, mut bytes, mut count) = (Vec::new(), 0, 0);
        for event in events {
            let told = RecordedEvent::of(event)?;
            if !self.found.has(&told) {
                let record = self.record(&told)?;
                if !records.is_empty() && bytes + record.payload.len() > APPEND_BYTES {
                    break;
                }
                bytes += record.payload.len();
                records.push(record);
            }
            position.copied = event.id;
            count += 1;
        }
        if !records.is_empty() {
            self.say_what_will_be(position.copied)?;
            self.ports.ledger.try_append(&records)?.wait()?;
        }
        position.sent = position.sent.max(position.copied);
        if position.sent == position.copied {
            position.sequence = self.ports.ledger.watermark().sequence;
            self.found = Found::default();
        }
        self.position = Some(position);
        self.ports.store.move_outbox(&position)?;
        Ok((position, &events[count..]))
    }

    /// Notes, before it is done, that events up to `last` go into the ledger.
    fn say_what_will_be(&mut self, last: i64) -> Result<(), Error> {
        let Some(position) = &mut self.position else { return Ok(()) };
        // While older ones are in doubt, the place where they would be stays the same.
        if position.sent == position.copied {
            position.sequence = self.ports.ledger.watermark().sequence;
        }
        position.sent = position.sent.max(last);
        Ok(self.ports.store.move_outbox(position)?)
    }

    fn record(&self, event: &RecordedEvent) -> Result<Record, Error> {
        let mut salt = [0; 16];
        self.ports.entropy.fill(&mut salt);
        event.record(salt)
    }
}
