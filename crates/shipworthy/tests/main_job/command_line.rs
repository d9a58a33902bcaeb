//! The command line explains itself.

use crate::command::run;

const COMMANDS: [&str; 24] = [
    "",
    "up",
    "init",
    "train",
    "validate",
    "contract",
    "contract import",
    "contract infer",
    "contract diff",
    "score",
    "checklist",
    "reload",
    "config",
    "config check",
    "ledger",
    "ledger tail",
    "ledger show",
    "ledger export",
    "token",
    "token create",
    "token list",
    "token revoke",
    "token sign-in",
    "completions",
];

#[test]
fn every_command_explains_itself() {
    for command in COMMANDS {
        let help = run(&format!("{command} --help"));
        assert!(help.expect(0).contains("Usage: shipworthy"), "{help:?}");
    }
    let overview = run("--help").stdout;
    for command in COMMANDS.iter().filter(|command| !command.is_empty()) {
        let name = command.split(' ').next().unwrap();
        assert!(overview.contains(&format!("\n  {name}")), "{name}");
    }
    assert!(run("--version").expect(0).starts_with("shipworthy "));
}

#[test]
fn shells_can_complete_it() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&format!("completions {shell}"));
        assert!(script.expect(0).contains("checklist"), "{shell}");
    }
}

#[test]
fn what_cannot_be_understood_ends_with_code_2() {
    for line in ["", "upp", "up", "up . --listen nowhere", "completions csh", "score ."] {
        let refused = run(line);
        refused.expect(2);
        assert!(!refused.stderr.is_empty(), "{line}");
    }
}
