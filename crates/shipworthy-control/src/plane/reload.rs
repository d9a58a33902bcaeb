//! `POST /v1/reload`: the configuration is read again.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{Response, StatusCode};
use serde::Serialize;
use shipworthy_store::Attribution;

use super::body::{Reasoned, read_json};
use super::guard::Caller;
use super::{ControlPlane, Error, json};

/// Reads the configuration again and puts it into effect, whole or not at all, and records the
/// event. Called one at a time, on a thread that may block.
pub trait Reload: Send + Sync {
    /// The names of the sections that changed; none when nothing did.
    ///
    /// # Errors
    /// When the configuration cannot be put into effect; the old one is in effect then.
    fn reload(&self, attribution: &Attribution) -> Result<Vec<&'static str>, ReloadError>;
}

/// Why a configuration was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ReloadError {
    /// What is wrong with it.
    pub message: String,
    /// What to do.
    pub hint: String,
}

pub(super) async fn reload(
    State(plane): State<Arc<ControlPlane>>,
    Extension(Caller(token)): Extension<Caller>,
    body: Body,
) -> Result<Response<Body>, Error> {
    #[derive(Serialize)]
    struct Reloaded {
        changed: Vec<&'static str>,
    }
    let Reasoned { reason } = read_json(body).await?;
    let attribution = Attribution::new(&token.name, &reason, plane.ports.clock.now())?;
    let _one_at_a_time = plane.reloading.lock().await;
    let reload = move |plane: &ControlPlane| {
        plane.ports.reload.reload(&attribution).map_err(Error::ReloadRefused)
    };
    let changed = plane.blocking(reload).await?;
    Ok(json(StatusCode::OK, &Reloaded { changed }))
}
