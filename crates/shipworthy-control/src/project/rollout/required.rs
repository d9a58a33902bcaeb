//! `requires`: what must be said about a release before it is deployed.

use crate::project::diagnosis::{Mistake, Mistakes};
use crate::project::reader::{Field, suggestion};
use crate::statement::required;

/// What is said about releases is said by hand or by a few jobs.
const MAX_REQUIRED: usize = 16;
/// The longest predicate type.
const MAX_URI_BYTES: usize = 256;
/// Those that have a name of their own.
const NAMES: [&str; 2] = ["gate-report", "approval"];

/// The predicate types; what is wrong is reported.
pub(super) fn read(field: &Field<'_>, mistakes: &Mistakes) -> Vec<String> {
    let Some(names) = field.clone().names() else { return Vec::new() };
    let count = names.value.len();
    if count > MAX_REQUIRED {
        let message = format!("`requires` in [rollout] lists {count} statements");
        let expected = format!("expected at most {MAX_REQUIRED}");
        mistakes.add(Mistake::at(&names.span, message, expected));
    }
    let types = names.value.iter().filter_map(|name| {
        let found = required(name).filter(|uri| uri.len() <= MAX_URI_BYTES);
        if found.is_none() {
            let message = format!("`requires` in [rollout] lists {name:?}");
            let expected = "expected `gate-report`, `approval` or the URI of a predicate type";
            let mistake = Mistake::at(&names.span, message, expected);
            mistakes.add(mistake.maybe_help(suggestion(name, NAMES)));
        }
        found.map(str::to_owned)
    });
    types.collect()
}
