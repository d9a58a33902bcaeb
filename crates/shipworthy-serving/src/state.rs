//! What the stations share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use shipworthy_core::{Clock, Entropy};
use shipworthy_ledger::{Health, Ledger, Watermark};

use crate::cpu::CpuDoor;
use crate::{Counters, Failure, Plan, shadow};

/// Who may call, by token.
pub trait Callers: Send + Sync {
    /// What a token may do here; `None` when there is no such token.
    fn may_call(&self, token: &str) -> Option<bool>;

    /// Whether a token may choose the slot that answers; `false` when there is no such token.
    fn may_choose(&self, token: &str) -> bool;
}

/// Who is let in at an address.
#[derive(Clone)]
pub struct Doorkeeper {
    /// What tokens are good for.
    pub callers: Arc<dyn Callers>,
    /// Whether everybody may call, as on loopback addresses. To choose a slot takes a token there too.
    pub is_open: bool,
}

/// What comes from outside.
#[derive(Clone)]
pub struct Ports {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Salts and identifiers.
    pub entropy: Arc<dyn Entropy>,
    /// Where every decision goes before it is told.
    pub ledger: Ledger,
}

/// Why no decision is given now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotReady {
    /// No model has answered its warm-up row yet.
    Starting,
    /// The server is going away.
    Draining,
    /// The ledger takes no records.
    Ledger,
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Starting => "the server is starting",
            Self::Draining => "the server is shutting down",
            Self::Ledger => "the ledger takes no records",
        })
    }
}

/// The data plane's state: the plan, the ports and the counters.
pub struct Serving {
    pub(crate) ports: Ports,
    pub(crate) counters: Counters,
    pub(crate) cpu: CpuDoor,
    pub(crate) shadows: shadow::Queue,
    plan: ArcSwap<Plan>,
    draining: AtomicBool,
    inflight: AtomicUsize,
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving").field("plan", &self.plan).finish_non_exhaustive()
    }
}

impl Serving {
    /// A data plane that answers by `plan`; `cores` bounds long work.
    #[must_use]
    pub fn new(plan: Plan, ports: Ports, cores: usize) -> Self {
        Self {
            ports,
            counters: Counters::default(),
            cpu: CpuDoor::new(cores),
            shadows: shadow::Queue::default(),
            plan: ArcSwap::from_pointee(plan),
            draining: AtomicBool::new(false),
            inflight: AtomicUsize::new(0),
        }
    }

    /// The plan of this moment.
    #[must_use]
    pub fn plan(&self) -> Arc<Plan> {
        self.plan.load_full()
    }

    /// Changes the plan as it is at this moment: of two changes at one time none is lost. Requests
    /// that are being answered keep the old plan to their end.
    pub fn change_plan(&self, change: impl Fn(&mut Plan)) {
        self.plan.rcu(|plan| {
            let mut plan = Plan::clone(plan);
            change(&mut plan);
            plan
        });
    }

    /// Replaces the plan: requests that are being answered keep the old one to their end.
    pub fn set_plan(&self, plan: Plan) {
        self.plan.store(Arc::new(plan));
    }

    /// How far what was decided is durable.
    #[must_use]
    pub fn watermark(&self) -> Watermark {
        self.ports.ledger.watermark()
    }

    /// The counters.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// From now on not ready, and every answer asks its client to come back elsewhere.
    pub fn start_draining(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Why no new client should come; `None` when ready.
    #[must_use]
    pub fn not_ready(&self) -> Option<NotReady> {
        if self.is_draining() { Some(NotReady::Draining) } else { self.cannot_decide() }
    }

    /// Why no decision can be given. A draining server still answers who is there already.
    pub(crate) fn cannot_decide(&self) -> Option<NotReady> {
        if !matches!(*self.ports.ledger.health().borrow(), Health::Healthy) {
            return Some(NotReady::Ledger);
        }
        self.plan.load().endpoints.is_empty().then_some(NotReady::Starting)
    }

    /// A place among the requests in flight, given back on drop.
    pub(crate) fn enter(&self, max_inflight: usize) -> Result<Entered<'_>, Failure> {
        let entered = Entered(&self.inflight);
        if self.inflight.fetch_add(1, Ordering::Relaxed) >= max_inflight {
            return Err(Failure::Overloaded);
        }
        Ok(entered)
    }
}

/// A place among the requests in flight.
pub(crate) struct Entered<'a>(&'a AtomicUsize);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
