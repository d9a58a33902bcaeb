//! Releases of the state directory, served under their own names.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use shipworthy_core::Policy;
use shipworthy_serving::Endpoint;
use std::sync::Arc;

use crate::commands::up::release::warn_of_rounding;
use crate::output;
use crate::server::State;
use crate::system::System;

const REASON: &str = "served by `shipworthy serve --release`";

/// Loads each release and makes it the stable one of the endpoint that it is named for.
pub(super) fn endpoints(
    releases: &[String],
    state: &State,
    system: &System,
) -> Result<BTreeMap<String, Endpoint>> {
    let mut endpoints = BTreeMap::new();
    for text in releases {
        let id = state.shelf.resolve(text)?;
        let name = state.shelf.manifest(&id)?.project;
        let (release, rounding) = state.shelf.load_to_serve(&id)?;
        warn_of_rounding(rounding);
        let stable = state.shelf.store.endpoint(&name)?.and_then(|endpoint| endpoint.stable);
        if stable.as_ref() != Some(&id) {
            state.shelf.set_stable(&name, &id, &state.attribution(REASON, system)?)?;
        }
        output::note(&format!("{name}: release {id}"));
        let policy = Policy { threshold: 0.5, safe_answer: None };
        let endpoint = Endpoint::new(&name, Arc::new(release), policy);
        if endpoints.insert(name.clone(), endpoint).is_some() {
            bail!("two releases are named `{name}`");
        }
    }
    Ok(endpoints)
}
