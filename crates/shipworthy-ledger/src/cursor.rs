//! Walks over the frames of one segment, and believes nothing that it has not checked.
//!
//! What must hold: a cursor stands behind an intact prefix. A frame that is refused does not move
//! it, so [`Cursor::offset`], [`Cursor::next_sequence`] and [`Cursor::group`] say where the intact
//! part ends.
//!
//! Groups: the next group starts where the last one ends, with the next number. A group that
//! lacks frames can only be the last of its segment: recovery, which is what cuts groups, goes on
//! in a new segment after it did.

use std::io;

use crate::disk::File;
use crate::format::frame::{self, FrameHeader, FrameView};
use crate::format::segment::{self, SegmentHeader};
use crate::format::{Flaw, Group};

/// Bytes per read: big enough to make system calls rare, small enough to hold several.
const READ_BYTES: usize = 256 << 10;

/// Why a cursor cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The file could not be read.
    #[error("reading failed")]
    Read(#[from] io::Error),
    /// The bytes at [`Cursor::offset`] are not the next frame.
    #[error(transparent)]
    Flaw(#[from] Flaw),
}

/// How much of a frame is checked before the cursor moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// Header and row table.
    Table,
    /// All of it.
    Rows,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Cursor {
    window: Window,
    header: SegmentHeader,
    offset: u64,
    next_sequence: u64,
    group: Option<Group>,
}

impl Cursor {
    /// Stands before the first frame of `file`, whose `header` was checked; bytes from
    /// `limit` on do not exist for it.
    pub(crate) fn new(file: Box<dyn File>, header: SegmentHeader, limit: u64) -> Cursor {
        Cursor {
            window: Window { file, limit, bytes: Vec::new(), start: 0 },
            header,
            offset: segment::HEADER_BYTES as u64,
            next_sequence: header.first_sequence,
            group: None,
        }
    }

    /// Where the intact part ends.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The sequence of the next row.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// The group of the last intact frame.
    pub(crate) fn group(&self) -> Option<Group> {
        self.group
    }

    /// The number of the group that a frame at the cursor belongs to.
    pub(crate) fn group_number_here(&self) -> u64 {
        match self.group {
            None => self.header.first_group,
            Some(group) if self.offset < group.end() => group.number,
            Some(group) => group.number.saturating_add(1),
        }
    }

    /// The next frame, or `None` at the limit.
    pub(crate) fn next_frame(&mut self, check: Check) -> Result<Option<FrameView<'_>>, Error> {
        let Some(header) = self.next_header()? else {
            return Ok(None);
        };
        let bytes = self.window.get(self.offset, header.length as usize)?;
        let view = FrameView::new(header, bytes)?;
        if check == Check::Rows {
            view.check_rows()?;
        }
        self.offset += u64::from(header.length);
        self.next_sequence = header.next_sequence();
        self.group = Some(header.group);
        Ok(Some(view))
    }

    /// Moves over frames whose rows all come before `sequence`, by their headers alone.
    pub(crate) fn skip_to(&mut self, sequence: u64) -> Result<(), Error> {
        while let Some(header) = self.next_header()? {
            if header.next_sequence() > sequence {
                break;
            }
            self.offset += u64::from(header.length);
            self.next_sequence = header.next_sequence();
            self.group = Some(header.group);
        }
        Ok(())
    }

    fn next_header(&mut self) -> Result<Option<FrameHeader>, Error> {
        let remaining = self.window.limit.saturating_sub(self.offset);
        if remaining == 0 {
            return Ok(None);
        }
        if remaining < frame::HEADER_BYTES as u64 {
            return Err(Flaw::Short.into());
        }
        let bytes = self.window.get(self.offset, frame::HEADER_BYTES)?;
        let header = FrameHeader::parse(bytes, &self.header.log_id, self.offset)?;
        if header.first_sequence != self.next_sequence {
            let (expected, found) = (self.next_sequence, header.first_sequence);
            return Err(Flaw::Sequence { expected, found }.into());
        }
        if !self.admits(&header.group) {
            return Err(Flaw::Group.into());
        }
        if u64::from(header.length) > remaining {
            return Err(Flaw::Short.into());
        }
        Ok(Some(header))
    }

    fn admits(&self, group: &Group) -> bool {
        match &self.group {
            Some(current) if self.offset < current.end() => group == current,
            _ => group.start == self.offset && group.number == self.group_number_here(),
        }
    }

    /// The first intact frame header at or behind the cursor, whatever comes before it, for which
    /// `wanted` holds. It proves that its group was written.
    pub(crate) fn find_header(
        &mut self,
        wanted: impl Fn(&FrameHeader) -> bool,
    ) -> io::Result<Option<FrameHeader>> {
        let mut at = self.offset;
        while self.window.limit.saturating_sub(at) >= frame::HEADER_BYTES as u64 {
            let bytes = self.window.get(at, frame::HEADER_BYTES)?;
            if let Ok(header) = FrameHeader::parse(bytes, &self.header.log_id, at)
                && wanted(&header)
            {
                return Ok(Some(header));
            }
            at += frame::ALIGNMENT as u64;
        }
        Ok(None)
    }
}

/// A part of the file in memory.
#[derive(Debug)]
struct Window {
    file: Box<dyn File>,
    limit: u64,
    bytes: Vec<u8>,
    start: u64,
}

impl Window {
    /// `length` bytes from `offset` on; the caller has made sure that they are below the limit.
    fn get(&mut self, offset: u64, length: usize) -> io::Result<&[u8]> {
        let from = match offset.checked_sub(self.start).map(usize::try_from) {
            Some(Ok(from)) if from + length <= self.bytes.len() => from,
            _ => {
                self.fill(offset, length)?;
                0
            }
        };
        Ok(&self.bytes[from..from + length])
    }

    fn fill(&mut self, offset: u64, length: usize) -> io::Result<()> {
        let remaining = self.limit.saturating_sub(offset);
        let ahead = usize::try_from(remaining).unwrap_or(usize::MAX).min(READ_BYTES);
        self.bytes.clear(); // whatever happens, no stale bytes
        self.bytes.resize(length.max(ahead), 0);
        self.start = offset;
        let outcome = self.file.read_at(offset, &mut self.bytes);
        if outcome.is_err() {
            self.bytes.clear();
        }
        outcome
    }
}
