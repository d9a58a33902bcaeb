//! The byte layout, known answers: files that every future build must read.
//!
//! `tests/data/v1` was checked field by field with a program in another language. The files of a
//! version are never changed; a new version of the format adds a directory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use shipworthy_ledger::{
    Content, Disk, Entry, Kind, MemoryDisk, Options, Reader, Record, SimulatedDisk, commit,
};

use crate::workload::*;

const SEGMENTS: [&str; 2] = ["00000000000000000000.seg", "00000000000000000004.seg"];

/// Three groups: two frames (two rows and one), one row of an unknown kind, a segment of its own
/// for a last row of 900 bytes.
fn write_golden() -> SimulatedDisk {
    let disk = SimulatedDisk::new(0);
    let port: Arc<dyn Disk> = Arc::new(disk.clone());
    let options = Options { segment_bytes: 1200, max_group_bytes: 1136, ..small() };
    let (ledger, mut writer, _) = open_ok(&port, options);
    let row = |kind, n: u8, payload: &[u8]| Record {
        kind,
        id: [n; 16],
        salt: [n | 0xf0; 16],
        payload: payload.to_vec(),
    };
    let mut pending = vec![
        ledger
            .try_append(&[row(Kind::DECISION, 1, br#"{"late":0.25}"#), row(Kind::REFUSAL, 2, b"")]),
        ledger.try_append(&[row(Kind::EVENT, 3, "prüfen".as_bytes())]),
    ];
    assert!(writer.commit_queued());
    pending.push(ledger.try_append(&[row(Kind(0xbeef), 4, b"from the future")]));
    assert!(writer.commit_queued());
    pending.push(ledger.try_append(&[row(Kind::SUMMARY, 5, &[0x5a; 900])]));
    assert!(writer.commit_queued());
    for pending in pending {
        answer(pending.expect("queued")).expect("answered").expect("durable");
    }
    disk
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/v1")
}

/// A disk with the golden files, or those bytes changed.
fn golden_disk(change: impl Fn(&mut Vec<u8>)) -> Arc<dyn Disk> {
    let disk = SimulatedDisk::new(0);
    for name in SEGMENTS {
        let mut bytes = std::fs::read(data().join(name)).expect("the fixture");
        change(&mut bytes);
        disk.replace(name, bytes);
    }
    Arc::new(disk)
}

#[test]
fn this_build_writes_the_golden_bytes() {
    let disk = write_golden();
    for name in SEGMENTS {
        let written = disk.contents(name).expect("the segment");
        let golden = std::fs::read(data().join(name)).unwrap_or_default();
        if written != golden {
            let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
            std::fs::write(&copy, &written).expect("a copy");
            panic!("{name} differs; what this build writes is in {}", copy.display());
        }
    }
}

#[test]
fn this_build_reads_the_golden_bytes() {
    let disk = golden_disk(|_| {});
    let rows = read_all(&disk);
    let payloads: [&[u8]; 5] =
        [br#"{"late":0.25}"#, b"", "prüfen".as_bytes(), b"from the future", &[0x5a; 900]];
    let kinds = [Kind::DECISION, Kind::REFUSAL, Kind::EVENT, Kind(0xbeef), Kind::SUMMARY];
    assert_eq!(rows.len(), 5);
    for ((row, payload), kind) in rows.iter().zip(payloads).zip(kinds) {
        let n = u8::try_from(row.sequence).expect("small") + 1;
        let content = Content::Whole { salt: [n | 0xf0; 16], payload: payload.to_vec() };
        let commitment = commit(kind, &[n; 16], &[n | 0xf0; 16], payload);
        let expected = Entry { sequence: row.sequence, kind, id: [n; 16], commitment, content };
        assert_eq!(*row, expected);
        assert_eq!(row.commitment_holds(), Some(true));
    }
    // And goes on with them.
    let (ledger, mut writer, recovery) = open_ok(&disk, small());
    assert_eq!((recovery.rows, recovery.segments, recovery.repairs), (5, 2, Vec::new()));
    assert_eq!(ledger.log_id(), LOG_ID);
    append_one(&ledger, &mut writer, 5, 10);
    assert_eq!(read_all(&disk).len(), 6);
}

#[test]
fn a_commitment_is_a_known_hash() {
    let expected = "5c720659a080a8eb894f9f9752d20b52c3023b1bfe4b402c848d23fd9b5c4863";
    assert_eq!(hex::encode(commit(Kind::DECISION, &[1; 16], &[2; 16], b"payload")), expected);
}

#[test]
fn an_erased_row_keeps_its_place_and_its_commitment() {
    // The second row of the golden log is at 64 + 80 + 64; the first one's body is behind the
    // table, at 64 + 80 + 2 * 64, with 16 bytes of salt, 4 of CRC and 13 of payload.
    let marked = |bytes: &mut Vec<u8>| {
        if bytes.len() > 64 + 80 + 4 * 64 && bytes[64 + 80] == 1 {
            bytes[64 + 80 + 4..][..4].copy_from_slice(b"GONE");
        }
    };
    let whole = read_all(&golden_disk(|_| {}));
    let erased = |bytes: &mut Vec<u8>| {
        marked(bytes);
        if bytes[64 + 80 + 4] == b'G' {
            bytes[64 + 80 + 2 * 64..][..16 + 4 + 13].fill(0);
        }
    };
    for disk in [golden_disk(marked), golden_disk(erased)] {
        let (_ledger, _writer, recovery) = open_ok(&disk, small());
        assert_eq!(recovery.repairs, Vec::new());
        let rows = read_all(&disk);
        assert_eq!(rows[0].content, Content::Erased);
        assert_eq!((rows[0].payload(), rows[0].commitment_holds()), (None, None));
        assert_eq!(rows[0].commitment, whole[0].commitment);
        assert_eq!(rows[1..], whole[1..]);
    }
}

#[test]
fn an_empty_log_is_one_header() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new(0));
    let (ledger, _writer, recovery) = open_ok(&disk, small());
    assert_eq!((recovery.bytes, recovery.rows, recovery.created), (64, 0, true));
    assert_eq!(ledger.watermark().offset, 64);
    let reader = Reader::open(disk, None).expect("a ledger");
    assert_eq!(reader.entries(0).count(), 0);
}
