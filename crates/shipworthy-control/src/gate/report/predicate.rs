//! in-toto's test result, as a statement about a release has it.
//!
//! Source: <https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md>

use serde_json::{Value, json};

use crate::gate::Report;

/// A report as the predicate of a signed statement; `configuration` names each gate.
#[must_use]
pub fn predicate(report: &Report) -> Value {
    let named = |passed: bool| -> Vec<&str> {
        let gates = report.gates.iter().filter(|gate| gate.passed == Some(passed));
        gates.map(|gate| gate.name.as_str()).collect()
    };
    let gates = report.gates.iter().map(|gate| json!({"name": gate.name, "kind": gate.kind}));
    json!({
        "result": if report.passed { "PASSED" } else { "FAILED" },
        "configuration": gates.collect::<Vec<_>>(),
        "passedTests": named(true),
        "failedTests": named(false),
        "against": report.against,
        "rows": report.rows,
        "gates": report.gates,
    })
}
