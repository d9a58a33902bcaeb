//! What a new version of a project file asks of a running server.

use super::Project;

/// The sections that differ between two versions of a project file, by what it takes for them to
/// come into force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReleaseDiff {
    /// They define a release: a new one must be made.
    pub release: Vec<&'static str>,
    /// They are policy, or only described: they come into force with a reload.
    pub policy: Vec<&'static str>,
    /// They are read when the server starts.
    pub restart: Vec<&'static str>,
}

impl ReleaseDiff {
    /// Whether nothing differs.
    pub const fn is_empty(&self) -> bool {
        self.release.is_empty() && self.policy.is_empty() && self.restart.is_empty()
    }
}

impl Project {
    /// What differs in `other`.
    pub fn changed_sections(&self, other: &Self) -> ReleaseDiff {
        let (old, new) = (&self.identity, &other.identity);
        let has_new_name = old.name != new.name;
        let has_new_description = (&old.purpose, &old.owner, old.risk_class)
            != (&new.purpose, &new.owner, new.risk_class);
        ReleaseDiff {
            release: changed([
                (has_new_name, "project.name"),
                (self.source != other.source, "source"),
                (self.model != other.model, "model"),
                (self.columns != other.columns, "column"),
                (self.expectations != other.expectations, "expect"),
                (self.train != other.train, "train"),
            ]),
            policy: changed([
                (has_new_description, "project"),
                (self.decision != other.decision, "decision"),
                (self.limits != other.limits, "limits"),
                (self.gates != other.gates, "gate"),
                (self.rollout != other.rollout, "rollout"),
            ]),
            restart: changed([(self.ledger != other.ledger, "ledger")]),
        }
    }
}

fn changed<const N: usize>(sections: [(bool, &'static str); N]) -> Vec<&'static str> {
    sections.into_iter().filter(|(is_changed, _)| *is_changed).map(|(_, name)| name).collect()
}
