//! What was found, under the names that reports use.

use serde_json::{Map, Value, json};
use shipworthy_stats::Error;
use shipworthy_stats::interval::Interval;

/// A number and where it lies.
pub(super) struct Line {
    pub(super) name: String,
    /// What it is, or why it has no value.
    pub(super) value: Result<f64, Error>,
    /// Where it lies and how that was found, or why nothing is known; `None` where nothing can be.
    pub(super) interval: Option<(Result<Interval, Error>, &'static str)>,
}

/// The metrics of one model, or the differences of two.
pub(super) struct Section {
    pub(super) name: String,
    pub(super) lines: Vec<Line>,
    /// What is in the JSON besides.
    facts: Map<String, Value>,
    /// The key in the JSON that its values stand under, below the name.
    key: Option<String>,
}

impl Section {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), lines: Vec::new(), facts: Map::new(), key: None }
    }

    /// Of one thing among several that could be asked for.
    pub(super) fn of(name: &str, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..Self::new(name) }
    }

    pub(super) fn fact(&mut self, name: &str, value: impl Into<Value>) {
        self.facts.insert(name.to_owned(), value.into());
    }

    /// Adds a metric. Its interval is only asked for when it has a value.
    pub(super) fn add(
        &mut self,
        name: &str,
        value: Result<f64, Error>,
        method: &'static str,
        interval: impl FnOnce() -> Result<Interval, Error>,
    ) {
        let interval = value.is_ok().then(|| (interval(), method));
        self.lines.push(Line { name: name.to_owned(), value, interval });
    }

    /// Adds a metric of which no interval follows from a sample.
    pub(super) fn add_alone(&mut self, name: &str, value: Result<f64, Error>) {
        self.lines.push(Line { name: name.to_owned(), value, interval: None });
    }

    fn values(&self) -> Value {
        let mut values = self.facts.clone();
        for line in &self.lines {
            values.insert(line.name.clone(), json!(line.value.as_ref().ok()));
        }
        match &self.key {
            Some(key) => json!({key: values}),
            None => values.into(),
        }
    }

    fn intervals(&self) -> Value {
        let known = self.lines.iter().filter_map(|line| match &line.interval {
            Some((Ok(Interval { lower, upper }), method)) => {
                let interval = json!({"lower": lower, "upper": upper, "method": method});
                Some((line.name.clone(), interval))
            }
            _ => None,
        });
        known.collect::<Map<_, _>>().into()
    }

    /// Why values and intervals are missing.
    fn reasons(&self) -> Map<String, Value> {
        let missing = self.lines.iter().filter_map(|line| Some((&line.name, line.why()?)));
        missing.map(|(name, why)| (name.clone(), why.into())).collect()
    }
}

impl Line {
    /// Why the value or its interval is missing.
    pub(super) fn why(&self) -> Option<String> {
        match (&self.value, &self.interval) {
            (Err(error), _) => Some(explained(error)),
            (_, Some((Err(error), _))) => Some(format!("no interval: {}", explained(error))),
            _ => None,
        }
    }
}

/// An error with its causes.
pub(super) fn explained(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// A test's numbers for people.
pub(super) struct Test {
    pub(super) name: &'static str,
    pub(super) statistic: f64,
    pub(super) p_value: f64,
}

/// Everything that is reported.
pub(super) struct Findings {
    head: Value,
    pub(super) sections: Vec<Section>,
    pub(super) tests: Vec<Test>,
    /// What is in the JSON under its own name.
    besides: Map<String, Value>,
    /// Why something besides is missing.
    reasons: Map<String, Value>,
}

impl Findings {
    pub(super) fn new(head: Value) -> Self {
        let (besides, reasons) = (Map::new(), Map::new());
        Self { head, sections: Vec::new(), tests: Vec::new(), besides, reasons }
    }

    pub(super) fn section(&mut self, section: Section) {
        self.sections.push(section);
    }

    pub(super) fn insert(&mut self, name: &str, value: Value) {
        self.besides.insert(name.to_owned(), value);
    }

    /// Notes why something has no value.
    pub(super) fn missing(&mut self, name: &str, error: &Error) {
        self.reasons.insert(name.to_owned(), explained(error).into());
    }

    /// Notes a test, or why there is none; gives its JSON.
    pub(super) fn test(
        &mut self,
        name: &'static str,
        test: Result<shipworthy_stats::paired::TestResult, Error>,
    ) -> Value {
        match test {
            Ok(test) => {
                let (statistic, p_value) = (test.statistic, test.p_value);
                self.tests.push(Test { name, statistic, p_value });
                json!({"statistic": statistic, "pvalue": p_value})
            }
            Err(error) => {
                self.missing(name, &error);
                Value::Null
            }
        }
    }

    pub(super) fn reasons(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.reasons.iter()
    }

    pub(super) fn into_json(self) -> Value {
        let mut all = self.besides;
        if let Value::Object(head) = self.head {
            all.extend(head);
        }
        let mut reasons = self.reasons;
        let mut intervals = Map::new();
        for section in &self.sections {
            all.insert(section.name.clone(), section.values());
            intervals.insert(section.name.clone(), section.intervals());
            let missing = section.reasons();
            if !missing.is_empty() {
                reasons.insert(section.name.clone(), missing.into());
            }
        }
        all.insert("intervals".to_owned(), intervals.into());
        all.insert("undefined".to_owned(), reasons.into());
        all.into()
    }
}
