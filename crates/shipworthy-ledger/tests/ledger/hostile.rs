//! Bytes made to hurt: no panic, and no allocation that the file's length does not justify.

use std::sync::Arc;

use proptest::prelude::*;
use shipworthy_ledger::{
    Disk, Flaw, LogError, OpenError, Reader, Repair, SimulatedDisk, Watermark, open,
};

use crate::workload::*;

const FILE: &str = "00000000000000000000.seg";

/// A segment header with a right checksum.
fn segment_header(version: u16, first_sequence: u64, first_group: u64) -> Vec<u8> {
    let mut bytes = b"SWLEDGER".to_vec();
    bytes.extend(version.to_le_bytes());
    bytes.resize(16, 0);
    bytes.extend(LOG_ID);
    bytes.extend(first_sequence.to_le_bytes());
    bytes.extend(first_group.to_le_bytes());
    bytes.resize(60, 0);
    bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

/// Fields of a forged frame header.
#[derive(Debug, Clone)]
struct Forged {
    length: u32,
    rows: u32,
    sequence: u64,
    group: u64,
    group_start: u64,
    group_length: u64,
    offset: u64,
}

impl Forged {
    /// The header with right checksums over whatever table follows.
    fn bytes(&self, version: u16, table: &[u8]) -> Vec<u8> {
        let mut bytes = b"SWFR".to_vec();
        bytes.extend(version.to_le_bytes());
        bytes.extend([0; 2]);
        bytes.extend(self.length.to_le_bytes());
        bytes.extend(self.rows.to_le_bytes());
        bytes.extend(LOG_ID);
        for field in [self.sequence, self.group, self.group_start, self.group_length, self.offset] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend(crc32c::crc32c(table).to_le_bytes());
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        bytes.extend(table);
        bytes
    }
}

/// A frame with one empty row that is intact in itself, at the start of a new log; only what
/// `change` does to its header may be wrong.
fn log_with_frame(change: impl FnOnce(&mut Forged)) -> Vec<u8> {
    let mut header = Forged {
        length: 168,
        rows: 1,
        sequence: 0,
        group: 1,
        group_start: 64,
        group_length: 168,
        offset: 64,
    };
    change(&mut header);
    let mut bytes = segment_header(1, 0, 1);
    bytes.extend(header.bytes(1, &[0; 64]));
    bytes.extend([0; 16]);
    bytes.extend(crc32c::crc32c(&[0; 16]).to_le_bytes());
    bytes.extend([0; 4]);
    bytes
}

#[test]
fn a_frame_that_is_intact_in_itself_must_also_fit() {
    let outcome = |change: fn(&mut Forged)| {
        let disk = SimulatedDisk::new(0);
        disk.replace(FILE, log_with_frame(change));
        let port: Arc<dyn Disk> = Arc::new(disk);
        match open(port, LOG_ID, small()) {
            Ok((_, _, recovery)) => match recovery.repairs.first() {
                None => None,
                Some(Repair::CutTail { flaw, .. }) => Some(*flaw),
                other => panic!("{other:?}"),
            },
            Err(OpenError::Log(LogError::Corrupt { flaw, .. })) => Some(flaw),
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(outcome(|_| {}), None);
    assert_eq!(outcome(|f| f.group = 2), Some(Flaw::Group));
    assert_eq!(outcome(|f| (f.group_start, f.group_length) = (56, 176)), Some(Flaw::Group));
    assert_eq!(outcome(|f| f.group_length = 160), Some(Flaw::Length));
    assert_eq!(outcome(|f| f.group_length = (64 << 20) + 8), Some(Flaw::Length));
    assert_eq!(outcome(|f| f.group_start = 72), Some(Flaw::Length));
    assert_eq!(outcome(|f| f.offset = 72), Some(Flaw::Place));
    assert_eq!(outcome(|f| f.rows = 0), Some(Flaw::Length));
    assert_eq!(outcome(|f| f.length = 167), Some(Flaw::Length));
    assert_eq!(outcome(|f| f.sequence = 1), Some(Flaw::Sequence { expected: 0, found: 1 }));
    assert_eq!(outcome(|f| f.sequence = u64::MAX), Some(Flaw::Length));
}

/// Opens and reads `bytes` in every way; all that is asserted is that nothing panics, and that
/// whatever opens can be read.
fn endure(bytes: &[u8]) {
    let disk = SimulatedDisk::new(0);
    disk.replace(FILE, bytes.to_vec());
    let port: Arc<dyn Disk> = Arc::new(disk);
    for offset in [64, bytes.len() as u64, u64::MAX] {
        for sequence in [0, 1, u64::MAX] {
            let upto = Watermark { segment: 0, offset, sequence };
            if let Ok(reader) = Reader::open(Arc::clone(&port), Some(upto)) {
                reader.entries(0).for_each(drop);
                reader.entries(u64::MAX).for_each(drop);
                let _ = reader.tail(3);
                let _ = reader.find(&[0; 16]);
            }
        }
    }
    if let Ok(reader) = Reader::open(Arc::clone(&port), None) {
        assert_eq!(reader.entries(0).filter(Result::is_err).count(), 0);
    }
    if open(Arc::clone(&port), LOG_ID, small()).is_ok() {
        read_all(&port);
    }
}

fn interesting_u64() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(64),
        Just(144),
        Just(u64::MAX),
        Just(u64::MAX - 63),
        0_u64..4096,
        any::<u64>(),
    ]
}

fn interesting_u32() -> impl Strategy<Value = u32> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(164),
        Just(168),
        Just(u32::MAX),
        Just(u32::MAX - 7),
        Just(64 << 20),
        0_u32..600,
        any::<u32>(),
    ]
}

prop_compose! {
    fn forged()(
        length in interesting_u32(),
        rows in interesting_u32(),
        sequence in interesting_u64(),
        group in interesting_u64(),
        group_start in interesting_u64(),
        group_length in interesting_u64(),
        offset in prop_oneof![3 => Just(64), 1 => interesting_u64()],
    ) -> Forged {
        Forged { length, rows, sequence, group, group_start, group_length, offset }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        endure(&bytes);
    }

    #[test]
    fn random_bytes_behind_a_header(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        endure(&[segment_header(1, 0, 1), bytes].concat());
    }

    #[test]
    fn forged_segment_headers(
        version in 0_u16..3,
        sequence in interesting_u64(),
        group in interesting_u64(),
        frame in forged(),
    ) {
        let frame = Forged { sequence, group, ..frame };
        endure(&[segment_header(version, sequence, group), frame.bytes(1, &[])].concat());
    }

    #[test]
    fn forged_frames(frames in prop::collection::vec(forged(), 1..4), version in 0_u16..3) {
        let mut bytes = segment_header(1, 0, 1);
        for frame in frames {
            bytes.extend(frame.bytes(version, &[]));
        }
        endure(&bytes);
    }

    #[test]
    fn frames_with_forged_rows(
        payload_bytes in interesting_u32(),
        rows in 1_u32..4,
        extra in 0_usize..40,
    ) {
        let mut row = [0; 64];
        row[8..12].copy_from_slice(&payload_bytes.to_le_bytes());
        let table = row.repeat(rows as usize);
        let length = (80 + 84 * rows + u32::try_from(extra).expect("small")).next_multiple_of(8);
        let frame = Forged {
            length,
            rows,
            sequence: 0,
            group: 1,
            group_start: 64,
            group_length: length.into(),
            offset: 64,
        };
        let mut bytes = segment_header(1, 0, 1);
        bytes.extend(frame.bytes(1, &table));
        bytes.resize(64 + length as usize, 0);
        endure(&bytes);
    }
}
