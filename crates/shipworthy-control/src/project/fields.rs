//! Every key that a project file may have. The reader refuses what is not listed here, and a test
//! compares this list with `docs/reference/project-file.md`.

use super::{columns, expect, gate, identity, model, policy, rollout, source, train};

/// A table of the file.
#[derive(Debug)]
pub(super) struct Section {
    /// How it is written and spoken of, for example `[model]`.
    pub header: &'static str,
    /// What may stand in it.
    pub keys: &'static [Key],
    /// What a later version will take there.
    pub later: &'static [Later],
}

/// A key of a table.
#[derive(Debug)]
pub(super) struct Key {
    /// The name.
    pub name: &'static str,
    /// What it takes, in words that follow "expected".
    pub kind: &'static str,
    /// Its default as TOML in backticks, or `required`, or what happens without it.
    #[cfg_attr(not(test), allow(dead_code, reason = "the reference page is checked against it"))]
    pub default: &'static str,
}

/// Something that is designed but not built: refused by name, never ignored.
#[derive(Debug)]
pub(super) struct Later {
    /// The key.
    pub name: &'static str,
    /// How it is spoken of.
    pub header: &'static str,
    /// What to do today.
    pub instead: &'static str,
}

/// The top of the file.
pub(super) const ROOT: Section = Section {
    header: "the project file",
    keys: &[
        Key::new("project", "[project]", "required"),
        Key::new("source", "[source]", "required, but where the model is a file"),
        Key::new("model", "[model]", "required"),
        Key::new("decision", "[decision]", "its defaults"),
        Key::new("limits", "[limits]", "its defaults"),
        Key::new("ledger", "[ledger]", "its defaults"),
        Key::new("column", "[[column]]", "required"),
        Key::new("expect", "[[expect]]", "none"),
        Key::new("train", "[train]", "its defaults"),
        Key::new("gate", "[[gate]]", "none"),
        Key::new("rollout", "[rollout]", "its defaults"),
    ],
    later: &[Later {
        name: "feature_view",
        header: "[[feature_view]]",
        instead: "remove it, and send every feature with the request as a [[column]]",
    }],
};

/// All tables below the top.
pub(super) const SECTIONS: [&Section; 17] = [
    &identity::SECTION,
    &source::SECTION,
    &model::SECTION,
    &policy::DECISION,
    &policy::LIMITS,
    &policy::LEDGER,
    &columns::SECTION,
    &expect::SECTION,
    &train::SECTION,
    &train::VALIDATION,
    &train::TEST,
    &train::PARAMETERS,
    &gate::SECTION,
    &rollout::SECTION,
    &rollout::BURST,
    &rollout::GUARD,
    &ROOT,
];

impl Key {
    /// A key with what it takes and its default.
    pub(super) const fn new(name: &'static str, kind: &'static str, default: &'static str) -> Self {
        Self { name, kind, default }
    }
}

impl Section {
    /// A table of which no key is kept for later.
    pub(super) const fn new(header: &'static str, keys: &'static [Key]) -> Self {
        Self { header, keys, later: &[] }
    }

    /// The key of this name.
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}
