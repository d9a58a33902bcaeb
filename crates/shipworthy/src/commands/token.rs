//! `shipworthy token`: who may act.

mod files;

use anyhow::{Result, bail};
use clap::{Args as ClapArgs, Subcommand};
use comfy_table::{ContentArrangement, Table, presets};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shipworthy_store::Role;

use self::files::Files;
use crate::cli::Outcome;
use crate::client::{Client, Found, RemoteArgs, find, segment};
use crate::output;
use crate::state::StateArgs;
use crate::system::System;

/// Make, list and revoke the tokens by which people and programs act.
///
/// A token is a name, a role and a secret. The name stands in the record of everything that its
/// holder does. The first token, an operator, is made by the first `shipworthy up`, which leaves
/// its secret in the state directory; these commands act with it, unless --token says otherwise.
/// They ask the server that runs, and open its state themselves when none does.
#[derive(ClapArgs, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(ClapArgs, Debug)]
struct Place {
    /// Print JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    state: StateArgs,

    #[command(flatten)]
    remote: RemoteArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a token. Its secret is printed once, alone on a line, and kept nowhere.
    #[command(after_help = "Examples:\n  shipworthy token create booking-site --role caller \
        --reason 'calls the model'\n  shipworthy token create ana@example.org --role operator \
        --reason 'on call' > ana.token")]
    Create {
        /// Letters, digits and `. _ @ -`; unique among living tokens.
        name: String,

        /// caller: calls models; operator: acts, reads and calls; approver: signs off releases and
        /// reads; auditor: reads everything.
        #[arg(long, value_name = "caller|operator|approver|auditor")]
        role: Role,

        /// Why; it stands in the record of this action.
        #[arg(long, value_name = "WHY")]
        reason: String,

        #[command(flatten)]
        place: Place,
    },
    /// List all tokens, living and revoked, without their secrets.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Revoke a token for good. The last operator's cannot be revoked.
    #[command(after_help = "Example:\n  shipworthy token revoke booking-site --reason 'leaked'")]
    Revoke {
        /// The name of a living token.
        name: String,

        /// Why; it stands in the record of this action.
        #[arg(long, value_name = "WHY")]
        reason: String,

        #[command(flatten)]
        place: Place,
    },
    /// Print a link that signs one browser in, once, within 15 minutes.
    SignIn {
        #[command(flatten)]
        place: Place,
    },
}

/// All tokens, as they are shown.
#[derive(Debug, Deserialize, Serialize)]
struct Listed {
    tokens: Vec<Shown>,
}

/// A token without its secret.
#[derive(Debug, Deserialize, Serialize)]
struct Shown {
    name: String,
    role: String,
    created_at: String,
    revoked_at: Option<String>,
}

/// A fresh sign-in link.
#[derive(Debug, Deserialize, Serialize)]
struct Made {
    link: String,
}

/// A new token.
#[derive(Debug, Deserialize, Serialize)]
struct Created {
    name: String,
    role: String,
    secret: String,
}

/// Where tokens are kept: behind a server, or in files.
enum Keeper<'a> {
    Server(Client),
    Files(Files<'a>),
}

pub(crate) fn run(args: &Args, system: &System) -> Result<Outcome> {
    let keeper = |place: &Place| -> Result<Keeper<'_>> {
        Ok(match find(&place.state.state, &place.remote)? {
            Found::Server(client) => Keeper::Server(client),
            Found::Files(lock) => Keeper::Files(Files::open(lock, &place.remote, system)?),
        })
    };
    match &args.command {
        Command::Create { name, role, reason, place } => {
            let created = create(&keeper(place)?, name, *role, reason)?;
            print(place, &created, |created| {
                let Created { name, role, secret } = created;
                output::note(&format!("{role} `{name}` was made; its secret is shown this once:"));
                secret.clone()
            })?;
        }
        Command::List { place } => print(place, &list(&keeper(place)?)?, table)?,
        Command::Revoke { name, reason, place } => {
            let revoked = revoke(&keeper(place)?, name, reason)?;
            print(place, &revoked, |token| format!("{} `{}` is revoked", token.role, token.name))?;
        }
        Command::SignIn { place } => {
            print(place, &sign_in(&keeper(place)?)?, |made| {
                output::note("this link signs one browser in, once, within 15 minutes:");
                made.link.clone()
            })?;
        }
    }
    Ok(Outcome::Done)
}

/// Prints what was done: as JSON, or in words.
fn print<T: Serialize>(place: &Place, done: &T, words: impl FnOnce(&T) -> String) -> Result<()> {
    if place.json { output::json(done) } else { output::line(&words(done)) }
}

fn create(keeper: &Keeper<'_>, name: &str, role: Role, reason: &str) -> Result<Created> {
    match keeper {
        Keeper::Server(client) => {
            let body = json!({"name": name, "role": role.as_str(), "reason": reason});
            client.post("/v1/tokens", &body)
        }
        Keeper::Files(files) => files.create(name, role, reason),
    }
}

fn list(keeper: &Keeper<'_>) -> Result<Listed> {
    match keeper {
        Keeper::Server(client) => client.get("/v1/tokens"),
        Keeper::Files(files) => files.list(),
    }
}

fn table(listed: &Listed) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["NAME", "ROLE", "MADE", "REVOKED"]);
    for token in &listed.tokens {
        let revoked = token.revoked_at.as_deref().unwrap_or("");
        table.add_row([&token.name, &token.role, &token.created_at, revoked]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

fn revoke(keeper: &Keeper<'_>, name: &str, reason: &str) -> Result<Shown> {
    match keeper {
        Keeper::Server(client) => {
            let path = format!("/v1/tokens/{}:revoke", segment(name));
            client.post(&path, &json!({"reason": reason}))
        }
        Keeper::Files(files) => files.revoke(name, reason),
    }
}

fn sign_in(keeper: &Keeper<'_>) -> Result<Made> {
    let Keeper::Server(client) = keeper else {
        bail!("no server runs, so there is nothing to sign in to; `shipworthy up` prints a link");
    };
    let made: Made = client.post("/v1/sign-in-links", &json!({}))?;
    // As this machine reaches the server, whatever name the server knows itself by.
    let path = made.link.find("/login").map_or("", |at| &made.link[at..]);
    Ok(Made { link: format!("{}{path}", client.base()) })
}
