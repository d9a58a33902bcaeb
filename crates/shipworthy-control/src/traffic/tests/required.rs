//! A policy that names what must be said about a release.

use shipworthy_core::attestation::predicate;
use shipworthy_store::KeyEnd;

use super::*;
use crate::statement::{approval, stated};

struct Requires(RolloutPolicy, Vec<String>);

impl Declared for Requires {
    fn rollout(&self, _: &str) -> Declaration {
        let (policy, requires) = (self.0.clone(), self.1.clone());
        Declaration { policy, requires, ..Declaration::default() }
    }
}

fn requiring(types: &[&str]) -> Bench {
    let mut bench = Bench::new(policy());
    let types = types.iter().map(|text| (*text).to_owned()).collect();
    let declared = Requires(bench.policy.clone(), types);
    bench.restart_with(|ports| ports.declared = Arc::new(declared));
    bench
}

impl Bench {
    fn reports(&self, release: &ReleaseId, result: &str, failed: &[&str]) {
        let told = json!({"result": result, "configuration": [], "failedTests": failed});
        let said = stated("gate-report", told).unwrap();
        let signer = SigningKey::from_random(&[2; 32]);
        self.shelf.attest(release, &said, &signer, &by("ana")).unwrap();
    }

    /// What stands in the way of a shadow and of a canary, and what to do.
    fn refusal(&self, release: &ReleaseId) -> (String, &'static str) {
        let told = |strategy| match self.deploy(release, strategy) {
            Err(Error::Refused { message, hint }) => (message, hint),
            other => panic!("{other:?}"),
        };
        let shadow = told(Strategy::Shadow);
        assert_eq!(told(Strategy::Canary), shadow);
        shadow
    }
}

#[tokio::test]
async fn a_release_is_deployed_once_its_last_gate_report_says_passed() {
    let bench = requiring(&[predicate::GATE_REPORT]);
    let good = bench.good.clone();
    let (message, hint) = bench.refusal(&good);
    assert!(message.contains("has no gate report that counts, and [rollout] requires one"));
    assert!(hint.starts_with("`shipworthy test PROJECT --candidate RELEASE`"), "{hint}");
    bench.reports(&good, "PASSED", &[]);
    bench.reports(&good, "FAILED", &["a", "b", "c", "d"]);
    let (message, _) = bench.refusal(&good);
    assert!(message.ends_with("says FAILED: a; b; c; and 1 more"), "{message}");
    bench.reports(&good, "WARNED", &[]);
    bench.refusal(&good);
    assert_eq!(bench.state(), "none");
    bench.reports(&good, "PASSED", &[]);
    bench.deploy(&good, Strategy::Canary).unwrap();
    assert_eq!(bench.state(), "canary");
}

#[tokio::test]
async fn a_shadow_is_not_promoted_once_a_later_report_failed_and_always_goes_back() {
    let bench = requiring(&[predicate::GATE_REPORT]);
    let (good, stable) = (bench.good.clone(), bench.stable.clone());
    bench.reports(&good, "PASSED", &[]);
    bench.deploy(&good, Strategy::Shadow).unwrap();
    bench.reports(&good, "FAILED", &["roc_auc"]);
    let refused = bench.traffic.promote(NAME, &by("ana")).unwrap_err().to_string();
    assert!(refused.ends_with("says FAILED: roc_auc"), "{refused}");
    bench.reports(&good, "PASSED", &[]);
    bench.traffic.promote(NAME, &by("ana")).unwrap();
    assert_eq!(bench.view().slots.stable.unwrap().release, good.to_string());
    // Nothing was ever said of the release before it, nor of the strict one.
    bench.traffic.rollback(NAME, None, &by("ana")).unwrap();
    assert_eq!(bench.view().slots.stable.unwrap().release, stable.to_string());
    bench.traffic.rollback(NAME, Some(bench.strict.as_str()), &by("ana")).unwrap();
    assert_eq!(bench.view().slots.stable.unwrap().release, bench.strict.to_string());
}

#[tokio::test]
async fn a_report_counts_only_while_its_key_is_trusted() {
    let bench = requiring(&[predicate::GATE_REPORT]);
    let other = SigningKey::from_random(&[5; 32]);
    bench.shelf.store.trust_key(&other.public(), &by("ana")).unwrap();
    let told = stated("gate-report", json!({"result": "PASSED", "configuration": []})).unwrap();
    bench.shelf.attest(&bench.good, &told, &other, &by("ana")).unwrap();
    let end = KeyEnd::Revoked;
    bench.shelf.store.end_key(&other.public().id(), end, &by("ana")).unwrap();
    assert!(bench.refusal(&bench.good).0.contains("no gate report that counts"));
}

#[tokio::test]
async fn an_approval_and_a_statement_of_any_type_can_be_required() {
    const AUDIT: &str = "https://example.com/bias-audit/v1";
    let bench = requiring(&[predicate::APPROVAL, AUDIT]);
    let (good, signer) = (bench.good.clone(), SigningKey::from_random(&[2; 32]));
    let (message, hint) = bench.refusal(&good);
    assert!(message.contains("has no approval that counts"), "{message}");
    assert!(hint.contains("shipworthy release approve"), "{hint}");
    bench.shelf.attest(&good, &approval(&by("ben")), &signer, &by("ben")).unwrap();
    let (message, hint) = bench.refusal(&good);
    assert!(message.contains(AUDIT), "{message}");
    assert!(hint.contains("shipworthy release attest"), "{hint}");
    let audited = stated(AUDIT, json!({})).unwrap();
    bench.shelf.attest(&good, &audited, &signer, &by("ana")).unwrap();
    bench.deploy(&good, Strategy::BlueGreen).unwrap();
}
