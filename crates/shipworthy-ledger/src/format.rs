//! The bytes on disk, format version 1. All integers are little-endian.
//!
//! A segment file is a header of 64 bytes, then frames without
//! gaps. A frame is one request: a header of 80 bytes, a table with 64 bytes per row, the body of
//! every row, zeros up to a multiple of 8. The page `docs/reference/ledger-format.md` has the
//! tables of fields.
//!
//! What must hold:
//!
//! - Every byte of a frame is checked by exactly one thing, so that any single changed byte is
//!   found: the header by its own CRC; the table by the table CRC (itself in the header), but for
//!   the four bytes of each row's state, which must be one of two values that differ in every byte;
//!   each row's salt and payload by the row's CRC; the padding by being zero.
//! - An erasure can destroy a row's body (salt, CRC, payload) and set its state with no other
//!   change. The salt and the CRC are in the body because each of them would help to guess a
//!   payload from what remains. The state is outside of the table CRC and 4-byte aligned, so that
//!   setting it is one write inside one sector.
//! - The CRC that the writer thread computes covers 76 bytes, however many rows there are: all
//!   else is computed by the submitting side.
//! - A frame says where it is (its file offset, its group's start and length): a copy of it at
//!   another place is not a valid frame there. An intact header alone is thus proof of its group.
//! - Nothing is believed before it is checked, and no length is used for an allocation before it
//!   was compared with the bytes that exist.

use std::fmt;

pub(crate) mod frame;
pub(crate) mod segment;

/// The one version of the format so far; segments and frames both carry it.
pub const VERSION: u16 = 1;

/// The longest frame, and the longest group: 64 MiB. A torn tail longer than this is not one
/// group, so it is not cut.
pub const MAX_GROUP_BYTES: usize = 64 << 20;

/// The erased state of a row; differs from 0 in each of its bytes.
const STATE_ERASED: u32 = u32::from_le_bytes(*b"GONE");

/// What is wrong with some bytes that should be a segment header or a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// The file ends inside.
    #[error("the bytes end too early")]
    Short,
    /// The magic bytes are missing.
    #[error("the magic bytes are wrong")]
    Magic,
    /// The header's CRC differs.
    #[error("the header's checksum is wrong")]
    HeaderChecksum,
    /// An intact header of a version that this build does not know.
    #[error("format version {0} is unknown to this build")]
    Version(u16),
    /// Intact, but of another log.
    #[error("the bytes belong to another log")]
    Log,
    /// Intact, but written for another place in the file.
    #[error("the frame was written for another place")]
    Place,
    /// The lengths contradict each other.
    #[error("the lengths do not add up")]
    Length,
    /// The sequence does not follow its predecessor's.
    #[error("the sequence is {found}, not {expected}")]
    Sequence {
        /// What should have come.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// The group does not follow or continue its predecessor.
    #[error("the frame does not fit into its commit group")]
    Group,
    /// The row table's CRC differs.
    #[error("the row table's checksum is wrong")]
    TableChecksum,
    /// A row's state is neither whole nor erased.
    #[error("the state of row {row} is unknown")]
    State {
        /// The row's index in its frame.
        row: u32,
    },
    /// A row's salt or payload does not match its CRC.
    #[error("the payload checksum of row {row} is wrong")]
    PayloadChecksum {
        /// The row's index in its frame.
        row: u32,
    },
    /// The padding is not zero.
    #[error("the padding is not zero")]
    Padding,
}

/// The place of a commit group: one write, one sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Group {
    /// Dense over the whole log, from 1.
    pub(crate) number: u64,
    /// File offset of its first frame.
    pub(crate) start: u64,
    /// Bytes of all its frames.
    pub(crate) length: u64,
}

impl Group {
    /// File offset behind its last byte; saturates on nonsense.
    pub(crate) fn end(&self) -> u64 {
        self.start.saturating_add(self.length)
    }
}

/// Shows an id as hex.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("the slice has the array's length")
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_at(bytes, at))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}
