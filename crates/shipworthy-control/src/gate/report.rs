//! What came of gates, for those who read it: people, pull requests, build servers.

mod comment;
mod html;
mod junit;
mod markdown;
mod plot;
mod predicate;

use super::{Judged, Report};

pub use comment::{Comment, comment};
pub use html::html;
pub use junit::junit;
pub use markdown::markdown;
pub use predicate::predicate;

impl Judged {
    /// `passed`, `failed` or `not applicable`.
    #[must_use]
    pub const fn verdict(&self) -> &'static str {
        match self.passed {
            Some(true) => "passed",
            Some(false) => "failed",
            None => "not applicable",
        }
    }
}

impl Report {
    /// How many gates passed, failed and were not applicable.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |passed| self.gates.iter().filter(|gate| gate.passed == passed).count();
        (count(Some(true)), count(Some(false)), count(None))
    }

    /// In one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let (passed, failed, apart) = self.counts();
        let apart = match apart {
            0 => String::new(),
            apart => format!(", {apart} not applicable"),
        };
        let rows = self.rows;
        match failed {
            0 if passed == 1 => format!("1 gate passed on {rows} rows{apart}"),
            0 => format!("{passed} gates passed on {rows} rows{apart}"),
            failed => format!("{failed} of {} gates failed on {rows} rows{apart}", passed + failed),
        }
    }
}
