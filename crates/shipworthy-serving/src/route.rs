//! Station 2: which release answers.
//!
//! A request is routed once, whole: to the slot that a tester asks for; else by the key of its rows;
//! else, where no key is declared, or rows have several, by its first decision's id.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use shipworthy_core::rollout::Sample;
use shipworthy_core::routing::Salt;
use shipworthy_core::{DecisionId, Policy};
use shipworthy_rows::{Cell, RowBatch};

use crate::Failure;
use crate::record::write_json;
use crate::release::LoadedRelease;
use crate::shadow::Paired;
use crate::tally::Tally;

/// The place of a release at an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The release that callers rely on.
    Stable,
    /// The release that is on its way there.
    Candidate,
    /// The candidate, where its answers are shown to nobody.
    Shadow,
}

impl Slot {
    /// The name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Candidate => "candidate",
            Self::Shadow => "shadow",
        }
    }
}

/// A release in a slot, with what it did there.
#[derive(Clone, Debug)]
pub struct Deployed {
    /// The release.
    pub release: Arc<LoadedRelease>,
    /// What it did since it came here.
    pub tally: Arc<Tally>,
}

impl Deployed {
    /// A release that did nothing here yet.
    #[must_use]
    pub fn new(release: Arc<LoadedRelease>) -> Self {
        Self { release, tally: Arc::default() }
    }

    /// What it did here up to now.
    #[must_use]
    pub fn sample(&self) -> Sample {
        Sample { crashes: self.release.outages(), ..self.tally.sample() }
    }
}

/// A release on its way to stable.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The release.
    pub deployed: Deployed,
    /// Its share of the traffic, in percent.
    pub percent: u8,
    /// What says whose requests that share is.
    pub salt: Salt,
    /// Whether it answers what stable answers once more, unseen.
    pub is_shadow: bool,
    /// Its answers beside stable's, while it is a shadow.
    pub paired: Arc<Paired>,
}

/// The stable name that clients call.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its name in URLs.
    pub name: String,
    /// The release that callers rely on.
    pub stable: Deployed,
    /// The release that is on its way there.
    pub candidate: Option<Candidate>,
    /// The release that a rollback returns to, ready to answer.
    pub previous: Option<Deployed>,
    /// How predictions become decisions.
    pub policy: Policy,
    /// The column whose value keeps a caller on one side.
    pub key: Option<String>,
    /// Keys that always get the candidate while there is one.
    pub testers: Arc<BTreeSet<String>>,
    /// Whether the kill switch is on: no model is asked.
    pub is_stopped: bool,
}

/// Bounds of a request. They may change without a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest body, in bytes.
    pub max_body_bytes: usize,
    /// The most rows of a request.
    pub max_rows: usize,
    /// From the first byte to the answer.
    pub request_timeout: Duration,
    /// Requests at one time; more are shed.
    pub max_inflight: usize,
}

/// Everything that decides how requests are answered: one immutable value, replaced whole.
#[derive(Clone, Debug)]
pub struct Plan {
    /// By name.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// For all endpoints.
    pub limits: Limits,
}

/// Where a request goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Routed<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) deployed: &'a Deployed,
    pub(crate) slot: Slot,
}

impl<'a> Routed<'a> {
    pub(crate) fn release(&self) -> &'a Arc<LoadedRelease> {
        &self.deployed.release
    }
}

/// What the rows of a request have as their key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// All the same.
    One(String),
    /// Not all the same.
    Mixed,
    /// None: it is not declared, or rows are without it.
    Absent,
}

impl Plan {
    /// The endpoint of this name.
    pub(crate) fn endpoint(&self, name: &str) -> Result<&Endpoint, Failure> {
        self.endpoints.get(name).ok_or_else(|| {
            let known: Vec<_> = self.endpoints.keys().map(String::as_str).collect();
            let name = name.chars().take(64).collect();
            Failure::UnknownModel { name, known: known.join(", ") }
        })
    }
}

impl Endpoint {
    /// An endpoint with one release, which has all the traffic.
    #[must_use]
    pub fn new(name: &str, stable: Arc<LoadedRelease>, policy: Policy) -> Self {
        Self {
            name: name.to_owned(),
            stable: Deployed::new(stable),
            candidate: None,
            previous: None,
            policy,
            key: None,
            testers: Arc::default(),
            is_stopped: false,
        }
    }

    /// Where a request goes whatever its rows are; `None` when they decide.
    ///
    /// # Errors
    /// When a slot is asked for that is empty.
    pub(crate) fn route(&self, wish: Option<Slot>) -> Result<Option<Routed<'_>>, Failure> {
        match (wish, &self.candidate) {
            (Some(Slot::Stable), _) | (None, None) => Ok(Some(self.to_stable())),
            (Some(_), Some(candidate)) => Ok(Some(self.to(candidate))),
            (Some(_), None) => Err(Failure::BadRequest {
                message: format!("there is no candidate at `{}` now", self.name),
                hint: "leave the header X-Shipworthy-Slot out",
            }),
            (None, Some(_)) if !self.testers.is_empty() => Ok(None),
            (None, Some(candidate)) => Ok(match candidate.percent {
                0 => Some(self.to_stable()),
                100.. => Some(self.to(candidate)),
                _ => None,
            }),
        }
    }

    /// Where rows with this key go; `id` is their first decision's.
    pub(crate) fn route_by(&self, key: &Key, id: DecisionId) -> Routed<'_> {
        let Some(candidate) = &self.candidate else { return self.to_stable() };
        let is_in = match key {
            Key::One(key) => {
                self.testers.contains(key)
                    || candidate.salt.includes(key.as_bytes(), candidate.percent)
            }
            Key::Mixed | Key::Absent => {
                candidate.salt.includes(&id.into_bytes(), candidate.percent)
            }
        };
        if is_in { self.to(candidate) } else { self.to_stable() }
    }

    /// The key of rows: text as it is, any other value as it stands in JSON.
    pub(crate) fn key_of(&self, batch: &RowBatch) -> Key {
        let fields = batch.schema().fields().iter();
        let column = self.key.as_deref().and_then(|key| {
            let mut named = fields.enumerate().filter(|(_, field)| *field.name == *key);
            named.next().map(|(column, _)| column)
        });
        let Some(column) = column else { return Key::Absent };
        let mut keys = (0..batch.rows()).map(|row| text_of(batch.columns()[column].cell(row)));
        match keys.next().flatten() {
            None => Key::Absent,
            Some(first) if keys.all(|key| key.as_ref() == Some(&first)) => Key::One(first),
            Some(_) => Key::Mixed,
        }
    }

    pub(crate) fn to_stable(&self) -> Routed<'_> {
        Routed { endpoint: self, deployed: &self.stable, slot: Slot::Stable }
    }

    fn to<'a>(&'a self, candidate: &'a Candidate) -> Routed<'a> {
        Routed { endpoint: self, deployed: &candidate.deployed, slot: Slot::Candidate }
    }
}

fn text_of(cell: Cell<'_>) -> Option<String> {
    fn json<T: serde::Serialize>(value: &T) -> String {
        let mut text = Vec::new();
        write_json(&mut text, value);
        String::from_utf8(text).expect("JSON is UTF-8")
    }
    Some(match cell {
        Cell::Missing => return None,
        Cell::String(text) => text.to_owned(),
        Cell::Boolean(value) => json(&value),
        Cell::Integer(value) => json(&value),
        Cell::Float(value) => json(&value),
        Cell::Timestamp(value) => json(&value),
    })
}

#[cfg(test)]
mod tests;
