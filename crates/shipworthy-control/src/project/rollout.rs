//! `[rollout]`: how a candidate becomes stable.

use std::ops::RangeInclusive;
use std::time::Duration;

use shipworthy_core::rollout::{Policy, Strategy};

use super::diagnosis::{Mistake, Mistakes};
use super::fields::{Key, Section};
use super::reader::{Located, Table, choice, value, value_or};

mod burst;
mod guard;
mod required;

pub(super) use burst::SECTION as BURST;
pub(super) use guard::SECTION as GUARD;

/// The keys of `[rollout]`.
pub(super) const SECTION: Section = Section::new(
    "[rollout]",
    &[
        Key::new("strategy", "`shadow`, `canary` or `blue_green`", "`\"canary\"`"),
        Key::new("steps", "a list of percentages", "`[5, 25, 50, 100]`"),
        Key::new("key", "the name of a declared column", "none: each request by itself"),
        Key::new("testers", "a list of strings", "none: nobody"),
        Key::new("automatic", "true or false", "`true`"),
        Key::new("approvals", "a list of percentages", "`[]`"),
        Key::new("step_time", "a time span", "`\"10m\"`"),
        Key::new("step_rows", "a whole number", "`1000`"),
        Key::new("watch", "a time span", "`\"1h\"`"),
        Key::new("cool_down", "a time span", "`\"10m\"`"),
        Key::new("requires", "a list of statements", "none: nothing is asked for"),
        Key::new("drill_every", "a time span", "none: no drill on a schedule"),
        Key::new("burst", "[rollout.burst]", "its defaults"),
        Key::new("guard", "[[rollout.guard]]", "three guards, see there"),
    ],
);

/// More steps than this are a slope, and nobody reads their records.
const MAX_STEPS: usize = 20;
/// Testers are listed by hand.
const MAX_TESTERS: usize = 1_000;
/// The longest value of a key that is listed.
const MAX_TESTER_BYTES: usize = 256;
/// What is counted up to: rows of a step, failures of a burst.
const COUNTS: RangeInclusive<u64> = 1..=1_000_000_000;
/// How long a rollout waits for anything.
const WAITS: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(24 * 30);
/// How often the way back is drilled: each drill is a statement that stays with its release.
const DRILLS: RangeInclusive<Duration> = Duration::from_hours(24)..=Duration::from_hours(24 * 365);

/// How a candidate becomes stable.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    /// In which way, when nobody says another one.
    pub strategy: Strategy,
    /// The column whose value keeps a caller on one side.
    pub key: Option<String>,
    /// What a rollout goes by, as declared: [`Policy::of`] makes it that of a strategy.
    pub policy: Policy,
    /// Values of `key` that always get the candidate while there is one; none without a key.
    pub testers: Vec<String>,
    /// The predicate types of what must be said about a release before it is deployed.
    pub requires: Vec<String>,
    /// How often the way back is drilled; `None`: only when somebody asks for it.
    pub drill_every: Option<Duration>,
}

impl Default for Rollout {
    fn default() -> Self {
        Self {
            strategy: Strategy::Canary,
            key: None,
            policy: Policy::default(),
            testers: Vec::new(),
            requires: Vec::new(),
            drill_every: None,
        }
    }
}

impl Rollout {
    /// Whether a project says anything but the defaults.
    #[must_use]
    pub fn declares_anything(&self) -> bool {
        *self != Self::default()
    }
}

/// `[rollout]` as typed.
#[derive(Debug)]
pub(super) struct TypedRollout {
    strategy: Strategy,
    /// The column whose value keeps a caller on one side.
    pub(super) key: Option<Located<String>>,
    policy: Policy,
    testers: Vec<String>,
    requires: Vec<String>,
    drill_every: Option<Duration>,
}

impl TypedRollout {
    pub(super) fn read(table: Table<'_>, mistakes: &Mistakes) -> Self {
        let typed = Self {
            strategy: value_or(table.field("strategy").one_of(&Strategy::ALL), Strategy::Canary),
            key: table.field("key").name(),
            policy: read_policy(&table, mistakes),
            testers: read_testers(&table, mistakes),
            requires: required::read(&table.field("requires"), mistakes),
            drill_every: value(table.field("drill_every").duration_in(DRILLS)),
        };
        table.finish();
        typed
    }

    pub(super) fn validated(self) -> Rollout {
        Rollout {
            strategy: self.strategy,
            key: value(self.key),
            policy: self.policy,
            testers: self.testers,
            requires: self.requires,
            drill_every: self.drill_every,
        }
    }
}

/// Reads what a rollout goes by; a wrong value is reported and its default stands in.
fn read_policy(table: &Table<'_>, mistakes: &Mistakes) -> Policy {
    let usual = Policy::default();
    let wait = |name, usual| value_or(table.field(name).duration_in(WAITS), usual);
    let (steps, approvals) = read_shares(table, usual.steps, mistakes);
    Policy {
        steps,
        approvals,
        automatic: value_or(table.field("automatic").boolean(), usual.automatic),
        step_time: wait("step_time", usual.step_time),
        step_rows: value_or(table.field("step_rows").whole_in(COUNTS), usual.step_rows),
        watch: wait("watch", usual.watch),
        cool_down: wait("cool_down", usual.cool_down),
        guards: guard::read(table.field("guard").tables(&GUARD), mistakes),
        burst: burst::read(table.field("burst").table(&BURST)),
    }
}

/// Reads `steps` and `approvals`, which are some of the steps.
fn read_shares(table: &Table<'_>, usual: Vec<u8>, mistakes: &Mistakes) -> (Vec<u8>, Vec<u8>) {
    let field = table.field("steps");
    let is_usual = !field.is_present();
    let steps = field.wholes_in(0..=100).filter(|steps| check_steps(steps, mistakes));
    let is_wrong = steps.is_none() && !is_usual;
    let steps = value_or(steps, usual);
    let approvals = table.field("approvals").wholes_in(0..=100);
    // Beside steps that are wrong, nobody can tell which shares are theirs.
    if let Some(approvals) = approvals.as_ref().filter(|_| !is_wrong) {
        check_approvals(approvals, &steps, mistakes);
    }
    (steps, value_or(approvals, Vec::new()))
}

fn check_steps(steps: &Located<Vec<u8>>, mistakes: &Mistakes) -> bool {
    let is_good = is_increasing(&steps.value) && steps.value.last() == Some(&100);
    let is_short = steps.value.len() <= MAX_STEPS;
    if !is_good {
        let expected = "expected increasing percentages that end with 100";
        mistakes.add(shares_mistake("steps", steps, expected));
    } else if !is_short {
        let message = format!("`steps` in [rollout] has {} percentages", steps.value.len());
        mistakes.add(Mistake::at(&steps.span, message, format!("expected at most {MAX_STEPS}")));
    }
    is_good && is_short
}

fn check_approvals(approvals: &Located<Vec<u8>>, steps: &[u8], mistakes: &Mistakes) {
    // A rollout begins in its first step: an approval of it would never be asked for.
    let later = steps.get(1..).unwrap_or_default();
    if !is_increasing(&approvals.value) || !approvals.value.iter().all(|at| later.contains(at)) {
        let names: Vec<_> = later.iter().map(u8::to_string).collect();
        let expected = match names.is_empty() {
            true => "expected none, for a rollout begins in its only step".to_owned(),
            false => format!(
                "expected increasing percentages, each of them a step after the first: {}",
                choice(names.iter().map(String::as_str))
            ),
        };
        mistakes.add(shares_mistake("approvals", approvals, &expected));
    }
}

fn is_increasing(shares: &[u8]) -> bool {
    shares.is_sorted_by(|before, after| before < after)
}

fn shares_mistake(name: &str, shares: &Located<Vec<u8>>, expected: &str) -> Mistake {
    let message = format!("`{name}` in [rollout] is {:?}", shares.value);
    Mistake::at(&shares.span, message, expected)
}

fn read_testers(table: &Table<'_>, mistakes: &Mistakes) -> Vec<String> {
    let Some(testers) = table.field("testers").names() else { return Vec::new() };
    let refuse = |message: String, expected: String| Mistake::at(&testers.span, message, expected);
    let count = testers.value.len();
    if count > MAX_TESTERS {
        let message = format!("`testers` in [rollout] lists {count} values");
        mistakes.add(refuse(message, format!("expected at most {MAX_TESTERS}")));
    }
    let mut lengths = testers.value.iter().map(String::len);
    if let Some(bytes) = lengths.find(|bytes| *bytes > MAX_TESTER_BYTES) {
        let message = format!("`testers` in [rollout] holds a value of {bytes} bytes");
        mistakes.add(refuse(message, format!("expected at most {MAX_TESTER_BYTES} of each")));
    }
    if !table.field("key").is_present() {
        let message = "`testers` in [rollout] are values of `key`, and there is none".to_owned();
        let mistake = refuse(message, "expected `key` beside it".to_owned());
        mistakes.add(mistake.help("name the column that has them: key = \"…\""));
    }
    testers.value
}
