use super::*;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;

const BOTH: [Coding; 2] = [Coding::Gzip, Coding::Deflate];

fn headers(name: HeaderName, values: &[&str]) -> HeaderMap {
    values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
}

fn inflate(coding: Coding, body: impl Into<Bytes>, limit_bytes: usize) -> Result<Bytes, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    runtime.block_on(coding.inflate(&CpuDoor::new(1), body.into(), limit_bytes))
}

#[test]
fn a_body_is_inflated_up_to_its_limit_and_not_beyond() {
    for length in [0, 1, INLINE_BODY_BYTES, INLINE_BODY_BYTES + 1, 1 << 20] {
        let body = vec![b'a'; length];
        for coding in BOTH {
            let coded = coding.deflate_here(&body);
            assert_eq!(inflate(coding, coded.clone(), length).unwrap(), body, "{coding:?}");
            if let Some(limit_bytes) = length.checked_sub(1) {
                let failure = inflate(coding, coded, limit_bytes).unwrap_err();
                assert_eq!(failure.status(), 413, "{coding:?} {length}");
            }
        }
    }
}

#[test]
fn a_bomb_is_refused_without_being_inflated() {
    // 64 MiB of zeros, a thousandth of that when coded.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    io::copy(&mut io::repeat(0).take(1 << 26), &mut encoder).unwrap();
    let coded = Bytes::from(encoder.finish().unwrap());
    assert!(coded.len() < 1 << 20, "{}", coded.len());
    let limit_bytes = 1 << 20;
    let mut inflating = Inflating::new(Coding::Gzip, coded.clone());
    assert!(!inflating.advance(limit_bytes).unwrap());
    assert_eq!(inflating.out.len(), limit_bytes + 1);
    assert!(inflating.out.capacity() <= 2 * (limit_bytes + 1));
    assert_eq!(inflate(Coding::Gzip, coded, limit_bytes).unwrap_err().status(), 413);
}

#[test]
fn deflate_is_read_with_and_without_its_frame() {
    let body = b"{\"instances\": [[1], [2]]}".repeat(9);
    let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
    bare.write_all(&body).unwrap();
    assert_eq!(inflate(Coding::Deflate, bare.finish().unwrap(), 999).unwrap(), body);
}

#[test]
fn gzip_in_several_members_is_one_body() {
    let members = [&b"one,"[..], b"two"].map(|part| Coding::Gzip.deflate_here(part));
    assert_eq!(inflate(Coding::Gzip, members.concat(), 99).unwrap(), "one,two");
}

#[test]
fn a_body_that_is_cut_or_no_such_stream_is_refused() {
    for coding in BOTH {
        let coded = coding.deflate_here(&b"some rows".repeat(99));
        for end in 0..coded.len() {
            let failure = inflate(coding, coded[..end].to_vec(), 9_999).unwrap_err();
            assert_eq!(failure.status(), 400, "{coding:?} {end}");
        }
        let failure = inflate(coding, "{\"instances\": []}", 9_999).unwrap_err();
        assert!(failure.to_string().contains(coding.name()), "{failure}");
    }
}

#[test]
fn the_coding_of_a_body_is_one_that_is_known() {
    let of = |values: &[&str]| Coding::of_body(&headers(CONTENT_ENCODING, values));
    assert_eq!(of(&[]).unwrap(), None);
    assert_eq!(of(&["identity"]).unwrap(), None);
    assert_eq!(of(&["GZip"]).unwrap(), Some(Coding::Gzip));
    assert_eq!(of(&["x-gzip"]).unwrap(), Some(Coding::Gzip));
    assert_eq!(of(&["identity", "deflate"]).unwrap(), Some(Coding::Deflate));
    for unknown in [&["br"][..], &["gzip, deflate"], &["gzip", "gzip"], &["zstd"]] {
        assert_eq!(of(unknown).unwrap_err().status(), 415, "{unknown:?}");
    }
}

#[test]
fn the_coding_of_an_answer_is_the_one_that_the_client_likes_best() {
    let wanted = |value: &str| Coding::wanted(&headers(ACCEPT_ENCODING, &[value]));
    let (gzip, deflate) = (Some(Coding::Gzip), Some(Coding::Deflate));
    assert_eq!(Coding::wanted(&HeaderMap::new()), None);
    for (value, expect) in [
        ("", None),
        ("identity", None),
        ("br, zstd", None),
        ("gzip", gzip),
        ("deflate", deflate),
        ("gzip, deflate, br", gzip),
        ("deflate;q=0.9, gzip;q=0.8", deflate),
        ("gzip;q=0, deflate;q=0.001", deflate),
        ("gzip;q=0", None),
        ("*", gzip),
        ("*;q=0.5, gzip;q=0.1", deflate),
        ("*;q=0", None),
        ("gzip;q=0.5, identity;q=0.8", None),
        ("gzip;q=1.0, identity;q=0.5", gzip),
        ("GZIP ; Q=0.5", gzip),
        ("gzip;q=many", None),
        ("gzip;q=0.1234", None),
        ("gzip;q=2", None),
    ] {
        assert_eq!(wanted(value), expect, "{value}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(body: Vec<u8>, coding in prop::sample::select(BOTH.to_vec())) {
        let _ = inflate(coding, body, 1_000);
    }

    #[test]
    fn what_is_coded_comes_back(body: Vec<u8>, coding in prop::sample::select(BOTH.to_vec())) {
        let coded = coding.deflate_here(&body);
        prop_assert_eq!(inflate(coding, coded, body.len()).unwrap(), body);
    }

    #[test]
    fn no_header_panics(text in "[ -~]{0,40}") {
        let _ = Coding::wanted(&headers(ACCEPT_ENCODING, &[&text]));
    }
}
