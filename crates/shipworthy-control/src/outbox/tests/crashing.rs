//! Crashes, at every moment that there is.

use proptest::prelude::*;
use shipworthy_ledger::disk::Fault;

use super::*;

#[test]
fn a_crash_after_the_append_and_before_its_note_doubles_nothing() {
    let bench = Bench::new();
    bench.decide();
    bench.copy().unwrap();
    bench.act("a", 3);
    bench.act("b", 3);
    let intention = bench.intention();
    bench.copy().unwrap();
    bench.store.move_outbox(&intention).unwrap();
    bench.act("c", 3);
    bench.copy().unwrap();
    bench.every_event_is_there_once();
}

#[test]
fn a_crash_before_the_append_and_after_its_announcement_loses_nothing() {
    let bench = Bench::new();
    bench.act("a", 3);
    let intention = bench.intention();
    bench.store.move_outbox(&intention).unwrap();
    bench.decide();
    bench.copy().unwrap();
    bench.every_event_is_there_once();
}

/// Whatever operation of the disk it is, and whether the process or the power goes with it.
#[test]
fn a_ledger_that_fails_at_any_operation_loses_and_doubles_nothing() {
    let operations = {
        let bench = Bench::new();
        bench.copy().unwrap();
        let before = bench.disk.operations();
        bench.act("a", 3);
        bench.copy().unwrap();
        bench.disk.operations() - before
    };
    assert!(operations >= 3, "opening writes the last group again, copying appends");
    for at in 0..operations {
        for fault in [Fault::Failure, Fault::NoSpace, Fault::PowerLoss] {
            let mut bench = Bench::new();
            bench.copy().unwrap();
            bench.act("a", 3);
            bench.disk.inject(bench.disk.operations() + at, fault);
            let _ = bench.try_to_copy();
            bench.disk = match fault {
                Fault::PowerLoss => bench.disk.power_cycle(at),
                _ => bench.disk.kill(),
            };
            bench.act("b", 3);
            bench.copy().unwrap();
            bench.every_event_is_there_once();
        }
    }
}

impl Bench {
    /// As [`Bench::copy`], on a disk that may fail while the ledger is opened.
    fn try_to_copy(&self) -> Option<Result<(), Error>> {
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        let (ledger, writer, _) =
            open(Arc::clone(&disk), [7; 16], LedgerOptions::default()).ok()?;
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| writer.run());
            let entropy = Arc::new(SeededEntropy::new(7));
            let store = self.store.clone();
            let copied = copy(Ports { store, ledger: ledger.clone(), disk, entropy });
            ledger.close();
            writing.join().unwrap();
            Some(copied)
        })
    }
}

/// What may happen to a store and its ledger.
#[derive(Clone, Debug)]
enum Happening {
    Act(usize),
    Decide,
    Copy,
    /// The last note of a copy did not reach the disk.
    CopyUnnoted,
    /// The first one did, and nothing after it.
    Announce,
    /// The disk fails at one of the next operations, and the power goes with it or not.
    FailingCopy {
        at: u64,
        power: bool,
    },
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (1_usize..4).prop_map(Happening::Act),
        Just(Happening::Decide),
        Just(Happening::Copy),
        Just(Happening::CopyUnnoted),
        Just(Happening::Announce),
        (0_u64..8, any::<bool>()).prop_map(|(at, power)| Happening::FailingCopy { at, power }),
    ]
}

fn happen(bench: &mut Bench, happening: &Happening) {
    match happening {
        Happening::Act(count) => (0..*count).for_each(|number| bench.act("a", number)),
        Happening::Decide => bench.decide(),
        Happening::Copy => bench.copy().unwrap(),
        Happening::CopyUnnoted => {
            let before = bench.store.outbox().unwrap();
            let in_doubt = before.filter(|before| before.sent > before.copied);
            let mut intention = bench.intention();
            // What is in doubt stays where it may be.
            intention.sequence = in_doubt.map_or(intention.sequence, |before| before.sequence);
            bench.copy().unwrap();
            bench.store.move_outbox(&intention).unwrap();
        }
        Happening::Announce => {
            let before = bench.store.outbox().unwrap();
            if before.is_none_or(|before| before.sent == before.copied) {
                bench.store.move_outbox(&bench.intention()).unwrap();
            }
        }
        Happening::FailingCopy { at, power } => {
            let fault = if *power { Fault::PowerLoss } else { Fault::Failure };
            bench.disk.inject(bench.disk.operations() + at, fault);
            let _ = bench.try_to_copy();
            bench.disk = if *power { bench.disk.power_cycle(*at) } else { bench.disk.kill() };
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..<_>::default() })]

    #[test]
    fn whatever_happens_every_event_is_in_the_ledger_once(
        happenings in prop::collection::vec(happening(), 1..16),
    ) {
        let mut bench = Bench::new();
        for happening in &happenings {
            happen(&mut bench, happening);
        }
        bench.copy().unwrap();
        prop_assert_eq!(bench.told(), bench.recorded());
    }
}
