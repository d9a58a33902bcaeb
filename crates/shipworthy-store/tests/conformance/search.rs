//! Releases by what they are made of: what is found is what a walk over all of them finds.

use shipworthy_rows::Timestamp;
use shipworthy_store::{
    MetricBounds, NewRelease, Release, ReleaseId, ReleaseQuery, Reproducibility, Store,
};

use crate::{by, id, insert_releases, with_ana};

const COMMITS: [Option<&str>; 4] = [None, Some("0a1b"), Some("0a1c"), Some("ff00")];
const PROJECTS: [&str; 2] = ["delay", "fraud"];

/// Two releases of each commit and project, one of them reproducible, at times that go back.
fn insert_all(store: &dyn Store) {
    let mut byte = 0;
    for commit in COMMITS {
        for project in PROJECTS {
            for reproducibility in [
                Reproducibility::Reproducible,
                Reproducibility::Unreproducible { reason: "a test".into() },
            ] {
                let manifest = serde_json::json!({"commit": commit, "project": project, "n": byte});
                let release = NewRelease::new(id(byte), &manifest.to_string(), reproducibility);
                let release = release.expect("a release");
                let metrics = vec![("auc".to_owned(), auc(byte)), ("loss".to_owned(), 1.0)];
                let release = release.attested(Vec::new(), metrics);
                store.insert_release(&release, &by("ana", at_us(byte))).expect("stored");
                byte += 1;
            }
        }
    }
}

fn auc(byte: u8) -> f64 {
    f64::from(byte % 5)
}

fn at_us(byte: u8) -> i64 {
    i64::from(byte ^ 5)
}

fn matches(query: &ReleaseQuery, release: &Release) -> bool {
    let manifest: serde_json::Value = serde_json::from_str(&release.manifest).expect("JSON");
    let ReleaseQuery { commit, project, from, until, reproducible, metric } = query;
    let starts = |start: &String| manifest["commit"].as_str().is_some_and(|c| c.starts_with(start));
    let is_reproducible = release.reproducibility == Reproducibility::Reproducible;
    commit.as_ref().is_none_or(starts)
        && project.as_ref().is_none_or(|project| manifest["project"] == **project)
        && from.is_none_or(|from| release.created_at >= from)
        && metric.as_ref().is_none_or(|metric| {
            let auc = auc(u8::try_from(manifest["n"].as_u64().expect("a number")).expect("a byte"));
            metric.name == "auc" && metric.least <= auc && auc <= metric.most
        })
        && until.is_none_or(|until| release.created_at < until)
        && reproducible.is_none_or(|wanted| wanted == is_reproducible)
}

/// Every way to ask.
fn queries() -> Vec<ReleaseQuery> {
    let at = |at_us: i64| Timestamp::from_micros(at_us);
    let mut queries = Vec::new();
    for commit in [None, Some("0"), Some("0a1"), Some("0a1c"), Some("0a1cc"), Some("%"), Some("")] {
        for project in [None, Some("delay"), Some("Delay")] {
            for (from, until) in
                [(None, None), (Some(4), None), (None, Some(9)), (Some(4), Some(9))]
            {
                for (reproducible, metric) in [
                    (None, None),
                    (Some(true), None),
                    (Some(false), Some(("auc", 2.0, f64::INFINITY))),
                    (None, Some(("auc", 1.0, 3.0))),
                    (None, Some(("recall", 0.0, 9.0))),
                ] {
                    let metric = metric.map(|(name, least, most)| MetricBounds {
                        name: name.to_owned(),
                        least,
                        most,
                    });
                    queries.push(ReleaseQuery {
                        commit: commit.map(str::to_owned),
                        project: project.map(str::to_owned),
                        from: from.map(at),
                        until: until.map(at),
                        reproducible,
                        metric,
                    });
                }
            }
        }
    }
    queries
}

pub(crate) fn what_is_found_is_what_was_asked_for_newest_first(store: &dyn Store) {
    with_ana(store);
    insert_all(store);
    let all = store.latest_releases(None, 100).expect("all releases");
    for query in queries() {
        let expected: Vec<&Release> = all.iter().filter(|found| matches(&query, found)).collect();
        let found = store.search_releases(&query, None, 100).expect("an answer");
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query:?}");
        let mut paged: Vec<Release> = Vec::new();
        loop {
            let before = paged.last().map(|release| release.id.clone());
            let page = store.search_releases(&query, before.as_ref(), 2).expect("a page");
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        assert_eq!(paged, found, "{query:?}");
    }
    let unknown = id(0xee);
    let none = store.search_releases(&ReleaseQuery::default(), Some(&unknown), 9);
    assert_eq!(none.expect("an answer"), []);
}

/// The store keeps whatever JSON it is given.
pub(crate) fn a_manifest_that_says_nothing_is_found_by_its_time(store: &dyn Store) {
    with_ana(store);
    insert_releases(store, [1]);
    for (byte, manifest) in [(2, "[]"), (3, r#"{"commit": 7, "project": {"a": 1}}"#), (4, "1")] {
        let release = NewRelease::new(id(byte), manifest, Reproducibility::Reproducible);
        store.insert_release(&release.expect("a release"), &by("ana", 1)).expect("stored");
    }
    let query = ReleaseQuery { until: Some(Timestamp::from_micros(2)), ..ReleaseQuery::default() };
    let found = store.search_releases(&query, None, 9).expect("an answer");
    let found: Vec<&ReleaseId> = found.iter().map(|release| &release.id).collect();
    assert_eq!(found, [&id(4), &id(3), &id(2)]);
}
