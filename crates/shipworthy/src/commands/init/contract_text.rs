//! The `[[column]]` sections of a proposal, with what was seen of each column.

use shipworthy_contract::Role;
use shipworthy_rows::DataType;

use super::distinct::Number;
use super::profile::{ColumnProfile, Profile};
use super::proposal::{Proposal, Rules};
use super::quote;
use super::range::{Range, WIDENING};
use super::text::Page;
use super::treatment::Treatment;

/// Writes every column, in the order of the file.
pub(super) fn write(page: &mut Page, proposal: &Proposal<'_>) {
    preamble(page, proposal);
    columns(page, proposal.profile, &proposal.treatments, proposal.event_timestamp);
}

/// Writes the columns alone, each with what was seen of it.
pub(super) fn columns(
    page: &mut Page,
    profile: &Profile,
    treatments: &[Treatment],
    event_timestamp: Option<usize>,
) {
    for (index, (column, treatment)) in profile.columns.iter().zip(treatments).enumerate() {
        match treatment {
            Treatment::Target => {}
            Treatment::Declared { role, notes } => {
                page.line("");
                page.comment(&facts(profile, column, *role));
                notes.iter().for_each(|note| page.comment(note));
                if event_timestamp == Some(index) {
                    page.comment("It orders the rows: see [source].");
                }
                declare(page, column, *role);
            }
            Treatment::Aside { reason, .. } => aside(page, index, column, reason),
        }
    }
}

fn preamble(page: &mut Page, proposal: &Proposal<'_>) {
    page.line("");
    page.line("# ---- The contract: what a request holds, and what is refused ----");
    page.line("#");
    page.comment(
        "DELETE every column that is known only after the decision (a closing date, a later \
         balance, who handled the case). Such a column makes the test look excellent and the \
         product useless, and nothing in the data gives it away. A request may have columns that \
         are not declared: they are ignored.",
    );
    page.line("#");
    page.comment(
        "A row that breaks a rule is refused; on_violation = \"flag\" serves it, marked. Training \
         drops such rows too. required = false lets a value be missing.",
    );
    page.comment(&format!("min and max: {WIDENING}. Better are the limits that you know."));
    page.comment(
        "one_of: all texts that the data has, where they are at most 12. Add what may come.",
    );
    let suspects = proposal
        .treatments
        .iter()
        .zip(&proposal.profile.columns)
        .filter(|(t, _)| matches!(t, Treatment::Aside { is_suspect: true, .. }));
    let names: Vec<_> = suspects.map(|(_, column)| quote::text(&column.name)).collect();
    if !names.is_empty() {
        page.line("#");
        page.comment(&format!(
            "Commented out below, because they say too much about the target: {}.",
            names.join(", ")
        ));
    }
}

/// What the data has, in a line.
fn facts(profile: &Profile, column: &ColumnProfile, role: Role) -> String {
    let missing = match column.missing {
        0 => "never missing".to_owned(),
        missing => format!("missing in {} of the rows", quote::percent(missing, profile.rows)),
    };
    let values = values(column, role);
    format!("{values}{}{missing}.", if values.is_empty() { "" } else { "; " })
}

fn values(column: &ColumnProfile, role: Role) -> String {
    if let Some((least, greatest)) = column.range.filter(|_| role != Role::Subject) {
        let (least, greatest) = (quote::rough(least), quote::rough(greatest));
        return format!("{least} to {greatest} in the data, {}", column.distinct_text());
    }
    if let Some((first, last)) = column.span {
        return format!("{first} to {last} in the data");
    }
    if column.data_type == DataType::Boolean {
        let trues = column.numbers.all().and_then(|numbers| numbers.get(&Number(1.0)).copied());
        return format!(
            "true in {} of the rows",
            quote::percent(trues.unwrap_or(0), column.present)
        );
    }
    // The file is committed: who somebody is does not belong in it.
    let may_be_shown = role == Role::Feature && matches!(Rules::of(column, role), Rules::Any);
    match column.example_text().filter(|_| may_be_shown) {
        Some(example) => format!("{}, such as {example}", column.distinct_text()),
        None => column.distinct_text(),
    }
}

fn declare(page: &mut Page, column: &ColumnProfile, role: Role) {
    let lines = lines(column, role);
    lines.iter().for_each(|line| page.line(line));
}

/// A column that is set aside, as a comment to take the signs from.
fn aside(page: &mut Page, index: usize, column: &ColumnProfile, reason: &str) {
    page.line("");
    if column.is_unnamed() {
        page.comment(&format!("Column {} of the file. {reason}", index + 1));
        return;
    }
    page.comment(&format!("{} is left out. {reason}", quote::text(&column.name)));
    lines(column, Role::Feature).iter().for_each(|line| page.line(&format!("# {line}")));
}

/// The lines of a `[[column]]`.
fn lines(column: &ColumnProfile, role: Role) -> Vec<String> {
    let mut lines = vec![
        "[[column]]".to_owned(),
        format!("name = {}", quote::text(&column.name)),
        format!("type = \"{}\"", column.data_type),
    ];
    let role_name = Role::ALL.iter().find(|(_, other)| *other == role).map(|(name, _)| *name);
    if let Some(name) = role_name.filter(|_| role != Role::Feature) {
        lines.push(format!("role = \"{name}\""));
    }
    // What the model does not need is not demanded, but who a decision is about is.
    if matches!(role, Role::Feature | Role::Key | Role::Subject) {
        lines.push(format!("required = {}", column.missing == 0 && column.present > 0));
    }
    match Rules::of(column, role) {
        Rules::Range(Range { min, max, nature }) => {
            let note = nature.map(|nature| format!("{}# {nature}", " ".repeat(8)));
            lines.push(format!("min = {}", quote::number(min)));
            lines.push(format!("max = {}{}", quote::number(max), note.unwrap_or_default()));
        }
        Rules::Set(texts) => {
            lines.push(format!("one_of = {}", quote::texts(texts.iter().map(String::as_str))));
        }
        Rules::Any => {}
    }
    lines
}
