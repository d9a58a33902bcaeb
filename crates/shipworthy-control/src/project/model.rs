//! `[model]`: what is predicted.

use std::ops::Range;

use shipworthy_core::Task;

use super::diagnosis::{Mistake, Mistakes};
use super::fields::{Key, Section};
use super::label::{Label, LabelError};
use super::reader::{Located, Table, value};

/// The keys of `[model]`.
pub(super) const SECTION: Section = Section::new(
    "[model]",
    &[
        Key::new("task", "`binary`, `multiclass` or `regression`", "required"),
        Key::new("target", "the name of what is predicted", "required"),
        Key::new(
            "label",
            "a comparison such as \"arr_delay > 15\"",
            "none: the target is a column",
        ),
        Key::new("positive", "a value of the target", "none: found in the classes"),
        Key::new("classes", "a list of strings", "see below"),
    ],
);

/// What is predicted.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// What kind of answer the model gives.
    pub task: Task,
    /// The name of what is predicted: a column of the source, unless `label` makes it.
    pub target: String,
    /// How the target is made, if it is no column of the source.
    pub label: Option<Label>,
    /// Which value of a text target is the positive class.
    pub positive: Option<String>,
    /// Where the names of the classes come from.
    pub classes: Classes,
}

/// The names of the classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Classes {
    /// A regression has none.
    None,
    /// These, in the order of their codes; for a binary task the negative one, then the positive.
    Named(Vec<String>),
    /// Those that the target has in the data. A binary task whose target turns out to be boolean
    /// or a number takes [`Model::default_classes`].
    FromData,
}

/// `[model]` as typed.
#[derive(Debug)]
pub(super) struct TypedModel {
    /// What kind of answer the model gives.
    pub(super) task: Option<Located<Task>>,
    /// The name of what is predicted.
    pub(super) target: Option<Located<String>>,
    /// How the target is made; `Some` of `None` when it is there but wrong.
    pub(super) label: Option<Located<Option<Label>>>,
    positive: Option<Located<String>>,
    classes: Option<Located<Vec<String>>>,
}

impl Model {
    /// The names of the two classes of a binary target that is no text: negative, positive.
    pub fn default_classes(&self) -> [String; 2] {
        default_classes(&self.target)
    }

    /// The names of the classes where there is no data to find them in: none for a regression, and
    /// those of a multiclass task must be named.
    pub fn classes_without_data(&self) -> Vec<String> {
        match (&self.classes, &self.positive) {
            (Classes::None, _) => Vec::new(),
            (Classes::Named(names), _) => names.clone(),
            (Classes::FromData, None) => self.default_classes().to_vec(),
            (Classes::FromData, Some(positive)) => {
                vec![format!("not_{positive}"), positive.clone()]
            }
        }
    }
}

impl TypedModel {
    pub(super) fn read(table: Table<'_>, text: &str, mistakes: &Mistakes) -> Self {
        let typed = Self {
            task: table.field("task").required().one_of(&Task::ALL),
            target: table.field("target").required().name(),
            label: table.field("label").string().map(|label| read_label(&label, text, mistakes)),
            positive: table.field("positive").name(),
            classes: table.field("classes").names(),
        };
        table.finish();
        typed
    }

    /// Whether the keys of the section fit one another.
    pub(super) fn check(&self, mistakes: &Mistakes) {
        let Some(task) = &self.task else { return };
        if task.value != Task::Binary {
            let only = |what: &str, span: &Range<usize>| {
                let message = format!("`{what}` has no meaning for a {} task", task.value.name());
                let mistake = Mistake::at(span, message, "expected only for a binary task");
                mistakes.add(mistake.and_at(&task.span, "the task"));
            };
            self.label.iter().for_each(|label| only("label", &label.span));
            self.positive.iter().for_each(|positive| only("positive", &positive.span));
        } else if let (Some(label), Some(positive)) = (&self.label, &self.positive) {
            let message = "`positive` has no meaning beside `label`".to_owned();
            let mistake = Mistake::at(&positive.span, message, "expected only for a text target");
            let mistake = mistake.and_at(&label.span, "rows where this holds are positive");
            mistakes.add(mistake.help("remove `positive`"));
        }
        if let Some(classes) = &self.classes {
            self.check_classes(task, classes, mistakes);
        }
    }

    /// The classes, as far as the file tells them.
    pub(super) fn classes(&self) -> Option<Classes> {
        let target = &self.target.as_ref()?.value;
        Some(match (self.task.as_ref()?.value, &self.classes) {
            (Task::Regression, _) => Classes::None,
            (_, Some(classes)) => Classes::Named(classes.value.clone()),
            (Task::Binary, None) if self.label.is_some() => {
                Classes::Named(default_classes(target).to_vec())
            }
            (_, None) => Classes::FromData,
        })
    }

    pub(super) fn validated(self) -> Option<Model> {
        let classes = self.classes()?;
        Some(Model {
            task: self.task?.value,
            target: self.target?.value,
            label: value(self.label).flatten(),
            positive: value(self.positive),
            classes,
        })
    }

    fn check_classes(
        &self,
        task: &Located<Task>,
        classes: &Located<Vec<String>>,
        mistakes: &Mistakes,
    ) {
        let count = classes.value.len();
        let expected = match task.value {
            Task::Regression => "expected no classes: the answer is a number",
            Task::Binary if count != 2 => "expected two classes: the negative, then the positive",
            Task::Multiclass if count < 2 => "expected two classes or more",
            Task::Binary | Task::Multiclass => return self.check_positive(classes, mistakes),
        };
        let message = format!("`classes` names {count} for a {} task", task.value.name());
        mistakes.add(Mistake::at(&classes.span, message, expected).and_at(&task.span, "the task"));
    }

    fn check_positive(&self, classes: &Located<Vec<String>>, mistakes: &Mistakes) {
        let Some(positive) = &self.positive else { return };
        if classes.value.last() != Some(&positive.value) {
            let message = format!("`positive` is \"{}\", `classes` says otherwise", positive.value);
            let mistake =
                Mistake::at(&positive.span, message, "expected the second of the classes");
            mistakes.add(mistake.and_at(&classes.span, "the negative class, then the positive"));
        }
    }
}

/// The label in this string; reports the part of it that cannot be read.
fn read_label(label: &Located<String>, text: &str, mistakes: &Mistakes) -> Located<Option<Label>> {
    match Label::parse(&label.value) {
        Ok(parsed) => label.with(Some(parsed)),
        Err(LabelError { at, expected, help }) => {
            let message = format!("{:?} is not a label", label.value);
            let span = span_inside(label, at, text);
            let mistake = Mistake::at(&span, message, format!("expected {expected}"));
            let example = "a label is a column, a comparison and a literal: arr_delay > 15";
            mistakes.add(mistake.help(example).maybe_help(help));
            label.with(None)
        }
    }
}

/// The place of a part of a string. A string with escapes has other places than its text: then
/// the whole of it.
fn span_inside(string: &Located<String>, part: Range<usize>, text: &str) -> Range<usize> {
    let start = string.span.start + 1;
    let is_verbatim = text.get(start..string.span.end.saturating_sub(1)) == Some(&string.value);
    if is_verbatim { start + part.start..start + part.end } else { string.span.clone() }
}

fn default_classes(target: &str) -> [String; 2] {
    [format!("not_{target}"), target.to_owned()]
}
