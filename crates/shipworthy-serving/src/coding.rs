//! Content codings, gzip and deflate: of bodies that come, and of answers to those who ask.
//!
//! Source: RFC 9110, sections 8.4.1 and 12.5.3; deflate is the zlib format (RFC 1950), but a bare
//! deflate stream (RFC 1951) is read too, for some clients send one. gRPC's messages are coded in
//! the same two ways.
//!
//! **Invariant:** nothing is inflated beyond its limit, whatever it would become.

use std::io::{self, Read, Write};

use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use axum::http::{HeaderMap, HeaderName};
use bytes::{Buf, Bytes};
use flate2::Compression;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::Failure;
use crate::cpu::{CpuDoor, INLINE_BODY_BYTES, Unfinished};

/// A coding that is read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    Deflate,
}

/// Answers shorter than this fit a packet or two: coding them would cost time and save none.
pub(crate) const MIN_CODED_BYTES: usize = 1_400;

impl Coding {
    /// The codings as clients are told of them.
    pub(crate) const KNOWN: &str = "gzip, deflate";

    /// Its registered name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    /// How a body is coded: HTTP's `Content-Encoding`, gRPC's `grpc-encoding`.
    pub(crate) fn of(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Self>, Failure> {
        let mut coding = None;
        for text in headers.get_all(name) {
            let text = String::from_utf8_lossy(text.as_bytes()).trim().to_ascii_lowercase();
            coding = match (text.as_str(), coding) {
                ("" | "identity", coding) => coding,
                ("gzip" | "x-gzip", None) => Some(Self::Gzip),
                ("deflate", None) => Some(Self::Deflate),
                // Nobody codes twice in earnest.
                _ => return Err(Failure::unsupported_coding(&text)),
            };
        }
        Ok(coding)
    }

    /// How a request's body is coded.
    pub(crate) fn of_body(headers: &HeaderMap) -> Result<Option<Self>, Failure> {
        Self::of(headers, &CONTENT_ENCODING)
    }

    /// The coding that a client would have its answer in; `None` for a client that does not ask.
    /// Of two that it likes equally, gzip.
    pub(crate) fn wanted(headers: &HeaderMap) -> Option<Self> {
        let texts = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|text| text.to_str().ok());
        let (mut named, mut rest) = ([None, None], None);
        let mut plain = None;
        for entry in texts.flat_map(|text| text.split(',')) {
            let (name, weight) = weighted(entry);
            match name.to_ascii_lowercase().as_str() {
                "gzip" | "x-gzip" => named[0] = Some(weight),
                "deflate" => named[1] = Some(weight),
                "identity" => plain = Some(weight),
                "*" => rest = Some(weight),
                _ => {}
            }
        }
        let weights = named.map(|weight| weight.or(rest).unwrap_or(0));
        let (coding, weight) = match weights {
            [gzip, deflate] if deflate > gzip => (Self::Deflate, deflate),
            [gzip, _] => (Self::Gzip, gzip),
        };
        // Of a client that likes its answers plain better, or as well, nothing is asked.
        let plain = plain.unwrap_or(0);
        (weight > 0 && weight >= plain).then_some(coding)
    }

    /// What a body is without its coding, at most `limit_bytes` of it.
    pub(crate) async fn inflate(
        self,
        cpu: &CpuDoor,
        body: Bytes,
        limit_bytes: usize,
    ) -> Result<Bytes, Failure> {
        let mut inflating = Inflating::new(self, body);
        // What stays short is inflated here; what does not goes on behind the door.
        let short = INLINE_BODY_BYTES.min(limit_bytes);
        let mut is_whole = inflating.advance(short);
        if matches!(is_whole, Ok(false)) && short < limit_bytes {
            let rest = move || (inflating.advance(limit_bytes), inflating);
            let advanced = cpu.run(usize::MAX, rest).await.map_err(|_| Failure::Internal)?;
            (is_whole, inflating) = advanced;
        }
        match is_whole {
            Ok(true) => Ok(Bytes::from(inflating.out)),
            Ok(false) => Err(Failure::BodyTooLarge { limit_bytes }),
            Err(error) => Err(Failure::BadRequest {
                message: format!("the body is no whole {} stream: {error}", self.name()),
                hint: "code the body as its headers say, or send it plain",
            }),
        }
    }

    /// A body in this coding.
    pub(crate) async fn deflate(self, cpu: &CpuDoor, body: Bytes) -> Result<Vec<u8>, Unfinished> {
        let length = body.len();
        cpu.run(length, move || self.deflate_here(&body)).await
    }

    fn deflate_here(self, body: &[u8]) -> Vec<u8> {
        // The fastest: the caller waits, and numbers hardly shrink further.
        let level = Compression::fast();
        let out = Vec::with_capacity(body.len() / 2);
        let written = match self {
            Self::Gzip => {
                let mut encoder = GzEncoder::new(out, level);
                encoder.write_all(body).and_then(|()| encoder.finish())
            }
            Self::Deflate => {
                let mut encoder = ZlibEncoder::new(out, level);
                encoder.write_all(body).and_then(|()| encoder.finish())
            }
        };
        written.expect("writing to memory cannot fail")
    }
}

/// A body that is being inflated.
struct Inflating {
    decoder: Box<dyn Read + Send>,
    out: Vec<u8>,
}

impl Inflating {
    fn new(coding: Coding, body: Bytes) -> Self {
        let has_zlib_head = body.first_chunk::<2>().is_some_and(|head| {
            // RFC 1950, section 2.2: method 8, and a check that the two bytes divide by 31.
            head[0] & 0x0f == 8 && u16::from_be_bytes(*head).is_multiple_of(31)
        });
        let reader = body.reader();
        let decoder: Box<dyn Read + Send> = match coding {
            Coding::Gzip => Box::new(MultiGzDecoder::new(reader)),
            Coding::Deflate if has_zlib_head => Box::new(ZlibDecoder::new(reader)),
            Coding::Deflate => Box::new(DeflateDecoder::new(reader)),
        };
        Self { decoder, out: Vec::new() }
    }

    /// Inflates until `limit_bytes` are there; whether that was all.
    fn advance(&mut self, limit_bytes: usize) -> io::Result<bool> {
        // One more byte tells a body that ends at the limit from one that goes on.
        let more = (limit_bytes + 1).saturating_sub(self.out.len());
        (&mut self.decoder).take(more as u64).read_to_end(&mut self.out)?;
        Ok(self.out.len() <= limit_bytes)
    }
}

/// `NAME;q=WEIGHT`, in thousandths; without a weight 1, with one that is no number 0.
fn weighted(entry: &str) -> (&str, u16) {
    let (name, parameters) = entry.split_once(';').unwrap_or((entry, ""));
    let weight = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| thousandths(value.trim()))
    });
    (name.trim(), weight.unwrap_or(1_000))
}

/// `0.25` as 250; at most three digits after the point, as RFC 9110 has it.
fn thousandths(text: &str) -> u16 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_number = part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    match whole {
        "1" if is_number => 1_000,
        "0" if is_number => format!("{part:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
#[path = "coding_tests.rs"]
mod tests;
