//! What a unary call brings: one message, and how long it may take.

use std::time::Duration;

use axum::extract::Request;
use axum::http::HeaderMap;
use bytes::{Buf, Bytes};

use crate::accept::body;
use crate::coding::Coding;
use crate::respond::grpc::ENCODING;
use crate::{Failure, Serving};

/// A flag and a length stand before each message.
const HEAD_BYTES: usize = 5;

/// The message of a call, plain, and the coding that it came in.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) message: Bytes,
    pub(super) coding: Option<Coding>,
}

/// Reads the message of a call, unless it is longer than the limit, as it comes or as it would
/// become.
pub(super) async fn read(
    serving: &Serving,
    request: Request,
    limit_bytes: usize,
) -> Result<Call, Failure> {
    let coding = Coding::of(request.headers(), &ENCODING)?;
    let body = body::collect(request.into_body(), limit_bytes.saturating_add(HEAD_BYTES)).await;
    // The limit is the message's.
    let body = body.map_err(|failure| match failure {
        Failure::BodyTooLarge { .. } => Failure::BodyTooLarge { limit_bytes },
        failure => failure,
    })?;
    match (unframe(body)?, coding) {
        ((false, message), _) => Ok(Call { message, coding: None }),
        ((true, coded), Some(coding)) => {
            let message = coding.inflate(&serving.cpu, coded, limit_bytes).await?;
            Ok(Call { message, coding: Some(coding) })
        }
        ((true, _), None) => Err(bad("the message is coded, but `grpc-encoding` does not say how")),
    }
}

/// The only message of a body, and whether it is coded.
fn unframe(mut body: Bytes) -> Result<(bool, Bytes), Failure> {
    let Some(head) = body.first_chunk::<HEAD_BYTES>() else {
        return Err(bad("the call has no message"));
    };
    let [flag, length @ ..] = *head;
    let length = u32::from_be_bytes(length) as usize;
    body.advance(HEAD_BYTES);
    match (flag, body.len()) {
        (0 | 1, found) if found == length => Ok((flag == 1, body)),
        (0 | 1, found) if found < length => Err(Failure::BodyCut),
        (0 | 1, _) => Err(bad("the call has more than one message")),
        _ => Err(bad("the message's first byte is neither 0 nor 1")),
    }
}

fn bad(message: &str) -> Failure {
    Failure::BadRequest {
        message: message.to_owned(),
        hint: "call it as the unary method that it is, with one message",
    }
}

/// How long a call may take: as long as `grpc-timeout` says, but no longer than the server's limit.
/// One that is not valid says nothing.
pub(super) fn time_limit(headers: &HeaderMap, limit: Duration) -> Duration {
    let timeout = headers.get("grpc-timeout").and_then(|text| text.to_str().ok());
    timeout.and_then(duration).map_or(limit, |timeout| timeout.min(limit))
}

/// At most eight digits and a unit.
fn duration(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let is_number = (1..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let count: u64 = if is_number { digits.parse().ok()? } else { return None };
    Some(match unit {
        "H" => Duration::from_secs(count * 3_600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_timeout_shortens_the_limit_and_never_lengthens_it() {
        let limit = Duration::from_secs(10);
        let of = |text: &str| {
            time_limit(
                &HeaderMap::from_iter([("grpc-timeout".parse().unwrap(), text.parse().unwrap())]),
                limit,
            )
        };
        for (text, expect) in [
            ("250m", Duration::from_millis(250)),
            ("0n", Duration::ZERO),
            ("9999999u", Duration::from_micros(9_999_999)),
            ("3S", Duration::from_secs(3)),
            ("1M", limit),
            ("99999999H", limit),
            ("123456789m", limit),
            ("m", limit),
            ("", limit),
            ("-1m", limit),
            ("5s", limit),
            ("5 m", limit),
        ] {
            assert_eq!(of(text), expect, "{text}");
        }
        assert_eq!(time_limit(&HeaderMap::new(), limit), limit);
    }

    #[test]
    fn a_body_is_one_whole_message() {
        let of = |body: &'static [u8]| unframe(Bytes::from_static(body)).map_err(|f| f.to_string());
        assert_eq!(of(b"\0\0\0\0\x02ab"), Ok((false, Bytes::from_static(b"ab"))));
        assert_eq!(of(b"\x01\0\0\0\0"), Ok((true, Bytes::new())));
        for (body, expect) in [
            (&b""[..], "the call has no message"),
            (b"\0\0\0\0", "the call has no message"),
            (b"\0\0\0\0\x03ab", "the body ended early"),
            (b"\0\0\0\0\x01ab", "the call has more than one message"),
            (b"\x02\0\0\0\0", "the message's first byte is neither 0 nor 1"),
            (b"\0\xff\xff\xff\xffab", "the body ended early"),
        ] {
            assert_eq!(of(body), Err(expect.to_owned()), "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(body: Vec<u8>, text in ".{0,12}") {
            let _ = unframe(body.into());
            let _ = duration(&text);
        }
    }
}
