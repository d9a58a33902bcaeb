//! What is posted: the same flights for everybody, in the form that each server reads.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use crate::workspace::Workspace;

/// The model of the peers, a fixture of the tests of shipworthy-models.
pub(super) const MODEL: &str = "crates/shipworthy-models/tests/data/xgb_binary_num/model.json";
/// A model in ONNX that reads the same columns as one tensor.
pub(super) const ONNX_MODEL: &str = "crates/shipworthy-models/tests/data/onnx_hist_gb/model.onnx";
const ROWS: &str = "crates/shipworthy-models/tests/data/flights_numeric.csv";

/// One row of `examples/flights`: what is known when a departure is scheduled.
pub(super) const FLIGHT: &str = r#"{"month":1,"day":2,"hour":8,"minute":0,"sched_dep_time":800,"sched_arr_time":1014,"carrier":"DL","flight":2119,"tailnum":"N358NW","origin":"LGA","dest":"MSP","distance":1020,"time_hour":"2013-01-02T13:00:00Z"}"#;

/// The form of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `instances` of `examples/flights`, text among them.
    Flights,
    /// `instances` of the numeric model, each value with the name of its column.
    Named,
    /// `rows` of the numeric model, values in the order of its columns.
    Rows,
    /// One tensor of the Open Inference Protocol.
    Tensor,
}

/// The rows of the numeric model that have every value, so that each format can write them.
pub(super) struct Rows {
    columns: Vec<String>,
    rows: Vec<Vec<f64>>,
}

impl Rows {
    pub(super) fn read(workspace: &Workspace) -> Result<Self> {
        let path = workspace.root.join(ROWS);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self> {
        let mut lines = text.lines();
        let header = lines.next().context("a table has a header")?;
        let columns: Vec<String> = header.split(',').map(str::to_owned).collect();
        let numbers = |line: &str| line.split(',').map(|field| field.parse().ok()).collect();
        let rows: Vec<Vec<f64>> = lines.filter_map(numbers).collect();
        if rows.is_empty() {
            bail!("no row has every value");
        }
        Ok(Self { columns, rows })
    }

    /// A request for `count` predictions; the rows that there are repeat.
    pub(super) fn body(&self, form: Form, count: usize) -> String {
        let rows: Vec<&Vec<f64>> = self.rows.iter().cycle().take(count).collect();
        match form {
            Form::Flights => format!(r#"{{"instances":[{}]}}"#, vec![FLIGHT; count].join(",")),
            Form::Named => {
                let named: Vec<Value> = rows.iter().map(|row| self.named(row)).collect();
                json!({ "instances": named }).to_string()
            }
            Form::Rows => json!({ "rows": rows }).to_string(),
            Form::Tensor => {
                let data: Vec<f64> = rows.into_iter().flatten().copied().collect();
                let shape = [count, self.columns.len()];
                let input = json!({"name": "X", "shape": shape, "datatype": "FP32", "data": data});
                json!({ "inputs": [input] }).to_string()
            }
        }
    }

    fn named(&self, row: &[f64]) -> Value {
        let pairs = self.columns.iter().cloned().zip(row.iter().map(|&value| json!(value)));
        Value::Object(pairs.collect::<Map<String, Value>>())
    }
}

/// The predictions in an answer, wherever its protocol has them.
///
/// # Errors
/// When there are none, or they are no numbers.
pub(super) fn predictions(answer: &Value) -> Result<Vec<f64>> {
    let places = ["/predictions", "/outputs/0/data", ""];
    let found = places.iter().find_map(|place| answer.pointer(place)?.as_array());
    let found = found.with_context(|| format!("no predictions in {answer}"))?;
    let number = |value: &Value| {
        let score = value.get("probability").or_else(|| value.get("prediction")).unwrap_or(value);
        score.as_f64().with_context(|| format!("{value} is no number"))
    };
    found.iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: Form, expect: &str) {
        let rows = Rows::parse("a,b\n1,2.5\n3,\n4,5\n").expect("a table");
        assert_eq!(rows.body(form, 3), expect);
    }

    #[test]
    fn rows_without_every_value_are_left_out_and_the_others_repeat() {
        check(Form::Rows, r#"{"rows":[[1.0,2.5],[4.0,5.0],[1.0,2.5]]}"#);
        check(
            Form::Named,
            r#"{"instances":[{"a":1.0,"b":2.5},{"a":4.0,"b":5.0},{"a":1.0,"b":2.5}]}"#,
        );
        let data = r#""data":[1.0,2.5,4.0,5.0,1.0,2.5],"datatype":"FP32","name":"X""#;
        check(Form::Tensor, &format!(r#"{{"inputs":[{{{data},"shape":[3,2]}}]}}"#));
    }

    #[test]
    fn a_flight_is_json() {
        assert!(serde_json::from_str::<Value>(FLIGHT).is_ok());
    }

    #[test]
    fn predictions_are_found_in_each_protocol() {
        for answer in
            [json!({"predictions": [0.5]}), json!({"outputs": [{"data": [0.5]}]}), json!([0.5])]
        {
            assert_eq!(predictions(&answer).expect("predictions"), [0.5]);
        }
        assert!(predictions(&json!({"error": "no"})).is_err());
    }
}
