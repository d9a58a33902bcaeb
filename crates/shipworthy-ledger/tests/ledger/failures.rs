//! After the first failure nothing is acknowledged any more, and everyone learns why.

use std::sync::Arc;

use shipworthy_ledger::disk::Fault;
use shipworthy_ledger::{AppendError, Disk, Failure, Health, Options, SimulatedDisk, open};

use crate::workload::*;

/// Opening a new log takes four operations: create, write, sync, sync the directory.
const FIRST_WRITE: u64 = 4;
const FIRST_SYNC: u64 = 5;

/// Appends until the ledger fails; asserts that the failure is sticky and returns it.
fn fail(disk: &SimulatedDisk, options: Options) -> Arc<Failure> {
    let port: Arc<dyn Disk> = Arc::new(disk.clone());
    let (ledger, mut writer, _) = open_ok(&port, options);
    let health = ledger.health();
    let mut durable = ledger.watermark();
    let (failure, waiting) = (0..1000)
        .find_map(|n| {
            let pending = [n, n + 1].map(|n| ledger.try_append(&[record(n, 500)]).expect("queued"));
            let goes_on = writer.commit_queued();
            let [first, second] = pending.map(|pending| answer(pending).expect("answered"));
            if goes_on {
                first.expect("durable");
                durable = ledger.watermark();
                return None;
            }
            match first {
                Err(AppendError::Failed(failure)) => Some((failure, second)),
                other => panic!("{other:?}"),
            }
        })
        .expect("it fails");
    assert!(matches!(waiting, Err(AppendError::Failed(_))), "{waiting:?}");
    assert_eq!(ledger.watermark(), durable, "the watermark does not move");
    assert!(matches!(&*health.borrow(), Health::Failed(other) if Arc::ptr_eq(other, &failure)));
    let operations = disk.operations();
    for _ in 0..3 {
        let error = ledger.try_append(&[record(0, 1)]).expect_err("sticky");
        assert!(matches!(error, AppendError::Failed(_)), "{error}");
        assert!(!writer.commit_queued() || disk.operations() == operations);
    }
    drop(writer);
    assert!(matches!(&*health.borrow(), Health::Failed(_)), "it stays failed");
    assert_eq!(disk.operations(), operations, "nothing is tried again");
    failure
}

#[test]
fn a_failed_sync_is_final() {
    for sync in [FIRST_SYNC, FIRST_SYNC + 2, FIRST_SYNC + 4] {
        let disk = SimulatedDisk::new(1);
        disk.inject(sync, Fault::Failure);
        let failure = fail(&disk, small());
        assert!(matches!(&*failure, Failure::Sync { .. }), "{failure}");
    }
}

#[test]
fn a_failed_write_is_final() {
    let disk = SimulatedDisk::new(1);
    disk.inject(FIRST_WRITE, Fault::Failure);
    let failure = fail(&disk, small());
    assert!(matches!(&*failure, Failure::Write { offset: 64, .. }), "{failure}");
}

#[test]
fn a_full_disk_is_named() {
    for operation in [FIRST_WRITE, FIRST_SYNC] {
        let disk = SimulatedDisk::new(1);
        disk.inject(operation, Fault::NoSpace);
        let failure = fail(&disk, small());
        assert!(matches!(&*failure, Failure::DiskFull { .. }), "{failure}");
        assert_eq!(
            failure.to_string(),
            "no space is left on the disk for 00000000000000000000.seg"
        );
    }
}

#[test]
fn a_segment_that_cannot_be_created_is_final_at_each_step() {
    // Two groups of 1344 bytes fit into the first segment: the third rolls, at operation 10.
    let roll = FIRST_WRITE + 2 * 3;
    for step in 0..4 {
        let disk = SimulatedDisk::new(1);
        disk.inject(roll + step, Fault::Failure);
        let failure = fail(&disk, small());
        assert!(matches!(&*failure, Failure::Create { .. }), "{failure} at step {step}");
    }
}

#[test]
fn the_cap_is_final_and_named_and_holds() {
    let disk = SimulatedDisk::new(1);
    let options = Options { max_bytes: 10_000, ..small() };
    let failure = fail(&disk, options.clone());
    assert!(matches!(&*failure, Failure::CapReached { max_bytes: 10_000, .. }), "{failure}");
    assert!(failure.to_string().contains("max_bytes = 10000"), "{failure}");
    let held: usize = disk
        .list()
        .expect("a list")
        .iter()
        .map(|name| disk.contents(name).expect("a file").len())
        .sum();
    assert!(held <= 10_000 && held > 8_000, "{held}");

    // Reopening does not help, a higher cap does.
    let port: Arc<dyn Disk> = Arc::new(disk.clone());
    let failure = fail(&disk, options);
    assert!(matches!(&*failure, Failure::CapReached { .. }), "{failure}");
    let (ledger, mut writer, _) = open_ok(&port, small());
    append_one(&ledger, &mut writer, 7, 500);
}

#[test]
fn a_disk_that_cannot_be_read_stops_the_start() {
    let disk = SimulatedDisk::new(1);
    disk.inject(0, Fault::PowerLoss);
    let port: Arc<dyn Disk> = Arc::new(disk);
    open(Arc::clone(&port), LOG_ID, small()).expect_err("no power");
    let error = open(port, LOG_ID, small()).expect_err("still no power");
    assert_eq!(error.to_string(), "cannot list the directory");
}

#[test]
fn those_who_wait_for_room_in_the_queue_learn_of_the_failure() {
    let disk = SimulatedDisk::new(1);
    disk.inject(FIRST_SYNC, Fault::Failure);
    let port: Arc<dyn Disk> = Arc::new(disk);
    let options = Options { queue_bytes: 2048, ..small() };
    let (ledger, mut writer, _) = open_ok(&port, options);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let outcomes = runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..10 {
            let ledger = ledger.clone();
            tasks.spawn(async move { ledger.append(vec![record(n, 600)]).await });
        }
        tasks.spawn(async move {
            assert!(!writer.commit_queued());
            Err(AppendError::Closed)
        });
        tasks.join_all().await
    });
    let failed = outcomes.iter().filter(|o| matches!(o, Err(AppendError::Failed(_)))).count();
    assert_eq!(failed, 10);
}
