use proptest::prelude::*;

use super::*;
use crate::state::NotReady;

#[test]
fn a_message_stands_behind_its_flag_and_length() {
    let body = |response: Response<Body>| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let whole = runtime.block_on(response.into_body().collect()).unwrap();
        let trailers = whole.trailers().cloned().unwrap();
        assert_eq!(trailers[STATUS], "0");
        whole.to_bytes()
    };
    let plain = message(b"ab", None);
    assert_eq!(plain.headers()[CONTENT_TYPE], "application/grpc");
    assert!(!plain.headers().contains_key(ENCODING));
    assert_eq!(body(plain), &b"\0\0\0\0\x02ab"[..]);
    let coded = message(b"ab", Some("gzip"));
    assert_eq!(coded.headers()[ENCODING], "gzip");
    assert_eq!(body(coded), &b"\x01\0\0\0\x02ab"[..]);
}

#[test]
fn a_failure_is_told_by_number_to_people_and_to_programs() {
    let failure = Failure::UnknownModel { name: "bü%d".to_owned(), known: "late".to_owned() };
    let response = super::failure(&failure);
    let header = |name: &HeaderName| response.headers()[name].to_str().unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(header(&STATUS), "5");
    let text = "there is no model `b%C3%BC%25d` here; this server has: late";
    assert_eq!(header(&MESSAGE), text);
    let error: serde_json::Value = serde_json::from_str(header(&ERROR)).unwrap();
    assert_eq!(error["code"], "unknown_model");
    assert_eq!(error["error"], "there is no model `bü%d` here");
    assert!(error.get("violations").is_none());
    let waiting = super::failure(&Failure::NotReady(NotReady::Starting));
    assert_eq!(
        (&waiting.headers()[STATUS], &waiting.headers()[PUSHBACK]),
        (&"14".parse().unwrap(), &"1000".parse().unwrap())
    );
}

#[test]
fn what_is_too_long_for_headers_is_shortened_or_left_out() {
    let known = "a-model, ".repeat(1_000);
    let response = super::failure(&Failure::UnknownModel { name: "x".to_owned(), known });
    let message = response.headers()[MESSAGE].to_str().unwrap();
    assert!(message.len() < MAX_MESSAGE_BYTES + 8 && message.ends_with("..."), "{message}");
    assert!(!response.headers().contains_key(ERROR));
}

proptest! {
    #[test]
    fn any_text_fits_a_header_and_comes_back(text in any::<String>()) {
        let json = serde_json::to_string(&text).unwrap();
        let header = ascii(&json);
        prop_assert!(HeaderValue::from_str(&header).is_ok());
        prop_assert_eq!(serde_json::from_str::<String>(&header).unwrap(), text.clone());
        prop_assert!(HeaderValue::from_str(&percent_encoded(&text)).is_ok());
    }
}
