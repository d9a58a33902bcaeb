//! The report of the trees: one table for people, every sample for machines.

use std::fmt::Write;

use serde_json::{Value, json};

use super::super::machine::Machine;
use super::super::quantiles::{median, quantile};

/// Rows at a time, as the example measures them.
const BATCHES: [&str; 3] = ["1", "64", "10000"];

const ABOUT: &str = "One process, one thread, libraries interleaved and in another order each \
round. µs a row: median over the rounds (quartiles). Rows are a hundred of the fixture's, each \
moved a little a hundred times, in random order; one row at a time is always another row. Time \
includes what a caller always does: this runtime's matrix is filled, and so are the input buffers \
of XGBoost, ONNX Runtime and tl2cgen; the others read the rows in place. *To the best*: time over \
that of the fastest other library on the same model, below 1 is faster; medians over the rounds. \
*Difference*: the largest to this runtime's predictions, over all rows and all three sizes; a row \
disagrees above 1e-4.";

pub(super) struct Report {
    pub(super) rounds: u32,
    pub(super) machine: Machine,
    /// Before and after.
    pub(super) load_averages: [String; 2],
    /// Who was to be measured, and how each is reached.
    pub(super) plan: Value,
    /// What the example measured.
    pub(super) models: Value,
}

/// One library on one model.
struct Contender<'report> {
    name: &'report str,
    /// To the answers of this runtime.
    largest_difference: f64,
    /// Rows of another answer, not another rounding.
    disagreeing_rows: u64,
    /// Of each of [`BATCHES`], one a round.
    us_per_row: [Vec<f64>; 3],
}

impl Report {
    /// The table, with what it takes to read it.
    pub(super) fn markdown(&self) -> String {
        let mut page = String::from("## Trees\n\n");
        let Machine { cores, cpu, kernel, rustc, commit } = &self.machine;
        let [before, after] = &self.load_averages;
        let _ = writeln!(page, "{} rounds. {ABOUT}\n", self.rounds);
        let _ = writeln!(
            page,
            "{cores} cores, {cpu}, {kernel}, {rustc}, commit {commit}; load average {before} \
             before, {after} after. {}.\n",
            self.versions()
        );
        page.push_str(
            "| model | library | through | 1 row | 64 rows | 10,000 rows | to the best \
             | difference |\n|---|---|---|---:|---:|---:|---:|---:|\n",
        );
        for model in array(&self.models) {
            self.rows_of(model, &mut page);
        }
        page.push_str(&self.left_out());
        page
    }

    fn versions(&self) -> String {
        let versions = self.plan["versions"].as_object().into_iter().flatten();
        let named = versions.map(|(name, version)| format!("{name} {}", text(version)));
        named.collect::<Vec<_>>().join(", ")
    }

    fn rows_of(&self, model: &Value, page: &mut String) {
        let name = text(&model["name"]);
        let contenders: Vec<_> = array(&model["contenders"]).iter().map(Contender::read).collect();
        let best: [Option<&[f64]>; 3] = std::array::from_fn(|at| best(&contenders, at));
        for contender in &contenders {
            let _ = write!(
                page,
                "| {name}, {} trees | {} | {} |",
                model["trees"],
                contender.name,
                self.through(name, contender.name)
            );
            let mut ratios = Vec::new();
            for (samples, best) in contender.us_per_row.iter().zip(best) {
                let [low, middle, high] = [0.25, 0.5, 0.75].map(|q| figure(quantile(samples, q)));
                let _ = write!(page, " {middle} ({low}–{high}) |");
                ratios.push(best.map_or_else(|| "–".into(), |best| figure(ratio(samples, best))));
            }
            let difference = contender.difference();
            let _ = writeln!(page, " {} | {difference} |", ratios.join(" / "));
        }
    }

    /// How the plan reaches a library; this runtime is not in it.
    fn through(&self, model: &str, peer: &str) -> &str {
        let model = array(&self.plan["models"]).iter().find(|known| text(&known["name"]) == model);
        let peers = model.map_or(&[][..], |model| array(&model["peers"]));
        let found = peers.iter().find(|known| text(&known["name"]) == peer);
        found.map_or("Rust", |peer| text(&peer["interface"]))
    }

    /// Who is not in the table, and why.
    fn left_out(&self) -> String {
        let mut lines = format!("\n{}\n", text(&self.plan["note"]));
        for model in array(&self.models).iter().chain(array(&self.plan["models"])) {
            for peer in array(&model["left_out"]) {
                let (name, why) = (text(&peer["name"]), text(&peer["why"]));
                let _ =
                    writeln!(lines, "- **left out**: {name} on {}: {why}", text(&model["name"]));
            }
        }
        lines
    }

    /// All of it, every sample included.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "benchmark": "trees",
            "rounds": self.rounds,
            "machine": self.machine.to_json(),
            "load_averages": self.load_averages,
            "versions": self.plan["versions"],
            "models": self.models,
        })
    }
}

impl<'report> Contender<'report> {
    fn read(value: &'report Value) -> Self {
        let samples = |batch: &str| {
            array(&value["us_per_row"][batch]).iter().filter_map(Value::as_f64).collect()
        };
        Self {
            name: text(&value["name"]),
            largest_difference: value["largest_difference"].as_f64().unwrap_or(f64::NAN),
            disagreeing_rows: value["disagreeing_rows"].as_u64().unwrap_or_default(),
            us_per_row: BATCHES.map(samples),
        }
    }

    fn difference(&self) -> String {
        let largest = match self.largest_difference {
            0.0 => "0".into(),
            other => format!("{other:.0e}"),
        };
        match self.disagreeing_rows {
            0 => largest,
            1 => format!("{largest}, **disagrees on 1 row**"),
            rows => format!("{largest}, **disagrees on {rows} rows**"),
        }
    }
}

/// The samples of the fastest library but ours, which comes first, at one of [`BATCHES`].
fn best<'all>(contenders: &'all [Contender<'_>], at: usize) -> Option<&'all [f64]> {
    let peers = contenders.iter().skip(1).map(|peer| peer.us_per_row[at].as_slice());
    peers.min_by(|left, right| median(left).total_cmp(&median(right)))
}

/// The median over the rounds of one time over the other: what slows down the machine for a while
/// slows down both.
fn ratio(samples: &[f64], best: &[f64]) -> f64 {
    median(&samples.iter().zip(best).map(|(own, best)| own / best).collect::<Vec<f64>>())
}

/// Three digits, of what is below a hundred.
fn figure(value: f64) -> String {
    let decimals = match value {
        small if small < 1.0 => 3,
        middling if middling < 10.0 => 2,
        large if large < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let machine = Machine {
            cores: 2,
            cpu: "A CPU".into(),
            kernel: "Linux 6".into(),
            rustc: "rustc 1".into(),
            commit: "abc".into(),
        };
        let contender = |name: &str, scale: f64, largest_difference: f64, disagreeing_rows: u64| {
            let samples = [1.0, 2.0, 4.0].map(|round: f64| round * scale);
            let us_per_row = json!({"1": samples, "64": samples, "10000": samples});
            json!({
                "name": name,
                "largest_difference": largest_difference,
                "disagreeing_rows": disagreeing_rows,
                "us_per_row": us_per_row,
            })
        };
        let models = json!([{
            "name": "m",
            "trees": 61,
            "contenders": [
                contender("this runtime", 0.5, 0.0, 0),
                contender("slow", 60.0, 1e-7, 0),
                contender("fast", 1.0, 0.07, 2),
            ],
            "left_out": [{"name": "broken", "why": "no library"}],
        }]);
        let plan = json!({
            "versions": {"slow": "1.0"},
            "note": "A note.",
            "models": [{"name": "m", "peers": [{"name": "slow", "interface": "C"}]}],
        });
        let load_averages = ["0.1".into(), "0.9".into()];
        Report { rounds: 3, machine, load_averages, plan, models }
    }

    #[test]
    fn ratios_are_to_the_fastest_other_library_round_by_round() {
        let page = report().markdown();
        let expect = "\
| m, 61 trees | this runtime | Rust | 1.00 (0.500–2.00) | 1.00 (0.500–2.00) | 1.00 (0.500–2.00) \
| 0.500 / 0.500 / 0.500 | 0 |
| m, 61 trees | slow | C | 120 (60.0–240) | 120 (60.0–240) | 120 (60.0–240) \
| 60.0 / 60.0 / 60.0 | 1e-7 |
";
        assert!(page.contains(expect), "{page}");
    }

    #[test]
    fn who_disagrees_or_is_missing_is_named() {
        let page = report().markdown();
        assert!(page.contains("| 1.00 / 1.00 / 1.00 | 7e-2, **disagrees on 2 rows** |"), "{page}");
        assert!(page.contains("\nA note.\n- **left out**: broken on m: no library\n"), "{page}");
        assert!(page.contains("commit abc; load average 0.1 before, 0.9 after. slow 1.0."));
    }

    #[test]
    fn figures_have_three_digits() {
        assert_eq!([0.1234, 1.234, 12.34, 123.4].map(figure), ["0.123", "1.23", "12.3", "123"]);
    }
}
