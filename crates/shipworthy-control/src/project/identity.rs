//! `[project]`: what the model is called, what it is for and who answers for it.

use super::diagnosis::{Mistake, Mistakes};
use super::fields::{Key, Section};
use super::reader::{Located, Table, value_or};

/// The keys of `[project]`.
pub(super) const SECTION: Section = Section::new(
    "[project]",
    &[
        Key::new("name", "a name such as \"flight-delay\"", "required"),
        Key::new("purpose", "a string", "`\"\"`"),
        Key::new("owner", "a string", "`\"\"`"),
        Key::new("risk_class", "`minimal`, `limited` or `high`", "`\"minimal\"`"),
    ],
);

/// The longest name: that of a DNS label, which an endpoint's name may become.
const MAX_NAME_CHARS: usize = 63;

/// The risk class of the EU AI Act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RiskClass {
    /// No duties beyond the usual ones.
    Minimal,
    /// People must know that a machine answers.
    Limited,
    /// The duties of a high-risk system.
    High,
}

/// What the file says about the project as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name of the model and of its endpoint: `[a-z][a-z0-9-]{0,62}`.
    pub name: String,
    /// What the model is for; may be empty.
    pub purpose: String,
    /// Who answers for it; may be empty.
    pub owner: String,
    /// How much the law asks of it.
    pub risk_class: RiskClass,
}

impl RiskClass {
    /// All classes with their names in a project file.
    pub const ALL: [(&'static str, Self); 3] =
        [("minimal", Self::Minimal), ("limited", Self::Limited), ("high", Self::High)];
}

impl Identity {
    /// Reads `[project]`; `None` when the name is missing or wrong.
    pub(super) fn read(table: Table<'_>, mistakes: &Mistakes) -> Option<Self> {
        let name = table.field("name").required().string();
        let name = name.filter(|name| check_name(name, mistakes));
        let purpose = value_or(table.field("purpose").string(), String::new());
        let owner = value_or(table.field("owner").string(), String::new());
        let risk_class = table.field("risk_class").one_of(&RiskClass::ALL);
        let risk_class = value_or(risk_class, RiskClass::Minimal);
        table.finish();
        Some(Self { name: name?.value, purpose, owner, risk_class })
    }
}

/// Whether the name can stand in a URL as it is; reports it when it cannot.
fn check_name(name: &Located<String>, mistakes: &Mistakes) -> bool {
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let starts_well = name.value.starts_with(|c: char| c.is_ascii_lowercase());
    if starts_well && name.value.len() <= MAX_NAME_CHARS && name.value.chars().all(is_allowed) {
        return true;
    }
    let message = format!("{:?} cannot be the name of an endpoint in a URL", name.value);
    let expected = format!(
        "expected a letter, then letters, digits and `-`, all small, at most {MAX_NAME_CHARS}"
    );
    let help = slug(&name.value).map(|slug| format!("for example \"{slug}\""));
    mistakes.add(Mistake::at(&name.span, message, expected).maybe_help(help));
    false
}

/// The nearest allowed name, if there is one that says the same.
pub(crate) fn slug(name: &str) -> Option<String> {
    let lowered = name.to_ascii_lowercase();
    let words = lowered.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("-");
    let slug: String = joined.chars().take(MAX_NAME_CHARS).collect();
    slug.starts_with(|c: char| c.is_ascii_lowercase()).then_some(slug)
}
