//! Guards: what must hold for a rollout to go on.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, Sample};

/// Standard deviations from what was seen to what is believed: guards look again and again, so one
/// look must be surer than the usual 1.96.
const Z: f64 = 3.0;

/// What a guard looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The share of rows that the model failed to answer.
    ErrorRate,
    /// The share of rows that the contract refused.
    RefusedRate,
    /// The share of rows that the candidate, as a shadow, decides otherwise than stable.
    DisagreementRate,
    /// A quantile of the latencies, in thousandths: 990 is the 99th percentile.
    Latency(u16),
}

impl Metric {
    /// All metrics with their names.
    pub const ALL: [(&'static str, Self); 8] = [
        ("error_rate", Self::ErrorRate),
        ("refused_rate", Self::RefusedRate),
        ("disagreement_rate", Self::DisagreementRate),
        ("latency_p50", Self::Latency(500)),
        ("latency_p90", Self::Latency(900)),
        ("latency_p95", Self::Latency(950)),
        ("latency_p99", Self::Latency(990)),
        ("latency_p999", Self::Latency(999)),
    ];

    /// The name in project files and records.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, metric)| *metric == self).map_or("latency", |(name, _)| name)
    }
}

/// How far a metric may go: a share, or a latency in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// So far, whatever stable does.
    Max(f64),
    /// So far above stable.
    MaxRegression(f64),
}

/// One check of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    /// What it looks at.
    pub metric: Metric,
    /// How far that may go.
    pub limit: Limit,
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// Within the limit.
    Within,
    /// Beyond it, and that is no chance.
    Beyond,
    /// Beyond it, but that may be chance.
    Unclear,
    /// Too little was seen.
    TooFew,
}

/// What a check found, with its numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The check's name.
    pub name: String,
    /// What it found.
    pub reading: Reading,
    /// The candidate's value, where there is one: a share, or microseconds.
    pub observed: Option<f64>,
    /// How far it may go, where that can be said.
    pub bound: Option<f64>,
    /// All of that in words.
    pub why: String,
}

/// A check of a rollout's evidence. Pure: the same evidence, the same finding.
pub trait Judge {
    /// What it finds; fewer rows than `least_rows` of either side that it needs are too few.
    fn judge(&self, evidence: &Evidence, least_rows: u64) -> Finding;
}

/// What was seen of one metric on one side, and between which values it is believed to be.
#[derive(Clone, Copy)]
struct Seen {
    value: f64,
    low: f64,
    high: f64,
}

impl Guard {
    /// What is watched where a project declares nothing: errors and refusals against stable, and the
    /// latency that the checklist asks for.
    #[must_use]
    pub fn defaults() -> Vec<Self> {
        let p99 = Limit::Max(200_000.0);
        vec![
            Self { metric: Metric::ErrorRate, limit: Limit::MaxRegression(0.01) },
            Self { metric: Metric::RefusedRate, limit: Limit::MaxRegression(0.01) },
            Self { metric: Metric::Latency(990), limit: p99 },
        ]
    }

    fn bound(self, stable: Option<Seen>) -> Option<(f64, f64)> {
        match self.limit {
            Limit::Max(max) => Some((max, max)),
            Limit::MaxRegression(by) => stable.map(|seen| (seen.value + by, seen.high + by)),
        }
    }

    fn words(self, value: f64) -> String {
        match self.metric {
            Metric::ErrorRate | Metric::RefusedRate | Metric::DisagreementRate => {
                format!("{:.2} %", value * 100.0)
            }
            Metric::Latency(_) => format!("{:.1} ms", value / 1_000.0),
        }
    }
}

impl Judge for Guard {
    fn judge(&self, evidence: &Evidence, least_rows: u64) -> Finding {
        let name = self.metric.name();
        if self.metric == Metric::DisagreementRate && evidence.shadow.is_none() {
            return Finding {
                name: name.to_owned(),
                reading: Reading::Within,
                observed: None,
                bound: None,
                why: format!("{name} is looked at while the candidate is a shadow"),
            };
        }
        let candidate = self.metric.of_candidate(evidence);
        let stable = self.metric.of_stable(evidence);
        let is_enough = |sample: &Sample| sample.asked() >= least_rows;
        let against = matches!(self.limit, Limit::MaxRegression(_));
        let enough = is_enough(&evidence.candidate) && (!against || is_enough(&evidence.stable));
        let bound = self.bound(stable);
        let finding = |reading, why| Finding {
            name: name.to_owned(),
            reading,
            observed: candidate.map(|seen| seen.value),
            bound: bound.map(|(bound, _)| bound),
            why,
        };
        let (Some(seen), Some((bound, surely))) = (candidate, bound) else {
            let side = if candidate.is_none() { "the candidate" } else { "stable" };
            return finding(Reading::TooFew, format!("{name}: {side} has answered nothing yet"));
        };
        let told = match (self.limit, stable) {
            (Limit::MaxRegression(_), Some(stable)) => format!(
                "{name} is {}, against {} of stable: at most {} is allowed",
                self.words(seen.value),
                self.words(stable.value),
                self.words(bound),
            ),
            _ => {
                let (value, bound) = (self.words(seen.value), self.words(bound));
                format!("{name} is {value}, at most {bound} is allowed")
            }
        };
        let reading = match () {
            () if seen.low > surely => Reading::Beyond,
            () if !enough => Reading::TooFew,
            () if seen.value <= bound => Reading::Within,
            () => Reading::Unclear,
        };
        finding(reading, told)
    }
}

impl Metric {
    fn of_candidate(self, evidence: &Evidence) -> Option<Seen> {
        match (self, evidence.shadow) {
            (Self::DisagreementRate, Some(paired)) => share(paired.disagreed, paired.rows),
            _ => self.seen(&evidence.candidate),
        }
    }

    /// Stable agrees with itself.
    fn of_stable(self, evidence: &Evidence) -> Option<Seen> {
        match self {
            Self::DisagreementRate => Some(Seen { value: 0.0, low: 0.0, high: 0.0 }),
            _ => self.seen(&evidence.stable),
        }
    }

    fn seen(self, sample: &Sample) -> Option<Seen> {
        match self {
            Self::DisagreementRate => None,
            Self::ErrorRate => share(sample.failed, sample.asked()),
            Self::RefusedRate => share(sample.refused, sample.asked()),
            Self::Latency(thousandths) => latency(sample, f64::from(thousandths) / 1_000.0),
        }
    }
}

/// A share with its interval: Wilson, E. B. (1927), "Probable inference, the law of succession, and
/// statistical inference", JASA 22, 209–212.
#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
fn share(of: u64, all: u64) -> Option<Seen> {
    if all == 0 {
        return None;
    }
    let (n, p) = (all as f64, of as f64 / all as f64);
    let z2 = Z * Z;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    Some(Seen { value: p, low: (centre - half).max(0.0), high: (centre + half).min(1.0) })
}

/// A quantile with its interval by ranks, which needs no shape of the distribution: David, H. A. and
/// Nagaraja, H. N. (2003), "Order Statistics", 7.1, with the normal approximation of the binomial.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ranks are bounded by the count, and never below 0"
)]
fn latency(sample: &Sample, q: f64) -> Option<Seen> {
    let (latencies, count) = (&sample.latencies, sample.latencies.count());
    let n = count as f64;
    let half = Z * (n * q * (1.0 - q)).sqrt();
    let at = |rank: f64| latencies.at_rank(rank.clamp(1.0, n.max(1.0)) as u64);
    Some(Seen {
        value: latencies.quantile(q)? as f64,
        low: at((n * q - half).floor())? as f64,
        high: at((n * q + half).ceil() + 1.0)? as f64,
    })
}

/// A time span as a [`Limit`] has it, in microseconds.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "a time span of a project file is far below 2^53 µs"
)]
pub fn micros(span: Duration) -> f64 {
    span.as_micros() as f64
}

#[cfg(test)]
mod tests {
    use super::super::latency::{Latencies, bucket_of};
    use super::super::state::Stage;
    use super::*;

    fn sample(answered: u64, failed: u64, latency_us: u64) -> Sample {
        let latencies = Latencies::from_counts([(bucket_of(latency_us), answered)]);
        Sample { answered, failed, latencies, ..Sample::default() }
    }

    fn reading(guard: Guard, candidate: Sample, stable: Sample) -> Reading {
        let evidence = Evidence {
            stage: Stage::Step(0),
            held: false,
            approved: false,
            since_us: 0,
            candidate,
            stable,
            shadow: None,
            looks: Vec::new(),
        };
        guard.judge(&evidence, 100).reading
    }

    #[test]
    fn wilsons_interval_is_that_of_the_books() {
        // 10 of 100 at z = 3, computed by hand from the formula of the source.
        let seen = share(10, 100).unwrap();
        assert!((seen.low - 0.040_713).abs() < 1e-5, "{}", seen.low);
        assert!((seen.high - 0.225_342).abs() < 1e-5, "{}", seen.high);
        assert!(share(0, 0).is_none());
        assert!(share(0, 50).unwrap().low.abs() < 1e-12);
        assert!((share(50, 50).unwrap().high - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_rate_is_beyond_only_when_that_is_no_chance() {
        let guard = Guard { metric: Metric::ErrorRate, limit: Limit::MaxRegression(0.01) };
        let stable = || sample(40_000, 0, 900);
        assert_eq!(reading(guard, sample(3_000, 60, 900), stable()), Reading::Beyond);
        assert_eq!(reading(guard, sample(985, 15, 900), stable()), Reading::Unclear);
        assert_eq!(reading(guard, sample(1_000, 2, 900), stable()), Reading::Within);
        assert_eq!(reading(guard, sample(50, 0, 900), stable()), Reading::TooFew);
        assert_eq!(reading(guard, sample(1_000, 0, 900), sample(0, 0, 1)), Reading::TooFew);
        // No sample is too small for what is plain.
        assert_eq!(reading(guard, sample(0, 20, 900), stable()), Reading::Beyond);
    }

    #[test]
    fn a_latency_is_held_to_its_limits() {
        let max = Guard { metric: Metric::Latency(990), limit: Limit::Max(200_000.0) };
        assert_eq!(reading(max, sample(5_000, 0, 1_000), Sample::default()), Reading::Within);
        assert_eq!(reading(max, sample(5_000, 0, 250_000), Sample::default()), Reading::Beyond);
        let by = Limit::MaxRegression(micros(Duration::from_millis(20)));
        let against = Guard { metric: Metric::Latency(990), limit: by };
        let stable = || sample(5_000, 0, 1_000);
        assert_eq!(reading(against, sample(500, 0, 51_000), stable()), Reading::Beyond);
        assert_eq!(reading(against, sample(500, 0, 1_500), stable()), Reading::Within);
    }
}
