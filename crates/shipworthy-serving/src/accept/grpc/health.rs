//! The standard health service, which load balancers and Kubernetes ask.
//!
//! Source: <https://github.com/grpc/grpc/blob/master/doc/health-checking.md>. `Watch` is not
//! served: clients go on without it.

use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;

use super::about::{malformed, reply};
use super::{SERVICE, Shared};
use crate::Failure;
use crate::protobuf::{Fields, Message};

const SERVING: u64 = 1;
const NOT_SERVING: u64 = 2;

/// Whether decisions are given: of the server, whose name is empty, or of its one service.
pub(super) async fn check(state: Shared, request: Request) -> Response<Body> {
    let answer = |question: &[u8]| {
        let mut service = "";
        for field in Fields(question) {
            if let (1, value) = field.map_err(malformed)? {
                service = value.text().map_err(malformed)?;
            }
        }
        if !["", SERVICE].contains(&service) {
            let name = service.chars().take(64).collect();
            return Err(Failure::UnknownModel { name, known: SERVICE.to_owned() });
        }
        let mut message = Message::default();
        message.number(1, if state.not_ready().is_none() { SERVING } else { NOT_SERVING });
        Ok(message)
    };
    reply(&state, request, answer).await
}
