//! Which release made a decision, from which commit and which data; and what became of a commit
//! or of a file of rows.

use serde::Deserialize;
use shipworthy_core::attestation::predicate;
use shipworthy_core::lineage::{Graph, Kind, Relation};
use shipworthy_core::{Manifest, ReleaseId, SourceFile};
use shipworthy_store::store::MAX_PAGE_ROWS;
use shipworthy_store::{Release, Reproducibility};

use crate::release::{Error, Shelf};
use crate::statement::{self, latest};

/// A decision of the ledger, as far as lineage goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its id.
    pub id: String,
    /// The release that made it.
    pub release: String,
    /// What was decided, in a few words.
    pub label: String,
}

/// What lineage is asked of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A decision.
    Decision(Decision),
    /// A release that is kept here.
    Release(ReleaseId),
    /// A commit that releases were built from.
    Commit(String),
    /// A file of rows that releases were trained on, by its SHA-256.
    Dataset(String),
}

impl Subject {
    /// The id of its node.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Decision(decision) => &decision.id,
            Self::Release(id) => id.as_str(),
            Self::Commit(id) | Self::Dataset(id) => id,
        }
    }
}

/// What a manifest says of its sources, whichever build wrote it.
#[derive(Deserialize)]
struct Sources {
    commit: Option<String>,
    training_set: Option<Files>,
}

#[derive(Deserialize)]
struct Files {
    #[serde(default)]
    files: Vec<SourceFile>,
}

impl Sources {
    fn of(release: &Release) -> Option<Self> {
        serde_json::from_str(&release.manifest).ok()
    }

    fn datasets(&self) -> impl Iterator<Item = String> {
        let files = self.training_set.iter().flat_map(|set| &set.files);
        files.map(|file| dataset(&file.sha256))
    }
}

/// The id of a dataset.
fn dataset(sha256: &str) -> String {
    format!("sha256:{sha256}")
}

/// Every release, commit and dataset whose id starts so; `release:`, `commit:` or `dataset:`
/// before it says which is meant.
///
/// # Errors
/// When the state cannot be read.
pub fn find(shelf: &Shelf, text: &str) -> Result<Vec<Subject>, Error> {
    let (kind, name) = match text.split_once(':') {
        Some((kind @ ("release" | "commit" | "dataset"), name)) => (kind, name),
        _ => ("", text),
    };
    let mut found = Vec::new();
    if matches!(kind, "" | "release") {
        match shelf.resolve(name) {
            Ok(id) => found.push(Subject::Release(id)),
            Err(Error::NoName { .. } | Error::EmptySlot { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let digits = name.strip_prefix("sha256:").unwrap_or(name);
    let is_long_enough = digits.len() >= crate::release::MIN_DIGITS;
    if kind == "release" || !is_long_enough || name.contains('@') {
        return Ok(found);
    }
    let mut add = |subject: Subject| {
        if !found.contains(&subject) {
            found.push(subject);
        }
    };
    each_release(shelf, |release| {
        let Some(sources) = Sources::of(release) else { return };
        let sha256 = dataset(digits);
        if matches!(kind, "" | "dataset") {
            sources.datasets().filter(|id| id.starts_with(&sha256)).for_each(|id| {
                add(Subject::Dataset(id));
            });
        }
        let commit = sources.commit.filter(|commit| commit.starts_with(name));
        if let (Some(commit), "" | "commit") = (commit, kind) {
            add(Subject::Commit(commit));
        }
    })?;
    Ok(found)
}

/// The releases that lineage of a subject passes.
///
/// # Errors
/// When the state cannot be read.
pub fn releases(shelf: &Shelf, subject: &Subject) -> Result<Vec<ReleaseId>, Error> {
    let mut found = Vec::new();
    match subject {
        Subject::Decision(decision) => {
            if let Ok(id) = decision.release.parse::<ReleaseId>() {
                found.extend(shelf.store.release(&id)?.map(|release| release.id));
            }
        }
        Subject::Release(id) => found.push(id.clone()),
        Subject::Commit(commit) => each_release(shelf, |release| {
            let sources = Sources::of(release);
            if sources.is_some_and(|sources| sources.commit.as_ref() == Some(commit)) {
                found.push(release.id.clone());
            }
        })?,
        Subject::Dataset(id) => each_release(shelf, |release| {
            let sources = Sources::of(release);
            if sources.is_some_and(|sources| sources.datasets().any(|dataset| dataset == *id)) {
                found.push(release.id.clone());
            }
        })?,
    }
    Ok(found)
}

/// The graph around a subject, with these decisions of its releases.
///
/// # Errors
/// When the state cannot be read, or a release in it was changed.
pub fn graph(
    shelf: &Shelf,
    subject: &Subject,
    releases: &[ReleaseId],
    decisions: &[Decision],
) -> Result<Graph, Error> {
    let mut graph = Graph::default();
    match subject {
        Subject::Decision(decision) => add_decision(&mut graph, decision),
        Subject::Commit(commit) => drop(graph.add(Kind::Commit, commit, "")),
        Subject::Release(_) | Subject::Dataset(_) => {}
    }
    for id in releases {
        add_release(&mut graph, shelf, id)?;
    }
    decisions.iter().for_each(|decision| add_decision(&mut graph, decision));
    Ok(graph)
}

fn add_decision(graph: &mut Graph, decision: &Decision) {
    let Decision { id, release, label } = decision;
    graph.add(Kind::Decision, id, label);
    // A bare model file is a release that is kept nowhere.
    graph.add(Kind::Release, release, "");
    graph.tie(id, release, Relation::MadeBy);
}

/// A release with everything that it comes from and that is known of it.
fn add_release(graph: &mut Graph, shelf: &Shelf, id: &ReleaseId) -> Result<(), Error> {
    let Some(release) = shelf.store.release(id)? else { return Ok(()) };
    let Manifest { project, commit, training_set, .. } = shelf.manifest(id)?;
    let name = id.as_str();
    let label = match &release.reproducibility {
        Reproducibility::Reproducible => project,
        Reproducibility::Unreproducible { reason } => {
            format!("{project}, unreproducible: {reason}")
        }
    };
    // Known without a label where a decision named it before.
    graph.nodes.retain(|node| node.id != name);
    graph.add(Kind::Release, name, &label);
    if let Some(commit) = &commit {
        graph.add(Kind::Commit, commit, "");
        graph.tie(name, commit, Relation::BuiltFrom);
    }
    for file in training_set.iter().flat_map(|set| &set.files) {
        let id = dataset(&file.sha256);
        graph.add(Kind::Dataset, &id, &format!("{}, {} rows", file.path, file.rows));
        graph.tie(name, &id, Relation::TrainedOn);
    }
    let said = shelf.statements(id)?;
    if let Some(run) = latest(&said, predicate::PROVENANCE).and_then(statement::run) {
        graph.add(Kind::Run, &run, "");
        graph.tie(name, &run, Relation::BuiltIn);
    }
    for said in said {
        let statement = format!("attestation:{}", said.stored.event);
        let label = format!("{} by {} at {}", said.name(), said.actor(), said.stored.at);
        graph.add(Kind::Attestation, &statement, &label);
        graph.tie(&statement, name, Relation::About);
    }
    add_slots(graph, shelf, id)
}

fn add_slots(graph: &mut Graph, shelf: &Shelf, id: &ReleaseId) -> Result<(), Error> {
    for endpoint in shelf.store.endpoints()? {
        let slots = [
            ("stable", &endpoint.stable),
            ("candidate", &endpoint.candidate),
            ("previous", &endpoint.previous),
        ];
        for (slot, _) in slots.into_iter().filter(|(_, release)| release.as_ref() == Some(id)) {
            let name = format!("endpoint:{}", endpoint.name);
            graph.add(Kind::Endpoint, &name, "");
            graph.tie(&name, id.as_str(), Relation::Slot(slot));
        }
    }
    Ok(())
}

/// Shows every release, newest first, and holds no more than a page of them.
fn each_release(shelf: &Shelf, mut show: impl FnMut(&Release)) -> Result<(), Error> {
    let mut last: Option<ReleaseId> = None;
    loop {
        let page = shelf.store.latest_releases(last.as_ref(), MAX_PAGE_ROWS)?;
        page.iter().for_each(&mut show);
        match page.into_iter().last() {
            Some(release) => last = Some(release.id),
            None => return Ok(()),
        }
    }
}
