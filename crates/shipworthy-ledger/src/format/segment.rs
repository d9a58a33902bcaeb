//! Segment files: their names and their headers.
//!
//! The first 64 bytes keep this layout in every future version (magic, version, checksum in the
//! same places): it is how a build knows that it must not touch a segment of a later one. All
//! frames of a segment have the segment's version.

use super::{Flaw, VERSION, array_at, u16_at, u32_at, u64_at};
use crate::record::LogId;

/// Bytes of a segment header; the first frame starts here.
pub(crate) const HEADER_BYTES: usize = 64;

const MAGIC: &[u8; 8] = b"SWLEDGER";
const CHECKSUM_AT: usize = 60;

/// What a segment says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) log_id: LogId,
    /// Sequence of the first row that it will hold; also its name.
    pub(crate) first_sequence: u64,
    /// Number of the first group that it will hold.
    pub(crate) first_group: u64,
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
        bytes[16..32].copy_from_slice(&self.log_id);
        bytes[32..40].copy_from_slice(&self.first_sequence.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.first_group.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..CHECKSUM_AT]);
        bytes[CHECKSUM_AT..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<SegmentHeader, Flaw> {
        if bytes.len() < HEADER_BYTES {
            return Err(Flaw::Short);
        }
        if &bytes[..8] != MAGIC {
            return Err(Flaw::Magic);
        }
        if u32_at(bytes, CHECKSUM_AT) != crc32c::crc32c(&bytes[..CHECKSUM_AT]) {
            return Err(Flaw::HeaderChecksum);
        }
        let version = u16_at(bytes, 8);
        if version != VERSION {
            return Err(Flaw::Version(version));
        }
        Ok(SegmentHeader {
            log_id: array_at(bytes, 16),
            first_sequence: u64_at(bytes, 32),
            first_group: u64_at(bytes, 40),
        })
    }
}

/// The file name of the segment that starts with `first_sequence`.
pub(crate) fn file_name(first_sequence: u64) -> String {
    format!("{first_sequence:020}.seg")
}

/// The first sequence that a file name stands for, or `None` for a file that is no segment.
pub(crate) fn parse_file_name(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".seg")?;
    if digits.len() != 20 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_strangers_are_no_segments() {
        for first in [0, 7, u64::MAX] {
            assert_eq!(parse_file_name(&file_name(first)), Some(first));
        }
        for stranger in [
            "",
            ".seg",
            "7.seg",
            "0000000000000000000x.seg",
            "+0000000000000000001.seg",
            "99999999999999999999.seg",
            "00000000000000000000.seg.tmp",
        ] {
            assert_eq!(parse_file_name(stranger), None, "{stranger}");
        }
    }

    #[test]
    fn every_changed_bit_of_a_header_is_found() {
        let header = SegmentHeader { log_id: [3; 16], first_sequence: 5, first_group: 2 };
        let bytes = header.encode();
        assert_eq!(SegmentHeader::parse(&bytes), Ok(header));
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(SegmentHeader::parse(&changed).is_err(), "bit {bit}");
        }
    }
}
