//! The traffic of a running server's endpoints: `deploy` and what may follow it, `status`,
//! `history`.

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

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Begin the rollout of a release, beside the one that is stable.
    ///
    /// The server loads the release and verifies it first: every byte, every signature, its golden
    /// rows. How it becomes stable is for `[rollout]` to say.
    #[command(after_help = "Examples:\n  shipworthy deploy flight-delay 08d796d1faec --reason \
        'learned from June too'\n  shipworthy deploy flight-delay 08d796d1faec --strategy shadow \
        --reason 'see how it decides'")]
    Deploy {
        #[command(flatten)]
        to: Endpoint,

        /// Its id, at least six digits of it, or its slot.
        #[arg(value_name = "RELEASE")]
        release: String,

        /// In which way, instead of the project's.
        #[arg(long, value_name = "shadow|canary|blue_green",
            value_parser = ["shadow", "canary", "blue_green"], hide_possible_values = true)]
        strategy: Option<String>,
    },
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

pub(crate) fn run(command: &Command) -> Result<Outcome> {
    match command {
        Command::Deploy { to, release, strategy } => {
            to.act("deploy", json!({"release": release, "strategy": strategy}))
        }
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
        let seen = self.acting.ask(&client, ("endpoints", &self.endpoint, verb), body)?;
        let view = View::read(seen)?;
        output::line(&view.headline())?;
        if !view.saved {
            output::note(&format!("warning: {}", view::NOT_SAVED));
        }
        Ok(Outcome::Done)
    }
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
