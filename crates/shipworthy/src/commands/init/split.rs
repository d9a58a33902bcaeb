//! Which rows train, validate and test: by time where rows have one, else by chance.

use shipworthy_rows::{DataType, Timestamp};

use super::names;
use super::profile::{ColumnProfile, Profile};

/// Which rows train, validate and test.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Split {
    /// The rows before `until` train, the last of them validate, and those from `until` on test.
    Time {
        /// A TOML date or date-time.
        until: String,
        /// A time span of the project file.
        last: String,
        /// How many sampled rows train, validate and test.
        rows: [u64; 3],
    },
    /// Slices drawn by chance.
    Shares,
}

/// The share of the rows that tests, and that of the rest that validates.
const TEST_SHARE: f64 = 0.2;
const VALIDATION_SHARE: f64 = 0.2;

/// Fewer sampled rows tell no shares.
const MIN_ROWS: usize = 20;

/// The units of a time span in microseconds, the longest first.
const UNITS: [(&str, f64); 4] = [("d", 86_400e6), ("h", 3_600e6), ("m", 60e6), ("s", 1e6)];

/// The longest span that validates: the project file takes no longer one.
const MAX_LAST_DAYS: f64 = 3_650.0;

/// The fewest units of a span: a boundary that moves by one of them must not matter much.
const MIN_UNITS: f64 = 3.0;

/// The column that says when a row happened: of those that every row has, the one whose name says
/// so best.
pub(super) fn event_timestamp(profile: &Profile) -> Option<usize> {
    let is_candidate = |column: &ColumnProfile| {
        column.data_type == DataType::Timestamp && column.missing == 0 && !column.is_unnamed()
    };
    let columns = profile.columns.iter().enumerate();
    let found = columns.filter(|(_, column)| is_candidate(column));
    found
        .min_by_key(|(index, column)| (names::event_time_rank(&column.name), *index))
        .map(|(i, _)| i)
}

impl Split {
    /// The split by the time in a column.
    pub(super) fn by_time(profile: &Profile, column: usize) -> Self {
        let mut times = profile.sample.column(column).to_vec();
        times.sort_by(f64::total_cmp);
        Self::of_times(&times).unwrap_or(Self::Shares)
    }

    /// The split of ordered times in microseconds; `None` when they do not reach far enough.
    fn of_times(times: &[f64]) -> Option<Self> {
        let first = times.first().filter(|_| times.len() >= MIN_ROWS)?;
        let boundary = quantile(times, 1.0 - TEST_SHARE);
        let validation = boundary - quantile(times, (1.0 - TEST_SHARE) * (1.0 - VALIDATION_SHARE));
        let is_long_enough = |(_, unit): &&(&str, f64)| validation >= MIN_UNITS * unit;
        let (name, unit) = UNITS.iter().find(is_long_enough).or(UNITS.last())?;
        let until = (boundary / unit).floor() * unit;
        let most = MAX_LAST_DAYS * UNITS[0].1 / unit;
        let units = (validation / unit).round().clamp(1.0, most);
        let from = until - units * unit;
        let count =
            |keep: &dyn Fn(f64) -> bool| times.iter().filter(|at| keep(**at)).count() as u64;
        let rows = [
            count(&|at| at < from),
            count(&|at| at >= from && at < until),
            count(&|at| at >= until),
        ];
        let is_useful = rows.iter().all(|rows| *rows > 0) && *first < from;
        let until = instant(until).filter(|_| is_useful)?;
        Some(Self::Time { until, last: format!("{units:.0}{name}"), rows })
    }
}

fn quantile(ordered: &[f64], share: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "a position in a slice, from 0 to its end")]
    #[expect(clippy::cast_sign_loss, reason = "a product of positive numbers")]
    let position = (ordered.len() as f64 * share) as usize;
    ordered[position.min(ordered.len() - 1)]
}

/// An instant as TOML has it, a date alone for a midnight; `None` beyond the years of TOML.
fn instant(micros: f64) -> Option<String> {
    /// From the year 1 to the year 9999.
    const YEARS: std::ops::Range<f64> = -62_135_596_800e6..253_402_300_800e6;
    if !YEARS.contains(&micros) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "in the range above")]
    let instant = Timestamp::from_micros(micros as i64).to_string();
    Some(instant.strip_suffix("T00:00:00Z").unwrap_or(&instant).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(start: f64, step: f64, rows: u32) -> Option<(String, String)> {
        let times: Vec<f64> = (0..rows).map(|row| start + step * f64::from(row)).collect();
        match Split::of_times(&times)? {
            Split::Time { until, last, .. } => Some((until, last)),
            Split::Shares => None,
        }
    }

    #[test]
    fn a_split_is_sized_by_the_span_of_the_data() {
        let year = split(1_356_998_400e6, 3_600e6, 8_760).unwrap();
        assert_eq!(year, ("2013-10-20".to_owned(), "58d".to_owned()));
        let day = split(1_356_998_400e6, 60e6, 1_440).unwrap();
        assert_eq!(day, ("2013-01-01T19:00:00Z".to_owned(), "4h".to_owned()));
        let minute = split(1_356_998_400e6, 1e6, 60).unwrap();
        assert_eq!(minute, ("2013-01-01T00:00:48Z".to_owned(), "10s".to_owned()));
    }

    #[test]
    fn times_that_cannot_be_split_are_not() {
        assert_eq!(split(0.0, 0.0, 1_000), None);
        assert_eq!(split(0.0, 1.0, 1_000), None);
        assert_eq!(split(0.0, 86_400e6, 19), None);
        assert_eq!(split(-9e18, 1e12, 1_000), None);
    }
}
