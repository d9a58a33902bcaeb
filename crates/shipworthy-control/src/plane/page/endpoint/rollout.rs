//! How far a rollout is.

use maud::{Markup, html};
use shipworthy_core::rollout::{Finding, Reading, Strategy};
use shipworthy_serving::PairedCounts;

use super::super::text::{grouped, release, span, words};
use crate::traffic::RolloutView;

/// Where it is, in one sentence.
pub(super) fn stage(rollout: Option<&RolloutView>) -> String {
    let Some(rollout) = rollout else {
        return "No rollout yet: stable has all traffic".to_owned();
    };
    let what = strategy(rollout.strategy);
    let stage = match (rollout.state, rollout.step) {
        ("watching", _) => format!("{what}: the candidate is stable now, and watched"),
        ("done", _) => format!("{what}: done"),
        ("rolled_back", _) => format!("{what}: rolled back"),
        (state, Some(step)) => {
            let share = rollout.steps.get(step).copied().unwrap_or_default();
            let (at, all) = (step + 1, rollout.steps.len());
            let held = if state == "held" { ", held" } else { "" };
            format!("{what}: step {at} of {all}, {}{held}", shown(share))
        }
        (state, None) => format!("{what}: {}", words(state)),
    };
    if rollout.needs_approval { format!("{stage}; it waits for an approval") } else { stage }
}

/// Its steps, what it waits for, and what its guards found.
pub(super) fn progress(rollout: &RolloutView) -> Markup {
    let is_over = matches!(rollout.state, "done" | "rolled_back");
    html! {
        h3 { @if is_over { "Last rollout" } @else { "Rollout" } }
        ol.steps aria-label="Steps" {
            @for (step, share) in rollout.steps.iter().enumerate() {
                @let place = place(rollout, step);
                li.(place) aria-current=[(place == "here").then_some("step")] { (shown(*share)) }
            }
        }
        p.quiet {
            (strategy(rollout.strategy)) " of " (release(&rollout.candidate)) ", started by "
            (rollout.started_by)
            @if let (false, Some(seconds)) = (is_over, rollout.seconds_here) {
                "; here for " (span(seconds))
            }
            "."
        }
        @if let Some(why) = &rollout.why { p.why { (why) } }
        @if !rollout.findings.is_empty() {
            ul.findings aria-label="What the guards found" {
                @for finding in &rollout.findings { (found(finding)) }
            }
        }
    }
}

/// What the shadow answered beside stable.
pub(super) fn shadow(counts: &PairedCounts) -> Markup {
    let agreement =
        counts.agreement.map_or("–".to_owned(), |share| format!("{:.2} %", share * 100.0));
    html! {
        h3 { "Shadow" }
        dl.numbers.small {
            div { dt { "paired rows" } dd { (grouped(counts.paired)) } }
            div { dt { "shed rows" } dd { (grouped(counts.shed)) } }
            div { dt { "agreement with stable" } dd { (agreement) } }
        }
    }
}

fn found(finding: &Finding) -> Markup {
    let (class, mark) = match finding.reading {
        Reading::Within => ("met", "✓"),
        Reading::Beyond => ("failing", "✗"),
        Reading::Unclear | Reading::TooFew => ("open", "·"),
    };
    html! {
        li.(class) { span.mark aria-hidden="true" { (mark) } p { (finding.why) } }
    }
}

/// Where a step is, seen from where the rollout is.
fn place(rollout: &RolloutView, step: usize) -> &'static str {
    match (rollout.state, rollout.step) {
        ("watching" | "done", _) => "past",
        (_, Some(here)) if step < here => "past",
        (_, Some(here)) if step == here => "here",
        _ => "ahead",
    }
}

fn shown(share: u8) -> String {
    if share == 0 { "shadow".to_owned() } else { format!("{share} %") }
}

fn strategy(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Shadow => "Shadow",
        Strategy::Canary => "Canary",
        Strategy::BlueGreen => "Blue-green",
    }
}
