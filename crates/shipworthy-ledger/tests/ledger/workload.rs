//! What the tests share: records that can be told apart, and appends without a thread.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use shipworthy_ledger::{
    AppendError, Disk, Entry, Kind, Ledger, Options, Pending, Reader, Receipt, Record, Recovery,
    Writer, open,
};

pub(crate) const LOG_ID: [u8; 16] = *b"the log's own id";

/// Small limits, so that few rows make several groups and segments.
pub(crate) fn small() -> Options {
    Options {
        segment_bytes: 4096,
        max_group_bytes: 2048,
        queue_bytes: 1 << 20,
        ..Options::default()
    }
}

/// Record number `n`: everything about it follows from `n`, so a reader can check it.
pub(crate) fn record(n: u64, payload_bytes: usize) -> Record {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&n.to_le_bytes());
    Record {
        kind: Kind(u16::try_from(n % 7).expect("small")),
        id,
        salt: [n.to_le_bytes()[0] ^ 0xa5; 16],
        payload: (0..payload_bytes).map(|i| (n as usize * 31 + i) as u8 | 1).collect(),
    }
}

/// The number that [`record`] was given.
pub(crate) fn number(entry: &Entry) -> u64 {
    u64::from_le_bytes(entry.id[..8].try_into().expect("eight bytes"))
}

/// Asserts that `entry` is what [`record`] made.
pub(crate) fn assert_intact(entry: &Entry) {
    let payload = entry.payload().expect("nothing was erased");
    let expected = record(number(entry), payload.len());
    assert_eq!(payload, expected.payload);
    assert_eq!((entry.kind, entry.id), (expected.kind, expected.id));
    assert_eq!(entry.commitment_holds(), Some(true));
}

pub(crate) fn open_ok(disk: &Arc<dyn Disk>, options: Options) -> (Ledger, Writer, Recovery) {
    open(Arc::clone(disk), LOG_ID, options).expect("the log opens")
}

/// The answer, if there is one already.
pub(crate) fn answer(pending: Pending) -> Option<Result<Receipt, AppendError>> {
    let mut pending = pin!(pending);
    match pending.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

/// Appends and commits one record.
pub(crate) fn append_one(ledger: &Ledger, writer: &mut Writer, n: u64, bytes: usize) {
    let pending = ledger.try_append(&[record(n, bytes)]).expect("queued");
    assert!(writer.commit_queued());
    answer(pending).expect("answered").expect("durable");
}

/// All rows, without a watermark; checks that they are dense from 0.
pub(crate) fn read_all(disk: &Arc<dyn Disk>) -> Vec<Entry> {
    let reader = Reader::open(Arc::clone(disk), None).expect("a ledger");
    let entries: Vec<Entry> =
        reader.entries(0).collect::<Result<_, _>>().expect("nothing is damaged");
    for (sequence, entry) in entries.iter().enumerate() {
        assert_eq!(entry.sequence, sequence as u64);
    }
    entries
}
