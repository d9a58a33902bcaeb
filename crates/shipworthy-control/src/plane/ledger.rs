//! `/v1/ledger/entries`: what was decided, up to the durable watermark.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shipworthy_core::DecisionId;
use shipworthy_ledger::{Content, Entry, Reader};

use super::{ControlPlane, Error, body, json};

/// Entries of a page, unless the caller asks for fewer or more.
const DEFAULT_LIMIT: u64 = 100;

/// The most entries of a page.
pub(super) const MAX_LIMIT: u64 = 10_000;

/// A page ends early when its payloads pass this, in bytes: a page is held in memory.
const MAX_PAGE_BYTES: usize = 8 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    from: Option<u64>,
    limit: Option<u64>,
    last: Option<u64>,
}

impl Asked {
    /// The first sequence and the number of entries, in a log that ends at `end`.
    fn range(&self, end: u64) -> Result<(u64, u64), Error> {
        let bad = |message: String, hint| Err(Error::BadRequest { message, hint });
        let limit = self.last.or(self.limit).unwrap_or(DEFAULT_LIMIT);
        if limit > MAX_LIMIT {
            let message = format!("{limit} entries are more than a page holds");
            return bad(message, "ask for at most 10000, and go on from `next`");
        }
        match (self.last, self.from.or(self.limit)) {
            (Some(_), Some(_)) => bad(
                "`last` goes with neither `from` nor `limit`".to_owned(),
                "either last=N, or from=SEQUENCE&limit=N",
            ),
            (Some(last), None) => Ok((end.saturating_sub(last), last)),
            (None, _) => Ok((self.from.unwrap_or(0).min(end), limit)),
        }
    }
}

#[derive(Serialize)]
struct Page {
    entries: Vec<Shown>,
    /// The sequence to ask for as `from` to go on; equal to `end` when there is no more yet.
    next: u64,
    /// The sequence that the next entry will have.
    end: u64,
}

/// An entry, with everything that its commitment is made of.
#[derive(Serialize)]
struct Shown {
    sequence: u64,
    kind: String,
    id: String,
    /// Hexadecimal; `null` when the entry was erased.
    salt: Option<String>,
    /// Hexadecimal: SHA-256 over the domain, salt, kind, id and payload.
    commitment: String,
    /// As it was recorded, byte for byte; `null` when the entry was erased.
    payload: Option<Box<RawValue>>,
    /// What a shadow made of the row, where one entry is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    shadow: Option<Box<Shown>>,
}

pub(super) async fn list(
    State(plane): State<Arc<ControlPlane>>,
    fields: Result<Query<Asked>, QueryRejection>,
) -> Result<Response<Body>, Error> {
    let asked = body::query(fields)?;
    let page = read(&plane, move |reader| page(reader, &asked)).await?;
    Ok(json(StatusCode::OK, &page))
}

pub(super) async fn show(
    State(plane): State<Arc<ControlPlane>>,
    Path(id): Path<String>,
) -> Result<Response<Body>, Error> {
    let id = id.parse::<DecisionId>().map_err(|error| Error::BadRequest {
        message: error.to_string(),
        hint: "an answer's `decision_ids` name its entries",
    })?;
    let entry = read(&plane, move |reader| {
        let found = reader.find_with_shadow(&id.into_bytes())?;
        let found = found.ok_or_else(|| Error::NoSuchEntry { id: id.to_string() })?;
        let shadow = found.shadow.map(|shadow| Box::new(shown(shadow)));
        Ok(Shown { shadow, ..shown(found.entry) })
    });
    Ok(json(StatusCode::OK, &entry.await?))
}

/// Asks a reader that sees what is durable now.
async fn read<T: Send + 'static>(
    plane: &Arc<ControlPlane>,
    ask: impl FnOnce(&Reader) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let place = Arc::clone(&plane.ledger_reads).acquire_owned().await.expect("never closed");
    let work = move |plane: &ControlPlane| {
        let _place = place;
        let upto = plane.ports.ledger.watermark();
        let reader = Reader::open(Arc::clone(&plane.ports.ledger_disk), Some(upto))?;
        ask(&reader)
    };
    plane.blocking(work).await
}

fn page(reader: &Reader, asked: &Asked) -> Result<Page, Error> {
    let end = reader.watermark().sequence;
    let (from, limit) = asked.range(end)?;
    let (mut entries, mut bytes, mut next) = (Vec::new(), 0, from);
    // At the end there is nothing to look for: a follower asks often.
    if limit > 0 && from < end {
        for entry in reader.entries(from) {
            let entry = entry?;
            next = entry.sequence + 1;
            bytes += entry.payload().map_or(0, <[u8]>::len);
            entries.push(shown(entry));
            if entries.len() as u64 >= limit || bytes >= MAX_PAGE_BYTES {
                break;
            }
        }
    }
    Ok(Page { entries, next, end })
}

fn shown(entry: Entry) -> Shown {
    let Entry { sequence, kind, id, commitment, content } = entry;
    let (salt, payload) = match content {
        Content::Erased => (None, None),
        Content::Whole { salt, payload } => (Some(hex::encode(salt)), Some(raw(payload))),
    };
    Shown {
        sequence,
        kind: kind.to_string(),
        id: DecisionId::from_bytes(id).to_string(),
        salt,
        commitment: hex::encode(commitment),
        payload,
        shadow: None,
    }
}

/// A payload as it stands in an answer: as it is when it is JSON, as all that this build records
/// is; else a string of its bytes in hexadecimal.
fn raw(payload: Vec<u8>) -> Box<RawValue> {
    let text = String::from_utf8(payload).map_err(|error| hex::encode(error.as_bytes()));
    let json = text.and_then(|text| {
        RawValue::from_string(text.clone()).map_err(|_| hex::encode(text.as_bytes()))
    });
    json.unwrap_or_else(|digits| {
        serde_json::value::to_raw_value(&digits).expect("a string is JSON")
    })
}
