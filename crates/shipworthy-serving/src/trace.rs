//! W3C Trace Context: which of the caller's traces a decision belongs to.
//!
//! Source: <https://www.w3.org/TR/trace-context/>, section 3.2. A header that is not valid is
//! ignored, as the recommendation asks; nothing else of a request depends on it.

use std::fmt;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The header, in requests and in answers.
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// A trace's name: 16 bytes, not all zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceId(u128);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// What a caller says of its trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceContext {
    pub(crate) trace_id: TraceId,
    flags: u8,
}

impl TraceContext {
    /// The caller's trace; `None` when it names none, several, or one that is not valid.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(TRACEPARENT).iter();
        let value = values.next().filter(|_| values.next().is_none())?;
        Self::parse(value.to_str().ok()?)
    }

    /// `VERSION-TRACE_ID-PARENT_ID-FLAGS`; a later version may have more after that.
    fn parse(text: &str) -> Option<Self> {
        let (known, rest) = text.split_at_checked(55)?;
        let mut fields = known.split('-');
        let mut hex = |digits: usize| {
            let field = fields.next().filter(|field| field.len() == digits)?;
            let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            let number = field.bytes().all(is_hex).then(|| u128::from_str_radix(field, 16));
            number?.ok()
        };
        let (version, trace_id, parent_id, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
        let is_whole = rest.is_empty() || (version != 0 && rest.starts_with('-'));
        let is_valid = is_whole && version != 0xff && trace_id != 0 && parent_id != 0;
        let flags = u8::try_from(flags).ok()?;
        is_valid.then_some(Self { trace_id: TraceId(trace_id), flags })
    }

    /// The header of the answer: the same trace, with this server's part of it as parent.
    pub(crate) fn continued(self, parent_id: [u8; 8]) -> HeaderValue {
        /// Sampled, and that the trace id is random; a sender clears flags that it does not know.
        const KNOWN_FLAGS: u8 = 0b11;
        let Self { trace_id, flags } = self;
        // All zero would be no valid parent.
        let parent_id = u64::from_be_bytes(parent_id).max(1);
        let text = format!("00-{trace_id}-{parent_id:016x}-{:02x}", flags & KNOWN_FLAGS);
        HeaderValue::try_from(text).expect("hexadecimal digits and hyphens")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VALID: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn of(values: &[&str]) -> Option<TraceContext> {
        let values = values.iter().map(|value| HeaderValue::from_str(value).unwrap());
        TraceContext::of(&values.map(|value| (TRACEPARENT, value)).collect())
    }

    #[test]
    fn a_valid_trace_is_continued_with_an_own_parent() {
        let trace = of(&[VALID]).unwrap();
        assert_eq!(trace.trace_id.to_string(), "0af7651916cd43dd8448eb211c80319c");
        let continued = trace.continued([0xab; 8]);
        let expect = "00-0af7651916cd43dd8448eb211c80319c-abababababababab-01";
        assert_eq!(continued, expect);
        assert_eq!(trace.continued([0; 8]).to_str().unwrap()[36..52], *"0000000000000001");
    }

    #[test]
    fn a_later_version_is_read_as_this_one() {
        let later = VALID.replacen("00", "cc", 1);
        let text = |flags: &str| format!("{}{flags}", &later[..53]);
        assert!(of(&[&later]).is_some());
        assert!(of(&[&text("ff-what-the-future-will-be-like")]).is_some());
        assert!(of(&[&text("01.what")]).is_none());
        assert_eq!(of(&[&text("fd")]).unwrap().continued([1; 8]).to_str().unwrap()[53..], *"01");
    }

    #[test]
    fn what_is_not_valid_is_ignored() {
        let zero_trace = "00-00000000000000000000000000000000-b7ad6b7169203331-01";
        let zero_parent = "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01";
        let upper = VALID.to_ascii_uppercase();
        let (long, forbidden) = (format!("{VALID}-00"), VALID.replacen("00", "ff", 1));
        let plus = VALID.replacen("0af", "+af", 1);
        for text in ["", "00", zero_trace, zero_parent, &upper, &long, &forbidden, &plus] {
            assert_eq!(of(&[text]), None, "{text}");
        }
        assert_eq!(of(&[VALID, VALID]), None, "two of them say nothing");
        assert_eq!(of(&[]), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(00-|[0-9a-g]{2}-)?[0-9a-g]{0,34}-[0-9a-g]{0,18}-.{0,4}") {
            let _ = TraceContext::parse(&text);
        }
    }
}
