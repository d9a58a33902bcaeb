//! Requests that come while a model is busy are answered together, in one call: micro-batching
//! without a timer.
//!
//! A request that finds an idle worker goes at once, alone. While all workers are busy, requests
//! gather, and the next free worker takes as many as fit. So batches grow with the load, and
//! nobody waits for company. It pays where a call costs much beside its rows: over a network, or
//! in a runtime with a high cost a call.
//!
//! **Invariant:** a request gets its own rows' answers, whoever else is in the batch: when a batch
//! is refused, its requests are asked again one by one.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shipworthy_models::Answers;
use shipworthy_rows::{Column, RowBatch};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use super::remote::Received;
use super::{Error, Runtime};

/// How requests are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batching {
    /// Rows of a call; a request with more goes alone.
    pub max_rows: usize,
    /// Calls at one time.
    pub workers: usize,
}

impl Batching {
    /// For a model on another server, as measured: more rows a call or more calls at a time gained
    /// nothing.
    pub const REMOTE: Self = Self { max_rows: 256, workers: 4 };
}

type Reply = Result<Received, Arc<Error>>;

/// A request's rows, and who waits for them.
struct Waiting {
    batch: RowBatch,
    reply: oneshot::Sender<Reply>,
}

#[derive(Default)]
struct Queue {
    /// As long as the requests in flight at the most, which the door bounds.
    waiting: VecDeque<Waiting>,
    workers: usize,
}

struct Shared {
    runtime: Runtime,
    batching: Batching,
    queue: Mutex<Queue>,
}

/// Puts requests to one model together.
pub(crate) struct Batcher {
    shared: Arc<Shared>,
    workers: TaskTracker,
}

impl fmt::Debug for Batcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batcher").field("batching", &self.shared.batching).finish_non_exhaustive()
    }
}

impl Batcher {
    pub(crate) fn new(runtime: Runtime, batching: Batching) -> Self {
        let shared = Shared { runtime, batching, queue: Mutex::default() };
        Self { shared: Arc::new(shared), workers: TaskTracker::new() }
    }

    /// The model's answers to the rows, whoever they share a call with.
    pub(crate) async fn predict(&self, batch: RowBatch) -> Reply {
        let (reply, answered) = oneshot::channel();
        if self.shared.enter(Waiting { batch, reply }) {
            // A task of its own: whoever started it may go away, the others still wait.
            self.workers.spawn(work(Arc::clone(&self.shared)));
        }
        answered.await.unwrap_or_else(|_| Err(Arc::new(Error::Unfinished)))
    }
}

impl Shared {
    /// Queues a request. Says whether a worker is to be started for it.
    fn enter(&self, waiting: Waiting) -> bool {
        let mut queue = self.queue();
        queue.waiting.push_back(waiting);
        let is_free = queue.workers < self.batching.workers;
        queue.workers += usize::from(is_free);
        is_free
    }

    /// What a worker takes next; when there is nothing, the worker is gone.
    fn next(&self) -> Vec<Waiting> {
        let mut queue = self.queue();
        let (mut taken, mut rows) = (Vec::new(), 0);
        while let Some(first) = queue.waiting.front() {
            rows += first.batch.rows();
            if rows > self.batching.max_rows && !taken.is_empty() {
                break;
            }
            // Who has given up is not asked for.
            taken.extend(queue.waiting.pop_front().filter(|waiting| !waiting.reply.is_closed()));
        }
        if taken.is_empty() {
            queue.workers -= 1;
        }
        taken
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers until nobody waits.
async fn work(shared: Arc<Shared>) {
    loop {
        let taken = shared.next();
        if taken.is_empty() {
            return;
        }
        answer(&shared.runtime, taken).await;
    }
}

async fn answer(runtime: &Runtime, taken: Vec<Waiting>) {
    let batches: Vec<_> = taken.iter().map(|waiting| &waiting.batch).collect();
    let Some(stacked) = RowBatch::stack(&batches) else { return };
    match runtime.predict(stacked).await {
        Ok(received) => hand_out(&received, taken),
        Err(error) if taken.len() > 1 && !error.is_outage() => {
            for waiting in taken {
                let answered = runtime.predict(waiting.batch).await.map_err(Arc::new);
                drop(waiting.reply.send(answered));
            }
        }
        Err(error) => {
            let error = Arc::new(error);
            taken.into_iter().for_each(|w| drop(w.reply.send(Err(Arc::clone(&error)))));
        }
    }
}

/// Gives each request its rows.
fn hand_out(received: &Received, taken: Vec<Waiting>) {
    let rows: usize = taken.iter().map(|waiting| waiting.batch.rows()).sum();
    let mut first = 0;
    for Waiting { batch, reply } in taken {
        let end = first + batch.rows();
        let of_rows = |column: &Column| {
            let width = column.len() / rows.max(1);
            let mut part = Column::with_capacity(column.data_type(), batch.rows() * width);
            part.append(column, first * width..end * width);
            part
        };
        let columns = received.answers.columns.iter().map(of_rows).collect();
        // Which request the unknown ones came from is not known: the first tells them all.
        let unknown = if first == 0 { received.answers.unknown_categories } else { 0 };
        let answers = Answers { columns, unknown_categories: unknown };
        let model_version = received.model_version.clone();
        drop(reply.send(Ok(Received { answers, model_version })));
        first = end;
    }
}

#[cfg(test)]
#[path = "batching_tests.rs"]
mod tests;
