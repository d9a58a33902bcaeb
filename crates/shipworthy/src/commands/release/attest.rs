//! What is said about a release after it was made: `approve`, `attest`, `sign`, `attestations`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args as ClapArgs;
use serde_json::{Value, json};
use shipworthy_control::release::Shelf;
use shipworthy_control::statement::{Said, given_predicate, stated};
use shipworthy_core::attestation::predicate;
use shipworthy_store::Permission;

use super::One;
use crate::cli::Outcome;
use crate::client::Client;
use crate::model_loader::ModelLoader;
use crate::onnx_runtime::OnnxRuntime;
use crate::server::{Acting, State};
use crate::signing::SigningArgs;
use crate::system::System;
use crate::{input, output};

/// A release, and who says something about it.
#[derive(ClapArgs, Debug)]
pub(super) struct Saying {
    /// Its id, at least six digits of it, or its slot.
    #[arg(value_name = "RELEASE")]
    release: String,

    #[command(flatten)]
    signing: SigningArgs,

    #[command(flatten)]
    onnx: OnnxRuntime,

    #[command(flatten)]
    acting: Acting,
}

#[derive(ClapArgs, Debug)]
pub(super) struct AttestArgs {
    #[command(flatten)]
    saying: Saying,

    /// What is said: `gate-report` (in-toto's test result) or the URI of a predicate type.
    #[arg(long = "type", value_name = "TYPE")]
    predicate_type: String,

    /// The predicate: a JSON object in a file; - for standard input.
    #[arg(long, value_name = "FILE")]
    predicate: PathBuf,
}

#[derive(ClapArgs, Debug)]
pub(super) struct AttestationsArgs {
    #[command(flatten)]
    one: One,

    /// Write each envelope into this directory, for other tools.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

impl Saying {
    /// The server that runs, which signs with its own key.
    fn server(&self) -> Result<Option<Client>> {
        let server = self.acting.server()?;
        if let (Some(client), true) = (&server, self.signing.is_given()) {
            bail!(
                "the server at {} acts, and signs with its own key: leave --signing-key out, or \
                 stop it first",
                client.base()
            );
        }
        Ok(server)
    }

    /// The releases, whatever runs their models.
    fn shelf(&self, kept: &State, system: &System) -> Shelf {
        Shelf { models: ModelLoader::for_command(&self.onnx, system), ..kept.shelf.clone() }
    }
}

pub(super) fn approve(saying: &Saying, system: &System) -> Result<Outcome> {
    let Saying { release, signing, acting, .. } = saying;
    let id = match saying.server()? {
        Some(client) => {
            acting.ask(&client, ("releases", release, "approve"), json!({}))?["release"].clone()
        }
        None => acting.act(Permission::Approve, system, |kept, by| {
            let id = kept.shelf.resolve(release)?;
            saying.shelf(kept, system).approve(
                &id,
                &signing.signer(kept, Some(by), system)?,
                by,
            )?;
            Ok(Value::from(id.as_str()))
        })?,
    };
    output::line(&format!("{} is approved", id.as_str().unwrap_or(release)))?;
    Ok(Outcome::Done)
}

pub(super) fn attest(args: &AttestArgs, system: &System) -> Result<Outcome> {
    let text = input::text(&args.predicate)?;
    let predicate = given_predicate(&text)
        .with_context(|| format!("{} cannot be signed", args.predicate.display()))?;
    let said = stated(&args.predicate_type, predicate.clone())?;
    let Saying { release, signing, acting, .. } = &args.saying;
    let id = match args.saying.server()? {
        Some(client) => {
            let body = json!({"type": args.predicate_type, "predicate": predicate});
            acting.ask(&client, ("releases", release, "attest"), body)?["release"].clone()
        }
        None => acting.act(Permission::Control, system, |kept, by| {
            let id = kept.shelf.resolve(release)?;
            kept.shelf.attest(&id, &said, &signing.signer(kept, Some(by), system)?, by)?;
            Ok(Value::from(id.as_str()))
        })?,
    };
    output::line(&format!("{} is attested", id.as_str().unwrap_or(release)))?;
    Ok(Outcome::Done)
}

pub(super) fn sign(saying: &Saying, system: &System) -> Result<Outcome> {
    saying.acting.act(Permission::Control, system, |kept, by| {
        let id = kept.shelf.resolve(&saying.release)?;
        let signer = saying.signing.signer(kept, Some(by), system)?;
        match kept.shelf.sign_anew(&id, &signer, by)? {
            0 => output::note("nothing is to be signed: every statement counts"),
            1 => output::note("1 statement is signed anew"),
            count => output::note(&format!("{count} statements are signed anew")),
        }
        saying.shelf(kept, system).verify(&id)?;
        Ok(())
    })?;
    Ok(Outcome::Done)
}

pub(super) fn attestations(args: &AttestationsArgs) -> Result<Outcome> {
    let shelf = args.one.shelf()?;
    let id = shelf.resolve(&args.one.release)?;
    let (said, revoked) = shelf.all_statements(&id)?;
    if let Some(directory) = &args.output {
        std::fs::create_dir_all(directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
        for said in &said {
            write(directory, said)?;
        }
    }
    for stored in &revoked {
        let (event, name) = (stored.event, predicate::name(&stored.predicate_type));
        output::note(&format!("{event} {name} does not count: the key that signed it was revoked"));
    }
    if args.one.json {
        output::json(&said.iter().map(shown).collect::<Vec<_>>())?;
    } else if said.is_empty() {
        output::note("nothing that counts is said about this release");
    } else {
        let lines = said.iter().map(|said| {
            let Said { stored, attested } = said;
            let (at, actor, key) = (stored.at, said.actor(), &attested.key_id[..12]);
            format!("{:<6} {:<15} {at}  {actor}  key {key}", stored.event, said.name())
        });
        output::line(&lines.collect::<Vec<_>>().join("\n"))?;
    }
    Ok(Outcome::Done)
}

fn write(directory: &Path, said: &Said) -> Result<()> {
    let name = format!("{}.{}.dsse.json", said.stored.event, said.name().replace([' ', '/'], "-"));
    let path = directory.join(name.replace(':', "-"));
    std::fs::write(&path, &said.stored.envelope)
        .with_context(|| format!("cannot write {}", path.display()))
}

fn shown(said: &Said) -> Value {
    let Said { stored, attested } = said;
    json!({
        "event": stored.event,
        "at": stored.at.to_string(),
        "actor": said.actor(),
        "key": attested.key_id,
        "predicate_type": stored.predicate_type,
        "predicate": attested.statement.predicate,
    })
}
