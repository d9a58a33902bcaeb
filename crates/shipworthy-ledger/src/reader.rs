//! Reads the log, while it is written or at rest, without a lock and without the right to write.
//!
//! What must hold: nothing behind the watermark is looked at, because it may be torn or vanish; all
//! before it is checked (checksums, dense sequences, whole segments) before it is shown. The
//! commitments are not, since hashing costs more than reading: see [`Entry::commitment_holds`].

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use crate::cursor::{Check, Cursor, Error as CursorError};
use crate::disk::{Access, Disk};
use crate::format::Flaw;
use crate::format::segment::{self, SegmentHeader};
use crate::ledger::Watermark;
use crate::record::{Entry, Kind, LogId};
use crate::survey::{self, Depth, disk_error, list_segments, read_header, survey};

/// Why the log cannot be read on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The log is corrupt, or the disk failed.
    #[error(transparent)]
    Log(#[from] survey::Error),
    /// There is no log.
    #[error("there is no ledger here")]
    NoLedger,
    /// The watermark names a segment that is not there.
    #[error("{file}, which the watermark names, does not exist")]
    NoSegment {
        /// The segment file.
        file: String,
    },
    /// Durable bytes are not what was written.
    #[error("{file} is corrupt at offset {offset}")]
    Corrupt {
        /// The segment file.
        file: String,
        /// Offset of the bad frame in bytes.
        offset: u64,
        /// What is wrong there.
        #[source]
        flaw: Flaw,
    },
}

/// A view of the log up to a watermark; cheap to make, one per question.
#[derive(Debug)]
pub struct Reader {
    disk: Arc<dyn Disk>,
    log_id: LogId,
    watermark: Watermark,
    /// First sequences of the segments up to the watermark, in order.
    starts: Vec<u64>,
}

/// A row, and what a shadow made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The row.
    pub entry: Entry,
    /// The shadow's row of the same id.
    pub shadow: Option<Entry>,
}

impl Reader {
    /// Reads up to `upto`, the watermark of a running ledger; or, where none runs, up to the end of
    /// the intact log, which is found as opening would find it, but nothing is repaired.
    ///
    /// # Errors
    /// When there is no log, the disk fails, or a segment header (without a watermark: anything in
    /// the last segment but the tail of its last group) is damaged.
    pub fn open(disk: Arc<dyn Disk>, upto: Option<Watermark>) -> Result<Reader, Error> {
        let watermark = match upto {
            Some(watermark) => watermark,
            None => end_of_log(&*disk)?,
        };
        let mut starts = list_segments(&*disk)?;
        starts.retain(|start| *start <= watermark.segment);
        if starts.last() != Some(&watermark.segment) {
            return Err(Error::NoSegment { file: segment::file_name(watermark.segment) });
        }
        let log_id = intact_header(&*disk, watermark.segment)?.1.log_id;
        Ok(Reader { disk, log_id, watermark, starts })
    }

    /// The id of the log.
    pub fn log_id(&self) -> LogId {
        self.log_id
    }

    /// Up to where this reads.
    pub fn watermark(&self) -> Watermark {
        self.watermark
    }

    /// The rows from sequence `from` on, oldest first. Segments before it are not opened. The
    /// iterator ends after the first error.
    pub fn entries(&self, from: u64) -> Entries<'_> {
        let skipped = self.starts.partition_point(|start| *start <= from).saturating_sub(1);
        Entries {
            reader: self,
            from,
            segments: self.starts[skipped..].to_vec().into(),
            cursor: None,
            frame: VecDeque::new(),
            failed: false,
        }
    }

    /// The newest row with `id`; a shadow's only where there is no other. Scans segments from the
    /// newest to the oldest.
    ///
    /// # Errors
    /// When the disk fails or a scanned segment is damaged.
    pub fn find(&self, id: &[u8; 16]) -> Result<Option<Entry>, Error> {
        Ok(self.find_with_shadow(id)?.map(|found| found.entry))
    }

    /// As [`Reader::find`], with what a shadow made of the row: it was written later, so all of it
    /// was seen when the row is found.
    ///
    /// # Errors
    /// When the disk fails or a scanned segment is damaged.
    pub fn find_with_shadow(&self, id: &[u8; 16]) -> Result<Option<Found>, Error> {
        let mut shadow = None;
        for start in self.starts.iter().rev() {
            let (entry, newer) = self.find_in_segment(*start, id)?;
            shadow = shadow.or(newer);
            if let Some(entry) = entry {
                return Ok(Some(Found { entry, shadow }));
            }
        }
        Ok(shadow.map(|entry| Found { entry, shadow: None }))
    }

    /// The last `count` rows, oldest first.
    ///
    /// # Errors
    /// When the disk fails or a segment is damaged.
    pub fn tail(&self, count: usize) -> Result<Vec<Entry>, Error> {
        self.entries(self.watermark.sequence.saturating_sub(count as u64)).collect()
    }

    /// The newest row with `id` in one segment, and the newest of a shadow.
    fn find_in_segment(
        &self,
        start: u64,
        id: &[u8; 16],
    ) -> Result<(Option<Entry>, Option<Entry>), Error> {
        let mut cursor = self.cursor(start)?;
        let (mut found, mut shadow) = (None, None);
        loop {
            let offset = cursor.offset();
            match cursor.next_frame(Check::Table) {
                Ok(Some(frame)) => {
                    for row in frame.rows().filter(|row| row.has_id(id)) {
                        let entry = row.entry().map_err(|flaw| corrupt(start, offset, flaw))?;
                        let place =
                            if entry.kind == Kind::SHADOW { &mut shadow } else { &mut found };
                        *place = Some(entry);
                    }
                }
                Ok(None) => break,
                Err(error) => return Err(broken(start, offset, error)),
            }
        }
        self.check_end(start, &cursor)?;
        Ok((found, shadow))
    }

    /// A cursor over one segment, up to the watermark.
    fn cursor(&self, start: u64) -> Result<Cursor, Error> {
        let (bytes, header) = intact_header(&*self.disk, start)?;
        if header.log_id != self.log_id || header.first_sequence != start {
            return Err(corrupt(start, 0, Flaw::Log));
        }
        let limit = match start == self.watermark.segment {
            true => self.watermark.offset,
            false => bytes,
        };
        if limit > bytes {
            return Err(corrupt(start, bytes, Flaw::Short));
        }
        let name = segment::file_name(start);
        let file = self.disk.open(&name, Access::Read);
        let file = file.map_err(|source| disk_error("read", &name, source))?;
        Ok(Cursor::new(file, header, limit))
    }

    /// A segment must end where the next one, or the watermark, begins.
    fn check_end(&self, start: u64, cursor: &Cursor) -> Result<(), Error> {
        let next = self.starts.iter().find(|other| **other > start);
        let expected = next.copied().unwrap_or(self.watermark.sequence);
        let found = cursor.next_sequence();
        match expected == found {
            true => Ok(()),
            false => Err(corrupt(start, cursor.offset(), Flaw::Sequence { expected, found })),
        }
    }
}

fn end_of_log(disk: &dyn Disk) -> Result<Watermark, Error> {
    let found = survey(disk, Depth::LastSegment)?;
    match (found.segments.last(), found.end) {
        (Some(last), Some(end)) => Ok(Watermark {
            segment: last.header.first_sequence,
            offset: end.offset,
            sequence: end.next_sequence,
        }),
        _ => Err(Error::NoLedger),
    }
}

fn intact_header(disk: &dyn Disk, start: u64) -> Result<(u64, SegmentHeader), Error> {
    let (bytes, header) = read_header(disk, &segment::file_name(start))?;
    Ok((bytes, header.map_err(|flaw| corrupt(start, 0, flaw))?))
}

fn corrupt(start: u64, offset: u64, flaw: Flaw) -> Error {
    Error::Corrupt { file: segment::file_name(start), offset, flaw }
}

fn broken(start: u64, offset: u64, error: CursorError) -> Error {
    match error {
        CursorError::Flaw(flaw) => corrupt(start, offset, flaw),
        CursorError::Read(source) => disk_error("read", &segment::file_name(start), source).into(),
    }
}

/// Iterates over rows; see [`Reader::entries`].
pub struct Entries<'a> {
    reader: &'a Reader,
    from: u64,
    /// Segments to come.
    segments: VecDeque<u64>,
    /// The segment at hand.
    cursor: Option<(u64, Cursor)>,
    /// Rows of the frame at hand.
    frame: VecDeque<Entry>,
    failed: bool,
}

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.frame.is_empty() && !self.failed {
            match self.next_frame() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        self.frame.pop_front().map(Ok)
    }
}

impl Entries<'_> {
    /// Fills `frame`, or moves on to the next segment; `false` at the end.
    fn next_frame(&mut self) -> Result<bool, Error> {
        let Some((start, cursor)) = &mut self.cursor else {
            return self.next_segment();
        };
        let offset = cursor.offset();
        match cursor.next_frame(Check::Rows) {
            Ok(Some(frame)) => {
                for row in frame.rows().filter(|row| row.sequence() >= self.from) {
                    let entry = row.entry().map_err(|flaw| corrupt(*start, offset, flaw))?;
                    self.frame.push_back(entry);
                }
            }
            Ok(None) => {
                self.reader.check_end(*start, cursor)?;
                self.cursor = None;
            }
            Err(error) => return Err(broken(*start, offset, error)),
        }
        Ok(true)
    }

    fn next_segment(&mut self) -> Result<bool, Error> {
        let Some(start) = self.segments.pop_front() else {
            return Ok(false);
        };
        let mut cursor = self.reader.cursor(start)?;
        if let Err(error) = cursor.skip_to(self.from) {
            return Err(broken(start, cursor.offset(), error));
        }
        self.cursor = Some((start, cursor));
        Ok(true)
    }
}
