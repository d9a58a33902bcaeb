//! XGBoost models in binary that are cut off, corrupt or hostile: a typed error that names the
//! place, or a model that works; never a panic, a hang or memory without end.

use proptest::prelude::*;
use shipworthy_models::xgboost::{self, Error, UbjsonError};

use crate::cases::{Cases, bytes};
use crate::fixtures::survives;

fn model(case: &str) -> Vec<u8> {
    bytes(&Cases::read("xgboost_ubjson_3.2.0.json").cases[case].model)
}

fn refused(bytes: &[u8]) -> UbjsonError {
    match xgboost::load(bytes) {
        Err(Error::Ubjson(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// An object with one field that no model has, of this value.
fn with_field(value: &[u8]) -> Vec<u8> {
    [b"{L\0\0\0\0\0\0\0\x01x", value, b"}"].concat()
}

#[track_caller]
fn check(value: &[u8], expected: &str) {
    assert_eq!(refused(&with_field(value)).to_string(), expected);
}

#[test]
fn a_file_cut_anywhere_is_refused_with_the_place() {
    for case in ["categories", "logistic"] {
        let bytes = model(case);
        assert!(xgboost::load(&bytes).is_ok());
        for end in 2..bytes.len() {
            let error = refused(&bytes[..end]).to_string();
            let (_, place) = error.rsplit_once("(at byte ").unwrap();
            let place: usize = place.trim_end_matches(')').parse().unwrap();
            assert!(place <= end, "{case} {end}: {error}");
        }
        let longer = [&bytes[..], b"}"].concat();
        let expected = format!("something after the end (at byte {})", bytes.len());
        assert_eq!(refused(&longer).to_string(), expected);
    }
}

#[test]
fn lengths_beyond_the_file_ask_for_no_memory() {
    for (value, expected) in [
        (&b"[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff"[..], HUGE_ARRAY),
        (b"[#l\x7f\xff\xff\xff", "a container of 2147483647 elements is cut off (at byte 18)"),
        (b"{#l\x7f\xff\xff\xff", "a container of 2147483647 elements is cut off (at byte 18)"),
        (b"[#i\xff", "a length is not a whole number from 0 (at byte 15)"),
        (b"[#D\0", "a length is not a whole number from 0 (at byte 14)"),
        (b"[$d]", "a typed container has no count (at byte 14)"),
        (b"SL\x7f\xff\xff\xff\xff\xff\xff\xff", "the file ends early (at byte 21)"),
        (b"Si\xff", "a length is not a whole number from 0 (at byte 14)"),
        (b"Si\x02\xff\xfe", "a text is not UTF-8 (at byte 16)"),
        (b"?", "there is no type `?` (at byte 11)"),
        (b"[$?#i\x01\0", "there is no type `?` (at byte 16)"),
    ] {
        check(value, expected);
    }
}

const HUGE_ARRAY: &str = "a container of 9223372036854775807 elements is cut off (at byte 24)";

#[test]
fn containers_that_nest_for_ever_are_refused() {
    check(&vec![b'['; 1 << 20], "containers nest deeper than 128 (at byte 139)");
    let typed = b"[$[#i\x7f".repeat(1 << 10);
    let error = refused(&with_field(&typed)).to_string();
    assert!(error.starts_with("containers nest deeper than 128"), "{error}");
}

/// Their elements take no bytes: a megabyte of such arrays would be 80,000 times a million values.
#[test]
fn typed_arrays_of_nothing_are_refused() {
    for marker in [b'Z', b'T', b'F', b'N'] {
        let array = [&b"[$"[..], &[marker], b"#l\0\x0f\0\0"].concat();
        let arrays = [&b"["[..], &array.repeat(100_000), b"]"].concat();
        let error = refused(&with_field(&arrays)).to_string();
        let expected = format!("a typed container of `{}` (at byte 15)", char::from(marker));
        assert_eq!(error, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = model("categories");
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        survives(xgboost::load(&bytes));
    }

    #[test]
    fn moved_bytes_never_panic(
        from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), length in 1..40_usize,
    ) {
        let mut bytes = model("logistic");
        let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
        let moved = bytes[from..(from + length).min(bytes.len())].to_vec();
        bytes.splice(to..to, moved);
        survives(xgboost::load(&bytes));
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(xgboost::load(&with_field(&bytes)));
    }
}
