//! Appending, in order and in threads.

use std::sync::Arc;

use shipworthy_ledger::{
    AppendError, Disk, Health, MemoryDisk, Options, OptionsError, Reader, RealDisk, open,
};

use crate::workload::*;

#[test]
fn a_log_survives_reopening_on_a_real_directory() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a/new/directory");
    let mut appended = 0;
    for _ in 0..4 {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(&path).expect("a directory"));
        let (ledger, mut writer, recovery) = open_ok(&disk, small());
        assert_eq!((recovery.rows, recovery.created), (appended, appended == 0));
        assert_eq!((ledger.log_id(), recovery.repairs), (LOG_ID, Vec::new()));
        for _ in 0..20 {
            append_one(&ledger, &mut writer, appended, 300);
            appended += 1;
        }
    }
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(&path).expect("a directory"));
    let entries = read_all(&disk);
    assert_eq!(entries.len(), 80);
    for entry in &entries {
        assert_eq!(number(entry), entry.sequence);
        assert_intact(entry);
    }
    assert!(disk.list().expect("a directory").len() > 5, "segments roll");
}

#[test]
fn one_group_commits_what_is_queued_and_receipts_tell_the_sequences() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new(usize::MAX));
    let (ledger, mut writer, _) = open_ok(&disk, small());
    let pending: Vec<_> = (0..3)
        .map(|n| ledger.try_append(&vec![record(n, 9); n as usize + 1]).expect("queued"))
        .collect();
    assert_eq!(ledger.watermark().sequence, 0);
    assert!(writer.commit_queued());
    let receipts: Vec<_> = pending
        .into_iter()
        .map(|pending| answer(pending).expect("answered").expect("durable"))
        .map(|receipt| (receipt.first_sequence, receipt.count))
        .collect();
    assert_eq!(receipts, [(0, 1), (1, 2), (3, 3)]);
    assert_eq!(ledger.watermark().sequence, 6);
}

#[test]
fn many_tasks_and_the_writer_thread_lose_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(directory.path()).expect("a directory"));
    let options = Options { queue_bytes: 4096, ..small() };
    let (ledger, writer, _) = open_ok(&disk, options.clone());
    let thread = std::thread::Builder::new()
        .name("ledger".into())
        .spawn(move || writer.run())
        .expect("a thread");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..8 {
            let ledger = ledger.clone();
            tasks.spawn(async move {
                for n in 0..50 {
                    let n = task * 1000 + n;
                    let receipt = ledger.append(vec![record(n, 100)]).await.expect("durable");
                    assert!(ledger.watermark().sequence > receipt.first_sequence);
                }
            });
        }
        tasks.join_all().await;
    });
    let health = ledger.health();
    drop(ledger);
    thread.join().expect("the writer ends when its handles are gone");
    assert!(matches!(*health.borrow(), Health::Closed));

    let mut numbers: Vec<u64> = read_all(&disk).iter().map(number).collect();
    numbers.sort_unstable();
    let expected: Vec<u64> =
        (0..8).flat_map(|task| (0..50).map(move |n| task * 1000 + n)).collect();
    assert_eq!(numbers, expected);
}

#[test]
fn close_commits_what_is_queued_and_refuses_what_comes() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new(usize::MAX));
    let (ledger, writer, _) = open_ok(&disk, small());
    let pending: Vec<_> =
        (0..40).map(|n| ledger.try_append(&[record(n, 200)]).expect("queued")).collect();
    ledger.close();
    assert!(matches!(ledger.try_append(&[record(9, 9)]), Err(AppendError::Closed)));
    writer.run();
    for pending in pending {
        answer(pending).expect("answered").expect("durable");
    }
    assert!(matches!(*ledger.health().borrow(), Health::Closed));
    assert_eq!(read_all(&disk).len(), 40);
}

#[test]
fn a_full_queue_sheds_at_once_and_frees_itself() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new(usize::MAX));
    let options = Options { queue_bytes: 2048, ..small() };
    let (ledger, mut writer, _) = open_ok(&disk, options);
    let mut queued = Vec::new();
    let error = loop {
        match ledger.try_append(&[record(1, 400)]) {
            Ok(pending) => queued.push(pending),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, AppendError::QueueFull { queue_bytes: 2048 }), "{error}");
    assert_eq!(queued.len(), 3);
    assert!(writer.commit_queued());
    drop(ledger.try_append(&[record(1, 400)]).expect("there is room again"));
}

#[test]
fn what_can_never_be_appended_is_refused() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new(usize::MAX));
    let (ledger, mut writer, _) = open_ok(&disk, small());
    assert!(matches!(ledger.try_append::<Vec<u8>>(&[]), Err(AppendError::Empty)));
    let error = ledger.try_append(&[record(1, 2048)]).expect_err("longer than a group");
    assert!(matches!(error, AppendError::TooLong { limit_bytes: 2048 }), "{error}");
    append_one(&ledger, &mut writer, 0, 2048 - 80 - 64 - 20);
}

#[test]
fn contradicting_options_are_refused() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new(usize::MAX));
    let refusal = |options: Options| {
        let error = open(Arc::clone(&disk), LOG_ID, options).expect_err("refused");
        match error {
            shipworthy_ledger::OpenError::Options(error) => error,
            other => panic!("{other}"),
        }
    };
    let group = Options { max_group_bytes: 1 << 30, ..small() };
    assert!(matches!(refusal(group), OptionsError::GroupBytes { .. }));
    let segment = Options { segment_bytes: 2048, ..small() };
    assert!(matches!(refusal(segment), OptionsError::SegmentBytes { least: 2112, .. }));
    let queue = Options { queue_bytes: 2047, ..small() };
    assert!(matches!(refusal(queue), OptionsError::QueueBytes { .. }));
}

#[test]
fn a_writer_that_is_dropped_fails_the_ledger() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new(usize::MAX));
    let (ledger, writer, _) = open_ok(&disk, small());
    let pending = ledger.try_append(&[record(0, 10)]).expect("queued");
    drop(writer);
    let error = answer(pending).expect("answered").expect_err("not durable");
    assert!(matches!(error, AppendError::Failed(_)), "{error}");
    assert!(matches!(*ledger.health().borrow(), Health::Failed(_)));
}

#[test]
fn a_bounded_memory_disk_drops_its_oldest_segments_and_stays_readable() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new(16 << 10));
    let (ledger, mut writer, _) = open_ok(&disk, small());
    for n in 0..200 {
        append_one(&ledger, &mut writer, n, 400);
    }
    assert!(disk.list().expect("a list").len() <= 6);
    let reader = Reader::open(Arc::clone(&disk), Some(ledger.watermark())).expect("a ledger");
    let rows: Vec<_> = reader.entries(0).collect::<Result<_, _>>().expect("intact");
    assert!(rows.len() > 20 && rows.len() < 100);
    assert_eq!(rows.last().map(number), Some(199));
}
