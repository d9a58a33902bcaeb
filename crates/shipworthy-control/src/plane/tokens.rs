//! `/v1/tokens`: who may act.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use shipworthy_core::Entropy;
use shipworthy_rows::Timestamp;
use shipworthy_store::token::SECRET_BYTES;
use shipworthy_store::{Attribution, NewToken, Role, Secret, Store, Token};

use super::body::{Reasoned, name_and_verb, read_json};
use super::guard::Caller;
use super::{ControlPlane, Error, json};

/// Makes a token with a fresh secret, which exists nowhere else than in this result.
///
/// # Errors
/// When the name cannot be one or is taken, or the store fails.
pub fn create_token(
    store: &dyn Store,
    entropy: &dyn Entropy,
    (name, role): (&str, Role),
    by: &Attribution,
) -> Result<(Token, Secret), Error> {
    let mut random = [0; SECRET_BYTES];
    entropy.fill(&mut random);
    let secret = Secret::from_random(random);
    let token = store.create_token(&NewToken::new(name, role, &secret)?, by)?;
    Ok((token, secret))
}

/// Revokes a token for good, unless it is the last operator's: nobody could act after that.
///
/// # Errors
/// When no live token has the name, it is the last operator's, or the store fails.
pub fn revoke_token(store: &dyn Store, name: &str, by: &Attribution) -> Result<Token, Error> {
    let tokens = store.tokens()?;
    let live = || tokens.iter().filter(|token| token.revoked_at.is_none());
    let is_operator = |token: &&Token| token.role == Role::Operator;
    let among_operators = live().filter(is_operator).any(|token| token.name == name);
    if among_operators && live().filter(is_operator).count() == 1 {
        return Err(Error::LastOperator { name: name.to_owned() });
    }
    Ok(store.revoke_token(name, by)?)
}

/// A token as it is shown: everything but its secret.
#[derive(Serialize)]
struct Shown<'a> {
    name: &'a str,
    role: &'static str,
    created_at: Timestamp,
    revoked_at: Option<Timestamp>,
}

impl<'a> From<&'a Token> for Shown<'a> {
    fn from(token: &'a Token) -> Self {
        let Token { created_at, revoked_at, .. } = *token;
        Self { name: &token.name, role: token.role.as_str(), created_at, revoked_at }
    }
}

pub(super) async fn list(State(plane): State<Arc<ControlPlane>>) -> Result<Response<Body>, Error> {
    #[derive(Serialize)]
    struct Listed<'a> {
        tokens: Vec<Shown<'a>>,
    }
    let tokens = plane.blocking(|plane| Ok(plane.ports.store.tokens()?)).await?;
    Ok(json(StatusCode::OK, &Listed { tokens: tokens.iter().map(Shown::from).collect() }))
}

pub(super) async fn create(
    State(plane): State<Arc<ControlPlane>>,
    Extension(Caller(token)): Extension<Caller>,
    body: Body,
) -> Result<Response<Body>, Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        name: String,
        role: String,
        reason: String,
    }
    #[derive(Serialize)]
    struct Created<'a> {
        name: &'a str,
        role: &'static str,
        secret: String,
    }
    let asked: Asked = read_json(body).await?;
    let role = asked.role.parse::<Role>()?;
    let by = Attribution::new(&token.name, &asked.reason, plane.ports.clock.now())?;
    let create = move |plane: &ControlPlane| {
        let ports = &plane.ports;
        create_token(&*ports.store, &*ports.entropy, (&asked.name, role), &by)
    };
    let (token, secret) = plane.blocking(create).await?;
    let created = Created { name: &token.name, role: token.role.as_str(), secret: secret.reveal() };
    Ok(json(StatusCode::CREATED, &created))
}

/// `POST /v1/tokens/NAME:revoke`.
pub(super) async fn act(
    State(plane): State<Arc<ControlPlane>>,
    Extension(Caller(token)): Extension<Caller>,
    Path(given): Path<String>,
    body: Body,
) -> Result<Response<Body>, Error> {
    let revoke = |verb: &str| (verb == "revoke").then_some(());
    let (name, ()) = name_and_verb("/v1/tokens", &given, revoke)?;
    let Reasoned { reason } = read_json(body).await?;
    let by = Attribution::new(&token.name, &reason, plane.ports.clock.now())?;
    let revoke = move |plane: &ControlPlane| revoke_token(&*plane.ports.store, &name, &by);
    let revoked = plane.blocking(revoke).await?;
    plane.sign_ins.forget(revoked.id);
    Ok(json(StatusCode::OK, &Shown::from(&revoked)))
}
