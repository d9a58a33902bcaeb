//! The memory of a process over time.

use std::fmt::Write;

use anyhow::{Context, Result};

/// Rows of the table: enough to see a trend.
const TABLE_ROWS: usize = 12;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The memory at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// Since the load began.
    pub(super) at_s: f64,
    /// All resident memory, mapped files among it.
    pub(super) resident_mib: f64,
    /// Without files: what the process itself holds.
    pub(super) anonymous_mib: f64,
}

impl Point {
    /// From `/proc/PID/status`.
    pub(super) fn read(at_s: f64, status: &str) -> Result<Self> {
        let mib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<f64>().ok());
            kib.map(|kib| kib / 1024.0).with_context(|| format!("no {name} in:\n{status}"))
        };
        Ok(Self { at_s, resident_mib: mib("VmRSS:")?, anonymous_mib: mib("RssAnon:")? })
    }
}

/// In the order of time.
#[derive(Default)]
pub(super) struct Curve {
    pub(super) points: Vec<Point>,
}

impl Curve {
    /// A table, a sparkline of the anonymous memory from its least to its most, and the slopes.
    pub(super) fn markdown(&self) -> String {
        let mut text = String::from("| s | VmRSS MiB | RssAnon MiB |\n|---:|---:|---:|\n");
        let step = self.points.len().div_ceil(TABLE_ROWS).max(1);
        for point in self.points.iter().step_by(step) {
            let Point { at_s, resident_mib, anonymous_mib } = point;
            let _ = writeln!(text, "| {at_s:.0} | {resident_mib:.1} | {anonymous_mib:.1} |");
        }
        let _ = writeln!(
            text,
            "\nRssAnon {}\n\nSlope over the second half: VmRSS {:+.3}, RssAnon {:+.3} MiB/min.",
            self.sparkline(),
            self.slope_mib_per_min(|point| point.resident_mib),
            self.slope_mib_per_min(|point| point.anonymous_mib),
        );
        text
    }

    fn sparkline(&self) -> String {
        let values = || self.points.iter().map(|point| point.anonymous_mib);
        let low = values().fold(f64::INFINITY, f64::min);
        let high = values().fold(f64::NEG_INFINITY, f64::max);
        let bar = |value: f64| {
            let step =
                (1..BARS.len()).take_while(|&step| value - low >= (high - low) * share(step));
            BARS[if high > low { step.count() } else { 0 }]
        };
        format!("{} {low:.1}–{high:.1} MiB", values().map(bar).collect::<String>())
    }

    /// Least squares over the second half; 0 with fewer than two points.
    fn slope_mib_per_min(&self, of: fn(&Point) -> f64) -> f64 {
        let half = &self.points[self.points.len() / 2..];
        let count: f64 = half.iter().map(|_| 1.0).sum();
        let mean_s = half.iter().map(|point| point.at_s).sum::<f64>() / count;
        let mean_mib = half.iter().map(of).sum::<f64>() / count;
        let spread: f64 = half.iter().map(|point| (point.at_s - mean_s).powi(2)).sum();
        let joint: f64 =
            half.iter().map(|point| (point.at_s - mean_s) * (of(point) - mean_mib)).sum();
        if spread > 0.0 { joint / spread * 60.0 } else { 0.0 }
    }
}

#[expect(clippy::cast_precision_loss, reason = "an index below eight")]
fn share(step: usize) -> f64 {
    step as f64 / BARS.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(values: &[f64]) -> Curve {
        let mut at_s = 0.0;
        let point = |&anonymous_mib: &f64| {
            at_s += 5.0;
            Point { at_s, resident_mib: 50.0, anonymous_mib }
        };
        Curve { points: values.iter().map(point).collect() }
    }

    #[test]
    fn the_slope_is_that_of_the_second_half() {
        let page = curve(&[0.0, 90.0, 10.0, 11.0, 12.0]).markdown();
        assert!(page.contains("VmRSS +0.000, RssAnon +12.000 MiB/min"), "{page}");
        assert!(page.contains("RssAnon ▁█▁▁▂ 0.0–90.0 MiB"), "{page}");
    }

    #[test]
    fn a_flat_curve_is_a_flat_line() {
        assert_eq!(curve(&[7.0, 7.0]).sparkline(), "▁▁ 7.0–7.0 MiB");
    }

    #[test]
    fn memory_is_read_from_what_the_system_tells() {
        let status = "Name:\tx\nVmRSS:\t    2048 kB\nRssAnon:\t    1024 kB\n";
        let expect = Point { at_s: 5.0, resident_mib: 2.0, anonymous_mib: 1.0 };
        assert_eq!(Point::read(5.0, status).ok(), Some(expect));
        assert!(Point::read(5.0, "Name:\tx\n").is_err());
    }
}
