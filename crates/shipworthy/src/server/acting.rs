//! Who acts on a state directory that no server holds.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;
use shipworthy_control::models::Trees;
use shipworthy_control::project::LedgerSizes;
use shipworthy_store::{Attribution, Permission};

use super::{State, copy_events};
use crate::client::{Client, Found, RemoteArgs, TokenArgs, find, segment};
use crate::state::StateArgs;
use crate::system::System;

/// Where somebody acts, as whom, and why.
#[derive(Args, Clone, Debug)]
pub(crate) struct Acting {
    #[command(flatten)]
    pub(crate) state: StateArgs,

    #[command(flatten)]
    remote: RemoteArgs,

    /// Why; it stands in the record of this action.
    #[arg(long, value_name = "WHY")]
    pub(crate) reason: String,
}

impl Acting {
    /// The server that is to act: the one that holds the state directory, or the one that was
    /// named; `None` when no server runs.
    ///
    /// # Errors
    /// When a server cannot be reached.
    pub(crate) fn server(&self) -> Result<Option<Client>> {
        match find(&self.state.state, &self.remote)? {
            Found::Server(client) => Ok(Some(client)),
            Found::Files(_) => Ok(None),
        }
    }

    /// Asks a server to act on one of its `releases` or `endpoints`: `verb`, with the reason and
    /// what else `body` has.
    ///
    /// # Errors
    /// When it refuses or cannot be reached.
    pub(crate) fn ask(
        &self,
        client: &Client,
        (collection, name, verb): (&str, &str, &str),
        mut body: Value,
    ) -> Result<Value> {
        body["reason"] = self.reason.clone().into();
        client.post(&format!("/v1/{collection}/{}:{verb}", segment(name)), &body)
    }

    /// Takes the state directory, and acts in it; what was done is then copied into the ledger.
    ///
    /// # Errors
    /// When a server holds it, the token does not live or may not do this, or the action fails.
    pub(crate) fn act<T>(
        &self,
        permission: Permission,
        system: &System,
        action: impl FnOnce(&State, &Attribution) -> Result<T>,
    ) -> Result<T> {
        let (state, by) = self.open(permission, system)?;
        let done = action(&state, &by);
        // Of several actions the first may be done when a later one fails.
        copy_events(&state.lock, &state.shelf.store, &LedgerSizes::default(), system);
        done
    }

    fn open(&self, permission: Permission, system: &System) -> Result<(State, Attribution)> {
        if let Some(client) = self.server()? {
            bail!(
                "this needs the state directory for itself, and the server at {} holds it: stop \
                 that first",
                client.base()
            );
        }
        let state = State::open(&self.state.state, Arc::new(Trees), system)?;
        let by = state.authorise(&self.remote.actor, permission, &self.reason, system)?;
        Ok((state, by))
    }
}

impl State {
    /// Says that the holder of the token that was given, or else of the state directory's, does
    /// something, and why.
    ///
    /// # Errors
    /// When that token does not live or may not do this, or there is no reason.
    pub(crate) fn authorise(
        &self,
        given: &TokenArgs,
        permission: Permission,
        reason: &str,
        system: &System,
    ) -> Result<Attribution> {
        let actor = match &given.token {
            Some(secret) => self.shelf.store.authenticate(secret)?,
            None => self.local.clone(),
        };
        let actor = actor.context(
            "the token that this would act with does not live; give another with --token or \
             SHIPWORTHY_TOKEN",
        )?;
        if !actor.role.may(permission) {
            let who = permission_holder(permission);
            bail!(
                "`{}` has the role {}, which may not do this; {who}'s token, given with --token or \
                 SHIPWORTHY_TOKEN, may",
                actor.name,
                actor.role
            );
        }
        Ok(Attribution::new(&actor.name, reason, system.clock.now())?)
    }
}

const fn permission_holder(permission: Permission) -> &'static str {
    match permission {
        Permission::Approve => "an approver",
        Permission::Call | Permission::Control => "an operator",
        Permission::Read => "an auditor",
    }
}
