//! How people name releases.

use shipworthy_core::ReleaseId;
use shipworthy_store::{Endpoint, Release};

use super::{Error, Shelf};

/// Fewer digits of a name are more likely a slip than a name.
pub(crate) const MIN_DIGITS: usize = 6;

impl Shelf {
    /// The release that a person means: by its id, by the first digits of it (with or without
    /// `sha256:`), or by its slot at an endpoint, `ENDPOINT@stable`, where the only endpoint needs
    /// no name.
    ///
    /// # Errors
    /// When it is none, or not one alone.
    pub fn resolve(&self, text: &str) -> Result<ReleaseId, Error> {
        if let Some((endpoint, slot)) = text.split_once('@') {
            let endpoint = match endpoint {
                "" => <[Endpoint; 1]>::try_from(self.store.endpoints()?).ok().map(|[only]| only),
                named => self.store.endpoint(named)?,
            };
            let no_name = || Error::NoName { text: text.to_owned() };
            let endpoint = endpoint.ok_or_else(no_name)?;
            let release = match slot {
                "stable" => endpoint.stable,
                "candidate" => endpoint.candidate,
                "previous" => endpoint.previous,
                _ => return Err(no_name()),
            };
            return release.ok_or_else(|| Error::EmptySlot { text: text.to_owned() });
        }
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let found = match digits.len() {
            MIN_DIGITS.. => self.store.releases_named(digits)?,
            _ => Vec::new(),
        };
        match <[Release; 1]>::try_from(found) {
            Ok([release]) => Ok(release.id),
            Err(none) if none.is_empty() => Err(Error::NoName { text: text.to_owned() }),
            Err(many) => Err(Error::Ambiguous { text: text.to_owned(), found: many.len() }),
        }
    }
}
