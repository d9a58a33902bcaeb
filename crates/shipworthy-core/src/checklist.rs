//! The checklist: what stands between a model and its customers, and how far this project is.

mod deployment;
mod image;

use serde::Serialize;

pub use deployment::{Bypass, DeploymentFacts, DrillFacts, Finished, Shadowed};
pub use image::ImageFacts;

/// How far an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Holds, by the evidence beside it.
    Met,
    /// Is set up and does not hold.
    Failing,
    /// Nothing checks it yet.
    NotSetUp,
}

impl State {
    /// The name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Failing => "failing",
            Self::NotSetUp => "not set up",
        }
    }
}

/// One line of the checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// A stable name for programs.
    pub id: &'static str,
    /// The part of the checklist that it belongs to.
    pub part: &'static str,
    /// What must hold.
    pub title: &'static str,
    /// How far it is.
    pub state: State,
    /// Why the state is what it is.
    pub evidence: String,
    /// What moves it on.
    pub next: &'static str,
}

/// What is known about a project. Gathered by the shell, judged here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The release that serves, or would.
    pub release: Option<ReleaseFacts>,
    /// Columns that the contract checks on every row.
    pub contract_columns: usize,
    /// What the contract expects of every row beyond the rules of its columns.
    pub contract_expectations: usize,
    /// The ledger, if there is one.
    pub ledger: Option<LedgerFacts>,
    /// The traffic of the endpoint that serves, or would.
    pub deployment: Option<DeploymentFacts>,
}

/// What is known about a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseFacts {
    /// Its id.
    pub id: String,
    /// The commit that it follows from.
    pub commit: Option<String>,
    /// Why it cannot be made again, when it cannot.
    pub unreproducible: Option<String>,
    /// Who signed for that.
    pub provenance: Provenance,
    /// What the last gate report that is signed says of it, if there is one.
    pub gates: Option<GateFacts>,
    /// The image that it was put into last, if that is signed.
    pub image: Option<ImageFacts>,
}

/// What a gate report says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateFacts {
    /// The gates that passed.
    pub passed: usize,
    /// The names of those that failed.
    pub failed: Vec<String>,
    /// The name of the key that signed it.
    pub key: String,
}

/// A signed statement about how a release was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// It counts.
    Signed {
        /// The name of the key.
        key: String,
        /// Where the commit is found, if that is told.
        repository: Option<String>,
        /// The run of a pipeline that made it, by its URL; `None` when none did.
        run: Option<String>,
    },
    /// There is none.
    Missing,
    /// What is said about the release was changed, or a stranger signed it.
    Broken {
        /// Where that shows.
        why: String,
    },
}

/// What is known about the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerFacts {
    /// Durable entries.
    pub entries: u64,
    /// Why it takes no more, when it does not.
    pub failure: Option<String>,
}

/// All items, in their order, with their state.
#[must_use]
pub fn judge(facts: &Facts) -> Vec<Item> {
    let mut items = Vec::new();
    engineering(facts, &mut items);
    data(facts, &mut items);
    deployment::deployment(facts.deployment.as_ref(), &mut items);
    later("Monitoring", &MONITORING, &mut items);
    governance(facts, &mut items);
    later("Loop", &LOOP, &mut items);
    items
}

type Title = (&'static str, &'static str);

const MONITORING: [Title; 4] = [
    ("latency", "P99 latency under 200 ms"),
    ("data_drift", "data drift is noticed"),
    ("concept_drift", "concept drift is noticed"),
    ("business_kpis", "business KPIs are watched"),
];
const LOOP: [Title; 1] = [("feedback", "production errors become training data")];

const NOT_BUILT: &str = "not available in this version";

fn later(part: &'static str, titles: &[Title], items: &mut Vec<Item>) {
    for &(id, title) in titles {
        let evidence = "nothing checks it yet".to_owned();
        items.push(Item { id, part, title, state: State::NotSetUp, evidence, next: NOT_BUILT });
    }
}

fn engineering(facts: &Facts, items: &mut Vec<Item>) {
    const PART: &str = "Engineering";
    items.push(image::image(PART, facts.release.as_ref()));
    let (state, evidence) = gates(facts.release.as_ref());
    items.push(Item {
        id: "gates",
        part: PART,
        title: "statistical tests gate the build",
        state,
        evidence,
        next: "declare [[gate]] in shipworthy.toml, then `shipworthy test PROJECT`",
    });
    let (state, evidence) = commit(facts);
    items.push(Item {
        id: "commit",
        part: PART,
        title: "model version tied to the commit",
        state,
        evidence,
        next: "commit your changes, then `shipworthy up PROJECT --new-release`",
    });
    later(PART, &[("continuous_training", "continuous training")], items);
}

fn commit(facts: &Facts) -> (State, String) {
    let Some(release) = &facts.release else {
        return (State::NotSetUp, "no release yet".to_owned());
    };
    let ReleaseFacts { id, commit, unreproducible, provenance, .. } = release;
    let failing = |why: String| (State::Failing, why);
    match (commit, unreproducible, provenance) {
        (_, _, Provenance::Broken { why }) => failing(format!("{id} cannot be believed: {why}")),
        (_, Some(why), _) => failing(format!("{id} is unreproducible: {why}")),
        (None, None, _) => failing(format!("{id} names no commit")),
        (Some(commit), None, Provenance::Missing) => {
            failing(format!("{id} names {commit}, and nobody has signed for it"))
        }
        (Some(commit), None, Provenance::Signed { key, repository, run }) => {
            let of = repository.as_ref().map(|place| format!(" of {place}")).unwrap_or_default();
            let by = run
                .as_ref()
                .map_or("by hand, in no pipeline".to_owned(), |run| format!("in {run}"));
            let key = shown(key);
            (State::Met, format!("{id} is made from {commit}{of} {by}, signed by key {key}"))
        }
    }
}

fn gates(release: Option<&ReleaseFacts>) -> (State, String) {
    let Some(release) = release else { return (State::NotSetUp, "no release yet".to_owned()) };
    let id = &release.id;
    let Some(GateFacts { passed, failed, key }) = &release.gates else {
        return (State::NotSetUp, format!("no gate report about {id} is signed"));
    };
    let key = shown(key);
    match failed.as_slice() {
        [] => (State::Met, format!("{id} passed {passed} gates, signed by key {key}")),
        [first, ..] => {
            let failed = failed.len();
            (State::Failing, format!("{id} failed {failed} of {} gates: {first}", passed + failed))
        }
    }
}

/// Enough of a key's name to tell it from others.
fn shown(key: &str) -> &str {
    key.get(..12).unwrap_or(key)
}

fn data(facts: &Facts, items: &mut Vec<Item>) {
    const PART: &str = "Data";
    later(PART, &[("features", "one transformation in training and serving")], items);
    let (state, evidence) = match (facts.contract_columns, facts.contract_expectations) {
        (0, _) => (State::NotSetUp, "no contract yet".to_owned()),
        (columns, 0) => (
            State::NotSetUp,
            format!(
                "the schema gates every row ({}); nothing more is expected of it",
                plural(columns, "column")
            ),
        ),
        (columns, expectations) => {
            let (columns, expected) =
                (plural(columns, "column"), plural(expectations, "expectation"));
            (
                State::Met,
                format!(
                    "the schema ({columns}) and what is expected of rows ({expected}) gate every row"
                ),
            )
        }
    };
    items.push(Item {
        id: "contract",
        part: PART,
        title: "schema and expectations gate every row",
        state,
        evidence,
        next: "declare each input as a [[column]] of shipworthy.toml, and what must hold of a row \
            as an [[expect]]",
    });
}

/// `1 column`, `2 columns`.
fn plural(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

fn governance(facts: &Facts, items: &mut Vec<Item>) {
    const PART: &str = "Governance";
    later(PART, &[("explanations", "SHAP or LIME for a disputed decision in under 60 s")], items);
    let (state, evidence) = match &facts.ledger {
        None => (State::NotSetUp, "no ledger yet".to_owned()),
        Some(LedgerFacts { failure: Some(why), .. }) => (State::Failing, why.clone()),
        Some(ledger) => {
            let entries = ledger.entries;
            (
                State::Met,
                format!("{entries} entries; no answer is sent before its record is durable"),
            )
        }
    };
    items.push(Item {
        id: "audit",
        part: PART,
        title: "audit of inputs, outputs and model version of every request",
        state,
        evidence,
        next: "`shipworthy up PROJECT` records every decision; `shipworthy ledger tail` shows them",
    });
    items.push(deployment::rollback(facts.deployment.as_ref()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(facts: &Facts, id: &str) -> State {
        judge(facts).into_iter().find(|item| item.id == id).unwrap().state
    }

    #[test]
    fn an_empty_project_has_nothing_set_up() {
        assert!(judge(&Facts::default()).iter().all(|item| item.state == State::NotSetUp));
    }

    #[test]
    fn a_release_is_tied_to_its_commit_or_says_why_not() {
        let signed = Provenance::Signed { key: "ab".repeat(32), repository: None, run: None };
        let release = |commit: Option<&str>, unreproducible: Option<&str>, said: &Provenance| {
            let release = Some(ReleaseFacts {
                id: "sha256:00".to_owned(),
                commit: commit.map(str::to_owned),
                unreproducible: unreproducible.map(str::to_owned),
                provenance: said.clone(),
                gates: None,
                image: None,
            });
            state(&Facts { release, ..Facts::default() }, "commit")
        };
        assert_eq!(release(Some("c0ffee"), None, &signed), State::Met);
        assert_eq!(release(None, Some("the tree is dirty"), &signed), State::Failing);
        assert_eq!(release(None, None, &signed), State::Failing);
        assert_eq!(release(Some("c0ffee"), None, &Provenance::Missing), State::Failing);
        let broken = Provenance::Broken { why: "a byte".to_owned() };
        assert_eq!(release(Some("c0ffee"), None, &broken), State::Failing);
    }

    #[test]
    fn the_evidence_of_a_commit_tells_who_made_the_release() {
        let told = |run: Option<&str>| {
            let run = run.map(str::to_owned);
            let release = Some(ReleaseFacts {
                id: "sha256:00".to_owned(),
                commit: Some("c0ffee".to_owned()),
                unreproducible: None,
                provenance: Provenance::Signed { key: "ab".repeat(32), repository: None, run },
                gates: None,
                image: None,
            });
            let items = judge(&Facts { release, ..Facts::default() });
            items.into_iter().find(|item| item.id == "commit").unwrap().evidence
        };
        let in_a_pipeline =
            "sha256:00 is made from c0ffee in https://ci.example/7, signed by key abababababab";
        assert_eq!(told(Some("https://ci.example/7")), in_a_pipeline);
        assert!(told(None).contains("by hand, in no pipeline"));
    }

    #[test]
    fn gates_are_met_by_a_signed_report_without_a_failure() {
        let judged = |gates: Option<&[&str]>| {
            let gates = gates.map(|failed| GateFacts {
                passed: 3,
                failed: failed.iter().map(|name| (*name).to_owned()).collect(),
                key: "ab".repeat(32),
            });
            let (id, provenance) = ("sha256:00".to_owned(), Provenance::Missing);
            let (commit, unreproducible, image) = (None, None, None);
            let release = ReleaseFacts { id, commit, unreproducible, provenance, gates, image };
            state(&Facts { release: Some(release), ..Facts::default() }, "gates")
        };
        assert_eq!(judged(None), State::NotSetUp);
        assert_eq!(judged(Some(&[])), State::Met);
        assert_eq!(judged(Some(&["roc_auc"])), State::Failing);
    }

    #[test]
    fn a_failed_ledger_fails_the_audit() {
        let ledger = |failure: Option<&str>| Facts {
            ledger: Some(LedgerFacts { entries: 3, failure: failure.map(str::to_owned) }),
            ..Facts::default()
        };
        assert_eq!(state(&ledger(None), "audit"), State::Met);
        assert_eq!(state(&ledger(Some("disk full")), "audit"), State::Failing);
    }
}
