//! The power goes at every disk operation, and during recovery, and again.
//!
//! What is asserted after each recovery: it succeeds; every acknowledged row is there, with the
//! sequence of its receipt and every byte; so is every row that an earlier recovery has shown; no
//! row is there twice; sequences are dense and rows in the order of submission.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use shipworthy_ledger::disk::Fault;
use shipworthy_ledger::{Disk, OpenError, Options, Pending, Record, Repair, SimulatedDisk, open};

use crate::workload::*;

/// Groups of up to 3 KiB in segments of up to 5: many rolls, frames over several sectors.
fn options() -> Options {
    Options { segment_bytes: 5 << 10, max_group_bytes: 3 << 10, ..small() }
}

/// What must be found: sequence by record number.
#[derive(Debug, Default, Clone)]
struct Promised {
    rows: BTreeMap<u64, u64>,
    next_number: u64,
}

/// Opens the log, checks it against what was promised, then appends `groups` groups. Stops where
/// the disk fails. Returns the repairs.
fn live(disk: &SimulatedDisk, promised: &mut Promised, groups: u64) -> Vec<Repair> {
    let port: Arc<dyn Disk> = Arc::new(disk.clone());
    let (ledger, mut writer, recovery) = match open(Arc::clone(&port), LOG_ID, options()) {
        Ok(opened) => opened,
        Err(OpenError::Log(shipworthy_ledger::LogError::Disk { .. })) => return Vec::new(),
        Err(error) => panic!("recovery fails: {error}: {:?}", std::error::Error::source(&error)),
    };
    check(&port, promised, &recovery.repairs);
    assert_eq!(ledger.watermark().sequence, recovery.rows);
    for _ in 0..groups {
        let submitted = submit_group(promised, |records| ledger.try_append(records).ok());
        // Twice, because the frames may not fit into one group.
        let goes_on = writer.commit_queued() && writer.commit_queued();
        for (numbers, pending) in submitted {
            if let Some(Ok(receipt)) = answer(pending) {
                let sequences = receipt.first_sequence..;
                promised.rows.extend(numbers.into_iter().zip(sequences));
            }
        }
        if !goes_on {
            break;
        }
    }
    recovery.repairs
}

/// Submits one to four frames with one to three rows each; returns the numbers of their records.
fn submit_group(
    promised: &mut Promised,
    mut append: impl FnMut(&[Record]) -> Option<Pending>,
) -> Vec<(Vec<u64>, Pending)> {
    let mut submitted = Vec::new();
    let first = promised.next_number;
    for frame in 0..=(first * 7 % 4) {
        let count = 1 + (first + frame) % 3;
        let numbers: Vec<u64> = (promised.next_number..).take(count as usize).collect();
        promised.next_number += count;
        let size = |n: u64| [0, 1, 40, 300, 350][(n * 13 % 5) as usize];
        let records: Vec<Record> = numbers.iter().map(|n| record(*n, size(*n))).collect();
        submitted.extend(append(&records).map(|pending| (numbers, pending)));
    }
    submitted
}

/// Checks what is there, and promises it from now on: it was shown.
fn check(port: &Arc<dyn Disk>, promised: &mut Promised, repairs: &[Repair]) {
    let mut found = BTreeMap::new();
    let mut last_number = None;
    for entry in read_all(port) {
        assert_intact(&entry);
        let number = number(&entry);
        assert!(Some(number) > last_number, "row {number} is twice there or out of order");
        last_number = Some(number);
        found.insert(number, entry.sequence);
    }
    for (number, sequence) in &promised.rows {
        let place = found.get(number);
        assert_eq!(place, Some(sequence), "row {number} after {repairs:?}");
    }
    promised.rows = found;
}

/// Operations of an undisturbed life.
fn operations(groups: u64) -> u64 {
    let disk = SimulatedDisk::new(0);
    live(&disk, &mut Promised::default(), groups);
    disk.operations()
}

#[test]
fn no_acknowledged_row_is_lost_whenever_the_power_goes() {
    let operations = operations(16);
    assert!(operations > 40, "{operations} operations are no test");
    let mut repaired = 0;
    for operation in 0..=operations {
        for seed in 0..24 {
            let disk = SimulatedDisk::new(seed);
            disk.inject(operation, Fault::PowerLoss);
            let mut promised = Promised::default();
            live(&disk, &mut promised, 16);
            let disk = disk.power_cycle(seed * 1000 + operation);
            repaired += live(&disk, &mut promised, 3).len();
            let disk = disk.power_cycle(seed);
            live(&disk, &mut promised, 0);
        }
    }
    assert!(repaired > 200, "only {repaired} repairs are no test");
}

#[test]
fn a_crash_during_recovery_does_no_harm() {
    for operation in 0..=operations(8) {
        for again in 0..14 {
            for seed in 0..6 {
                let disk = SimulatedDisk::new(seed);
                disk.inject(operation, Fault::PowerLoss);
                let mut promised = Promised::default();
                live(&disk, &mut promised, 8);
                let disk = disk.power_cycle(seed ^ (operation << 20));
                disk.inject(again, Fault::PowerLoss);
                live(&disk, &mut promised, 2);
                let disk = disk.power_cycle(seed ^ (again << 20));
                live(&disk, &mut promised, 3);
                live(&disk.power_cycle(seed), &mut promised, 0);
            }
        }
    }
}

#[test]
fn a_killed_process_and_then_a_power_loss_lose_nothing_that_was_shown() {
    for operation in 0..=operations(8) {
        for again in 0..14 {
            let disk = SimulatedDisk::new(again);
            disk.inject(operation, Fault::PowerLoss);
            let mut promised = Promised::default();
            live(&disk, &mut promised, 8);
            let disk = disk.kill();
            disk.inject(again, Fault::PowerLoss);
            live(&disk, &mut promised, 2);
            let disk = disk.power_cycle(again ^ (operation << 20));
            live(&disk, &mut promised, 3);
            live(&disk.power_cycle(again), &mut promised, 0);
        }
    }
}

#[test]
fn a_failed_operation_then_a_restart_then_a_power_loss_lose_nothing() {
    for operation in 0..=operations(8) {
        for seed in 0..24 {
            let disk = SimulatedDisk::new(seed);
            disk.inject(operation, [Fault::Failure, Fault::NoSpace][(seed % 2) as usize]);
            let mut promised = Promised::default();
            live(&disk, &mut promised, 8);
            // Restarted on the same kernel, which may believe that lost pages are clean.
            let disk = disk.kill();
            live(&disk, &mut promised, seed % 4);
            let disk = disk.power_cycle(seed ^ (operation << 20));
            live(&disk, &mut promised, 3);
        }
    }
}

#[test]
fn a_failed_operation_during_recovery_stops_the_start_and_the_next_one_repairs() {
    for operation in 0..=operations(8) {
        for again in 0..10 {
            for seed in 0..4 {
                let disk = SimulatedDisk::new(seed);
                disk.inject(operation, Fault::PowerLoss);
                let mut promised = Promised::default();
                live(&disk, &mut promised, 8);
                let disk = disk.power_cycle(seed ^ (operation << 20));
                disk.inject(again, Fault::Failure);
                live(&disk, &mut promised, 2);
                let disk = disk.kill();
                live(&disk, &mut promised, 2);
                live(&disk.power_cycle(again), &mut promised, 0);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn many_lives_in_sequence_lose_nothing(
        lives in prop::collection::vec((0_u64..30, 0_u8..4, any::<u64>()), 1..8),
    ) {
        let mut disk = SimulatedDisk::new(1);
        let mut promised = Promised::default();
        for (operation, end, seed) in lives {
            let fault = match end {
                0 => Fault::Failure,
                1 => Fault::NoSpace,
                _ => Fault::PowerLoss,
            };
            disk.inject(operation, fault);
            live(&disk, &mut promised, 8);
            disk = match end {
                0..=2 => disk.kill(),
                _ => disk.power_cycle(seed),
            };
        }
        live(&disk.power_cycle(9), &mut promised, 1);
    }
}
