//! The component that goes on copying.

use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use super::*;

/// A running component.
struct Running {
    handle: Handle,
    shutdown: CancellationToken,
    ended: JoinHandle<Result<(), Error>>,
}

impl Running {
    fn start(ports: Ports, poll: Duration) -> Self {
        let (service, handle) = Service::new(ports, Options { poll });
        let shutdown = CancellationToken::new();
        let ended = TaskTracker::new().spawn(service.run(shutdown.clone()));
        Self { handle, shutdown, ended }
    }

    async fn end(self) -> Result<(), Error> {
        self.shutdown.cancel();
        self.ended.await.unwrap()
    }
}

/// So long that it does not happen.
const NEVER: Duration = Duration::from_hours(1);

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap().block_on(work)
}

#[test]
fn a_flush_waits_until_what_was_done_is_in_the_ledger() {
    let bench = Bench::new();
    bench.with_ledger(|ports| {
        block_on(async {
            let running = Running::start(ports, NEVER);
            for subject in ["a", "b"] {
                bench.act(subject, 3);
                assert!(running.handle.flush().await);
                bench.every_event_is_there_once();
            }
            running.end().await.unwrap();
        });
    });
}

#[test]
fn what_is_done_before_the_shutdown_is_copied_before_the_end() {
    let bench = Bench::new();
    bench.with_ledger(|ports| {
        block_on(async {
            let running = Running::start(ports, NEVER);
            assert!(running.handle.flush().await);
            bench.act("a", 3);
            running.end().await.unwrap();
        });
    });
    bench.every_event_is_there_once();
}

#[test]
fn events_are_copied_without_being_asked_for() {
    let bench = Bench::new();
    bench.with_ledger(|ports| {
        let mut watermark = ports.ledger.watch_watermark();
        block_on(async {
            let running = Running::start(ports, Duration::from_millis(1));
            watermark.wait_for(|watermark| watermark.sequence == 1).await.unwrap();
            bench.act("a", 3);
            watermark.wait_for(|watermark| watermark.sequence == 2).await.unwrap();
            running.end().await.unwrap();
        });
    });
    bench.every_event_is_there_once();
}

#[test]
fn a_ledger_that_failed_ends_the_component_and_the_next_start_goes_on() {
    let mut bench = Bench::new();
    bench.copy().unwrap();
    bench.with_ledger(|ports| {
        block_on(async {
            let running = Running::start(ports, NEVER);
            assert!(running.handle.flush().await);
            bench.act("a", 3);
            bench.disk.inject(bench.disk.operations(), shipworthy_ledger::disk::Fault::NoSpace);
            assert!(!running.handle.flush().await);
            assert!(!running.handle.flush().await, "nobody waits for ever");
            let ended = running.end().await;
            assert!(matches!(ended, Err(Error::Append(AppendError::Failed(_)))), "{ended:?}");
        });
    });
    bench.disk = bench.disk.kill();
    bench.copy().unwrap();
    bench.every_event_is_there_once();
}
