//! What a start repairs, what it refuses, and what it says: case by case.

use std::sync::Arc;

use shipworthy_ledger::disk::Fault;
use shipworthy_ledger::{
    Depth, Disk, Evidence, Flaw, LogError, OpenError, Options, Reader, Repair, SimulatedDisk, open,
};

use crate::workload::*;

const FIRST: &str = "00000000000000000000.seg";

/// A log of `groups`, each of frames with one row each of 300 bytes payload (464 with its header).
fn filled(groups: &[u64]) -> SimulatedDisk {
    let disk = SimulatedDisk::new(0);
    append_groups(&disk, groups);
    disk
}

const FRAME: u64 = 80 + 64 + 20 + 300;

fn append_groups(disk: &SimulatedDisk, groups: &[u64]) {
    let port: Arc<dyn Disk> = Arc::new(disk.clone());
    let (ledger, mut writer, recovery) = open_ok(&port, small());
    let mut n = recovery.rows;
    for frames in groups {
        for _ in 0..*frames {
            drop(ledger.try_append(&[record(n, 300)]).expect("queued"));
            n += 1;
        }
        assert!(writer.commit_queued());
    }
}

fn change(disk: &SimulatedDisk, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = disk.contents(name).expect("a file");
    change(&mut bytes);
    disk.replace(name, bytes);
}

fn repairs(disk: &SimulatedDisk) -> Vec<Repair> {
    let port: Arc<dyn Disk> = Arc::new(disk.clone());
    open_ok(&port, small()).2.repairs
}

fn refusal(disk: &SimulatedDisk) -> LogError {
    let operations = disk.operations();
    let port: Arc<dyn Disk> = Arc::new(disk.clone());
    match open(port, LOG_ID, small()) {
        Err(OpenError::Log(error)) => {
            assert_eq!(disk.operations(), operations, "a refused log is left as it is");
            error
        }
        other => panic!("{other:?}"),
    }
}

fn rows(disk: &SimulatedDisk) -> usize {
    let port: Arc<dyn Disk> = Arc::new(disk.clone());
    read_all(&port).len()
}

fn assert_corrupt(disk: &SimulatedDisk, file: &str, offset: u64, evidence: Evidence) {
    match refusal(disk) {
        LogError::Corrupt { file: f, offset: o, evidence: e, .. } => {
            assert_eq!((f.as_str(), o, e), (file, offset, evidence));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_tail_torn_at_its_first_frame_is_cut_and_the_segment_goes_on() {
    let disk = filled(&[1, 2]);
    let bad = 64 + FRAME;
    change(&disk, FIRST, |bytes| bytes[bad as usize + 90] ^= 1);
    let cut = Repair::CutTail {
        file: FIRST.into(),
        offset: bad,
        bytes: 2 * FRAME,
        flaw: Flaw::TableChecksum,
    };
    assert_eq!(cut.to_string().matches(FIRST).count(), 1);
    assert_eq!(repairs(&disk), [cut]);
    append_groups(&disk, &[1]);
    assert_eq!((repairs(&disk), rows(&disk), disk.list().expect("a list").len()), (vec![], 2, 1));
}

#[test]
fn a_tail_torn_inside_its_group_is_cut_and_the_log_goes_on_in_a_new_segment() {
    let disk = filled(&[1, 3]);
    let bad = 64 + 2 * FRAME;
    change(&disk, FIRST, |bytes| bytes[bad as usize..][..80].fill(0));
    let found = repairs(&disk);
    assert!(
        matches!(&found[..], [
            Repair::CutTail { offset: cut, bytes: 928, flaw: Flaw::Magic, .. },
            Repair::ShortGroup { offset: end, bytes: 928, .. },
        ] if (*cut, *end) == (bad, bad)),
        "{found:?}"
    );
    assert_eq!(disk.list().expect("a list"), [FIRST, "00000000000000000002.seg"]);
    // It is not reported again, and a group that is torn right behind it is no corruption.
    assert_eq!(repairs(&disk), []);
    append_groups(&disk, &[4]);
    change(&disk, "00000000000000000002.seg", |bytes| bytes[64..].fill(0));
    assert_eq!(repairs(&disk).len(), 1);
    assert_eq!(rows(&disk), 2);
}

#[test]
fn frames_of_the_torn_group_behind_the_bad_one_go_too() {
    let disk = filled(&[1, 4]);
    change(&disk, FIRST, |bytes| bytes[64 + 2 * FRAME as usize] ^= 0xff);
    assert!(matches!(repairs(&disk)[0], Repair::CutTail { bytes, .. } if bytes == 3 * FRAME));
    assert_eq!(rows(&disk), 2);
}

#[test]
fn a_file_that_ends_inside_its_last_group_is_short() {
    let disk = filled(&[1, 3]);
    change(&disk, FIRST, |bytes| bytes.truncate(64 + 2 * FRAME as usize));
    let found = repairs(&disk);
    assert!(matches!(&found[..], [Repair::ShortGroup { bytes: 928, .. }]), "{found:?}");
    assert_eq!(repairs(&disk), []);
}

#[test]
fn a_bad_frame_before_a_later_group_is_corruption() {
    let disk = filled(&[1, 1, 1]);
    change(&disk, FIRST, |bytes| bytes[64 + FRAME as usize + 200] ^= 1);
    assert_corrupt(&disk, FIRST, 64 + FRAME, Evidence::LaterGroup);
}

#[test]
fn a_bad_frame_in_a_group_that_the_file_outlives_is_corruption() {
    // All that follows is zeros: only the extent that the intact frame tells is left.
    let disk = filled(&[3, 1]);
    change(&disk, FIRST, |bytes| bytes[64 + FRAME as usize..].fill(0));
    assert_corrupt(&disk, FIRST, 64 + FRAME, Evidence::BehindGroup);

    // The later group is zeros, and the extent is told by the frame behind the bad one.
    let disk = filled(&[1, 2, 1]);
    change(&disk, FIRST, |bytes| {
        bytes[64 + FRAME as usize] ^= 1;
        bytes[64 + 3 * FRAME as usize..].fill(0);
    });
    assert_corrupt(&disk, FIRST, 64 + FRAME, Evidence::BehindGroup);
}

#[test]
fn a_bad_frame_before_a_later_segment_is_corruption_even_if_that_is_torn() {
    let disk = filled(&[2; 5]);
    let names = disk.list().expect("a list");
    assert_eq!(names.len(), 2);
    change(&disk, &names[1], |bytes| bytes.truncate(30));
    let length = disk.contents(FIRST).expect("a file").len() as u64;
    change(&disk, FIRST, |bytes| *bytes.last_mut().expect("a byte") ^= 1);
    assert_corrupt(&disk, FIRST, length - FRAME, Evidence::LaterSegment);
}

#[test]
fn a_tail_longer_than_any_group_is_corruption() {
    let disk = filled(&[1]);
    change(&disk, FIRST, |bytes| bytes.resize(bytes.len() + (64 << 20) + 1, 0));
    assert_corrupt(&disk, FIRST, 64 + FRAME, Evidence::TailTooLong);
}

#[test]
fn a_torn_segment_is_removed_and_reported() {
    for length in [0, 1, 63, 64] {
        let disk = filled(&[2; 5]);
        let name = disk.list().expect("a list").pop().expect("a segment");
        change(&disk, &name, |bytes| {
            bytes.truncate(length);
            bytes.resize(length, 0);
            bytes.fill(7);
        });
        let removed = Repair::RemovedSegment { file: name, bytes: length as u64 };
        assert_eq!(repairs(&disk), [removed]);
        assert_eq!(disk.list().expect("a list").len(), 1);
        let before = rows(&disk);
        append_groups(&disk, &[1]);
        assert_eq!((rows(&disk), repairs(&disk)), (before + 1, vec![]));
    }
}

#[test]
fn a_torn_only_segment_makes_a_new_log() {
    let disk = SimulatedDisk::new(0);
    disk.replace(FIRST, vec![0; 20]);
    let port: Arc<dyn Disk> = Arc::new(disk.clone());
    let (_, _, recovery) = open_ok(&port, small());
    assert!(recovery.created && recovery.repairs.len() == 1);
    append_groups(&disk, &[1]);
}

#[test]
fn a_bad_segment_header_before_frames_is_corruption() {
    let disk = filled(&[1]);
    change(&disk, FIRST, |bytes| bytes[20] ^= 1);
    assert_corrupt(&disk, FIRST, 0, Evidence::HeaderWasDurable);
    let disk = filled(&[2; 5]);
    change(&disk, FIRST, |bytes| bytes.truncate(64 - 1));
    assert_corrupt(&disk, FIRST, 0, Evidence::LaterSegment);
}

#[test]
fn a_missing_or_foreign_or_renamed_segment_is_refused() {
    let names = filled(&[2; 12]).list().expect("a list");
    assert_eq!(names.len(), 3);
    for missing in [0, 1] {
        let disk = filled(&[2; 12]);
        disk.remove(&names[missing]).expect("removed");
        let port: Arc<dyn Disk> = Arc::new(disk);
        let error = open(port, LOG_ID, small()).expect_err("a gap").to_string();
        assert!(error.contains("rows are missing"), "{error}");
    }

    let disk = filled(&[2; 12]);
    let other = SimulatedDisk::new(0);
    let port: Arc<dyn Disk> = Arc::new(other.clone());
    drop(open(port, *b"some other log's", small()).expect("a new log"));
    append_groups(&other, &[2; 12]);
    disk.replace(&names[1], other.contents(&names[1]).expect("a file"));
    let error = refusal(&disk);
    assert!(matches!(error, LogError::MixedLogs { .. }), "{error}");
    assert!(error.to_string().contains(&hex::encode(LOG_ID)), "{error}");

    let disk = filled(&[2; 12]);
    disk.replace("00000000000000000099.seg", disk.contents(&names[2]).expect("a file"));
    assert!(matches!(
        refusal(&disk),
        LogError::Gap { found: 16, .. } | LogError::Gap { expected: 99, .. }
    ));
}

#[test]
fn strange_files_in_the_directory_are_left_alone() {
    let disk = filled(&[1]);
    disk.replace("LOCK", vec![1]);
    disk.replace("00000000000000000000.seg.bak", vec![2]);
    assert_eq!((repairs(&disk), rows(&disk)), (vec![], 1));
}

#[test]
fn what_a_later_version_wrote_is_never_cut() {
    let later = |bytes: &mut Vec<u8>, version_at: usize, checksum_at: usize, from: usize| {
        bytes[version_at] = 2;
        let checksum = crc32c::crc32c(&bytes[from..checksum_at]);
        bytes[checksum_at..checksum_at + 4].copy_from_slice(&checksum.to_le_bytes());
    };
    let disk = filled(&[]);
    change(&disk, FIRST, |bytes| later(bytes, 8, 60, 0));
    assert_corrupt(&disk, FIRST, 0, Evidence::LaterVersion);
    let disk = filled(&[1, 1]);
    let at = 64 + FRAME as usize;
    change(&disk, FIRST, |bytes| later(bytes, at + 4, at + 76, at));
    assert_corrupt(&disk, FIRST, at as u64, Evidence::LaterVersion);
}

#[test]
fn frames_of_another_log_do_not_parse() {
    let disk = SimulatedDisk::new(0);
    let port: Arc<dyn Disk> = Arc::new(disk.clone());
    drop(open(port, *b"some other log's", small()).expect("a new log"));
    append_groups(&disk, &[1, 1]);
    let stale = disk.contents(FIRST).expect("a file");
    let disk = filled(&[1]);
    // The same place, the same sequence, the same group, right checksums: another log.
    change(&disk, FIRST, |bytes| bytes.extend(&stale[bytes.len()..]));
    let found = repairs(&disk);
    assert!(matches!(&found[..], [Repair::CutTail { flaw: Flaw::Log, .. }]), "{found:?}");
}

#[test]
fn a_payload_that_quotes_the_log_is_no_evidence() {
    let disk = filled(&[1, 1]);
    let quoted = disk.contents(FIRST).expect("a file");
    let port: Arc<dyn Disk> = Arc::new(disk.clone());
    let (ledger, mut writer, _) = open_ok(&port, small());
    let quoting = shipworthy_ledger::Record { payload: quoted, ..record(2, 0) };
    drop(ledger.try_append(&[quoting]).expect("queued"));
    assert!(writer.commit_queued());
    change(&disk, FIRST, |bytes| bytes[64 + 2 * FRAME as usize] ^= 1);
    assert_eq!(repairs(&disk).len(), 1);
}

#[test]
fn a_quick_start_reads_the_last_segment_only() {
    let disk = filled(&[2; 12]);
    change(&disk, FIRST, |bytes| bytes[1000] ^= 1);
    let port: Arc<dyn Disk> = Arc::new(disk.clone());
    let quick = Options { depth: Depth::LastSegment, ..small() };
    let (ledger, mut writer, recovery) = open_ok(&port, quick);
    assert_eq!((recovery.rows, recovery.segments), (24, 3));
    append_one(&ledger, &mut writer, 24, 10);
    let reader = Reader::open(port, Some(ledger.watermark())).expect("a ledger");
    assert_eq!(reader.tail(1).expect("intact").len(), 1);
    reader.tail(25).expect_err("the reader meets the damage");
    assert!(matches!(refusal(&disk), LogError::Corrupt { .. }));
}

#[test]
fn group_numbers_and_sequences_go_on_after_every_kind_of_cut() {
    let disk = SimulatedDisk::new(3);
    for round in 0..6 {
        append_groups(&disk, &[1, 3]);
        let name = disk.list().expect("a list").pop().expect("a segment");
        let length = disk.contents(&name).expect("a file").len();
        let back = [1, FRAME as usize + 1, 3 * FRAME as usize][round % 3];
        change(&disk, &name, |bytes| bytes[length - back] ^= 1);
        assert!(!repairs(&disk).is_empty());
        assert_eq!(repairs(&disk), []);
    }
    assert_eq!(rows(&disk), 2 * (3 + 2 + 1));
}

#[test]
fn recovery_is_cut_short_by_a_failing_disk_and_says_where() {
    let disk = filled(&[1, 2]);
    change(&disk, FIRST, |bytes| bytes[64 + FRAME as usize] ^= 1);
    disk.inject(disk.operations(), Fault::Failure);
    let port: Arc<dyn Disk> = Arc::new(disk.clone());
    let error = open(port, LOG_ID, small()).expect_err("the truncation fails");
    assert_eq!(error.to_string(), format!("cannot repair {FIRST}"));
    assert_eq!(repairs(&disk).len(), 1);
}

#[test]
fn a_log_id_that_was_told_stays_although_a_sync_had_failed() {
    for seed in 0..20 {
        let disk = SimulatedDisk::new(seed);
        disk.inject(2, Fault::Failure); // the sync of the first header
        let port: Arc<dyn Disk> = Arc::new(disk.clone());
        open(port, LOG_ID, small()).expect_err("the sync fails");
        let disk = disk.kill();
        let port: Arc<dyn Disk> = Arc::new(disk.clone());
        let (ledger, _writer, _) = open_ok(&port, small());
        let told = ledger.log_id();
        let port: Arc<dyn Disk> = Arc::new(disk.power_cycle(seed));
        let (ledger, _writer, _) = open(port, [9; 16], small()).expect("the log opens");
        assert_eq!(ledger.log_id(), told);
    }
}
