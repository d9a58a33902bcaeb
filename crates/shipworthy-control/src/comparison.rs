//! Two releases side by side: what was measured, and what they are made of.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// A release, as far as it is compared.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// Its manifest.
    pub manifest: Value,
    /// Its contract.
    pub contract: Value,
    /// What was measured when it was made; null where nothing was.
    pub quality: Value,
}

/// What differs between two releases; numbers that were measured stand there in any case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// By name: `test.roc_auc`, …
    pub metrics: BTreeMap<String, Pair>,
    /// By the trainer's names.
    pub parameters: BTreeMap<String, Pair>,
    /// By column and rule: `distance.max`; a column that is new, or gone, by its name.
    pub contract: BTreeMap<String, Pair>,
    /// By path: the SHA-256 of each source file; and which rows were taken.
    pub data: BTreeMap<String, Pair>,
    /// Everything else: commit, trainer, seed, classes.
    pub rest: BTreeMap<String, Pair>,
}

/// The two values; `None` where a side has none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// The first release's.
    pub a: Option<Value>,
    /// The second release's.
    pub b: Option<Value>,
}

impl Pair {
    /// The second less the first, of two numbers.
    #[must_use]
    pub fn difference(&self) -> Option<f64> {
        Some(self.b.as_ref()?.as_f64()? - self.a.as_ref()?.as_f64()?)
    }
}

/// Compares two releases.
#[must_use]
pub fn compare(a: &Side, b: &Side) -> Comparison {
    let parts = |part: fn(&Side) -> BTreeMap<String, Value>| pairs(part(a), part(b));
    let mut metrics = pairs(metrics(a), metrics(b));
    metrics.retain(|_, pair| pair.a.is_some() || pair.b.is_some());
    Comparison {
        metrics,
        parameters: differing(parts(|side| flat(&side.manifest["trainer"]["parameters"]))),
        contract: differing(parts(contract)),
        data: differing(parts(data)),
        rest: differing(parts(rest)),
    }
}

fn metrics(side: &Side) -> BTreeMap<String, Value> {
    let of_slice = |slice: &str| {
        let metrics = side.quality[slice]["metrics"].as_object().cloned().unwrap_or_default();
        let slice = slice.to_owned();
        metrics.into_iter().map(move |(name, value)| (format!("{slice}.{name}"), value))
    };
    of_slice("validation").chain(of_slice("test")).collect()
}

/// Columns by their names rather than their places.
fn contract(side: &Side) -> BTreeMap<String, Value> {
    let mut rules = BTreeMap::new();
    for column in side.contract["columns"].as_array().into_iter().flatten() {
        let Some(name) = column["name"].as_str() else { continue };
        for (rule, value) in column.as_object().into_iter().flatten() {
            if rule != "name" && !value.is_null() {
                rules.insert(format!("{name}.{rule}"), value.clone());
            }
        }
    }
    rules
}

fn data(side: &Side) -> BTreeMap<String, Value> {
    let set = &side.manifest["training_set"];
    let mut found = BTreeMap::new();
    for file in set["files"].as_array().into_iter().flatten() {
        if let Some(path) = file["path"].as_str() {
            found.insert(format!("{path}.sha256"), file["sha256"].clone());
            found.insert(format!("{path}.rows"), file["rows"].clone());
        }
    }
    for key in ["label", "rows", "validation_rows", "from", "until", "first", "last"] {
        found.insert(key.to_owned(), set[key].clone());
    }
    found
}

fn rest(side: &Side) -> BTreeMap<String, Value> {
    let manifest = &side.manifest;
    let mut found = flat(&manifest["output"]);
    found.insert("commit".to_owned(), manifest["commit"].clone());
    found.insert("project".to_owned(), manifest["project"].clone());
    for key in ["name", "version", "seed"] {
        found.insert(format!("trainer.{key}"), manifest["trainer"][key].clone());
    }
    found
}

fn flat(object: &Value) -> BTreeMap<String, Value> {
    object.as_object().cloned().unwrap_or_default().into_iter().collect()
}

fn pairs(a: BTreeMap<String, Value>, mut b: BTreeMap<String, Value>) -> BTreeMap<String, Pair> {
    let some = |value: Value| Some(value).filter(|value| !value.is_null());
    let mut pairs: BTreeMap<String, Pair> = BTreeMap::new();
    for (name, value) in a {
        let other = b.remove(&name).and_then(some);
        pairs.insert(name, Pair { a: some(value), b: other });
    }
    let only_b = b.into_iter().map(|(name, value)| (name, Pair { a: None, b: some(value) }));
    pairs.extend(only_b);
    pairs
}

fn differing(mut pairs: BTreeMap<String, Pair>) -> BTreeMap<String, Pair> {
    pairs.retain(|_, pair| pair.a != pair.b);
    pairs
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn side(auc: f64, depth: u32, max: u32) -> Side {
        Side {
            manifest: json!({
                "commit": "c",
                "trainer": {"seed": 1, "parameters": {"max_depth": depth, "eta": 0.1}},
                "training_set": {"files": [{"path": "a.csv", "sha256": "x", "rows": 5}]},
            }),
            contract: json!({"columns": [{"name": "distance", "max": max, "min": null}]}),
            quality: json!({"test": {"metrics": {"roc_auc": auc}}}),
        }
    }

    #[test]
    fn measures_are_shown_and_of_the_rest_what_differs() {
        let compared = compare(&side(0.75, 3, 10), &side(0.5, 4, 10));
        assert_eq!(compared.metrics["test.roc_auc"].difference(), Some(-0.25));
        assert_eq!(compared.parameters.keys().collect::<Vec<_>>(), ["max_depth"]);
        assert!(compared.contract.is_empty() && compared.data.is_empty());
        assert!(compared.rest.is_empty());
        let compared = compare(&side(0.75, 3, 10), &side(0.75, 3, 20));
        let max = Pair { a: Some(10.into()), b: Some(20.into()) };
        assert_eq!(compared.contract["distance.max"], max);
        let nothing = compare(&Side::default(), &side(0.5, 3, 10));
        assert_eq!(nothing.metrics["test.roc_auc"].a, None);
        assert_eq!(nothing.data["a.csv.rows"].b, Some(5.into()));
    }
}
