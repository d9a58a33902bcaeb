//! `[[column]]`: the contract of the model's input.

use std::ops::Range;

use shipworthy_contract::{
    Checks, ColumnRules, CompileError, Contract, Default, OnViolation, Role,
};
use shipworthy_rows::DataType;

use super::diagnosis::{Mistake, Mistakes};
use super::fields::{Key, Section};
use super::reader::{Field, Located, Table, value, value_or};
use super::units::Interval;

/// The keys of `[[column]]`.
pub(super) const SECTION: Section = Section::new(
    "[[column]]",
    &[
        Key::new("name", "the name of a column", "required"),
        Key::new("type", "`boolean`, `integer`, `float`, `string` or `timestamp`", "required"),
        Key::new("role", "`feature`, `key`, `subject`, `protected` or `context`", "`\"feature\"`"),
        Key::new("required", "true or false", "true for features, else false"),
        Key::new("min", "a number", "none: no least value"),
        Key::new("max", "a number", "none: no greatest value"),
        Key::new("one_of", "a list of strings", "none: any string"),
        Key::new("on_violation", "`reject`, `default`, `flag` or `quarantine`", "`\"reject\"`"),
        Key::new("default", "a value of the column's type", "none"),
    ],
);

/// One `[[column]]` as typed.
#[derive(Debug)]
pub(super) struct TypedColumn {
    header: Range<usize>,
    /// The name in requests and data files.
    pub(super) name: Option<Located<String>>,
    data_type: Option<Located<DataType>>,
    /// What the column is for.
    pub(super) role: Role,
    required: bool,
    min: Option<Located<f64>>,
    max: Option<Located<f64>>,
    one_of: Option<Located<Vec<String>>>,
    on_violation: Option<Located<OnViolation>>,
    default: Option<Located<Default>>,
    is_default_unread: bool,
}

/// Whether the columns fit one another and their rules fit their types.
pub(super) fn check(columns: &[TypedColumn], mistakes: &Mistakes) {
    for (index, column) in columns.iter().enumerate() {
        let Some(name) = &column.name else { continue };
        let earlier = columns[..index].iter().filter_map(|other| other.name.as_ref());
        if let Some(first) = earlier.into_iter().find(|other| other.value == name.value) {
            let message = format!("column \"{}\" is declared twice", name.value);
            let mistake = Mistake::at(&name.span, message, "expected another name");
            mistakes.add(mistake.and_at(&first.span, "declared here first"));
        }
        column.check_rules(mistakes);
    }
    if !columns.is_empty() && columns.iter().all(|column| column.role != Role::Feature) {
        let message = "no column has the role `feature`".to_owned();
        let expected = "expected at least one feature";
        mistakes.add(Mistake::at(&columns[0].header, message, expected));
    }
}

impl TypedColumn {
    pub(super) fn read(table: Table<'_>) -> Self {
        let types = DataType::ALL.map(|data_type| (data_type.name(), data_type));
        let data_type = table.field("type").required().one_of(&types);
        let kind = data_type.as_ref().map(|located| located.value);
        let role = value_or(table.field("role").one_of(&Role::ALL), Role::Feature);
        let default = read_default(table.field("default"), kind);
        let typed = Self {
            header: table.span(),
            name: table.field("name").required().name(),
            data_type,
            role,
            required: value_or(table.field("required").boolean(), role == Role::Feature),
            min: table.field("min").number_in(Interval::ALL),
            max: table.field("max").number_in(Interval::ALL),
            one_of: read_set(table.field("one_of"), kind),
            on_violation: table.field("on_violation").one_of(&OnViolation::ALL),
            is_default_unread: default.is_none() && table.field("default").is_present(),
            default,
        };
        table.finish();
        typed
    }

    /// Compiles the rules as the contract would be, and again without the rule that did not
    /// compile, so that all such rules are found.
    fn check_rules(&self, mistakes: &Mistakes) {
        /// What a column can have wrong: a range, a set, a default.
        const RULES: usize = 3;
        let Some(mut rules) = self.rules() else { return };
        for _ in 0..RULES {
            let contract = Contract::new(vec![rules.clone()]);
            let Err(error) = Checks::compile(&contract) else { return };
            mistakes.add(self.mistake(&error));
            match error {
                CompileError::RuleForType { rule, .. } if is_set(rule) => rules.one_of = None,
                CompileError::RuleForType { .. } | CompileError::EmptyRange { .. } => {
                    (rules.min, rules.max) = (None, None);
                }
                _ => return,
            }
        }
    }

    /// The rules, if every key could be read.
    pub(super) fn rules(&self) -> Option<ColumnRules> {
        // A default that could not be read is reported already, and not missing.
        let on_violation = self.on_violation.as_ref().filter(|_| !self.is_default_unread);
        Some(ColumnRules {
            name: self.name.as_ref()?.value.clone(),
            data_type: self.data_type.as_ref()?.value,
            width: 1,
            role: self.role,
            required: self.required,
            min: value(self.min.clone()),
            max: value(self.max.clone()),
            one_of: value(self.one_of.clone()),
            categories: None,
            on_violation: on_violation.map_or(OnViolation::Reject, |located| located.value),
            default: value(self.default.clone()),
        })
    }

    fn mistake(&self, error: &CompileError) -> Mistake {
        let span = |spans: [Option<&Range<usize>>; 2]| {
            spans.into_iter().flatten().next().unwrap_or(&self.header).clone()
        };
        let min = self.min.as_ref().map(|min| &min.span);
        let max = self.max.as_ref().map(|max| &max.span);
        match error {
            CompileError::RuleForType { rule, .. } if is_set(rule) => {
                let set = span([self.one_of.as_ref().map(|set| &set.span), None]);
                self.for_its_type(Mistake::at(&set, error.to_string(), "expected only for strings"))
            }
            CompileError::RuleForType { .. } => {
                let expected = "expected only for integers and floats";
                self.for_its_type(Mistake::at(&span([min, max]), error.to_string(), expected))
            }
            CompileError::EmptyRange { .. } => {
                let expected = "expected a number that is at least `min`";
                let mistake = Mistake::at(&span([max, min]), error.to_string(), expected);
                min.map(|min| (min, "`min`"))
                    .into_iter()
                    .fold(mistake, |m, (at, why)| m.and_at(at, why))
            }
            _ => {
                let on_violation = self.on_violation.as_ref().map(|located| &located.span);
                let place = span([self.default.as_ref().map(|value| &value.span), on_violation]);
                let expected = match self.default {
                    None => "expected a `default` in this column",
                    Some(_) => "expected a value that passes the column's own rules",
                };
                Mistake::at(&place, error.to_string(), expected)
            }
        }
    }

    fn for_its_type(&self, mistake: Mistake) -> Mistake {
        let data_type = self.data_type.as_ref();
        data_type.into_iter().fold(mistake, |mistake, data_type| {
            mistake.and_at(&data_type.span, "the column's type")
        })
    }
}

/// Whether the rule that a compile error names is the set, else it is the range.
fn is_set(rule: &str) -> bool {
    rule.contains("one_of")
}

/// The set of a string column. Of another type's set only the place is read: that the rule does
/// not fit the type says more than that its elements are no strings.
fn read_set(field: Field<'_>, data_type: Option<DataType>) -> Option<Located<Vec<String>>> {
    match data_type {
        None | Some(DataType::String) => field.names(),
        Some(_) => field.span().map(|span| Located { value: Vec::new(), span }),
    }
}

fn read_default(field: Field<'_>, data_type: Option<DataType>) -> Option<Located<Default>> {
    fn default<T>(read: Option<Located<T>>, of: fn(T) -> Default) -> Option<Located<Default>> {
        read.map(|located| Located { value: of(located.value), span: located.span })
    }
    match data_type? {
        DataType::Boolean => default(field.boolean(), Default::Boolean),
        DataType::Integer => default(field.whole(), Default::Integer),
        DataType::Float => default(field.number_in(Interval::ALL), Default::Float),
        DataType::String => default(field.string(), Default::String),
        DataType::Timestamp => {
            field.refuse_any("no default: a made-up time would pass for a real one");
            None
        }
    }
}
