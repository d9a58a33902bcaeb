//! The report of a run: a Markdown page for people, JSON for machines.

use std::fmt::Write;

use serde_json::{Value, json};

use super::disk::Sync;
use super::load::threads;
use super::machine::Machine;
use super::peers::Kind;
use super::quantiles::{median, range};
use super::server::{LIMIT, OURS, Server};
use super::wrk::Sample;

/// One server at one number of connections and rows, over all rounds.
pub(super) struct Cell {
    pub(super) server: &'static Server,
    pub(super) connections: usize,
    /// In each request.
    pub(super) rows: usize,
    /// One a round.
    pub(super) samples: Vec<Sample>,
}

pub(super) struct Report {
    pub(super) rounds: u32,
    /// Of each measurement.
    pub(super) seconds: u32,
    pub(super) machine: Machine,
    pub(super) disk_before: Sync,
    pub(super) disk_after: Sync,
    /// What the peers are made of, by their names.
    pub(super) versions: Vec<(&'static str, String)>,
    /// Peers that could not be measured, and why.
    pub(super) left_out: Vec<(&'static str, String)>,
    pub(super) cells: Vec<Cell>,
}

impl Cell {
    pub(super) fn new(server: &'static Server, connections: usize, rows: usize) -> Self {
        Self { server, connections, rows, samples: Vec::new() }
    }

    fn rate(&self) -> f64 {
        self.median(|sample| sample.requests_per_s)
    }

    /// Whether the load is that of the other.
    fn beside(&self, other: &Self) -> bool {
        self.connections == other.connections && self.rows == other.rows
    }

    /// The median over the rounds of one number of each sample.
    fn median(&self, of: fn(&Sample) -> f64) -> f64 {
        median(&self.values(of))
    }

    fn values(&self, of: fn(&Sample) -> f64) -> Vec<f64> {
        self.samples.iter().map(of).collect()
    }

    fn errors(&self) -> u64 {
        self.samples.iter().map(|sample| sample.errors).sum()
    }
}

impl Report {
    /// Every figure, with what it takes to read it.
    pub(super) fn markdown(&self) -> String {
        let mut page = String::new();
        let _ = writeln!(page, "## Predictions over HTTP\n");
        page.push_str(&self.conditions());
        page.push_str(&self.table());
        page.push_str(&self.lead());
        page.push_str(&self.disk());
        page
    }

    fn conditions(&self) -> String {
        let Self { rounds, seconds, machine, .. } = self;
        let most = self.cells.iter().map(|cell| cell.connections).max().unwrap_or(1);
        let mut text = String::new();
        let _ = writeln!(
            text,
            "{rounds} rounds of {seconds} s, servers interleaved, load from the same machine: wrk \
             with at most {} thread(s), a closed loop (each connection waits for its answer). \
             Medians over the rounds, requests/s with minimum and maximum.\n",
            threads(most)
        );
        let Machine { cores, cpu, kernel, rustc, commit } = machine;
        let _ = writeln!(text, "{cores} cores, {cpu}, {kernel}, {rustc}, commit {commit}.\n");
        let mut named: Vec<&str> = Vec::new();
        for Server { name, about, .. } in self.cells.iter().map(|cell| cell.server) {
            if !named.contains(name) {
                named.push(name);
                let versions = self.versions.iter().find(|(peer, _)| peer == name);
                let of = versions.map_or_else(String::new, |(_, of)| format!(" ({of})"));
                let _ = writeln!(text, "- **{name}**: {about}{of}");
            }
        }
        if !self.versions.is_empty() {
            let _ = writeln!(
                text,
                "\nEvery peer serves the XGBoost model of **{OURS}** on the same rows, in the form \
                 that it reads best, and was checked to predict the same. None keeps a ledger."
            );
        }
        for (name, why) in &self.left_out {
            let _ = writeln!(text, "\nLeft out, **{name}**: {why}");
        }
        text.push('\n');
        text
    }

    fn table(&self) -> String {
        let mut text = String::from(
            "| server | rows | connections | requests/s | p50 ms | p99 ms | errors | of the limit \
             |\n|---|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for cell in &self.cells {
            let (low, high) = range(&cell.values(|sample| sample.requests_per_s));
            let share = self.share_of_limit(cell);
            let _ = writeln!(
                text,
                "| {} | {} | {} | {:.0} ({low:.0}–{high:.0}) | {:.3} | {:.3} | {} | {} |",
                cell.server.name,
                cell.rows,
                cell.connections,
                cell.rate(),
                cell.median(|sample| sample.p50_ms),
                cell.median(|sample| sample.p99_ms),
                cell.errors(),
                share.map_or_else(|| "–".to_owned(), |share| format!("{share:.2}")),
            );
        }
        text.push('\n');
        text
    }

    /// How many times faster this server is than the fastest hand-tuned Python and than each model
    /// server; empty without both sides.
    fn lead(&self) -> String {
        let lines: Vec<String> = self
            .cells
            .iter()
            .filter(|cell| cell.server.name == OURS)
            .flat_map(|ours| self.leads(ours))
            .collect();
        if lines.is_empty() {
            return String::new();
        }
        let head = "| {OURS} beside | rows | connections | requests/s, times | p50, of its | p99, of its |";
        let head = head.replace("{OURS}", OURS);
        format!("{head}\n|---|---:|---:|---:|---:|---:|\n{}\n", lines.concat())
    }

    fn leads(&self, ours: &Cell) -> Vec<String> {
        let line = |peer: &Cell| {
            let part = |of: fn(&Sample) -> f64| ours.median(of) / peer.median(of);
            format!(
                "| {} | {} | {} | {:.1} | {:.2} | {:.2} |\n",
                peer.server.name,
                ours.rows,
                ours.connections,
                part(|sample| sample.requests_per_s),
                part(|sample| sample.p50_ms),
                part(|sample| sample.p99_ms),
            )
        };
        self.rivals(ours).into_iter().map(line).collect()
    }

    /// The fastest hand-tuned Python under the load of `ours`, then every model server.
    fn rivals(&self, ours: &Cell) -> Vec<&Cell> {
        let of = |kind: Kind| {
            self.cells.iter().filter(move |cell| {
                cell.beside(ours) && cell.server.peer.is_some_and(|peer| peer.kind == kind)
            })
        };
        let tuned = of(Kind::Tuned).max_by(|a, b| a.rate().total_cmp(&b.rate()));
        tuned.into_iter().chain(of(Kind::ModelServer)).collect()
    }

    fn disk(&self) -> String {
        let mut text = String::from(
            "| append 8 KiB + fdatasync | p50 µs | p90 µs | p99 µs |\n|---|---:|---:|---:|\n",
        );
        for (when, disk) in [("before", &self.disk_before), ("after", &self.disk_after)] {
            let Sync { p50_us, p90_us, p99_us } = disk;
            let _ = writeln!(text, "| {when} | {p50_us:.0} | {p90_us:.0} | {p99_us:.0} |");
        }
        text
    }

    /// Requests/s by those of the honest limit at as many connections; `None` if that did not run.
    fn share_of_limit(&self, cell: &Cell) -> Option<f64> {
        let limit =
            self.cells.iter().find(|other| other.server.name == LIMIT && other.beside(cell))?;
        Some(cell.rate() / limit.rate())
    }

    /// All of it, every sample included.
    pub(super) fn to_json(&self) -> Value {
        let cells: Vec<Value> = self.cells.iter().map(|cell| self.cell_json(cell)).collect();
        json!({
            "benchmark": "serve",
            "rounds": self.rounds,
            "seconds": self.seconds,
            "machine": self.machine.to_json(),
            "fdatasync": {
                "before": self.disk_before.to_json(),
                "after": self.disk_after.to_json(),
            },
            "versions": pairs(&self.versions),
            "left_out": pairs(&self.left_out),
            "results": cells,
        })
    }

    fn cell_json(&self, cell: &Cell) -> Value {
        let (low, high) = range(&cell.values(|sample| sample.requests_per_s));
        json!({
            "server": cell.server.name,
            "connections": cell.connections,
            "rows": cell.rows,
            "requests_per_s": cell.rate(),
            "requests_per_s_min": low,
            "requests_per_s_max": high,
            "p50_ms": cell.median(|sample| sample.p50_ms),
            "p99_ms": cell.median(|sample| sample.p99_ms),
            "errors": cell.errors(),
            "share_of_limit": self.share_of_limit(cell),
            "samples": cell.samples.iter().map(Sample::to_json).collect::<Vec<_>>(),
        })
    }
}

fn pairs(list: &[(&'static str, String)]) -> Value {
    list.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::peers::PEERS;
    use super::super::server::SERVERS;
    use super::*;

    fn cell(name: &str, rates: &[f64]) -> Cell {
        let server = SERVERS.iter().chain(PEERS).find(|server| server.name == name);
        let server = server.expect("a known server");
        let sample =
            |&requests_per_s: &f64| Sample { requests_per_s, p50_ms: 0.5, p99_ms: 2.0, errors: 1 };
        Cell { server, connections: 8, rows: 1, samples: rates.iter().map(sample).collect() }
    }

    fn report(cells: Vec<Cell>) -> Report {
        let machine = Machine {
            cores: 2,
            cpu: "A CPU".into(),
            kernel: "Linux 6".into(),
            rustc: "rustc 1".into(),
            commit: "abc".into(),
        };
        let disk = || Sync { p50_us: 100.4, p90_us: 200.0, p99_us: 900.0 };
        Report {
            rounds: 3,
            seconds: 5,
            machine,
            disk_before: disk(),
            disk_after: disk(),
            versions: vec![("mlserver", "mlserver 1".into())],
            left_out: vec![("litserve", "no wheel".into())],
            cells,
        }
    }

    #[test]
    fn the_table_gives_the_share_of_the_limit() {
        let cells = vec![cell("durable", &[70.0, 80.0, 75.0]), cell(LIMIT, &[100.0, 90.0, 110.0])];
        let expect = "\
| server | rows | connections | requests/s | p50 ms | p99 ms | errors | of the limit |
|---|---:|---:|---:|---:|---:|---:|---:|
| durable | 1 | 8 | 75 (70–80) | 0.500 | 2.000 | 3 | 0.75 |
| limit | 1 | 8 | 100 (90–110) | 0.500 | 2.000 | 3 | 1.00 |

| append 8 KiB + fdatasync | p50 µs | p90 µs | p99 µs |
|---|---:|---:|---:|
| before | 100 | 200 | 900 |
| after | 100 | 200 | 900 |
";
        let page = report(cells).markdown();
        assert!(page.ends_with(expect), "{page}");
    }

    #[test]
    fn the_lead_is_over_the_fastest_tuned_python_and_each_model_server() {
        let cells = vec![
            cell(OURS, &[100.0]),
            cell("fastapi-xgboost-tuned", &[10.0]),
            cell("fastapi-onnxruntime-tuned", &[20.0]),
            cell("mlserver", &[4.0]),
        ];
        let page = report(cells).markdown();
        let expect = "\
| model beside | rows | connections | requests/s, times | p50, of its | p99, of its |
|---|---:|---:|---:|---:|---:|
| fastapi-onnxruntime-tuned | 1 | 8 | 5.0 | 1.00 | 1.00 |
| mlserver | 1 | 8 | 25.0 | 1.00 | 1.00 |
";
        assert!(page.contains(expect), "{page}");
        assert!(page.contains("(mlserver 1)") && page.contains("Left out, **litserve**: no wheel"));
    }

    #[test]
    fn without_the_limit_there_is_no_share() {
        let report = report(vec![cell("durable", &[70.0])]);
        assert!(report.markdown().contains("| 3 | – |") || report.markdown().contains("| 1 | – |"));
        assert!(report.to_json()["results"][0]["share_of_limit"].is_null());
    }
}
