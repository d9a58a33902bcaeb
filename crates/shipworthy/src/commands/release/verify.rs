//! `shipworthy release verify RELEASE`.

use anyhow::Result;
use serde_json::json;
use shipworthy_control::release::{Error, Shelf};

use super::{One, shelf};
use crate::cli::Outcome;
use crate::output;

pub(super) fn run(one: &One) -> Result<Outcome> {
    let shelf = Shelf { trusted: one.trust.trusted()?, ..shelf(&one.state)? };
    let id = shelf.resolve(&one.release)?;
    let why = match shelf.verify(&id) {
        Ok(_) => None,
        // Nothing was found out about the release.
        Err(error @ (Error::Store(_) | Error::Unknown { .. })) => return Err(error.into()),
        Err(error) => Some(format!("{:#}", anyhow::Error::new(error))),
    };
    if one.json {
        output::json(&json!({"release": id.to_string(), "ok": why.is_none(), "why": why}))?;
    }
    match why {
        Some(why) => {
            output::note(&format!("{id} is not what it was: {why}"));
            Ok(Outcome::Failed)
        }
        None if one.json => Ok(Outcome::Done),
        None => {
            output::line(&format!("{id} is what it was, and answers as it did"))?;
            Ok(Outcome::Done)
        }
    }
}
