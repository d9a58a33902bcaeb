//! The traffic of a running server's endpoints: `deploy` and what may follow it, `status`,
//! `history`.

mod deploy;
mod drill;
mod history;
mod status;
mod view;
mod watch;

use anyhow::{Result, bail};
use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use self::view::View;
use crate::cli::Outcome;
use crate::client::{Client, Found, RemoteArgs, find};
use crate::output;
use crate::server::Acting;
use crate::state::StateArgs;
use crate::system::System;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Deploy(deploy::Args),
    /// Let a rollout go on to its next step now, whatever its guards say.
    #[command(after_help = "Example:\n  shipworthy promote flight-delay --reason 'looks good'")]
    Promote(Endpoint),
    /// Approve that a rollout goes on; this takes another approver than who started it.
    #[command(after_help = "Example:\n  shipworthy approve flight-delay --token \"$APPROVER\" \
        --reason 'seen the report'")]
    Approve(Endpoint),
    /// Keep a rollout where it is; its guards still roll it back.
    #[command(after_help = "Example:\n  shipworthy hold flight-delay --reason 'until Monday'")]
    Hold(Endpoint),
    /// Let a held rollout go on, or a stopped endpoint answer again.
    #[command(after_help = "Example:\n  shipworthy resume flight-delay --reason 'mended'")]
    Resume(Endpoint),
    /// Give all traffic back: of a rollout to stable, else to the release before it.
    #[command(after_help = "Examples:\n  shipworthy rollback flight-delay --reason 'too many \
        alarms'\n  shipworthy rollback flight-delay --to 08d796d1faec --reason 'known to be good'")]
    Rollback {
        #[command(flatten)]
        endpoint: Endpoint,

        /// Another kept release to go back to; it is verified first.
        #[arg(long, value_name = "RELEASE")]
        to: Option<String>,
    },
    /// The kill switch: ask no model, and give the project's safe answer until `resume`.
    #[command(after_help = "Example:\n  shipworthy stop flight-delay --reason 'wrong input'")]
    Stop(Endpoint),
    /// Try the way back for real, and see whether it holds.
    #[command(subcommand)]
    Drill(drill::Command),
    Status(status::Args),
    History(history::Args),
}

/// An endpoint, and who does something to it.
#[derive(ClapArgs, Debug)]
pub(crate) struct Endpoint {
    /// The endpoint: the project's name.
    #[arg(value_name = "ENDPOINT")]
    endpoint: String,

    #[command(flatten)]
    acting: Acting,
}

/// Which server is asked.
#[derive(ClapArgs, Debug)]
struct Place {
    #[command(flatten)]
    state: StateArgs,

    #[command(flatten)]
    remote: RemoteArgs,
}

pub(crate) fn run(command: &Command, system: &System) -> Result<Outcome> {
    match command {
        Command::Deploy(args) => deploy::run(args, system),
        Command::Promote(endpoint) => endpoint.act("promote", json!({})),
        Command::Approve(endpoint) => endpoint.act("approve", json!({})),
        Command::Hold(endpoint) => endpoint.act("hold", json!({})),
        Command::Resume(endpoint) => endpoint.act("resume", json!({})),
        Command::Rollback { endpoint, to } => endpoint.act("rollback", json!({"to": to})),
        Command::Stop(endpoint) => endpoint.act("stop", json!({})),
        Command::Drill(command) => drill::run(command),
        Command::Status(args) => status::run(args),
        Command::History(args) => history::run(args),
    }
}

impl Endpoint {
    /// Acts, and says what the endpoint does now.
    fn act(&self, verb: &str, body: Value) -> Result<Outcome> {
        let Some(client) = self.acting.server()? else { return no_server(&self.acting.state) };
        told(self.ask(&client, verb, body)?)
    }

    fn ask(&self, client: &Client, verb: &str, body: Value) -> Result<Value> {
        self.acting.ask(client, ("endpoints", &self.endpoint, verb), body)
    }
}

/// What the endpoint does now.
fn told(seen: Value) -> Result<Outcome> {
    let view = View::read(seen)?;
    output::line(&view.headline())?;
    if !view.saved {
        output::note(&format!("warning: {}", view::NOT_SAVED));
    }
    Ok(Outcome::Done)
}

impl Place {
    fn server(&self) -> Result<Client> {
        match find(&self.state.state, &self.remote)? {
            Found::Server(client) => Ok(client),
            Found::Files(_) => no_server(&self.state),
        }
    }
}

fn no_server<T>(state: &StateArgs) -> Result<T> {
    bail!(
        "no server runs on {}, and only a running server has traffic; start it with `shipworthy \
         up PROJECT`, or name another with --server URL and --token",
        state.state.display()
    )
}
