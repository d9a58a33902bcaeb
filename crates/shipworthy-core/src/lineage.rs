//! Where things come from: a graph of decisions, releases and what made them.
//!
//! An edge leads from what there is to what it comes from: decision → release → commit.

use std::fmt::Write;

use serde::ser::SerializeTuple;
use serde::{Serialize, Serializer};

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An answered row.
    Decision,
    /// A release.
    Release,
    /// A git commit.
    Commit,
    /// A file of rows that a model learned from.
    Dataset,
    /// The run of a pipeline.
    Run,
    /// A signed statement about a release.
    Attestation,
    /// The name that clients call.
    Endpoint,
}

impl Kind {
    /// The name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Release => "release",
            Self::Commit => "commit",
            Self::Dataset => "dataset",
            Self::Run => "run",
            Self::Attestation => "attestation",
            Self::Endpoint => "endpoint",
        }
    }
}

/// A thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Its name, unique in the graph.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// What else people want to know of it.
    pub label: String,
}

/// What one thing has to do with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// A decision was made by a release.
    MadeBy,
    /// A release was built from a commit.
    BuiltFrom,
    /// A release was trained on a dataset.
    TrainedOn,
    /// A release was built in a run.
    BuiltIn,
    /// An attestation is about a release.
    About,
    /// An endpoint has a release in this slot.
    Slot(&'static str),
}

impl Relation {
    /// The name from the edge's start to its end.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MadeBy => "made_by",
            Self::BuiltFrom => "built_from",
            Self::TrainedOn => "trained_on",
            Self::BuiltIn => "built_in",
            Self::About => "about",
            Self::Slot(slot) => slot,
        }
    }

    /// The words from the edge's end to its start.
    fn inverse(self) -> &'static str {
        match self {
            Self::MadeBy => "made",
            Self::BuiltFrom => "is the source of",
            Self::TrainedOn => "taught",
            Self::BuiltIn => "built",
            Self::About => "has",
            Self::Slot("stable") => "is stable at",
            Self::Slot("candidate") => "is candidate at",
            Self::Slot(_) => "was stable at",
        }
    }
}

/// Two nodes by their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// What there is.
    pub from: String,
    /// What it comes from.
    pub to: String,
    /// How.
    pub relation: Relation,
}

/// `[from, to, "relation"]`.
impl Serialize for Edge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(3)?;
        tuple.serialize_element(&self.from)?;
        tuple.serialize_element(&self.to)?;
        tuple.serialize_element(self.relation.name())?;
        tuple.end()
    }
}

/// The graph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Graph {
    /// Each once, in the order in which they were found.
    pub nodes: Vec<Node>,
    /// Each once.
    pub edges: Vec<Edge>,
}

impl Graph {
    /// Adds a node; whether it is new.
    pub fn add(&mut self, kind: Kind, id: &str, label: &str) -> bool {
        let is_new = self.nodes.iter().all(|node| node.id != id);
        if is_new {
            self.nodes.push(Node { id: id.to_owned(), kind, label: label.to_owned() });
        }
        is_new
    }

    /// Adds an edge between two nodes.
    pub fn tie(&mut self, from: &str, to: &str, relation: Relation) {
        let edge = Edge { from: from.to_owned(), to: to.to_owned(), relation };
        if !self.edges.contains(&edge) {
            self.edges.push(edge);
        }
    }

    /// As a tree for people, from the node that was asked for: each node once.
    #[must_use]
    pub fn tree(&self, root: &str) -> String {
        let mut out = String::new();
        let mut seen = vec![root.to_owned()];
        if let Some(node) = self.node(root) {
            let _ = writeln!(out, "{}", described(node));
        }
        self.branches(root, "", &mut seen, &mut out);
        out.trim_end().to_owned()
    }

    fn branches(&self, id: &str, indent: &str, seen: &mut Vec<String>, out: &mut String) {
        let fresh: Vec<(&str, &Node)> = self
            .edges
            .iter()
            .filter_map(|edge| match id {
                _ if edge.from == id => Some((edge.relation.name(), self.node(&edge.to)?)),
                _ if edge.to == id => Some((edge.relation.inverse(), self.node(&edge.from)?)),
                _ => None,
            })
            .filter(|(_, node)| !seen.contains(&node.id))
            .collect();
        seen.extend(fresh.iter().map(|(_, node)| node.id.clone()));
        for (index, (relation, node)) in fresh.iter().enumerate() {
            let is_last = index + 1 == fresh.len();
            let (corner, below) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let relation = relation.replace('_', " ");
            let _ = writeln!(out, "{indent}{corner}{relation} {}", described(node));
            self.branches(&node.id, &format!("{indent}{below}"), seen, out);
        }
    }

    /// As a flowchart of Mermaid, which Git hosts and many editors draw.
    #[must_use]
    pub fn mermaid(&self) -> String {
        let mut out = String::from("flowchart LR\n");
        for (index, node) in self.nodes.iter().enumerate() {
            let text = described(node).replace('"', "'");
            let _ = writeln!(out, "  n{index}[\"{text}\"]");
        }
        let place = |id: &str| self.nodes.iter().position(|node| node.id == id);
        for edge in &self.edges {
            if let (Some(from), Some(to)) = (place(&edge.from), place(&edge.to)) {
                let relation = edge.relation.name().replace('_', " ");
                let _ = writeln!(out, "  n{from} -->|{relation}| n{to}");
            }
        }
        out.trim_end().to_owned()
    }

    fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }
}

fn described(node: &Node) -> String {
    /// Enough to tell two apart, and to be found again by.
    const ID_CHARACTERS: usize = 20;
    let id = match node.kind {
        Kind::Decision | Kind::Run => node.id.as_str(),
        // Its kind stands before it already.
        Kind::Endpoint | Kind::Attestation => {
            node.id.split_once(':').map_or(node.id.as_str(), |(_, name)| name)
        }
        Kind::Release | Kind::Commit | Kind::Dataset => {
            node.id.get(..ID_CHARACTERS).unwrap_or(&node.id)
        }
    };
    format!("{} {id} {}", node.kind.name(), node.label).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph() -> Graph {
        let mut graph = Graph::default();
        assert!(graph.add(Kind::Decision, "d", "late (0.7)"));
        assert!(graph.add(Kind::Release, "r", ""));
        assert!(graph.add(Kind::Commit, "c", "\"quoted\""));
        assert!(graph.add(Kind::Endpoint, "delay", ""));
        assert!(!graph.add(Kind::Release, "r", "again"));
        graph.tie("d", "r", Relation::MadeBy);
        graph.tie("d", "r", Relation::MadeBy);
        graph.tie("r", "c", Relation::BuiltFrom);
        graph.tie("delay", "r", Relation::Slot("stable"));
        graph
    }

    #[test]
    fn a_tree_is_read_from_the_node_that_was_asked_for() {
        let expected = "decision d late (0.7)\n└─ made by release r\n   ├─ built from commit c \
                        \"quoted\"\n   └─ is stable at endpoint delay";
        assert_eq!(graph().tree("d"), expected);
        let expected = "commit c \"quoted\"\n└─ is the source of release r\n   ├─ made decision d \
                        late (0.7)\n   └─ is stable at endpoint delay";
        assert_eq!(graph().tree("c"), expected);
    }

    #[test]
    fn programs_get_nodes_and_edges() {
        let json = serde_json::to_value(graph()).unwrap();
        assert_eq!(json["nodes"][1]["kind"], "release");
        assert_eq!(json["edges"][1], serde_json::json!(["r", "c", "built_from"]));
        assert_eq!(json["edges"].as_array().unwrap().len(), 3);
        let mermaid = graph().mermaid();
        assert!(mermaid.contains("n0 -->|made by| n1"), "{mermaid}");
        assert!(mermaid.contains("n2[\"commit c 'quoted'\"]"), "{mermaid}");
    }
}
