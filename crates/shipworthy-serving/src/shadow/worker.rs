//! The thread that answers as a shadow.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use shipworthy_ledger::{Record, Sealed};
use shipworthy_rows::RowBatch;
use tokio::runtime::{Builder, Handle};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::answering::{Answering, Step};
use super::asked::{Mirrored, shed};
use super::priority;
use crate::chain::Chain;
use crate::predict::{Predicted, predict_waiting};
use crate::{Failure, Serving};

/// Between two looks into an empty queue: so a live request seldom has to wake the thread.
const PAUSE: Duration = Duration::from_millis(1);

/// Requests that wait for models on other servers at one time.
const MAX_WAITING: usize = 32;

/// The most records of a group, and their bytes; a request with more is a group of its own.
const GROUP_RECORDS: usize = 512;
const GROUP_BYTES: usize = 256 << 10;

/// Records that are ready to be appended.
pub(super) struct Group {
    pub(super) sealed: Sealed,
}

pub(super) struct Worker {
    serving: Arc<Serving>,
    jobs: Receiver<Mirrored>,
    waiting: JoinSet<Waited>,
    records: Vec<Record<Bytes>>,
    record_bytes: usize,
    groups: Sender<Group>,
    /// When what is left is shed.
    over: CancellationToken,
    /// Where models on other servers are waited for: connections live longer than a shadow.
    live: Handle,
}

/// A request whose model was waited for; without an answer when the time of all was over first.
type Waited = (Box<Answering>, Option<Result<Predicted, Failure>>);

#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
enum Next {
    Asked(Mirrored),
    Waited(Waited),
}

impl Worker {
    pub(super) fn new(
        serving: Arc<Serving>,
        jobs: Receiver<Mirrored>,
        groups: Sender<Group>,
        over: CancellationToken,
        live: Handle,
    ) -> Self {
        let (waiting, records) = (JoinSet::new(), Vec::new());
        Self { serving, jobs, waiting, records, record_bytes: 0, groups, over, live }
    }

    /// Answers until the queue is closed and empty.
    pub(super) fn run(self) {
        priority::lower();
        // A runtime of this thread's own, so that all of its work has its priority.
        match Builder::new_current_thread().build() {
            Ok(runtime) => runtime.block_on(self.answer_all()),
            Err(error) => tracing::error!(%error, "no runtime for shadows: their rows are shed"),
        }
    }

    async fn answer_all(mut self) {
        while let Some(next) = self.next().await {
            match next {
                Next::Asked(mirrored) if self.over.is_cancelled() => self.shed(&mirrored),
                Next::Asked(mirrored) => {
                    match self.spend(|| Answering::begin(&self.serving, mirrored)) {
                        Step::Done(records) => self.add(records).await,
                        Step::Waiting(answering, batch) => self.wait(answering, batch),
                    }
                }
                Next::Waited((answering, None)) => self.shed(&answering.mirrored),
                Next::Waited((answering, Some(predicted))) => {
                    let records = self.spend(|| answering.end(&self.serving, predicted));
                    self.add(records).await;
                }
            }
        }
        self.flush().await;
    }

    /// What is to be done next; `None` when nothing will come any more.
    async fn next(&mut self) -> Option<Next> {
        if let Some(next) = self.ready() {
            return Some(next);
        }
        self.flush().await;
        std::thread::sleep(PAUSE);
        let has_place = self.waiting.len() < MAX_WAITING;
        tokio::select! {
            Some(Ok(waited)) = self.waiting.join_next() => Some(Next::Waited(waited)),
            Some(mirrored) = self.jobs.recv(), if has_place => Some(Next::Asked(mirrored)),
            else => None,
        }
    }

    fn ready(&mut self) -> Option<Next> {
        if let Some(Ok(waited)) = self.waiting.try_join_next() {
            return Some(Next::Waited(waited));
        }
        if self.waiting.len() >= MAX_WAITING {
            return None;
        }
        self.jobs.try_recv().ok().map(Next::Asked)
    }

    fn wait(&mut self, answering: Box<Answering>, batch: RowBatch) {
        let asked = &answering.mirrored.asked;
        let release = Arc::clone(&asked.endpoint().1.deployed.release);
        let (over, limit) = (self.over.clone(), asked.timeout());
        let predicted = self.live.spawn(async move {
            let predicted = tokio::time::timeout(limit, predict_waiting(&release, batch)).await;
            let limit_ms = limit.as_millis();
            let predicted = predicted.map_err(|_| Failure::Timeout { limit_ms })?;
            predicted.map_err(|error| error.failure())
        });
        self.waiting.spawn(async move {
            let predicted = tokio::select! {
                predicted = predicted => Some(predicted.unwrap_or(Err(Failure::Internal))),
                () = over.cancelled() => None,
            };
            (answering, predicted)
        });
    }

    fn spend<T>(&self, work: impl FnOnce() -> T) -> T {
        self.serving.shadows.share.spend(&*self.serving.ports.clock, work)
    }

    fn shed(&self, mirrored: &Mirrored) {
        shed(&self.serving, mirrored.asked.endpoint().1, mirrored.ids.len());
    }

    async fn add(&mut self, records: Vec<Record<Bytes>>) {
        let bytes = records.iter().map(|record| record.payload.len()).sum::<usize>();
        if self.records.len() + records.len() > GROUP_RECORDS
            || self.record_bytes + bytes > GROUP_BYTES
        {
            self.flush().await;
        }
        self.records.extend(records);
        self.record_bytes += bytes;
    }

    /// Hands the group over. Waits while the ledger has the last one, and meanwhile the queue fills.
    async fn flush(&mut self) {
        if self.records.is_empty() {
            return;
        }
        let sealed = self.spend(|| self.serving.ports.ledger.seal(&self.records));
        self.records.clear();
        self.record_bytes = 0;
        match sealed {
            // An error means that the server is gone.
            Ok(sealed) => drop(self.groups.send(Group { sealed }).await),
            Err(error) => {
                tracing::error!(error = %Chain(&error), "answers of a shadow cannot be recorded");
            }
        }
    }
}
