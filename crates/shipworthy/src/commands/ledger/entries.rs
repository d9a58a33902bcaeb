//! One view of the ledger, whether a server has it or nobody does.

mod pages;

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shipworthy_core::DecisionId;
use shipworthy_ledger::{Content, Disk, ReadError, Reader, RealDisk};
use shipworthy_store::ReadLock;

use self::pages::{Page, Pages};
use crate::client::{Client, Found};
use crate::output;

/// An entry, as the control plane shows it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Entry {
    pub(crate) sequence: u64,
    pub(crate) kind: String,
    pub(crate) id: String,
    /// Hexadecimal; absent when the entry was erased.
    pub(crate) salt: Option<String>,
    /// Hexadecimal.
    pub(crate) commitment: String,
    /// As it was recorded, byte for byte; absent when the entry was erased.
    pub(crate) payload: Option<Box<RawValue>>,
    /// What a shadow made of the row, where one entry is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) shadow: Option<Box<Entry>>,
}

/// Where entries come from.
pub(crate) enum Ledger {
    /// A server that goes on writing.
    Server(Client),
    /// Files that nobody writes while this is held.
    Files {
        /// Reads them, up to the end of what is whole.
        reader: Reader,
        /// Keeps a server from starting meanwhile.
        _lock: ReadLock,
    },
}

/// Entries, oldest first.
pub(crate) type Entries<'a> = Box<dyn Iterator<Item = Result<Entry>> + 'a>;

impl Ledger {
    /// The ledger of the server or of the files that were found. A torn tail is not repaired, but
    /// said.
    pub(crate) fn open(found: Found<ReadLock>) -> Result<Self> {
        let lock = match found {
            Found::Server(client) => return Ok(Self::Server(client)),
            Found::Files(lock) => lock,
        };
        let path = lock.dir().ledger();
        let nothing = || format!("there is no ledger in {} yet", lock.dir().path().display());
        // Opening a disk makes its directory.
        if !path.is_dir() {
            bail!(nothing());
        }
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(path)?);
        let reader = match Reader::open(Arc::clone(&disk), None) {
            Err(ReadError::NoLedger) => bail!(nothing()),
            opened => opened.context("the ledger cannot be read")?,
        };
        if let Some(torn) = torn_tail(&*disk, &reader)? {
            output::note(&torn);
        }
        Ok(Self::Files { reader, _lock: lock })
    }

    /// The sequence behind the last entry of this moment.
    pub(crate) fn end(&self) -> Result<u64> {
        match self {
            Self::Server(client) => Ok(Page::fetch(client, "limit=0")?.end),
            Self::Files { reader, .. } => Ok(reader.watermark().sequence),
        }
    }

    /// The entries from a sequence on, up to the end of the moment when it is reached.
    pub(crate) fn entries(&self, from: u64) -> Entries<'_> {
        match self {
            Self::Server(client) => Box::new(Pages::new(client, from)),
            Self::Files { reader, .. } => Box::new(
                reader.entries(from).map(|entry| Ok(Entry::from(entry.context(UNREADABLE)?))),
            ),
        }
    }

    /// The entry with this id.
    pub(crate) fn find(&self, id: DecisionId) -> Result<Entry> {
        match self {
            Self::Server(client) => client.get(&format!("/v1/ledger/entries/{id}")),
            Self::Files { reader, .. } => {
                let found = reader.find_with_shadow(&id.into_bytes()).context(UNREADABLE)?;
                let found = found.with_context(|| format!("the ledger has no entry {id}"))?;
                let shadow = found.shadow.map(|shadow| Box::new(shadow.into()));
                Ok(Entry { shadow, ..found.entry.into() })
            }
        }
    }

    /// Whether somebody may still be writing.
    pub(crate) const fn is_live(&self) -> bool {
        matches!(self, Self::Server(_))
    }
}

const UNREADABLE: &str = "the ledger cannot be read on";

/// What is behind the end of what is whole, if anything is.
fn torn_tail(disk: &dyn Disk, reader: &Reader) -> Result<Option<String>> {
    let mut segments = disk.list()?;
    segments.retain(|name| name.ends_with(".seg"));
    let Some(last) = segments.into_iter().max() else { return Ok(None) };
    let bytes = disk.open(&last, shipworthy_ledger::disk::Access::Read)?.size_bytes()?;
    let end = reader.watermark();
    // Names of segments are the sequences that they start with, and sort as they do.
    let is_torn = match last.trim_end_matches(".seg").parse::<u64>() {
        Ok(start) if start == end.segment => bytes > end.offset,
        Ok(start) => start > end.segment,
        Err(_) => false,
    };
    Ok(is_torn.then(|| {
        format!(
            "warning: the end of {last} was torn by a crash; this reads the {} entries before it, \
             and the next `shipworthy up` cuts the rest off",
            end.sequence
        )
    }))
}

impl From<shipworthy_ledger::Entry> for Entry {
    fn from(entry: shipworthy_ledger::Entry) -> Self {
        let (salt, payload) = match entry.content {
            Content::Erased => (None, None),
            Content::Whole { salt, payload } => (Some(hex::encode(salt)), Some(raw(&payload))),
        };
        Self {
            sequence: entry.sequence,
            kind: entry.kind.to_string(),
            id: DecisionId::from_bytes(entry.id).to_string(),
            salt,
            commitment: hex::encode(entry.commitment),
            payload,
            shadow: None,
        }
    }
}

/// A payload as the control plane shows it: JSON as it is, else its bytes in hexadecimal.
fn raw(payload: &[u8]) -> Box<RawValue> {
    let text = std::str::from_utf8(payload).ok();
    let json = text.and_then(|text| RawValue::from_string(text.to_owned()).ok());
    json.unwrap_or_else(|| {
        serde_json::value::to_raw_value(&hex::encode(payload)).expect("a string is JSON")
    })
}
