//! Whether events say what their copies in the ledger say.
//!
//! What must hold: a ledger that also has copies of another time is no reproach. A state directory
//! may have been made anew, or restored, beside it: then copies are appended under numbers that
//! were there before. So an event holds if one of its copies says the same, and one is missed only
//! if no lower number, nor its own, was appended after it.

use std::collections::{BTreeMap, BTreeSet};

use shipworthy_ledger::{Entry, Kind, Reader};
use shipworthy_store::store::MAX_PAGE_ROWS;
use shipworthy_store::{Event, Store, store};

use super::Error;
use super::entry::{RecordedEvent, event_of};

/// Why an event is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Edited {
    /// It says something else than the ledger.
    #[error(
        "event {event} ({kind}) was changed since it was copied into the ledger: {}",
        fields.join(", ")
    )]
    Changed {
        /// Its number.
        event: i64,
        /// What happened, as the state has it.
        kind: String,
        /// What is different.
        fields: Vec<&'static str>,
    },
    /// It is in the ledger alone.
    #[error("event {event} ({kind}) is in the ledger, and gone from the state")]
    Gone {
        /// Its number.
        event: i64,
        /// What happened, as the ledger has it.
        kind: String,
    },
    /// A copy that was changed together with its checksum.
    #[error("the ledger's copy of event {event} was changed")]
    Copy {
        /// Its number.
        event: i64,
    },
}

/// Compares the events about `subject` with their copies; gives how many are the same. One that
/// has no copy (yet), or whose copy was erased, is not counted.
///
/// # Errors
/// When the store or the ledger cannot be read.
pub fn compare(
    store: &dyn Store,
    ledger: &Reader,
    subject: &str,
) -> Result<Result<usize, Edited>, Error> {
    let events = events_about(store, subject)?;
    let mut events: BTreeMap<i64, Event> =
        events.into_iter().map(|event| (event.id, event)).collect();
    let mut copies =
        Copies { subject, wanted: events.keys().copied().collect(), ..Copies::default() };
    for entry in ledger.entries(0) {
        if let Err(edited) = copies.note(&entry?) {
            return Ok(Err(edited));
        }
    }
    for (id, kind) in copies.last {
        // What was recorded meanwhile, or is about something else by now, is there nevertheless.
        match store.events_after(id - 1, 1)?.pop().filter(|found| found.id == id) {
            Some(found) => events.insert(id, found),
            None => return Ok(Err(Edited::Gone { event: id, kind })),
        };
    }
    let mut same = 0;
    for (id, event) in events {
        let Some(copies) = copies.all.get(&id) else { continue };
        match differing(&event, copies) {
            Some(fields) if fields.is_empty() => same += 1,
            Some(fields) => {
                return Ok(Err(Edited::Changed { event: id, kind: event.kind, fields }));
            }
            None => {}
        }
    }
    Ok(Ok(same))
}

/// All events about `subject`, oldest first.
///
/// # Errors
/// When the store cannot be read.
pub fn events_about(store: &dyn Store, subject: &str) -> Result<Vec<Event>, store::Error> {
    let mut events: Vec<Event> = Vec::new();
    loop {
        let before = events.last().map(|event| event.id);
        let page = store.events_of(subject, before, MAX_PAGE_ROWS)?;
        if page.is_empty() {
            events.reverse();
            return Ok(events);
        }
        events.extend(page);
    }
}

/// The copies of some events.
#[derive(Default)]
struct Copies<'a> {
    subject: &'a str,
    /// Events that are looked for, whatever their copies are about.
    wanted: BTreeSet<i64>,
    /// What each copy says; `None` where it says nothing any more: erased, or of a later form.
    all: BTreeMap<i64, Vec<Option<RecordedEvent>>>,
    /// The events about the subject that there should be, with their kinds.
    last: BTreeMap<i64, String>,
}

impl Copies<'_> {
    fn note(&mut self, entry: &Entry) -> Result<(), Edited> {
        let Some(id) = event_of(entry.id).filter(|_| entry.kind == Kind::EVENT) else {
            return Ok(());
        };
        self.last.split_off(&id);
        let told = entry.payload().and_then(|payload| serde_json::from_slice(payload).ok());
        let is_about =
            told.as_ref().is_some_and(|told: &RecordedEvent| told.subject == self.subject);
        if !is_about && !self.wanted.contains(&id) {
            return Ok(());
        }
        if entry.commitment_holds() == Some(false) {
            return Err(Edited::Copy { event: id });
        }
        if let Some(told) = told.as_ref().filter(|_| is_about) {
            self.last.insert(id, told.kind.clone());
        }
        self.all.entry(id).or_default().push(told);
        Ok(())
    }
}

/// What an event says otherwise than its last copy: nothing where any copy says the same. `None`
/// where that cannot be told.
fn differing(event: &Event, copies: &[Option<RecordedEvent>]) -> Option<Vec<&'static str>> {
    let mut fields = Vec::new();
    for copy in copies {
        fields = differences(event, copy.as_ref()?);
        if fields.is_empty() {
            break;
        }
    }
    Some(fields)
}

fn differences(event: &Event, copy: &RecordedEvent) -> Vec<&'static str> {
    let fields = [
        ("time", event.at != copy.at),
        ("actor", event.actor != copy.actor),
        ("reason", event.reason != copy.reason),
        ("kind", event.kind != copy.kind),
        ("subject", event.subject != copy.subject),
        ("body", event.body != copy.body.get()),
    ];
    let differing = fields.into_iter().filter(|(_, differs)| *differs);
    differing.map(|(name, _)| name).collect()
}
