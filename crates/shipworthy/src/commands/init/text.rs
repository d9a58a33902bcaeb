//! A proposal as the text of a project file, with the reasons as comments.

use shipworthy_core::Task;

use super::contract_text;
use super::proposal::Proposal;
use super::quote;
use super::split::Split;
use super::target::{Values, is_nameable_in_label};

/// The widest comment.
const WIDTH_CHARS: usize = 100;

/// Fewer rows are told to be few.
const FEW_ROWS: u64 = 1_000;

/// The text of the project file.
pub(super) fn write(proposal: &Proposal<'_>) -> String {
    let mut page = Page::default();
    head(&mut page, proposal);
    project(&mut page, proposal);
    source(&mut page, proposal);
    model(&mut page, proposal);
    decision(&mut page, proposal);
    contract_text::write(&mut page, proposal);
    train(&mut page, proposal);
    rollout(&mut page, proposal);
    page.into_text()
}

/// A text being written.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
}

impl Page {
    /// The text so far.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// A line.
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A key and its value, which is TOML already.
    pub(super) fn key(&mut self, key: &str, value: &str) {
        self.line(&format!("{key} = {value}"));
    }

    /// An empty line, then the header of a section.
    pub(super) fn section(&mut self, header: &str) {
        self.line("");
        self.line(header);
    }

    /// A comment in as many lines as it takes. It must have no line breaks of its own.
    pub(super) fn comment(&mut self, comment: &str) {
        let mut line = String::from("#");
        for word in comment.split(' ') {
            if line.len() > 1 && line.chars().count() + 1 + word.chars().count() > WIDTH_CHARS {
                self.line(&line);
                line = String::from("#");
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(&line);
    }
}

fn head(page: &mut Page, proposal: &Proposal<'_>) {
    let profile = proposal.profile;
    let (rows, columns) = (profile.rows, profile.columns.len());
    page.comment(&format!(
        "Made by `shipworthy init` from the {rows} rows and {columns} columns of {}. Types and \
         ranges were read from the data; what is called a guess is one: read it, and correct it.",
        quote::text(proposal.source)
    ));
    page.comment(
        "`shipworthy config check` says whether the file is valid; every key is explained in \
         Shipworthy's docs/reference/project-file.md.",
    );
    if rows < FEW_ROWS {
        page.comment(&format!(
            "Only {rows} rows: the ranges and sets below may be too narrow, and measured quality \
             will be rough."
        ));
    }
}

fn project(page: &mut Page, proposal: &Proposal<'_>) {
    page.section("[project]");
    page.comment("The name of the model, and of its endpoint in URLs.");
    page.key("name", &quote::text(proposal.name));
    page.comment(
        "What the model is for, in a sentence that a stranger understands; who answers for it.",
    );
    page.key("purpose", "\"\"");
    page.key("owner", "\"\"");
    page.comment(
        "The class of the EU AI Act: minimal, limited or high. Decisions about people's credit, \
         work, schooling or insurance are mostly high.",
    );
    page.key("risk_class", "\"minimal\"");
}

fn source(page: &mut Page, proposal: &Proposal<'_>) {
    page.section("[source]");
    page.comment("The training data, inside this directory, so that one commit names both.");
    page.key("path", &quote::text(proposal.source));
    let Some(column) = proposal.event_timestamp else {
        page.comment(
            "No column says when a row happened. If you can add one, name it here: \
             event_timestamp = \"…\" lets training use the past, and test on what came after it.",
        );
        return;
    };
    let column = &proposal.profile.columns[column];
    let span = column.span.map(|(first, last)| format!(" ({first} to {last})"));
    page.comment(&format!(
        "When a row happened{}: a guess, from {}. It should be the time at which the decision \
         would have been made.",
        span.unwrap_or_default(),
        if proposal.profile.columns.iter().filter(|other| other.span.is_some()).count() == 1 {
            "the only column of timestamps"
        } else {
            "the names of the columns of timestamps"
        },
    ));
    page.key("event_timestamp", &quote::text(&column.name));
}

fn model(page: &mut Page, proposal: &Proposal<'_>) {
    let column = proposal.target_column();
    let name = quote::text(&column.name);
    page.section("[model]");
    page.comment(&format!("What is predicted: {name}. {}", proposal.target.reason));
    classes(page, proposal);
    if column.missing > 0 {
        let share = quote::percent(column.missing, proposal.profile.rows);
        page.comment(&format!("It is missing in {share} of the rows, which training leaves out."));
    }
    page.key("task", &quote::text(proposal.task().name()));
    page.key("target", &name);
    match &proposal.target.values {
        Values::Texts { negative, positive, .. } => {
            page.key("positive", &quote::text(positive));
            page.key("classes", &quote::texts([negative.as_str(), positive]));
        }
        Values::Pair { negative, positive } => {
            let [negative, positive] = [*negative, *positive].map(quote::number);
            page.key("label", &quote::text(&format!("{} == {positive}", column.name)));
            page.key("classes", &quote::texts([negative.as_str(), positive.as_str()]));
        }
        Values::Flag | Values::Classes => {}
        Values::Amount => threshold_label(page, proposal),
    }
}

/// What is known of the classes.
fn classes(page: &mut Page, proposal: &Proposal<'_>) {
    let column = proposal.target_column();
    if let Some([(_, negatives), (positive, positives)]) = proposal.binary_classes() {
        let share = quote::percent(positives, positives + negatives);
        let from = match &proposal.target.values {
            Values::Texts { reason, .. } => Some(*reason),
            Values::Pair { .. } => Some("being the greater number"),
            _ => None,
        };
        let guess = from.map(|from| format!(" A guess from {from}.")).unwrap_or_default();
        let positive = quote::text(&positive);
        page.comment(&format!(
            "The positive class, which probabilities are of, is {positive}: {share} of the rows.\
             {guess}"
        ));
        return;
    }
    match (proposal.task(), column.range) {
        (Task::Regression, Some((least, greatest))) => page.comment(&format!(
            "A number, {} to {} in the data.",
            quote::rough(least),
            quote::rough(greatest)
        )),
        (Task::Multiclass, Some(_)) => page.comment(&format!(
            "{} whole numbers are taken to be classes; if they are amounts, write task = \
             \"regression\".",
            column.distinct.count()
        )),
        _ => page.comment(&format!("It has {} classes.", column.distinct.count())),
    }
}

/// The question with a yes or a no behind an amount.
fn threshold_label(page: &mut Page, proposal: &Proposal<'_>) {
    let column = proposal.target_column();
    let mut values: Vec<f64> = proposal.profile.sample.column(proposal.target.column).to_vec();
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    let Some(high) =
        values.get(values.len() * 4 / 5).filter(|_| is_nameable_in_label(&column.name))
    else {
        return;
    };
    let label = quote::text(&format!("{} > {}", column.name, quote::number(*high)));
    page.comment(&format!(
        "To ask whether it is high instead (one row in five is above this): task = \"binary\", \
         target = \"high\", label = {label}"
    ));
}

fn decision(page: &mut Page, proposal: &Proposal<'_>) {
    let Some([(negative, _), _]) = proposal.binary_classes() else { return };
    page.section("[decision]");
    page.comment(
        "From this probability of the positive class on, the answer is the positive class. Weigh \
         what either error costs. A change takes `shipworthy reload`, and no training.",
    );
    page.key("threshold", "0.5");
    page.comment("What is answered when the model must not be asked: the class that does less harm, if there \
         is one. Without it, nothing is answered.");
    page.line(&format!("# safe_answer = {}", quote::text(&negative)));
}

fn train(page: &mut Page, proposal: &Proposal<'_>) {
    page.section("[train]");
    page.comment(
        "Gradient-boosted trees. The validation rows choose the number of rounds; the test rows \
         are never trained on, and tell how good the model is.",
    );
    page.key("trainer", "\"builtin\"");
    page.key("seed", "0");
    match &proposal.split {
        Split::Time { until, last, rows: [train, validation, test] } => {
            let of_all = |part| quote::percent(part, train + validation + test);
            page.comment(&format!(
                "By time, as it will be in production: the past trains, what came after it tests. \
                 About {} of the rows train, {} validate, {} test. A column that is known only \
                 after the event makes the test look good all the same.",
                of_all(*train),
                of_all(*validation),
                of_all(*test)
            ));
            page.key("until", until);
            page.key("validation", &format!("{{ last = \"{last}\" }}"));
            page.key("test", &format!("{{ from = {until} }}"));
        }
        Split::Shares => {
            page.comment(match proposal.event_timestamp {
                None => "Drawn by chance with the seed, since rows have no time.",
                Some(_) => {
                    "Drawn by chance with the seed: the rows are too few, or too near to each \
                     other, to cut them by time."
                }
            });
            page.key("validation", "{ share = 0.2 }");
            page.key("test", "{ share = 0.2 }");
        }
    }
}

fn rollout(page: &mut Page, proposal: &Proposal<'_>) {
    page.section("[rollout]");
    page.comment(
        "A new release answers 5 % of the traffic first, then more, if nothing goes wrong.",
    );
    page.key("strategy", "\"canary\"");
    page.key("steps", "[5, 25, 50, 100]");
    if let Some(column) = proposal.rollout_key() {
        page.comment("The same value stays with the same release.");
        page.key("key", &quote::text(&column.name));
    }
}
