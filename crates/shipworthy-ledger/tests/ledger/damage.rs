//! Any damage to any place is found: an error, or a reported cut in the last commit group; never a
//! panic, never a wrong row.

use std::sync::Arc;

use proptest::prelude::*;
use shipworthy_ledger::{
    Disk, Entry, LogError, OpenError, Reader, Record, Repair, SimulatedDisk, Watermark, open,
};

use crate::workload::*;

/// A log at rest: its files, its rows, and where its last group starts.
struct Log {
    files: Vec<(String, Vec<u8>)>,
    rows: Vec<Entry>,
    watermark: Watermark,
    last_group: u64,
    rows_before_last_group: usize,
}

/// Writes `groups` of frames of payload lengths.
fn write(groups: &[Vec<Vec<usize>>]) -> Log {
    let disk = SimulatedDisk::new(0);
    let port: Arc<dyn Disk> = Arc::new(disk.clone());
    let (ledger, mut writer, _) = open_ok(&port, small());
    let mut n = 0;
    let mut before = ledger.watermark();
    for group in groups {
        before = ledger.watermark();
        for frame in group {
            let records: Vec<Record> =
                frame.iter().map(|bytes| record(n + *bytes as u64, *bytes)).collect();
            n += 1000;
            drop(ledger.try_append(&records).expect("queued"));
        }
        assert!(writer.commit_queued());
    }
    let watermark = ledger.watermark();
    let rows = read_all(&port);
    let rolled = watermark.segment != before.segment;
    Log {
        files: file_names(&disk)
            .into_iter()
            .map(|name| {
                let bytes = disk.contents(&name).expect("a file");
                (name, bytes)
            })
            .collect(),
        rows,
        watermark,
        last_group: if rolled { 64 } else { before.offset },
        rows_before_last_group: usize::try_from(before.sequence).expect("small"),
    }
}

fn file_names(disk: &SimulatedDisk) -> Vec<String> {
    disk.list().expect("a list")
}

impl Log {
    /// The log with `change` made to file number `file`.
    fn damaged(&self, file: usize, change: impl FnOnce(&mut Vec<u8>)) -> Arc<dyn Disk> {
        let disk = SimulatedDisk::new(0);
        for (name, bytes) in &self.files {
            disk.replace(name, bytes.clone());
        }
        let (name, bytes) = &self.files[file];
        let mut bytes = bytes.clone();
        change(&mut bytes);
        disk.replace(name, bytes);
        Arc::new(disk)
    }

    /// Asserts that a change at `offset` of file number `file`, present on `disk`, is found.
    fn assert_found(&self, disk: &Arc<dyn Disk>, file: usize, offset: usize) {
        self.assert_reader_finds(disk);
        let in_last_group = file + 1 == self.files.len() && offset as u64 >= self.last_group;
        match open(Arc::clone(disk), LOG_ID, small()) {
            Ok((_, _, recovery)) => {
                assert!(in_last_group, "a change at {offset} of file {file} passes for torn");
                assert!(
                    matches!(recovery.repairs.first(), Some(Repair::CutTail { offset: at, .. }) if *at <= offset as u64),
                    "{:?}",
                    recovery.repairs
                );
                let rows = read_all(disk);
                assert!(rows.len() < self.rows.len());
                assert!(rows.len() >= self.rows_before_last_group);
                assert_eq!(rows, self.rows[..rows.len()]);
            }
            Err(OpenError::Log(LogError::Corrupt { file: named, offset: at, .. })) => {
                assert_eq!(named, self.files[file].0);
                assert!(at <= offset as u64 && offset as u64 - at < 2048, "{at} for {offset}");
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// A reader with the watermark shows intact rows up to the damage, then an error.
    fn assert_reader_finds(&self, disk: &Arc<dyn Disk>) {
        let Ok(reader) = Reader::open(Arc::clone(disk), Some(self.watermark)) else {
            return;
        };
        let mut entries = reader.entries(0);
        let mut shown = 0;
        while let Ok(entry) = entries.next().expect("an error comes before the end") {
            assert_eq!(entry, self.rows[shown]);
            shown += 1;
        }
        assert!(entries.next().is_none(), "nothing comes after an error");
    }
}

fn three_segments() -> Log {
    let log = write(&[
        vec![vec![5, 0], vec![200]],
        vec![vec![900]],
        vec![vec![600], vec![700]],
        vec![vec![3], vec![1500]],
        vec![vec![1, 2, 3]],
        vec![vec![50], vec![61], vec![7, 7]],
    ]);
    assert_eq!(log.files.len(), 2);
    assert!(log.last_group > 64);
    log
}

#[test]
fn every_changed_bit_of_every_byte_is_found() {
    let log = three_segments();
    for (file, (_, bytes)) in log.files.iter().enumerate() {
        for offset in 0..bytes.len() {
            for mask in [1 << (offset % 8), 0x80 >> (offset % 3), 0xff] {
                let disk = log.damaged(file, |bytes| bytes[offset] ^= mask);
                log.assert_found(&disk, file, offset);
            }
        }
    }
}

#[test]
fn every_zeroed_or_exchanged_run_is_found() {
    let log = three_segments();
    for (file, (_, original)) in log.files.iter().enumerate() {
        for length in [8, 64, 512] {
            for offset in (0..original.len() - length).step_by(24) {
                let disk = log.damaged(file, |bytes| bytes[offset..offset + length].fill(0));
                if original[offset..offset + length].iter().all(|byte| *byte == 0) {
                    continue;
                }
                let changed = (offset..).find(|at| original[*at] != 0).expect("one is not");
                log.assert_found(&disk, file, changed);
                let disk = log.damaged(file, |bytes| {
                    let from = (offset + 1000) % (bytes.len() - length);
                    bytes.copy_within(from..from + length, offset);
                });
                log.assert_reader_survives(&disk);
            }
        }
    }
}

impl Log {
    /// Whatever a reader shows is true, and opening does not panic.
    fn assert_reader_survives(&self, disk: &Arc<dyn Disk>) {
        if let Ok(reader) = Reader::open(Arc::clone(disk), Some(self.watermark)) {
            for (entry, expected) in reader.entries(0).map_while(Result::ok).zip(&self.rows) {
                assert_eq!(entry, *expected);
            }
        }
        if open(Arc::clone(disk), LOG_ID, small()).is_ok() {
            let rows = read_all(disk);
            assert_eq!(rows, self.rows[..rows.len()]);
        }
    }
}

#[test]
fn every_shortening_is_found_or_loses_whole_groups_from_the_end() {
    let log = three_segments();
    for (file, (_, original)) in log.files.iter().enumerate() {
        let is_last = file + 1 == log.files.len();
        for length in 0..original.len() {
            let disk = log.damaged(file, |bytes| bytes.truncate(length));
            log.assert_reader_finds(&disk);
            match open(Arc::clone(&disk), LOG_ID, small()) {
                Ok(_) => {
                    assert!(is_last, "file {file} cut to {length} passes");
                    let rows = read_all(&disk);
                    assert_eq!(rows, log.rows[..rows.len()]);
                }
                Err(OpenError::Log(LogError::Corrupt { .. } | LogError::Gap { .. })) => {
                    assert!(!is_last);
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
}

fn groups() -> impl Strategy<Value = Vec<Vec<Vec<usize>>>> {
    let frame = prop::collection::vec(0_usize..150, 1..4);
    prop::collection::vec(prop::collection::vec(frame, 1..3), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn what_is_written_is_read(groups in groups()) {
        let log = write(&groups);
        let lengths: Vec<usize> = log.rows.iter().map(|row| row.payload().expect("whole").len()).collect();
        prop_assert_eq!(lengths, groups.concat().concat());
        log.rows.iter().for_each(assert_intact);
    }

    #[test]
    fn any_changed_byte_of_any_log_is_found(
        groups in groups(),
        place in any::<prop::sample::Index>(),
        mask in 1_u8..,
    ) {
        let log = write(&groups);
        let lengths: Vec<usize> = log.files.iter().map(|(_, bytes)| bytes.len()).collect();
        let mut offset = place.index(lengths.iter().sum());
        let mut file = 0;
        while offset >= lengths[file] {
            offset -= lengths[file];
            file += 1;
        }
        let disk = log.damaged(file, |bytes| bytes[offset] ^= mask);
        log.assert_found(&disk, file, offset);
    }

    #[test]
    fn bytes_behind_the_end_are_cut_or_refused(
        groups in groups(),
        garbage in prop::collection::vec(any::<u8>(), 1..600),
    ) {
        let log = write(&groups);
        let disk = log.damaged(log.files.len() - 1, |bytes| bytes.extend(&garbage));
        let (_, _, recovery) = open_ok(&disk, small());
        let bytes = garbage.len() as u64;
        let cut = matches!(&recovery.repairs[..], [Repair::CutTail { bytes: cut, .. }] if *cut == bytes);
        prop_assert!(cut, "{:?}", recovery.repairs);
        prop_assert_eq!(read_all(&disk), log.rows);
    }
}
