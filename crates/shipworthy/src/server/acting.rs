//! Who acts on a state directory that no server holds.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use shipworthy_control::models::Trees;
use shipworthy_control::project::LedgerSizes;
use shipworthy_store::{Attribution, Permission};

use super::{State, copy_events};
use crate::state::StateArgs;
use crate::system::System;

/// Where somebody acts, as whom, and why.
#[derive(Args, Clone, Debug)]
pub(crate) struct Acting {
    #[command(flatten)]
    pub(crate) state: StateArgs,

    /// The token to act with, instead of the one in the state directory.
    #[arg(long, value_name = "TOKEN", env = "SHIPWORTHY_TOKEN", hide_env_values = true)]
    token: Option<String>,

    /// Why; it stands in the record of this action.
    #[arg(long, value_name = "WHY")]
    reason: String,
}

impl Acting {
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
        if !self.state.state.is_dir() {
            bail!("there is no state directory {}", self.state.state.display());
        }
        let state = State::open(&self.state.state, Arc::new(Trees), system)?;
        let actor = match &self.token {
            Some(secret) => state.shelf.store.authenticate(secret)?,
            None => state.local.clone(),
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
        let by = Attribution::new(&actor.name, &self.reason, system.clock.now())?;
        Ok((state, by))
    }
}

const fn permission_holder(permission: Permission) -> &'static str {
    match permission {
        Permission::Approve => "an approver",
        Permission::Call | Permission::Control => "an operator",
        Permission::Read => "an auditor",
    }
}
