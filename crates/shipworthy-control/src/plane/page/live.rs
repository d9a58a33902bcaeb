//! The page without reload: server-sent events with what of it has changed.
//!
//! **Invariant:** a stream lives no longer than the session or token that it was opened with, nor
//! than the server serves.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, Method, Response};
use futures_util::stream;
use shipworthy_serving::NotReady;
use shipworthy_store::{Event, Permission};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::home;
use crate::plane::status::{self, Status};
use crate::plane::{ControlPlane, Error, guard};
use crate::traffic::View;

/// Pages that are live at one time. Each costs a look at the state every [`PERIOD`].
pub(in crate::plane) const MAX_STREAMS: usize = 32;

/// How often a page is looked at.
const PERIOD: Duration = Duration::from_secs(1);

/// Looks without news until a comment says that the server is still there: proxies cut what is
/// silent for half a minute.
const QUIET_LOOKS: u32 = 15;

/// Events of an endpoint on the page.
const SHOWN_EVENTS: u32 = 10;

/// What the page shows and what changes by itself.
pub(super) struct Seen {
    pub(super) status: Status,
    pub(super) steered: Vec<Steered>,
}

/// An endpoint whose traffic can be steered.
pub(super) struct Steered {
    pub(super) view: View,
    /// Newest first.
    pub(super) events: Vec<Event>,
}

impl Seen {
    /// What there is at this moment.
    pub(super) fn now(plane: &ControlPlane) -> Result<Self, Error> {
        let ports = &plane.ports;
        let steered = ports.traffic.views().into_iter().map(|view| {
            let events = ports.store.events_of(&view.endpoint, None, SHOWN_EVENTS)?;
            Ok(Steered { view, events })
        });
        let steered = steered.collect::<Result<_, Error>>()?;
        Ok(Self { status: status::status(ports)?, steered })
    }
}

/// `GET /v1/page/events`: what of the page is live, now and whenever it has changed.
pub(in crate::plane) async fn events(
    State(plane): State<Arc<ControlPlane>>,
    headers: HeaderMap,
) -> Result<Response<Body>, Error> {
    let place = Arc::clone(&plane.live_pages).try_acquire_owned();
    let place = place.map_err(|_| Error::TooManyPages { limit: MAX_STREAMS })?;
    let watcher = Watcher::new(plane, headers, place);
    let events = stream::unfold(watcher, async |mut watcher| {
        let event = watcher.next().await?;
        Some((Ok::<_, Infallible>(event), watcher))
    });
    let mut response = Response::new(Body::from_stream(events));
    let kind = HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

/// A page that somebody looks at.
struct Watcher {
    plane: Arc<ControlPlane>,
    /// Who looks.
    headers: HeaderMap,
    looks: Interval,
    last: String,
    quiet_looks: u32,
    _place: OwnedSemaphorePermit,
}

impl Watcher {
    fn new(plane: Arc<ControlPlane>, headers: HeaderMap, place: OwnedSemaphorePermit) -> Self {
        let mut looks = interval(PERIOD);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { plane, headers, looks, last: String::new(), quiet_looks: 0, _place: place }
    }

    /// The next event, as it goes over the wire; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        loop {
            self.looks.tick().await;
            if !self.goes_on().await {
                return None;
            }
            let seen = self.plane.blocking(|plane| Ok(home::live(&Seen::now(plane)?)));
            let shown = seen.await.ok()?.into_string();
            if shown != self.last {
                let event = event(&shown);
                (self.last, self.quiet_looks) = (shown, 0);
                return Some(event);
            }
            self.quiet_looks += 1;
            if self.quiet_looks >= QUIET_LOOKS {
                self.quiet_looks = 0;
                return Some(": nothing new\n\n".to_owned());
            }
        }
    }

    async fn goes_on(&self) -> bool {
        if self.plane.ports.serving.not_ready() == Some(NotReady::Draining) {
            return false;
        }
        let caller = guard::identify(&self.plane, &Method::GET, &self.headers).await;
        caller.is_ok_and(|caller| caller.is_some_and(|caller| caller.0.role.may(Permission::Read)))
    }
}

/// An event of the type `page`. A line break in the text must not end a line of data unmarked.
fn event(text: &str) -> String {
    let data = text.split(['\n', '\r']).map(|line| format!("data: {line}\n"));
    format!("event: page\n{}\n", data.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_in_a_reason_cannot_forge_an_event() {
        let sent = event("a\r\nevent: page\rb");
        assert_eq!(sent, "event: page\ndata: a\ndata: \ndata: event: page\ndata: b\n\n");
    }
}
