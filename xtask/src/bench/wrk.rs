//! What wrk prints, read.

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// One run of wrk.
#[derive(Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) requests_per_s: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    /// Answers other than 2xx and 3xx, and failed or timed-out connections.
    pub(super) errors: u64,
}

/// Reads the output of `wrk --latency`.
///
/// # Errors
/// When a number that is always there is not.
pub(super) fn parse(output: &str) -> Result<Sample> {
    let requests_per_s = after(output, "Requests/sec:")
        .and_then(|text| text.parse().ok())
        .with_context(|| format!("wrk printed no requests/sec:\n{output}"))?;
    let percentile = |name: &str| {
        after(output, name)
            .and_then(milliseconds)
            .with_context(|| format!("wrk printed no latency at {name}:\n{output}"))
    };
    Ok(Sample {
        requests_per_s,
        p50_ms: percentile("50%")?,
        p99_ms: percentile("99%")?,
        errors: errors(output),
    })
}

/// The rest of the first line that starts with `label`.
fn after<'text>(output: &'text str, label: &str) -> Option<&'text str> {
    output.lines().find_map(|line| line.trim().strip_prefix(label)).map(str::trim)
}

/// A duration as wrk writes it: `635.91us`, `1.20ms`, `2.00s`, `1.50m`, `1.00h`.
fn milliseconds(text: &str) -> Option<f64> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let unit_ms = match unit {
        "us" => 1e-3,
        "ms" => 1.0,
        "s" => 1e3,
        "m" => 60e3,
        "h" => 3_600e3,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * unit_ms)
}

/// Both lines are printed only when there is something to count.
fn errors(output: &str) -> u64 {
    let sockets = after(output, "Socket errors:").unwrap_or_default();
    let kinds = sockets.split(',').filter_map(|kind| kind.trim().rsplit(' ').next());
    let answers = after(output, "Non-2xx or 3xx responses:");
    kinds.chain(answers).filter_map(|count| count.parse::<u64>().ok()).sum()
}

impl Sample {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "requests_per_s": self.requests_per_s,
            "p50_ms": self.p50_ms,
            "p99_ms": self.p99_ms,
            "errors": self.errors,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(output: &str, expect: Option<(f64, f64, f64, u64)>) {
        let expect = expect.map(|(requests_per_s, p50_ms, p99_ms, errors)| Sample {
            requests_per_s,
            p50_ms,
            p99_ms,
            errors,
        });
        assert_eq!(parse(output).ok(), expect);
    }

    #[test]
    fn a_clean_run_is_read() {
        let output = "\
Running 5s test @ http://127.0.0.1:8080/v1/models/flight-delay:predict
  2 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   635.91us    0.89ms  12.92ms   93.69%
    Req/Sec    56.20k     8.07k   62.00k    86.54%
  Latency Distribution
     50%    0.25ms
     75%  491.00us
     90%  700.00us
     99%    5.80ms
  22464657 requests in 30.00s, 17.76GB read
Requests/sec: 748868.53
Transfer/sec:    606.33MB
";
        check(output, Some((748_868.53, 0.25, 5.80, 0)));
    }

    #[test]
    fn errors_of_both_kinds_add_up() {
        let output = "\
  Latency Distribution
     50%    2.00s
     99%    1.50m
  Socket errors: connect 1, read 20, write 300, timeout 4000
  Non-2xx or 3xx responses: 50000
Requests/sec:      0.25
";
        check(output, Some((0.25, 2_000.0, 90_000.0, 54_321)));
    }

    #[test]
    fn output_without_numbers_is_refused() {
        check("unable to connect to 127.0.0.1:1 Connection refused\n", None);
        check("Requests/sec: 10.0\n", None);
    }
}
