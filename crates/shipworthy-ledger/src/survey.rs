//! Looks at what is on the disk, changes nothing, and says where the intact log ends.
//!
//! # What can be on the disk
//!
//! The writer keeps to one order, and everything here follows from it:
//!
//! 1. A segment file is created, its header written, the file synced, the directory synced; only
//!    then is a frame written to it.
//! 2. A commit group is one write at the end of the last segment and one sync. Nothing is written
//!    anywhere before that sync has succeeded; if it fails, the writer never writes again.
//! 3. A new segment is created only after the last group of the one before was synced.
//!
//! So when the power goes, at most one group, the last, is not durable, and it may keep any subset
//! of its sectors; or at most one segment header, of at most 64 bytes, is not durable.
//!
//! # What is torn, and what is corrupt
//!
//! A bad frame at offset `b` of the last segment is the torn tail of the last group, and may be
//! cut, unless something proves that its group had been synced:
//!
//! - a later segment exists, even one whose header is torn (rule 3);
//! - an intact frame header from `b` on belongs to a later group (rule 2): its number is higher
//!   than that of `b`'s group, or its group starts behind `b`;
//! - the extent of `b`'s group is known, from the intact frames before `b` or from an intact header
//!   from `b` on, and the file goes on behind it (rule 2);
//! - the tail is longer than any group may be;
//! - the header at `b` is intact and names a format version that this build does not know: that
//!   is the work of a later build, which may not be cut.
//!
//! In each of these cases the segment is corrupt, and the start stops. A bad segment header is
//! torn only if the segment is the last and has no bytes behind it (rule 1).
//!
//! Intact headers decide, not intact frames: a header carries its own checksum and its own place,
//! so nothing but the writer can have put it there. (A client that knew the log id and guessed the
//! offset could put the image of a header into a payload; the log id is random and never leaves the
//! machine.) The search is limited to multiples of 8, where frames start.
//!
//! What this cannot find: the loss of whole groups at the end, because a shorter log is a log too.
//! And it cannot tell a bad sector in the last synced group from a torn one: it cuts, and reports
//! it. Who needs more anchors the watermark elsewhere.
//!
//! # After a cut
//!
//! The intact frames of a torn group stay, and claim an extent that goes behind the cut. Were the
//! next group written right there, and torn as well, that claim would be taken for proof of
//! corruption. So a group that lacks frames must stay the last of its segment: recovery continues
//! in a new one. If the power goes before that segment exists, the same group is found short
//! again, with the same consequence. If the bad frame is the first of its group, nothing remains of
//! the group, the next one takes its place and number, and the segment goes on.

use std::io;

use crate::cursor::{Check, Cursor, Error as CursorError};
use crate::disk::{Access, Disk};
use crate::format::segment::{self, SegmentHeader};
use crate::format::{Flaw, Group, Hex, MAX_GROUP_BYTES};

/// Why the log cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The disk failed.
    #[error("cannot {action} {file}")]
    Disk {
        /// What was tried.
        action: &'static str,
        /// The file, or "the directory".
        file: String,
        /// What the disk said.
        #[source]
        source: io::Error,
    },
    /// Bytes that were durable have changed.
    #[error("{file} is corrupt at offset {offset}: {evidence}")]
    Corrupt {
        /// The segment file.
        file: String,
        /// Offset of the first bad byte's frame in bytes, or 0 for the segment header.
        offset: u64,
        /// Why this is no torn tail.
        evidence: Evidence,
        /// What is wrong there.
        #[source]
        flaw: Flaw,
    },
    /// A segment belongs to another log than the first one.
    #[error("{file} belongs to log {found}, the segments before it to {expected}")]
    MixedLogs {
        /// The segment file.
        file: String,
        /// The log id of the first segment, in hex.
        expected: String,
        /// The log id of this segment, in hex.
        found: String,
    },
    /// A segment does not start where the one before ends.
    #[error("{file} starts with row {found}, but row {expected} comes next: rows are missing")]
    Gap {
        /// The segment file.
        file: String,
        /// The sequence that should come next.
        expected: u64,
        /// The sequence that the file starts with.
        found: u64,
    },
}

/// Why a bad frame is not the torn tail of the last group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Evidence {
    /// A later segment exists.
    #[error("a later segment exists")]
    LaterSegment,
    /// An intact frame of a later group exists.
    #[error("frames of a later commit group follow")]
    LaterGroup,
    /// The file goes on behind the extent of the group.
    #[error("bytes follow behind its commit group")]
    BehindGroup,
    /// The tail is longer than a group may be.
    #[error("the tail is longer than a commit group may be")]
    TailTooLong,
    /// A later build wrote this.
    #[error("a later version of the format was written here")]
    LaterVersion,
    /// Frames were never written before the segment header was durable.
    #[error("a segment header is durable before frames follow it")]
    HeaderWasDurable,
}

/// How much of the log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// Every byte.
    #[default]
    EverySegment,
    /// The headers of all segments, and every byte of the last.
    LastSegment,
}

/// An intact segment file.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) name: String,
    pub(crate) header: SegmentHeader,
    /// Length of the file, a torn tail included.
    pub(crate) bytes: u64,
}

/// What a survey found.
#[derive(Debug)]
pub(crate) struct Survey {
    /// All segments with an intact header, in order.
    pub(crate) segments: Vec<Segment>,
    /// The last segment, if its header is torn: its first sequence and length.
    pub(crate) torn_segment: Option<(u64, u64)>,
    /// The end of the intact log; `None` when there is no segment.
    pub(crate) end: Option<End>,
}

/// Where the intact log ends, in the last segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) offset: u64,
    pub(crate) next_sequence: u64,
    /// The last group in this segment.
    pub(crate) group: Option<Group>,
    /// Number of the group to come, if the last one is whole.
    pub(crate) next_group: u64,
    /// What is wrong at `offset`, if bytes follow.
    pub(crate) flaw: Option<Flaw>,
}

impl End {
    /// Whether the last group lacks frames, so that nothing may follow it in its segment.
    pub(crate) fn group_is_short(&self) -> bool {
        self.group.is_some_and(|group| self.offset < group.end())
    }
}

/// Surveys the log; see the module.
pub(crate) fn survey(disk: &dyn Disk, depth: Depth) -> Result<Survey, Error> {
    let (segments, torn_segment) = read_headers(disk)?;
    let scanned = match depth {
        Depth::EverySegment => &segments[..],
        Depth::LastSegment => &segments[segments.len().saturating_sub(1)..],
    };
    let mut end: Option<End> = None;
    for (index, segment) in scanned.iter().enumerate() {
        if let Some(before) = &end {
            check_continues(segment, before)?;
        }
        let is_last = index + 1 == scanned.len() && torn_segment.is_none();
        end = Some(scan(disk, segment, is_last)?);
    }
    if let Some((found, _)) = torn_segment {
        let expected = end.map_or(0, |end| end.next_sequence);
        if found != expected {
            let file = segment::file_name(found);
            return Err(Error::Gap { file, expected, found });
        }
    }
    Ok(Survey { segments, torn_segment, end })
}

type TornSegment = (u64, u64);

/// Reads the header of every segment: all must be intact and of one log, but the last may be torn.
fn read_headers(disk: &dyn Disk) -> Result<(Vec<Segment>, Option<TornSegment>), Error> {
    let starts = list_segments(disk)?;
    let mut segments: Vec<Segment> = Vec::with_capacity(starts.len());
    for (index, first_sequence) in starts.iter().copied().enumerate() {
        let name = segment::file_name(first_sequence);
        let (bytes, parsed) = read_header(disk, &name)?;
        let header = match parsed {
            Ok(header) => header,
            Err(flaw) => {
                let is_last = index + 1 == starts.len();
                torn_or_corrupt(&name, bytes, flaw, is_last)?;
                return Ok((segments, Some((first_sequence, bytes))));
            }
        };
        check_header(&name, &header, first_sequence, segments.first())?;
        segments.push(Segment { name, header, bytes });
    }
    Ok((segments, None))
}

/// The first sequences of all segments, by their names, in order.
pub(crate) fn list_segments(disk: &dyn Disk) -> Result<Vec<u64>, Error> {
    let names = disk.list().map_err(|source| disk_error("list", "the directory", source))?;
    let mut starts: Vec<u64> =
        names.iter().filter_map(|name| segment::parse_file_name(name)).collect();
    starts.sort_unstable();
    Ok(starts)
}

/// The length of a segment file, and its header or what is wrong with it.
pub(crate) fn read_header(
    disk: &dyn Disk,
    name: &str,
) -> Result<(u64, Result<SegmentHeader, Flaw>), Error> {
    let failed = |source| disk_error("read", name, source);
    let file = disk.open(name, Access::Read).map_err(failed)?;
    let length = file.size_bytes().map_err(failed)?;
    let mut bytes = [0; segment::HEADER_BYTES];
    if length < bytes.len() as u64 {
        return Ok((length, Err(Flaw::Short)));
    }
    file.read_at(0, &mut bytes).map_err(failed)?;
    Ok((length, SegmentHeader::parse(&bytes)))
}

fn torn_or_corrupt(name: &str, bytes: u64, flaw: Flaw, is_last: bool) -> Result<(), Error> {
    let evidence = match flaw {
        Flaw::Version(_) => Evidence::LaterVersion,
        _ if !is_last => Evidence::LaterSegment,
        _ if bytes > segment::HEADER_BYTES as u64 => Evidence::HeaderWasDurable,
        _ => return Ok(()),
    };
    Err(Error::Corrupt { file: name.to_owned(), offset: 0, evidence, flaw })
}

fn check_header(
    name: &str,
    header: &SegmentHeader,
    first_sequence: u64,
    first_segment: Option<&Segment>,
) -> Result<(), Error> {
    let file = name.to_owned();
    let log_id = first_segment.map_or(header.log_id, |first| first.header.log_id);
    if header.log_id != log_id {
        return Err(Error::MixedLogs {
            file,
            expected: Hex(&log_id).to_string(),
            found: Hex(&header.log_id).to_string(),
        });
    }
    if header.first_sequence != first_sequence {
        // The file was renamed.
        let (expected, found) = (first_sequence, header.first_sequence);
        return Err(Error::Gap { file, expected, found });
    }
    if first_segment.is_none() && first_sequence != 0 {
        return Err(Error::Gap { file, expected: 0, found: first_sequence });
    }
    Ok(())
}

fn check_continues(segment: &Segment, before: &End) -> Result<(), Error> {
    let (found, expected) = (segment.header.first_sequence, before.next_sequence);
    if found != expected {
        return Err(Error::Gap { file: segment.name.clone(), expected, found });
    }
    if segment.header.first_group != before.next_group {
        return Err(Error::Corrupt {
            file: segment.name.clone(),
            offset: 0,
            evidence: Evidence::HeaderWasDurable,
            flaw: Flaw::Group,
        });
    }
    Ok(())
}

/// Checks every frame of a segment, and judges the first bad one.
fn scan(disk: &dyn Disk, segment: &Segment, is_last: bool) -> Result<End, Error> {
    let failed = |source| disk_error("read", &segment.name, source);
    let file = disk.open(&segment.name, Access::Read).map_err(failed)?;
    let mut cursor = Cursor::new(file, segment.header, segment.bytes);
    let flaw = loop {
        match cursor.next_frame(Check::Rows) {
            Ok(Some(_)) => {}
            Ok(None) => break None,
            Err(CursorError::Read(source)) => return Err(failed(source)),
            Err(CursorError::Flaw(flaw)) => break Some(flaw),
        }
    };
    let offset = cursor.offset();
    if let Some(flaw) = flaw {
        let evidence = match is_last {
            true => evidence_against_a_cut(&mut cursor, segment.bytes, flaw).map_err(failed)?,
            false => Some(Evidence::LaterSegment),
        };
        if let Some(evidence) = evidence {
            return Err(Error::Corrupt { file: segment.name.clone(), offset, evidence, flaw });
        }
    }
    Ok(End {
        offset,
        next_sequence: cursor.next_sequence(),
        group: cursor.group(),
        next_group: cursor
            .group()
            .map_or(segment.header.first_group, |group| group.number.saturating_add(1)),
        flaw,
    })
}

/// What proves that the bad frame at the cursor had been synced; `None` when it may be torn.
fn evidence_against_a_cut(
    cursor: &mut Cursor,
    file_bytes: u64,
    flaw: Flaw,
) -> io::Result<Option<Evidence>> {
    let bad = cursor.offset();
    if matches!(flaw, Flaw::Version(_)) {
        return Ok(Some(Evidence::LaterVersion));
    }
    if file_bytes - bad > MAX_GROUP_BYTES as u64 {
        return Ok(Some(Evidence::TailTooLong));
    }
    if cursor.group().is_some_and(|group| bad < group.end() && group.end() < file_bytes) {
        return Ok(Some(Evidence::BehindGroup));
    }
    let number = cursor.group_number_here();
    if cursor.find_header(|h| h.group.number > number || h.group.start > bad)?.is_some() {
        return Ok(Some(Evidence::LaterGroup));
    }
    let behind = |group: &Group| group.number == number && group.end() < file_bytes;
    match cursor.find_header(|h| behind(&h.group))? {
        Some(_) => Ok(Some(Evidence::BehindGroup)),
        None => Ok(None),
    }
}

pub(crate) fn disk_error(action: &'static str, file: &str, source: io::Error) -> Error {
    Error::Disk { action, file: file.to_owned(), source }
}
