//! What a workflow needs set at its forge: variables, secrets, and who may use them.

use super::Forge;
use super::facts::Facts;

/// A line each, for people: what kind, its name, and what it holds.
pub(super) fn of(forge: Forge, facts: &Facts) -> String {
    let (place, own) = match forge {
        Forge::Github => ("the repository's settings", github(facts)),
        Forge::Gitlab => ("the project's settings, under CI/CD", gitlab(facts)),
    };
    let shared = [
        (
            "variable",
            "SHIPWORTHY_SERVER",
            "the server's control plane, http://HOST:8081; without it nothing is compared, deployed \
             or promoted",
        ),
        (
            "variable",
            "SHIPWORTHY_PUBLIC_KEYS",
            "the keys that count, in PEM: the pipeline's, and the server's own (`shipworthy key \
             show`)",
        ),
        (
            "variable",
            "SHIPWORTHY_SOURCE",
            "the git URL that runners without a binary build it from",
        ),
        ("variable", "SHIPWORTHY_REVISION", "and the commit to build"),
    ];
    let shared = shared.map(|(kind, name, what)| (kind, name.to_owned(), what.to_owned()));
    let mut lines = vec![format!("\nTo be set, in {place}:")];
    for (kind, name, what) in shared.into_iter().chain(own) {
        lines.push(format!("  {kind:<11}  {name:<28}  {what}"));
    }
    lines.push(
        "\nand where the server's state directory is, `shipworthy key trust PIPELINE.pem` takes the \
         pipeline's word; tokens are made by `shipworthy token create`"
            .to_owned(),
    );
    lines.join("\n")
}

type Setting = (&'static str, String, String);

const SIGNS: &str =
    "the pipeline's private key, `openssl genpkey -algorithm ed25519`: it signs releases";

fn github(facts: &Facts) -> Vec<Setting> {
    let branch = &facts.branch;
    let set = |kind, name: &str, what: &str| (kind, name.to_owned(), what.to_owned());
    vec![
        set("secret", "SHIPWORTHY_AUDIT_TOKEN", "a token of an `auditor`, for pull requests"),
        set("environment", "shipworthy-release", &format!("for the branch {branch} alone; in it:")),
        set("secret", "  SHIPWORTHY_SIGNING_KEY", SIGNS),
        set("secret", "  SHIPWORTHY_DEPLOY_TOKEN", "a token of an `operator`"),
        set("environment", "shipworthy-promotion", "with required reviewers; in it:"),
        set("secret", "  SHIPWORTHY_PROMOTION_TOKEN", "a token of another `operator`"),
    ]
}

fn gitlab(facts: &Facts) -> Vec<Setting> {
    let set = |kind, name: &str, what: &str| (kind, name.to_owned(), what.to_owned());
    let (shadow, production) =
        (format!("shadow/{}", facts.name), format!("production/{}", facts.name));
    vec![
        set("masked", "SHIPWORTHY_AUDIT_TOKEN", "a token of an `auditor`, for merge requests"),
        set("masked", "SHIPWORTHY_COMMENT_TOKEN", "a project access token with `api`, to comment"),
        set("environment", &shadow, "protected; only in it, and protected:"),
        set("variable", "  SHIPWORTHY_SIGNING_KEY", SIGNS),
        set("masked", "  SHIPWORTHY_DEPLOY_TOKEN", "a token of an `operator`"),
        set("environment", &production, "protected: who may deploy there may promote; only in it:"),
        set("masked", "  SHIPWORTHY_PROMOTION_TOKEN", "a token of another `operator`"),
    ]
}
