//! `shipworthy reload`: a changed policy, taken by the running server.

use anyhow::{Result, bail};
use clap::Args as ClapArgs;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cli::Outcome;
use crate::client::{Found, RemoteArgs, find};
use crate::output;
use crate::state::StateArgs;
use crate::system::System;

/// Make the running server read its project file again.
///
/// What belongs to the policy (threshold, limits, …) is taken without dropping a request. What
/// belongs to the release is not: that needs a new release, and the answer says so. The change is
/// taken whole or not at all.
#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:\n  shipworthy reload --reason 'fewer false alarms: threshold \
    0.6'\n  shipworthy reload --state examples/flights/.shipworthy --reason 'higher limits' --json")]
pub(crate) struct Args {
    #[command(flatten)]
    state: StateArgs,

    #[command(flatten)]
    remote: RemoteArgs,

    /// Why; it stands in the record of this action.
    #[arg(long, value_name = "WHY")]
    reason: String,

    /// Print the changed sections as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize, Serialize)]
struct Reloaded {
    changed: Vec<String>,
}

pub(crate) fn run(args: &Args, _system: &System) -> Result<Outcome> {
    let Found::Server(client) = find(&args.state.state, &args.remote)? else {
        bail!(
            "no server runs on {}, so nothing has to read the file again: the next `shipworthy \
             up` does",
            args.state.state.display()
        );
    };
    let reloaded: Reloaded = client.post("/v1/reload", &json!({"reason": args.reason}))?;
    if args.json {
        output::json(&reloaded)?;
    } else if reloaded.changed.is_empty() {
        output::line("nothing has changed")?;
    } else {
        output::line(&format!("taken: {}", reloaded.changed.join(", ")))?;
    }
    Ok(Outcome::Done)
}
