//! The ledger of a server: opened, repaired, and written by a thread of its own.

use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use clap::ValueEnum;
use shipworthy_control::project::LedgerSizes;
use shipworthy_ledger::survey::Depth;
use shipworthy_ledger::{Disk, Ledger, MemoryDisk, Options, RealDisk};
use shipworthy_store::StateLock;

use crate::output;
use crate::system::System;

/// Where decisions are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LedgerKind {
    /// In the state directory; an answer waits until its record is durable.
    Disk,
    /// In memory, and only the last of it: for benchmarks.
    Memory,
}

/// A running ledger.
pub(super) struct Running {
    pub(super) ledger: Ledger,
    pub(super) disk: Arc<dyn Disk>,
    /// Whether it outlives the process.
    pub(super) is_kept: bool,
    writer: JoinHandle<()>,
}

/// The longest group: room for the largest request.
const MAX_GROUP_BYTES: u64 = 32 << 20;

/// What a ledger in memory keeps.
const MEMORY_BYTES: usize = 1 << 30;

/// Opens the ledger of a server and starts its writer.
pub(super) fn open(
    kind: LedgerKind,
    sizes: &LedgerSizes,
    lock: &StateLock,
    system: &System,
) -> Result<Running> {
    let disk: Arc<dyn Disk> = match kind {
        LedgerKind::Disk => Arc::new(RealDisk::new(lock.dir().ledger())?),
        LedgerKind::Memory => {
            output::note("warning: decisions are recorded in memory only, for benchmarks");
            Arc::new(MemoryDisk::new(MEMORY_BYTES))
        }
    };
    start(disk, options(kind, sizes), kind == LedgerKind::Disk, system)
}

/// Opens the ledger for a command that appends a few entries and ends. Only its last segment is
/// read: what may be torn is there, and a server's start reads the rest.
pub(super) fn open_briefly(
    sizes: &LedgerSizes,
    lock: &StateLock,
    system: &System,
) -> Result<Running> {
    let disk = Arc::new(RealDisk::new(lock.dir().ledger())?);
    let options = Options { depth: Depth::LastSegment, ..options(LedgerKind::Disk, sizes) };
    start(disk, options, true, system)
}

fn start(disk: Arc<dyn Disk>, options: Options, is_kept: bool, system: &System) -> Result<Running> {
    let mut log_id = [0; 16];
    system.entropy.fill(&mut log_id);
    let (ledger, writer, recovery) = shipworthy_ledger::open(Arc::clone(&disk), log_id, options)
        .context("the ledger cannot be opened")?;
    for repair in &recovery.repairs {
        output::note(&format!("ledger: {repair}"));
    }
    let writer =
        std::thread::Builder::new().name("ledger-writer".to_owned()).spawn(|| writer.run())?;
    Ok(Running { ledger, disk, is_kept, writer })
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

fn options(kind: LedgerKind, sizes: &LedgerSizes) -> Options {
    // Half a segment, so that a segment holds more than its header and one group.
    let group = (sizes.segment_bytes / 2).min(MAX_GROUP_BYTES);
    let group = usize::try_from(group).unwrap_or(usize::MAX);
    let max_bytes = match kind {
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
