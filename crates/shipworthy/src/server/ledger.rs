//! The ledger of a server: opened, repaired, and written by a thread of its own.

use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use shipworthy_control::project::Project;
use shipworthy_ledger::{Disk, Ledger, MemoryDisk, Options, RealDisk};

use super::state::State;
use super::{Args, LedgerKind};
use crate::output;
use crate::system::System;

/// A running ledger.
pub(super) struct Running {
    pub(super) ledger: Ledger,
    pub(super) disk: Arc<dyn Disk>,
    writer: JoinHandle<()>,
}

/// The longest group: room for the largest request.
const MAX_GROUP_BYTES: u64 = 32 << 20;

/// What a ledger in memory keeps.
const MEMORY_BYTES: usize = 1 << 30;

/// Opens the ledger and starts its writer.
pub(super) fn open(
    args: &Args,
    project: &Project,
    state: &State,
    system: &System,
) -> Result<Running> {
    let disk: Arc<dyn Disk> = match args.ledger {
        LedgerKind::Disk => Arc::new(RealDisk::new(state.lock.dir().ledger())?),
        LedgerKind::Memory => {
            output::note("warning: decisions are recorded in memory only, for benchmarks");
            Arc::new(MemoryDisk::new(MEMORY_BYTES))
        }
    };
    let mut log_id = [0; 16];
    system.entropy.fill(&mut log_id);
    let (ledger, writer, recovery) =
        shipworthy_ledger::open(Arc::clone(&disk), log_id, options(args, project))
            .context("the ledger cannot be opened")?;
    for repair in &recovery.repairs {
        output::note(&format!("ledger: {repair}"));
    }
    let writer =
        std::thread::Builder::new().name("ledger-writer".to_owned()).spawn(|| writer.run())?;
    Ok(Running { ledger, disk, writer })
}

impl Running {
    /// Refuses more records, and waits until those that were taken are durable.
    pub(super) fn close(self) {
        self.ledger.close();
        if self.writer.join().is_err() {
            tracing::error!("the ledger's writer panicked");
        }
    }
}

fn options(args: &Args, project: &Project) -> Options {
    let sizes = &project.ledger;
    // Half a segment, so that a segment holds more than its header and one group.
    let group = (sizes.segment_bytes / 2).min(MAX_GROUP_BYTES);
    let group = usize::try_from(group).unwrap_or(usize::MAX);
    let max_bytes = match args.ledger {
        LedgerKind::Disk => sizes.max_bytes,
        LedgerKind::Memory => u64::MAX,
    };
    Options {
        segment_bytes: sizes.segment_bytes,
        max_bytes,
        max_group_bytes: group,
        queue_bytes: group.saturating_mul(2),
        ..Options::default()
    }
}
