//! Opens a log: acts on what the [survey] found, so that the writer can go on.
//!
//! # In which order, and why a crash between any two steps does no harm
//!
//! 1. A torn segment is removed, and the directory synced. A crash before that finds it again.
//! 2. The torn tail is cut off the last segment. The cut is not durable yet; a crash now leaves a
//!    tail that is as long or shorter, and just as torn: nothing was written behind it.
//! 3. The header of the last segment and what is left of its last group are written again, byte
//!    for byte, and synced; then the directory is. The bytes were readable, but that does not make
//!    them durable: the process may have been killed between write and sync, or a sync may have
//!    failed, and then Linux counts pages as clean that never reached the disk. Syncing alone
//!    would not write those again. Writing the same bytes again is safe in whatever part it
//!    survives, since each sector is either what it was or the same.
//! 4. If the last group lacks frames, the next segment is created (its header durable before
//!    anything follows). A crash before that finds the group short again; a crash inside leaves a
//!    torn segment header: step 1, and the segment before it is intact and synced.
//!
//! Only then does anyone learn of rows, be it by the watermark or by a reader: a row that was
//! shown once is not lost later.

use std::io;
use std::sync::Arc;

use crate::disk::{Access, Disk, File};
use crate::format::Flaw;
use crate::format::segment::{self, SegmentHeader};
use crate::ledger::{Ledger, Options, OptionsError};
use crate::record::LogId;
use crate::survey::{self, End, Segment, Survey, disk_error, survey};
use crate::tail::Tail;
use crate::writer::{Start, Writer};

/// Why a ledger cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The options contradict each other.
    #[error("the ledger's options are wrong")]
    Options(#[from] OptionsError),
    /// The log is corrupt, or the disk failed.
    #[error(transparent)]
    Log(#[from] survey::Error),
}

/// What opening found and did. To be logged, and shown if [`Recovery::repairs`] is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The id of the log.
    pub log_id: LogId,
    /// Whether there was none and it was created.
    pub created: bool,
    /// The rows that the log holds.
    pub rows: u64,
    /// The bytes of all its segments.
    pub bytes: u64,
    /// The number of its segments.
    pub segments: usize,
    /// What was repaired, in order.
    pub repairs: Vec<Repair>,
}

/// A repair of what a crash left. None of it was acknowledged, unless the disk lost bytes after it
/// had confirmed them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Repair {
    /// A segment was removed, because not even its header was whole.
    #[error("removed {file} ({bytes} bytes): its header was never written whole")]
    RemovedSegment {
        /// The file.
        file: String,
        /// Its length in bytes.
        bytes: u64,
    },
    /// The torn tail of the last commit group was cut off.
    #[error("cut {bytes} bytes off {file} at offset {offset}: {flaw}")]
    CutTail {
        /// The file.
        file: String,
        /// Where it ends now.
        offset: u64,
        /// How many bytes were cut.
        bytes: u64,
        /// What was wrong with the first of them.
        flaw: Flaw,
    },
    /// The last commit group ends before its last frame, by this or an earlier cut; the log goes on
    /// in a new segment.
    #[error(
        "{file} ends at offset {offset}, {bytes} bytes before the end of its last commit group"
    )]
    ShortGroup {
        /// The file.
        file: String,
        /// Where it ends.
        offset: u64,
        /// How many bytes of the group are missing.
        bytes: u64,
    },
}

/// Opens the log on `disk`, or creates it with the id `new_log_id` (16 random bytes) if there is
/// none. Everything is checked and repaired first; see the module.
///
/// The caller keeps other writers away from `disk`, and runs [`Writer::run`] on a thread of its own.
///
/// # Errors
/// When the options are wrong, the disk fails, or the log is damaged anywhere but in its last
/// commit group. Nothing was changed then, unless the disk failed during the repair, which the
/// next call does again.
pub fn open(
    disk: Arc<dyn Disk>,
    new_log_id: LogId,
    options: Options,
) -> Result<(Ledger, Writer, Recovery), Error> {
    options.check()?;
    let found = survey(&*disk, options.depth)?;
    let mut repairs = Vec::new();
    let start = repair(&*disk, &found, new_log_id, &mut repairs)?;
    let recovery = Recovery {
        log_id: start.log_id,
        created: found.segments.is_empty(),
        rows: start.next_sequence,
        bytes: start.total_bytes,
        segments: start.segments,
        repairs,
    };
    let (ledger, writer) = Writer::new(disk, options, start);
    Ok((ledger, writer, recovery))
}

fn repair(
    disk: &dyn Disk,
    found: &Survey,
    new_log_id: LogId,
    repairs: &mut Vec<Repair>,
) -> Result<Start, Error> {
    if let Some((first_sequence, bytes)) = found.torn_segment {
        let file = segment::file_name(first_sequence);
        let removed = disk.remove(&file).and_then(|()| disk.sync_dir());
        removed.map_err(|source| disk_error("remove", &file, source))?;
        repairs.push(Repair::RemovedSegment { file, bytes });
    }
    match (found.segments.last(), found.end) {
        (Some(last), Some(end)) => go_on(disk, &found.segments, last, &end, repairs),
        _ => create(disk, new_log_id),
    }
}

/// Creates the first segment, so that the log id is durable before anyone is told about it.
fn create(disk: &dyn Disk, log_id: LogId) -> Result<Start, Error> {
    let header = SegmentHeader { log_id, first_sequence: 0, first_group: 1 };
    let tail = Tail::create(disk, &header)
        .map_err(|source| disk_error("create", &segment::file_name(0), source))?;
    Ok(Start {
        log_id,
        total_bytes: tail.bytes(),
        tail,
        next_sequence: 0,
        next_group: 1,
        segments: 1,
    })
}

fn go_on(
    disk: &dyn Disk,
    segments: &[Segment],
    last: &Segment,
    end: &End,
    repairs: &mut Vec<Repair>,
) -> Result<Start, Error> {
    let failed = |source| disk_error("repair", &last.name, source);
    let file = disk.open(&last.name, Access::Write).map_err(failed)?;
    if let Some(flaw) = end.flaw {
        file.truncate(end.offset).map_err(failed)?;
        let bytes = last.bytes - end.offset;
        let (file, offset) = (last.name.clone(), end.offset);
        repairs.push(Repair::CutTail { file, offset, bytes, flaw });
    }
    make_durable(&*file, last, end).map_err(failed)?;
    disk.sync_dir().map_err(|source| disk_error("sync", "the directory", source))?;

    let before: u64 = segments.iter().map(|segment| segment.bytes).sum();
    let mut start = Start {
        log_id: last.header.log_id,
        total_bytes: before - last.bytes + end.offset,
        tail: Tail::existing(file, last.header.first_sequence, end.offset),
        next_sequence: end.next_sequence,
        next_group: end.next_group,
        segments: segments.len(),
    };
    if end.group_is_short() {
        report_short_group(last, end, repairs);
        continue_in_new_segment(disk, &mut start)?;
    }
    Ok(start)
}

/// Writes the header and what is left of the last group again, and syncs: step 3 of the module.
fn make_durable(file: &dyn File, last: &Segment, end: &End) -> io::Result<()> {
    file.write_at(0, &last.header.encode())?;
    if let Some(group) = end.group {
        let length = usize::try_from(end.offset - group.start).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        file.read_at(group.start, &mut bytes)?;
        file.write_at(group.start, &bytes)?;
    }
    file.sync_data()
}

fn report_short_group(last: &Segment, end: &End, repairs: &mut Vec<Repair>) {
    let group_end = end.group.map_or(end.offset, |group| group.end());
    repairs.push(Repair::ShortGroup {
        file: last.name.clone(),
        offset: end.offset,
        bytes: group_end.saturating_sub(end.offset),
    });
}

fn continue_in_new_segment(disk: &dyn Disk, start: &mut Start) -> Result<(), Error> {
    let header = SegmentHeader {
        log_id: start.log_id,
        first_sequence: start.next_sequence,
        first_group: start.next_group,
    };
    let name = segment::file_name(start.next_sequence);
    start.tail =
        Tail::create(disk, &header).map_err(|source| disk_error("create", &name, source))?;
    start.total_bytes += start.tail.bytes();
    start.segments += 1;
    Ok(())
}
