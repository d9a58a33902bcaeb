//! Events that are not what their copies in the ledger say.

use super::*;

impl Bench {
    fn compared(&self, subject: &str) -> Result<usize, Edited> {
        let reader = Reader::open(Arc::new(self.disk.clone()), None).unwrap();
        compare(self.store.as_ref(), &reader, subject).unwrap()
    }

    /// Another store beside the same ledger.
    fn with_another_store(&self) -> Self {
        Self { disk: self.disk.clone(), ..Self::new() }
    }
}

/// Events 2 and 4 are about `late`, event 3 about `delay`; all have their copies.
fn copied() -> Bench {
    let bench = Bench::new();
    for subject in ["late", "delay", "late"] {
        bench.act(subject, 1);
    }
    bench.copy().unwrap();
    bench
}

/// As if somebody had edited event 4 in the store.
fn edited(kind: &str, subject: &str, body: &str, by: &Attribution) -> Bench {
    let bench = copied().with_another_store();
    for subject in ["late", "delay"] {
        bench.act(subject, 1);
    }
    let event = NewEvent::new(kind, subject, &json!({ "why": body })).unwrap();
    bench.store.record_event(&event, by).unwrap();
    bench
}

#[test]
fn an_event_that_was_edited_is_not_what_its_copy_says() {
    assert_eq!(copied().compared("late"), Ok(2));
    let ana = by_ana();
    assert_eq!(edited("test", "late", "x", &ana).compared("late"), Ok(2));
    let later = Attribution::new("ana", ana.reason(), Timestamp::from_micros(7)).unwrap();
    let otherwise = Attribution::new("ana", "another", ana.at()).unwrap();
    let cases = [
        (edited("test", "late", "x", &later), "time"),
        (edited("test", "late", "x", &otherwise), "reason"),
        (edited("tests", "late", "x", &ana), "kind"),
        (edited("test", "delay", "x", &ana), "subject"),
        (edited("test", "late", "y", &ana), "body"),
    ];
    for (bench, field) in cases {
        let Err(Edited::Changed { event: 4, fields, .. }) = bench.compared("late") else {
            panic!("the {field} was changed");
        };
        assert_eq!(fields, [field]);
    }
    let moved = edited("test", "delay", "x", &ana).compared("delay");
    assert!(matches!(moved, Err(Edited::Changed { event: 4, .. })), "{moved:?}");
}

#[test]
fn an_event_that_was_removed_is_missed() {
    let bench = copied().with_another_store();
    bench.act("late", 1);
    bench.act("delay", 1);
    let gone = Edited::Gone { event: 4, kind: "test".to_owned() };
    assert_eq!(bench.compared("late"), Err(gone));
    assert_eq!(bench.compared("delay"), Ok(1));
}

#[test]
fn what_has_no_copy_yet_is_nobodys_fault() {
    let bench = copied();
    bench.act("late", 2);
    assert_eq!(bench.compared("late"), Ok(2));
}

#[test]
fn a_store_that_was_made_anew_beside_the_ledger_is_believed() {
    let anew = copied().with_another_store();
    anew.act("delay", 1);
    anew.copy().unwrap();
    assert_eq!(anew.compared("delay"), Ok(1));
    assert_eq!(anew.compared("late"), Ok(0));
}
