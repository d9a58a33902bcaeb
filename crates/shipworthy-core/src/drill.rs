//! A drill of the way back: what was measured of it, and whether it passed.

use serde::{Deserialize, Serialize};
use shipworthy_rows::Timestamp;

/// The longest that callers may wait for the other release, in microseconds: that of a rollback.
pub const MAX_SERVED_US: u64 = 10_000;

/// One way of a drill: there, or back again. Both are rollbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// From when it was asked for until requests got the other release, in microseconds.
    pub served_us: u64,
    /// Until that was stored, too; `None`: it could not be, at once.
    pub stored_us: Option<u64>,
}

/// What a release did with the rows of live requests while the drill lasted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// Its id.
    pub release: String,
    /// Rows with an answer.
    pub answered: u64,
    /// Rows that its contract refused.
    pub refused: u64,
    /// Rows that its model failed to answer.
    pub failed: u64,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// The endpoint.
    pub endpoint: String,
    /// The release that was stable.
    pub from: String,
    /// The release before it, which was gone back to.
    pub to: String,
    /// The name of the token that asked for it; of a schedule, in whose name it went.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// Whether a schedule asked for it.
    pub scheduled: bool,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it was to last, in seconds.
    pub seconds: u64,
    /// How long it lasted, in microseconds.
    pub lasted_us: u64,
    /// The way there; `None`: a restart lost what was measured.
    pub there: Option<Way>,
    /// The way back again; `None`: it was not taken.
    pub back: Option<Way>,
    /// What ended it before its time.
    pub cut_short: Option<String>,
    /// The rows of both releases.
    pub rows: Vec<Rows>,
}

/// A drill that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drill {
    /// What was measured.
    #[serde(flatten)]
    pub measured: Measured,
    /// Whether the way back holds.
    pub passed: bool,
    /// Why, in one sentence.
    pub why: String,
}

impl Measured {
    /// It passed when both ways were served within [`MAX_SERVED_US`] and stored, no row failed
    /// meanwhile, and nothing cut it short.
    #[must_use]
    pub fn judged(self) -> Drill {
        let faults = self.faults();
        let passed = faults.is_empty();
        let why = if passed { self.praise() } else { faults.join("; ") };
        Drill { measured: self, passed, why }
    }

    fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = self.cut_short.iter().cloned().collect();
        for (name, way) in [("there", self.there), ("back", self.back)] {
            let Some(Way { served_us, stored_us }) = way else { continue };
            if served_us > MAX_SERVED_US {
                let most = MAX_SERVED_US;
                faults.push(format!("the way {name} took {served_us} µs, and {most} are allowed"));
            }
            if stored_us.is_none() {
                faults.push(format!("the way {name} could not be stored at once"));
            }
        }
        match self.rows.iter().map(|rows| rows.failed).sum::<u64>() {
            0 => {}
            failed => faults.push(format!("the model failed on {failed} rows meanwhile")),
        }
        if faults.is_empty() && (self.there.is_none() || self.back.is_none()) {
            faults.push("not both ways were measured".to_owned());
        }
        faults
    }

    fn praise(&self) -> String {
        let served = |way: Option<Way>| way.map_or(0, |way| way.served_us);
        let asked: u64 = self.rows.iter().map(|rows| rows.answered + rows.refused).sum();
        let rows = match asked {
            0 => "nobody asked for a row meanwhile".to_owned(),
            asked => format!("none of {asked} rows failed meanwhile"),
        };
        let (there, back) = (served(self.there), served(self.back));
        format!("served after {there} µs, and the other way after {back} µs; {rows}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Option<Way> = Some(Way { served_us: 40, stored_us: Some(900) });

    fn judged(change: impl FnOnce(&mut Measured)) -> (bool, String) {
        let rows = |digit: &str, answered| Rows {
            release: format!("sha256:{}", digit.repeat(64)),
            answered,
            refused: 1,
            failed: 0,
        };
        let mut measured = Measured {
            endpoint: "late".to_owned(),
            from: format!("sha256:{}", "a".repeat(64)),
            to: format!("sha256:{}", "b".repeat(64)),
            actor: "ana".to_owned(),
            reason: "a test".to_owned(),
            scheduled: false,
            started_at: Timestamp::from_millis(0),
            seconds: 5,
            lasted_us: 5_000_000,
            there: QUICK,
            back: QUICK,
            cut_short: None,
            rows: vec![rows("a", 3), rows("b", 7)],
        };
        change(&mut measured);
        let drill = measured.judged();
        (drill.passed, drill.why)
    }

    #[test]
    fn a_drill_passes_when_both_ways_are_quick_and_stored_and_nothing_fails() {
        let why =
            "served after 40 µs, and the other way after 40 µs; none of 12 rows failed meanwhile";
        assert_eq!(judged(|_| ()), (true, why.to_owned()));
        let (passed, why) = judged(|measured| measured.rows.clear());
        assert!(passed && why.ends_with("nobody asked for a row meanwhile"), "{why}");
        let at_most = Some(Way { served_us: MAX_SERVED_US, stored_us: Some(1) });
        assert!(judged(|measured| measured.there = at_most).0);
    }

    #[test]
    fn a_drill_fails_with_every_fault_named() {
        let slow = Some(Way { served_us: MAX_SERVED_US + 1, stored_us: None });
        let (passed, why) = judged(|measured| {
            measured.back = slow;
            measured.rows[1].failed = 2;
        });
        assert!(!passed);
        assert_eq!(
            why,
            "the way back took 10001 µs, and 10000 are allowed; the way back could not be stored at \
             once; the model failed on 2 rows meanwhile"
        );
        let cut = judged(|measured| {
            (measured.back, measured.cut_short) = (None, Some("`ben` stopped it".to_owned()));
        });
        assert_eq!(cut, (false, "`ben` stopped it".to_owned()));
        assert!(!judged(|measured| measured.there = None).0, "what nobody saw is no success");
    }

    #[test]
    fn a_drill_survives_its_record() {
        let mut told = None;
        judged(|measured| told = Some(measured.clone().judged()));
        let text = serde_json::to_string(&told).unwrap();
        assert_eq!(serde_json::from_str::<Option<Drill>>(&text).unwrap(), told);
    }
}
