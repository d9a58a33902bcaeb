//! Who answered and where it is recorded, beside the body: the same headers in every protocol.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use shipworthy_core::DecisionId;

use crate::release::LoadedRelease;

/// The release that answered or refused.
pub(crate) const RELEASE: HeaderName = HeaderName::from_static("x-shipworthy-release");
/// The commit that the release follows from, when it is known.
pub(crate) const COMMIT: HeaderName = HeaderName::from_static("x-shipworthy-commit");
/// The record of each row, separated by commas.
pub(crate) const DECISION_IDS: HeaderName = HeaderName::from_static("x-shipworthy-decision-ids");
/// How many records there are, when only the first is named.
pub(crate) const DECISION_COUNT: HeaderName =
    HeaderName::from_static("x-shipworthy-decision-count");

/// Whether the endpoint is stopped, so that no model was asked.
const STOPPED: HeaderName = HeaderName::from_static("x-shipworthy-stopped");

/// The longest list of decision ids, some 80 of them: a proxy such as nginx gives the whole head
/// of an answer 4 KiB, and refuses an answer whose head is longer.
const MAX_IDS_BYTES: usize = 3 * 1024;

/// Names the release and the records of an answer or a refusal.
pub(crate) fn tell(headers: &mut HeaderMap, release: &LoadedRelease, ids: &[DecisionId]) {
    // Digests, hashes and UUIDs; of anything else a header is the wrong place.
    let mut insert = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    insert(RELEASE, release.id().as_str());
    if let Some(commit) = release.commit() {
        insert(COMMIT, commit);
    }
    match list(ids) {
        Some(list) => insert(DECISION_IDS, &list),
        None => {
            insert(DECISION_IDS, &list(&ids[..1]).unwrap_or_default());
            headers.insert(DECISION_COUNT, ids.len().into());
        }
    }
}

/// Says that no model was asked.
pub(crate) fn tell_stopped(headers: &mut HeaderMap) {
    headers.insert(STOPPED, HeaderValue::from_static("true"));
}

/// The ids, separated by commas; `None` when they are too long together.
fn list(ids: &[DecisionId]) -> Option<String> {
    /// With a comma.
    const ID_BYTES: usize = DecisionId::TEXT_BYTES + 1;
    let length = ids.len().checked_mul(ID_BYTES).filter(|length| *length <= MAX_IDS_BYTES)?;
    let mut text = String::with_capacity(length);
    for id in ids {
        if !text.is_empty() {
            text.push(',');
        }
        id.write(&mut text);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shipworthy_rows::Timestamp;

    #[test]
    fn a_long_list_is_cut_as_a_whole() {
        let id = |n: u8| DecisionId::new(Timestamp::from_millis(1_700_000_000_000), &[n; 10]);
        let ids: Vec<_> = (0..84).map(id).collect();
        let text = list(&ids[..83]).unwrap();
        assert_eq!(text.split(',').count(), 83);
        assert!(text.len() < MAX_IDS_BYTES);
        assert_eq!(text.split(',').nth(1), Some(&*id(1).to_string()));
        assert_eq!(list(&ids), None);
        assert_eq!(list(&[]).as_deref(), Some(""));
    }
}
