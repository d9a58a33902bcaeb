//! Which releases can go, and how they do.

use std::collections::BTreeSet;

use serde::Deserialize;
use shipworthy_core::ReleaseId;
use shipworthy_ledger::{Entry, Kind, ReadError, Reader};
use shipworthy_store::event::RELEASE_PRUNED;
use shipworthy_store::{Attribution, Event, Retention};

use super::{Error, Shelf};

/// The releases that made the decisions of a ledger, or answered as a shadow. A decision whose content was erased names
/// none any more.
///
/// # Errors
/// When the ledger cannot be read to its end.
pub fn named_in(ledger: &Reader) -> Result<BTreeSet<String>, ReadError> {
    let mut named = BTreeSet::new();
    for entry in ledger.entries(0) {
        named.extend(release_of(&entry?));
    }
    Ok(named)
}

fn release_of(entry: &Entry) -> Option<String> {
    #[derive(Deserialize)]
    struct Made {
        release: String,
    }
    let is_decision =
        matches!(entry.kind, Kind::DECISION | Kind::REFUSAL | Kind::QUARANTINE | Kind::SHADOW);
    let made: Made = serde_json::from_slice(entry.payload().filter(|_| is_decision)?).ok()?;
    Some(made.release)
}

impl Shelf {
    /// The releases that neither a slot nor a hold nor one of `in_ledger` refers to, newest first,
    /// without the `newest` of all.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn prunable(
        &self,
        in_ledger: &BTreeSet<String>,
        newest: usize,
    ) -> Result<Vec<ReleaseId>, Error> {
        let mut slots = Vec::new();
        for endpoint in self.store.endpoints()? {
            slots.extend([endpoint.stable, endpoint.candidate, endpoint.previous]);
        }
        let mut prunable = Vec::new();
        for id in self.ids()?.into_iter().skip(newest) {
            let is_kept = self.store.release(&id)?.is_some_and(|r| r.retention == Retention::Kept);
            let is_named = in_ledger.contains(id.as_str()) || slots.contains(&Some(id.clone()));
            if is_kept && !is_named {
                prunable.push(id);
            }
        }
        Ok(prunable)
    }

    /// Removes the files of a release that is [prunable](Self::prunable); its record stays.
    ///
    /// # Errors
    /// When a slot or a hold refers to it, or the files cannot be removed.
    pub fn prune(&self, id: &ReleaseId, by: &Attribution) -> Result<(), Error> {
        self.store.prune_release(id, by)?;
        self.remove_files(id)
    }

    /// Refuses a release that was pruned: nothing is wrong with it, and nothing can be loaded.
    ///
    /// # Errors
    /// [`Error::Pruned`].
    pub fn require_files(&self, id: &ReleaseId) -> Result<(), Error> {
        match self.store.release(id)?.map(|release| release.retention) {
            Some(Retention::Pruned) => Err(Error::Pruned { id: id.to_string() }),
            _ => Ok(()),
        }
    }

    /// Ends a pruning that a crash interrupted.
    pub(super) fn settle_pruning(&self, last: &Event) -> Result<(), Error> {
        match last.subject.parse::<ReleaseId>() {
            Ok(id) if last.kind == RELEASE_PRUNED => self.remove_files(&id),
            _ => Ok(()),
        }
    }

    fn remove_files(&self, id: &ReleaseId) -> Result<(), Error> {
        self.bundles.remove(id)?;
        Ok(self.bundles.attachments().remove(id)?)
    }
}
