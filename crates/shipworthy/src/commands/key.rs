//! `shipworthy key`: whose statements about releases count.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args as ClapArgs, Subcommand};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use shipworthy_core::signing::PublicKey;
use shipworthy_store::{Attribution, Key, KeyEnd, Permission};

use crate::cli::Outcome;
use crate::commands::release;
use crate::server::{Acting, State};
use crate::state::StateArgs;
use crate::system::System;
use crate::{input, output, signing};

/// List, trust, change and end the keys that sign what is said about releases.
///
/// The first release makes a key in the state directory, unless it is given one; that key is
/// trusted. A release is refused when a byte of what is said about it was changed, or a key signed
/// it that was never trusted here. All but `list` and `show` need the state directory for
/// themselves: no server may hold it meanwhile.
#[derive(ClapArgs, Debug)]
#[command(
    after_help = "Examples:\n  openssl genpkey -algorithm ed25519 -out release.pem\n  openssl \
    pkey -in release.pem -pubout | shipworthy key trust - --reason 'the pipeline signs'\n  \
    shipworthy release . --signing-key release.pem\n  shipworthy key rotate --reason 'a year is over'"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List all keys, and how they ended.
    List {
        #[command(flatten)]
        state: StateArgs,

        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print public keys in PEM: what --trusted-keys takes.
    Show {
        /// The first digits of one key's id; else all that are trusted.
        #[arg(value_name = "KEY")]
        key: Option<String>,

        #[command(flatten)]
        state: StateArgs,
    },
    /// Trust the keys of a file: what they sign from now on counts.
    Trust {
        /// Public keys, Ed25519 in PEM; - for standard input.
        #[arg(value_name = "FILE")]
        file: PathBuf,

        #[command(flatten)]
        acting: Acting,
    },
    /// Replace the state directory's own key: the new one is trusted, the old one is retired.
    Rotate {
        #[command(flatten)]
        acting: Acting,
    },
    /// End a key that signs no more; what it signed before goes on to count.
    Retire {
        #[command(flatten)]
        ending: Ending,
    },
    /// End a key that somebody else may have: nothing that it signed counts any longer.
    ///
    /// Releases whose provenance it signed are refused until `shipworthy release sign` has signed
    /// them anew.
    Revoke {
        #[command(flatten)]
        ending: Ending,
    },
}

#[derive(ClapArgs, Debug)]
struct Ending {
    /// The first digits of the key's id.
    #[arg(value_name = "KEY")]
    key: String,

    #[command(flatten)]
    acting: Acting,
}

#[derive(Serialize)]
struct Shown {
    id: String,
    state: &'static str,
    public: String,
}

impl From<&Key> for Shown {
    fn from(key: &Key) -> Self {
        let state = key.ended.map_or("trusted", |(end, _)| end.as_str());
        Self { id: key.public.id(), state, public: key.public.to_pem() }
    }
}

#[derive(Serialize)]
struct Listed {
    keys: Vec<Shown>,
}

pub(crate) fn run(args: &Args, system: &System) -> Result<Outcome> {
    match &args.command {
        Command::List { state, json } => list(&release::shelf(state)?.store.keys()?, *json)?,
        Command::Show { key, state } => {
            show(&release::shelf(state)?.store.keys()?, key.as_deref())?
        }
        Command::Trust { file, acting } => {
            let keys = PublicKey::all_from_pem(&input::text(file)?)
                .with_context(|| file.display().to_string())?;
            acting.act(Permission::Control, system, |kept, by| {
                keys.iter().try_for_each(|key| {
                    kept.shelf.store.trust_key(key, by)?;
                    output::line(&format!("{} is trusted", key.id()))
                })
            })?;
        }
        Command::Rotate { acting } => {
            acting.act(Permission::Control, system, |kept, by| rotate(kept, by, system))?;
        }
        Command::Retire { ending } => end(ending, KeyEnd::Retired, system)?,
        Command::Revoke { ending } => end(ending, KeyEnd::Revoked, system)?,
    }
    Ok(Outcome::Done)
}

fn list(keys: &[Key], json: bool) -> Result<()> {
    let keys: Vec<Shown> = keys.iter().map(Shown::from).collect();
    if json {
        return output::json(&Listed { keys });
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["KEY", "STATE"]);
    for key in &keys {
        table.add_row([key.id.as_str(), key.state]);
    }
    output::line(&table.trim_fmt())
}

fn show(keys: &[Key], digits: Option<&str>) -> Result<()> {
    let shown: Vec<String> = match digits {
        Some(digits) => vec![find(keys, digits)?.public.to_pem()],
        None => keys.iter().filter(|key| key.is_live()).map(|key| key.public.to_pem()).collect(),
    };
    output::line(shown.concat().trim_end())
}

/// The new key is written, trusted, and moved into its place; a crash between is settled at the
/// next start.
fn rotate(kept: &State, by: &Attribution, system: &System) -> Result<()> {
    let State { lock, shelf, .. } = kept;
    // A state directory that signs with keys from elsewhere has none, or one that nobody trusts.
    let own = lock.dir().signing_key()?.map(|own| own.public().id());
    let keys = shelf.store.keys()?;
    let old = keys.iter().find(|key| own.as_ref() == Some(&key.public.id()) && key.is_live());
    let key = signing::fresh(system);
    lock.prepare_signing_key(&key)?;
    if let Some(old) = old {
        let old = old.public.id();
        shelf.store.replace_key(&old, &key.public(), by)?;
        output::note(&format!("{old} is retired: what it signed goes on to count"));
    } else {
        shelf.store.trust_key(&key.public(), by)?;
    }
    lock.settle_signing_key(|_| true)?;
    output::line(&format!("{} signs from now on", key.public().id()))
}

fn end(ending: &Ending, end: KeyEnd, system: &System) -> Result<()> {
    ending.acting.act(Permission::Control, system, |kept, by| {
        let store = &kept.shelf.store;
        let id = find(&store.keys()?, &ending.key)?.public.id();
        let key = store.end_key(&id, end, by)?;
        output::line(&format!("{id} is {}", Shown::from(&key).state))
    })
}

/// Fewer digits of a name are more likely a slip than a name.
const MIN_DIGITS: usize = 6;

/// The one key whose id starts with these digits.
fn find<'a>(keys: &'a [Key], digits: &str) -> Result<&'a Key> {
    if digits.len() < MIN_DIGITS {
        bail!(
            "give at least {MIN_DIGITS} digits of the key's id; `shipworthy key list` lists them"
        );
    }
    let mut found = keys.iter().filter(|key| key.public.id().starts_with(digits));
    match (found.next(), found.next()) {
        (Some(key), None) => Ok(key),
        (Some(_), Some(_)) => bail!("several keys start with `{digits}`: give more digits"),
        (None, _) => bail!("no key starts with `{digits}`; `shipworthy key list` lists them"),
    }
}
