//! The names of what is said about releases.

/// How it was made: SLSA provenance, <https://slsa.dev/spec/v1.1/provenance>.
pub const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

/// Which gates it passed: in-toto's test result,
/// <https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md>.
pub const GATE_REPORT: &str = "https://in-toto.io/attestation/test-result/v0.1";

/// Who signed it off, and why.
pub const APPROVAL: &str = "shipworthy:approval/v1";

/// What was measured when it was made.
pub const QUALITY: &str = "shipworthy:quality/v1";

/// The salted digests of its reference rows.
pub const REFERENCE_ROWS: &str = "shipworthy:reference-rows/v1";

/// How the way back to it went when it was drilled.
pub const ROLLBACK_DRILL: &str = "shipworthy:rollback-drill/v1";

/// The image that it was put into.
pub const IMAGE: &str = "shipworthy:image/v1";

/// All of them with the names that people use.
pub const NAMES: [(&str, &str); 7] = [
    (PROVENANCE, "provenance"),
    (GATE_REPORT, "gate report"),
    (APPROVAL, "approval"),
    (QUALITY, "quality"),
    (REFERENCE_ROWS, "reference rows"),
    (ROLLBACK_DRILL, "rollback drill"),
    (IMAGE, "image"),
];

/// The name that people use; of an unknown one its URI.
#[must_use]
pub fn name(predicate_type: &str) -> &str {
    let known = NAMES.iter().find(|(uri, _)| *uri == predicate_type);
    known.map_or(predicate_type, |(_, name)| name)
}
