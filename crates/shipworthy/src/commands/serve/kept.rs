//! Releases of the state directory, and those that are given as files, served under their own names.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use shipworthy_core::{Policy, ReleaseId};
use shipworthy_serving::Endpoint;

use crate::commands::up::release::warn_of_rounding;
use crate::given;
use crate::output;
use crate::server::State;
use crate::signing::SigningArgs;
use crate::system::System;

const REASON: &str = "served by `shipworthy serve --release`";

/// Loads each release, the stable one of the endpoint that it is named for.
pub(super) fn endpoints(
    releases: &[String],
    state: &State,
    system: &System,
) -> Result<BTreeMap<String, Endpoint>> {
    let mut endpoints = BTreeMap::new();
    for text in releases {
        let (name, id) = match given::file(text) {
            Some(file) => from_file(file, state, system)?,
            None => from_state(text, state, system)?,
        };
        let (release, rounding) = state.shelf.load_to_serve(&id)?;
        warn_of_rounding(rounding);
        output::note(&format!("{name}: release {id}"));
        let policy = Policy { threshold: 0.5, safe_answer: None };
        let endpoint = Endpoint::new(&name, Arc::new(release), policy);
        if endpoints.insert(name.clone(), endpoint).is_some() {
            bail!("two releases are named `{name}`");
        }
    }
    Ok(endpoints)
}

fn from_file(file: &Path, state: &State, system: &System) -> Result<(String, ReleaseId)> {
    let taken = given::take(file, state, &SigningArgs::default(), system)?;
    let stable = given::stable(&taken, state, system)?;
    Ok((taken.project, stable))
}

/// A release that is kept here becomes the stable one of its endpoint.
fn from_state(text: &str, state: &State, system: &System) -> Result<(String, ReleaseId)> {
    let id = state.shelf.resolve(text)?;
    let name = state.shelf.manifest(&id)?.project;
    let stable = state.shelf.store.endpoint(&name)?.and_then(|endpoint| endpoint.stable);
    if stable.as_ref() != Some(&id) {
        state.shelf.set_stable(&name, &id, &state.attribution(REASON, system)?)?;
    }
    Ok((name, id))
}
