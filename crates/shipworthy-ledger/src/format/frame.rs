//! Frames: one request each.
//!
//! The submitting side encodes a frame whole ([`Frame::encode`]); the writer gives it its place
//! ([`Frame::place`]), which changes header fields only. Reading goes the other way:
//! [`FrameHeader::parse`] believes a header, [`FrameView::new`] a table, [`Row::check`] a body.

use super::{
    Flaw, Group, MAX_GROUP_BYTES, STATE_ERASED, VERSION, array_at, u16_at, u32_at, u64_at,
};
use crate::record::{Commitment, Content, Entry, Kind, LogId, Record};

/// Bytes of a frame header.
pub(crate) const HEADER_BYTES: usize = 80;
/// Frames start at multiples of this, so that a row's state never straddles two sectors and the
/// search for intact headers has fewer places to look at.
pub(crate) const ALIGNMENT: usize = 8;
pub(crate) const MAGIC: [u8; 4] = *b"SWFR";

const ROW_BYTES: usize = 64;
/// Salt and CRC in front of each payload.
const BODY_PREFIX_BYTES: usize = 20;

const LENGTH_AT: usize = 8;
const ROWS_AT: usize = 12;
const LOG_ID_AT: usize = 16;
const SEQUENCE_AT: usize = 32;
const GROUP_AT: usize = 40;
const GROUP_START_AT: usize = 48;
const GROUP_LENGTH_AT: usize = 56;
const OFFSET_AT: usize = 64;
const TABLE_CHECKSUM_AT: usize = 72;
const CHECKSUM_AT: usize = 76;

/// Where the writer puts a frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) first_sequence: u64,
    pub(crate) group: Group,
    /// The frame's own file offset.
    pub(crate) offset: u64,
}

/// An encoded frame, complete but for its place.
#[derive(Debug)]
pub(crate) struct Frame {
    bytes: Vec<u8>,
    rows: u32,
}

impl Frame {
    /// Bytes of the frame that `records` make, or `None` when they exceed [`MAX_GROUP_BYTES`].
    pub(crate) fn encoded_bytes<P: AsRef<[u8]>>(records: &[Record<P>]) -> Option<usize> {
        let fixed = (ROW_BYTES + BODY_PREFIX_BYTES).checked_mul(records.len())?;
        let total = records
            .iter()
            .try_fold(HEADER_BYTES + fixed, |sum, r| sum.checked_add(r.payload.as_ref().len()))?;
        (total <= MAX_GROUP_BYTES).then(|| total.next_multiple_of(ALIGNMENT))
    }

    /// Encodes `records`, whose encoded length is `length`; hashes every row.
    pub(crate) fn encode<P: AsRef<[u8]>>(
        log_id: &LogId,
        records: &[Record<P>],
        length: usize,
    ) -> Frame {
        let rows = u32::try_from(records.len()).expect("a frame of bounded bytes");
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.resize(LENGTH_AT, 0);
        let frame_bytes = u32::try_from(length).expect("at most MAX_GROUP_BYTES");
        bytes.extend_from_slice(&frame_bytes.to_le_bytes());
        bytes.extend_from_slice(&rows.to_le_bytes());
        bytes.extend_from_slice(log_id);
        bytes.resize(HEADER_BYTES, 0);
        for record in records {
            push_row(&mut bytes, record);
        }
        // Of a table whose states are zero: what `table_checksum` makes of it, at once.
        let table = crc32c::crc32c(&bytes[HEADER_BYTES..]);
        bytes[TABLE_CHECKSUM_AT..CHECKSUM_AT].copy_from_slice(&table.to_le_bytes());
        for record in records {
            let payload = record.payload.as_ref();
            bytes.extend_from_slice(&record.salt);
            bytes.extend_from_slice(&body_checksum(&record.salt, payload).to_le_bytes());
            bytes.extend_from_slice(payload);
        }
        bytes.resize(length, 0);
        Frame { bytes, rows }
    }

    /// Gives the frame its place: patches the header and computes its CRC.
    pub(crate) fn place(&mut self, place: &Place) {
        let mut put = |at: usize, value: u64| {
            self.bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        };
        put(SEQUENCE_AT, place.first_sequence);
        put(GROUP_AT, place.group.number);
        put(GROUP_START_AT, place.group.start);
        put(GROUP_LENGTH_AT, place.group.length);
        put(OFFSET_AT, place.offset);
        let checksum = crc32c::crc32c(&self.bytes[..CHECKSUM_AT]);
        self.bytes[CHECKSUM_AT..HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }
}

fn push_row<P: AsRef<[u8]>>(bytes: &mut Vec<u8>, record: &Record<P>) {
    let payload_bytes =
        u32::try_from(record.payload.as_ref().len()).expect("at most MAX_GROUP_BYTES");
    bytes.extend_from_slice(&record.kind.0.to_le_bytes());
    bytes.extend_from_slice(&[0; 2]);
    bytes.extend_from_slice(&[0; 4]); // state: whole
    bytes.extend_from_slice(&payload_bytes.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&record.id);
    bytes.extend_from_slice(&record.commitment());
}

/// CRC-32C of the row table, each row's state taken as zero so that an erasure does not change it.
fn table_checksum(table: &[u8]) -> u32 {
    table.chunks_exact(ROW_BYTES).fold(0, |checksum, row| {
        let checksum = crc32c::crc32c_append(checksum, &row[..4]);
        let checksum = crc32c::crc32c_append(checksum, &[0; 4]);
        crc32c::crc32c_append(checksum, &row[8..])
    })
}

fn body_checksum(salt: &[u8], payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(salt), payload)
}

/// An intact frame header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    /// Bytes of the whole frame, a multiple of [`ALIGNMENT`].
    pub(crate) length: u32,
    /// At least 1.
    pub(crate) rows: u32,
    pub(crate) first_sequence: u64,
    pub(crate) group: Group,
    table_checksum: u32,
}

impl FrameHeader {
    /// Believes the header at `offset` of a segment of log `log_id`, or says what is wrong.
    pub(crate) fn parse(bytes: &[u8], log_id: &LogId, offset: u64) -> Result<FrameHeader, Flaw> {
        if bytes.len() < HEADER_BYTES {
            return Err(Flaw::Short);
        }
        if bytes[..4] != MAGIC {
            return Err(Flaw::Magic);
        }
        if u32_at(bytes, CHECKSUM_AT) != crc32c::crc32c(&bytes[..CHECKSUM_AT]) {
            return Err(Flaw::HeaderChecksum);
        }
        let version = u16_at(bytes, 4);
        if version != VERSION {
            return Err(Flaw::Version(version));
        }
        if bytes[LOG_ID_AT..LOG_ID_AT + 16] != *log_id {
            return Err(Flaw::Log);
        }
        if u64_at(bytes, OFFSET_AT) != offset {
            return Err(Flaw::Place);
        }
        let header = FrameHeader {
            length: u32_at(bytes, LENGTH_AT),
            rows: u32_at(bytes, ROWS_AT),
            first_sequence: u64_at(bytes, SEQUENCE_AT),
            group: Group {
                number: u64_at(bytes, GROUP_AT),
                start: u64_at(bytes, GROUP_START_AT),
                length: u64_at(bytes, GROUP_LENGTH_AT),
            },
            table_checksum: u32_at(bytes, TABLE_CHECKSUM_AT),
        };
        header.check_lengths(offset)?;
        Ok(header)
    }

    fn check_lengths(&self, offset: u64) -> Result<(), Flaw> {
        let length = u64::from(self.length);
        let smallest = self.bodies_at() + u64::from(self.rows) * BODY_PREFIX_BYTES as u64;
        let sound = self.rows > 0
            && length >= smallest
            && length.is_multiple_of(ALIGNMENT as u64)
            && self.group.length <= MAX_GROUP_BYTES as u64
            && self.group.start <= offset
            && offset.saturating_add(length) <= self.group.end()
            && self.first_sequence.checked_add(self.rows.into()).is_some();
        sound.then_some(()).ok_or(Flaw::Length)
    }

    /// Offset in the frame of the first body.
    fn bodies_at(&self) -> u64 {
        HEADER_BYTES as u64 + u64::from(self.rows) * ROW_BYTES as u64
    }

    /// Sequence behind the last row; [`FrameHeader::parse`] has made sure that it exists.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.first_sequence.saturating_add(self.rows.into())
    }
}

/// A frame whose header and table are intact; its rows are still to be checked, each by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameView<'a> {
    header: FrameHeader,
    bytes: &'a [u8],
}

impl<'a> FrameView<'a> {
    /// Believes the table of the frame in `bytes`, which are exactly `header.length`.
    pub(crate) fn new(header: FrameHeader, bytes: &'a [u8]) -> Result<FrameView<'a>, Flaw> {
        let view = FrameView { header, bytes };
        if table_checksum(view.table()) != header.table_checksum {
            return Err(Flaw::TableChecksum);
        }
        let mut end = header.bodies_at();
        for row in view.table().chunks_exact(ROW_BYTES) {
            end += BODY_PREFIX_BYTES as u64 + u64::from(u32_at(row, 8));
        }
        if end.next_multiple_of(ALIGNMENT as u64) != u64::from(header.length) {
            return Err(Flaw::Length);
        }
        let padding = usize::try_from(u64::from(header.length) - end).expect("less than 8");
        if bytes[bytes.len() - padding..].iter().any(|byte| *byte != 0) {
            return Err(Flaw::Padding);
        }
        Ok(view)
    }

    /// Checks the body of every row.
    pub(crate) fn check_rows(&self) -> Result<(), Flaw> {
        self.rows().try_for_each(|row| row.check())
    }

    /// The rows, in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'a>> {
        let first_sequence = self.header.first_sequence;
        let table = self.table();
        let mut bodies = &self.bytes[HEADER_BYTES + table.len()..];
        (0..self.header.rows).zip(table.chunks_exact(ROW_BYTES)).map(move |(index, head)| {
            let payload_bytes = u32_at(head, 8) as usize;
            let (body, rest) = bodies.split_at(BODY_PREFIX_BYTES + payload_bytes);
            bodies = rest;
            let sequence = first_sequence + u64::from(index);
            Row { index, sequence, head, body }
        })
    }

    fn table(&self) -> &'a [u8] {
        let bytes = ROW_BYTES * self.header.rows as usize;
        &self.bytes[HEADER_BYTES..HEADER_BYTES + bytes]
    }
}

/// One row of a frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    index: u32,
    sequence: u64,
    head: &'a [u8],
    body: &'a [u8],
}

impl Row<'_> {
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    pub(crate) fn has_id(&self, id: &[u8; 16]) -> bool {
        self.head[16..32] == *id
    }

    /// Checks state and body. The body of an erased row is not looked at: an erasure marks the
    /// row first and overwrites it after, and may be interrupted between.
    pub(crate) fn check(&self) -> Result<(), Flaw> {
        let row = self.index;
        match u32_at(self.head, 4) {
            STATE_ERASED => Ok(()),
            0 => {
                let (salt, payload) = (&self.body[..16], &self.body[BODY_PREFIX_BYTES..]);
                let sound = u32_at(self.body, 16) == body_checksum(salt, payload);
                sound.then_some(()).ok_or(Flaw::PayloadChecksum { row })
            }
            _ => Err(Flaw::State { row }),
        }
    }

    /// The row as the caller sees it, after its check.
    pub(crate) fn entry(&self) -> Result<Entry, Flaw> {
        self.check()?;
        let content = match u32_at(self.head, 4) {
            STATE_ERASED => Content::Erased,
            _ => Content::Whole {
                salt: array_at(self.body, 0),
                payload: self.body[BODY_PREFIX_BYTES..].to_vec(),
            },
        };
        let commitment: Commitment = array_at(self.head, 32);
        Ok(Entry {
            sequence: self.sequence,
            kind: Kind(u16_at(self.head, 0)),
            id: array_at(self.head, 16),
            commitment,
            content,
        })
    }
}
