//! What is asked of releases that a server tells of.

use serde_json::{Value, json};
use shipworthy_core::attestation::Statement;
use shipworthy_core::signing::SigningKey;
use shipworthy_core::{ReleaseId, canonical};

use super::served::Shown;
use super::*;

const COMMIT: &str = "0c43dd1e0c43dd1e0c43dd1e0c43dd1e0c43dd1e";

fn key(number: u8) -> SigningKey {
    SigningKey::from_random(&[number; 32])
}

/// A release of a commit, of which the holder of a key says this.
fn told(said: &[(&str, Value)], by: &SigningKey) -> (ReleaseId, Value) {
    let manifest = json!({"commit": COMMIT});
    let sha256 = canonical::sha256_hex(manifest.to_string().as_bytes());
    let id: ReleaseId = format!("sha256:{sha256}").parse().unwrap();
    let statements = said.iter().map(|(kind, predicate)| {
        let predicate_type = (*kind).to_owned();
        let statement = Statement { predicate_type, predicate: predicate.clone() };
        let envelope = statement.sign(&id, by).unwrap();
        json!({
            "type": kind,
            "key": by.public().id(),
            "predicate": predicate,
            "envelope": serde_json::from_str::<Value>(&envelope).unwrap(),
        })
    });
    let statements: Vec<_> = statements.collect();
    let shown =
        json!({"unreproducible_reason": null, "manifest": manifest, "statements": statements});
    (id, shown)
}

fn shown(value: &Value) -> Shown {
    serde_json::from_str(&value.to_string()).unwrap()
}

/// The checks that fail, by name, with why.
fn failing(served: &Served, ancestry: Option<&Ancestry>, requires: &[&str]) -> Vec<String> {
    let given: Vec<String> = requires.iter().map(|text| (*text).to_owned()).collect();
    let found = checks(Place::Stable, served, ancestry, &required(&given).unwrap());
    let failed = found.into_iter().filter(|check| !check.passed);
    failed.map(|check| format!("{}: {}", check.name, check.why)).collect()
}

fn on_main() -> Option<Ancestry> {
    Some(Ancestry::On { branch: "origin/main".to_owned() })
}

#[test]
fn a_release_of_the_pipeline_passes() {
    let report = json!({"result": "PASSED", "configuration": []});
    let said = [(predicate::PROVENANCE, json!({})), (predicate::GATE_REPORT, report)];
    let (id, value) = told(&said, &key(1));
    for trusted in [None, Some([key(1).public()])] {
        let trusted = trusted.as_ref().map(|keys| &keys[..]);
        let served = Served::checked(id.clone(), shown(&value), trusted).unwrap();
        assert_eq!(failing(&served, on_main().as_ref(), &[]), [""; 0]);
    }
}

#[test]
fn a_statement_of_another_key_does_not_count() {
    let (id, value) = told(&[(predicate::PROVENANCE, json!({}))], &key(1));
    let served = Served::checked(id, shown(&value), Some(&[key(2).public()])).unwrap();
    let failed = failing(&served, on_main().as_ref(), &["provenance"]);
    assert_eq!(failed, ["provenance: none that counts"]);
}

#[test]
fn what_a_server_made_up_does_not_count_where_keys_are_given() {
    let failed = json!({"result": "FAILED", "configuration": [], "failedTests": ["roc_auc"]});
    let (id, mut value) = told(&[(predicate::GATE_REPORT, failed)], &key(1));
    value["statements"][0]["predicate"]["result"] = json!("PASSED");
    let served = Served::checked(id, shown(&value), Some(&[key(1).public()])).unwrap();
    let [only] = &failing(&served, on_main().as_ref(), &["gate-report"])[..] else { panic!() };
    assert!(only.ends_with("says FAILED: roc_auc"), "{only}");
}

#[test]
fn a_manifest_of_another_release_is_refused() {
    let (_, value) = told(&[], &key(1));
    let other = ReleaseId::from_sha256(&[7; 32]);
    assert!(Served::checked(other, shown(&value), None).is_err());
}

#[test]
fn a_commit_must_be_on_the_branch() {
    let (id, mut value) = told(&[], &key(1));
    value["unreproducible_reason"] = json!("the tree is dirty");
    let served = Served::checked(id, shown(&value), None).unwrap();
    let off = Ancestry::Off { branch: "origin/main".to_owned() };
    let failed = failing(&served, Some(&off), &["a:b"]);
    let expected = [
        "reproducible: it is unreproducible: the tree is dirty".to_owned(),
        format!("commit: origin/main does not have {COMMIT}"),
        "a:b: none that counts".to_owned(),
    ];
    assert_eq!(failed, expected);
    let unknown = Ancestry::Unknown { why: "this clone is shallow".to_owned() };
    assert_eq!(failing(&served, Some(&unknown), &["a:b"]).len(), 3);
    assert!(failing(&served, None, &["a:b"])[1].contains("names no commit"));
}

#[test]
fn a_statement_is_named_as_people_name_it() {
    let parse = |text: &str| required(&[text.to_owned()]);
    let uri = |uri| vec![Required::of(uri)];
    assert_eq!(parse("gate-report").unwrap(), uri(predicate::GATE_REPORT));
    assert_eq!(parse("rollback-drill").unwrap(), uri(predicate::ROLLBACK_DRILL));
    assert_eq!(parse("https://example.org/x").unwrap(), uri("https://example.org/x"));
    assert!(format!("{:#}", parse("bless").unwrap_err()).contains("gate-report, approval"));
}

#[test]
fn a_shadow_is_told_and_decides_nothing() {
    let (id, value) = told(&[], &key(1));
    let served = Served::checked(id, shown(&value), None).unwrap();
    let of = |slot| checks(slot, &served, on_main().as_ref(), &required(&[]).unwrap());
    let text = Verified { passed: true, endpoint: "late".to_owned(), checks: of(Place::Shadow) };
    assert!(text.render().ends_with("all 0 checks hold"), "{}", text.render());
    let text = Verified { passed: false, endpoint: "late".to_owned(), checks: of(Place::Stable) };
    assert!(text.render().ends_with("2 of 4 checks fail"), "{}", text.render());
}

#[test]
fn the_image_must_have_what_answers_and_be_said_to() {
    let digest = format!("sha256:{}", "0a".repeat(32));
    let image = |digest: &str| json!({"digest": digest, "size_bytes": 3, "platform": "linux/amd64", "revision": COMMIT});
    let why = |said: &[(&str, Value)], slot, edit: fn(&mut Imaged)| {
        let (id, value) = told(said, &key(1));
        let served = Served::checked(id.clone(), shown(&value), None).unwrap();
        let (release, revision) = (Some(id.to_string()), Some(COMMIT.to_owned()));
        let mut imaged = Imaged { digest: digest.clone(), release, revision };
        edit(&mut imaged);
        let check = imaged.check(&[(slot, served)]);
        assert_eq!(check.passed, check.next.is_none());
        (check.passed, check.slot, check.why)
    };
    let said = [(predicate::IMAGE, image(&digest))];
    let (passed, slot, _) = why(&said, Place::Stable, |_| {});
    assert_eq!((passed, slot), (true, Place::Stable));
    assert!(why(&said, Place::Candidate, |_| {}).0);
    let (passed, slot, told) = why(&said, Place::Shadow, |_| {});
    assert!(!passed && slot == Place::None && told.ends_with("answers nobody"), "{told}");
    let other = |imaged: &mut Imaged| imaged.release = Some("sha256:00".to_owned());
    assert!(why(&said, Place::Stable, other).2.contains("has sha256:00, which answers nobody"));
    let bare = |imaged: &mut Imaged| imaged.release = None;
    assert!(why(&said, Place::Stable, bare).2.contains("has no release"));
    let dirty = |imaged: &mut Imaged| imaged.revision = None;
    assert!(why(&said, Place::Stable, dirty).2.contains("names no commit"));
    assert!(why(&[], Place::Stable, |_| {}).2.starts_with("nothing that counts says"));
    let older = [(predicate::IMAGE, image(&format!("sha256:{}", "1b".repeat(32))))];
    assert!(why(&older, Place::Stable, |_| {}).2.starts_with("the release is said to be in"));
}
