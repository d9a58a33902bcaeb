//! Reading: from a sequence on, by id, the tail; at rest and beside the writer.

use std::sync::Arc;

use shipworthy_ledger::disk::Fault;
use shipworthy_ledger::{Disk, MemoryDisk, ReadError, Reader, RealDisk, SimulatedDisk};

use crate::workload::*;

/// Rows in groups of one to three frames with one to four rows, over several segments; record
/// numbers are sequences.
fn filled(rows: u64) -> (Arc<dyn Disk>, Reader) {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new(usize::MAX));
    let (ledger, mut writer, _) = open_ok(&disk, small());
    let mut n = 0;
    while n < rows {
        let mut pending = Vec::new();
        for frame in 0..=(n % 3) {
            let count = 1 + (n + frame) % 4;
            let records: Vec<_> = (n..(n + count).min(rows)).map(|n| record(n, 77)).collect();
            n += records.len() as u64;
            if !records.is_empty() {
                pending.push(ledger.try_append(&records).expect("queued"));
            }
        }
        assert!(writer.commit_queued());
    }
    let reader = Reader::open(Arc::clone(&disk), Some(ledger.watermark())).expect("a ledger");
    (disk, reader)
}

#[test]
fn entries_begin_at_every_sequence() {
    let (disk, reader) = filled(100);
    assert!(disk.list().expect("a list").len() > 3);
    for from in 0..=101 {
        let numbers: Vec<u64> = reader
            .entries(from)
            .map(|entry| entry.expect("intact"))
            .inspect(assert_intact)
            .map(|entry| number(&entry))
            .collect();
        assert_eq!(numbers, (from..100).collect::<Vec<_>>());
    }
}

#[test]
fn the_tail_is_the_last_rows() {
    let (_, reader) = filled(50);
    for count in [0, 1, 7, 49, 50, 51, usize::MAX] {
        let tail = reader.tail(count).expect("intact");
        let numbers: Vec<u64> = tail.iter().map(number).collect();
        assert_eq!(numbers, (50_u64.saturating_sub(count as u64)..50).collect::<Vec<_>>());
    }
}

#[test]
fn find_gives_the_newest_row_with_an_id() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new(usize::MAX));
    let (ledger, mut writer, _) = open_ok(&disk, small());
    for n in 0..60 {
        append_one(&ledger, &mut writer, n % 20, 200);
    }
    let reader = Reader::open(disk, Some(ledger.watermark())).expect("a ledger");
    for n in 0..20 {
        let found = reader.find(&record(n, 0).id).expect("intact").expect("it is there");
        assert_eq!(found.sequence, 40 + n);
        assert_intact(&found);
    }
    assert_eq!(reader.find(&[9; 16]).expect("intact"), None);
}

#[test]
fn nothing_behind_the_watermark_is_shown() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new(usize::MAX));
    let (ledger, mut writer, _) = open_ok(&disk, small());
    let mut readers = Vec::new();
    for n in 0..40 {
        readers.push(Reader::open(Arc::clone(&disk), Some(ledger.watermark())).expect("a ledger"));
        append_one(&ledger, &mut writer, n, 150);
    }
    for (rows, reader) in readers.iter().enumerate() {
        assert_eq!(reader.entries(0).filter(Result::is_ok).count(), rows);
        assert_eq!(reader.entries(0).count(), rows);
        assert_eq!(reader.find(&record(rows as u64, 0).id).expect("intact"), None);
    }
}

#[test]
fn readers_beside_the_writer_see_a_growing_intact_log() {
    let directory = tempfile::tempdir().expect("a directory");
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(directory.path()).expect("a directory"));
    let (ledger, mut writer, _) = open_ok(&disk, small());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..300 {
                append_one(&ledger, &mut writer, n, 90);
            }
        });
        let mut rows = 0;
        while rows < 300 {
            let upto = ledger.watermark();
            assert!(upto.sequence >= rows);
            rows = upto.sequence;
            let reader = Reader::open(Arc::clone(&disk), Some(upto)).expect("a ledger");
            let entries: Vec<_> = reader.entries(0).collect::<Result<_, _>>().expect("intact");
            assert_eq!(entries.len() as u64, rows);
            entries.iter().for_each(assert_intact);
        }
    });
}

#[test]
fn without_a_watermark_a_torn_tail_is_left_alone_and_not_shown() {
    let disk = SimulatedDisk::new(5);
    let port: Arc<dyn Disk> = Arc::new(disk.clone());
    let (ledger, mut writer, _) = open_ok(&port, small());
    append_one(&ledger, &mut writer, 0, 100);
    disk.inject(disk.operations(), Fault::Failure);
    drop(ledger.try_append(&[record(1, 900)]).expect("queued"));
    assert!(!writer.commit_queued());
    let name = &disk.list().expect("a list")[0];
    let (before, operations) = (disk.contents(name), disk.operations());
    assert_eq!(read_all(&port).len(), 1);
    assert_eq!((disk.contents(name), disk.operations()), (before, operations));
}

#[test]
fn where_no_ledger_is_the_reader_says_so() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new(0));
    let error = Reader::open(Arc::clone(&disk), None).expect_err("nothing there");
    assert!(matches!(error, ReadError::NoLedger), "{error}");
    let (full, reader) = filled(3);
    drop(full);
    let error = Reader::open(disk, Some(reader.watermark())).expect_err("nothing there");
    assert!(matches!(error, ReadError::NoSegment { .. }), "{error}");
}
