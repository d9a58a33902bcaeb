//! Whether a release, made again, is the same; and if not, what differs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use shipworthy_core::{Manifest, Trainer};

use crate::statement::Machine;
use crate::train;

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// In what.
    pub what: Part,
    /// In which words: then, and now.
    pub detail: String,
}

/// What a release comes from, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The rows.
    Data,
    /// What the commit declares.
    Code,
    /// The program that trains.
    Tool,
    /// The machine.
    Hardware,
    /// A file of the bundle.
    File,
}

impl Part {
    /// The name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Code => "code",
            Self::Tool => "tool",
            Self::Hardware => "hardware",
            Self::File => "file",
        }
    }
}

/// Everything that differs between a release and the one made again; where only the machines
/// differ, so do no bits.
#[must_use]
pub fn differences(
    kept: &Manifest,
    made: &Manifest,
    then: Option<&Machine>,
    now: &Machine,
) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut note = |what, detail| found.push(Difference { what, detail });
    data(kept, made).into_iter().for_each(|detail| note(Part::Data, detail));
    if (&kept.trainer.name, &kept.trainer.version) != (&made.trainer.name, &made.trainer.version) {
        let named = |manifest: &Manifest| {
            let Trainer { name, version, .. } = &manifest.trainer;
            format!("{name} {}", version.as_deref().unwrap_or("of no version"))
        };
        note(Part::Tool, format!("trainer {} then, {} now", named(kept), named(made)));
    }
    tools(kept, made).into_iter().for_each(|detail| note(Part::Tool, detail));
    if kept.format != made.format {
        let (then, now) = (kept.format, made.format);
        note(Part::Tool, format!("manifests of format {then} then, {now} now"));
    }
    let declared = |manifest: &Manifest| {
        let Manifest { project, output, trainer, training_set, .. } = manifest.clone();
        let rows = training_set.map(|set| (set.label, set.from, set.until));
        (project, output, trainer.seed, without_digests(trainer), rows)
    };
    if declared(kept) != declared(made) {
        note(Part::Code, "the project declares another model, seed or parameters".to_owned());
    }
    if let Some(then) = then {
        hardware(then, now).into_iter().for_each(|detail| note(Part::Hardware, detail));
    }
    for file in kept.files() {
        let same = made.files().any(|other| other == file);
        if !same {
            note(Part::File, format!("{} is not the same, bit for bit", file.name));
        }
    }
    found
}

/// What a command runs with: its interpreter, and what stands for everything that it loads.
const COMMAND_TOOLS: [(&str, &str); 2] = [("interpreter", "name"), ("lock", "path")];

fn tools(kept: &Manifest, made: &Manifest) -> Vec<String> {
    if [kept, made].iter().any(|manifest| manifest.trainer.name != train::COMMAND) {
        return Vec::new();
    }
    let text = |manifest: &Manifest, tool: &str, what: &str| {
        let tool = manifest.trainer.parameters.get(tool);
        tool.and_then(|tool| tool[what].as_str()).unwrap_or("unknown").to_owned()
    };
    let changed = COMMAND_TOOLS.into_iter().filter_map(|(tool, called)| {
        let digest = |manifest| text(manifest, tool, "sha256");
        let (then, now, called) = (digest(kept), digest(made), text(made, tool, called));
        (then != now).then(|| format!("{tool} {called}: SHA-256 {then} then, {now} now"))
    });
    changed.collect()
}

/// What the project declares of its trainer.
fn without_digests(trainer: Trainer) -> BTreeMap<String, Value> {
    let mut parameters = trainer.parameters;
    let tools = COMMAND_TOOLS.into_iter().filter(|_| trainer.name == train::COMMAND);
    for (tool, _) in tools {
        if let Some(Value::Object(tool)) = parameters.get_mut(tool) {
            tool.remove("sha256");
        }
    }
    parameters
}

fn data(kept: &Manifest, made: &Manifest) -> Vec<String> {
    let files = |manifest: &Manifest| {
        manifest.training_set.as_ref().map_or_else(Vec::new, |set| set.files.clone())
    };
    let (kept, made) = (files(kept), files(made));
    let changed = kept.iter().filter(|file| !made.contains(file));
    changed
        .map(|file| match made.iter().find(|other| other.path == file.path) {
            Some(now) => format!(
                "{}: {} rows of SHA-256 {} then, {} rows of {} now",
                file.path, file.rows, file.sha256, now.rows, now.sha256
            ),
            None => format!("{} is not read any more", file.path),
        })
        .collect()
}

fn hardware(then: &Machine, now: &Machine) -> Vec<String> {
    let mut found = Vec::new();
    let place = |machine: &Machine| format!("{} on {}", machine.system, machine.architecture);
    if place(then) != place(now) {
        found.push(format!("{} then, {} now", place(then), place(now)));
    }
    if then.features != now.features {
        let listed = |machine: &Machine| machine.features.join(" ");
        found.push(format!("processor with {} then, {} now", listed(then), listed(now)));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shipworthy_core::{FileDigest, Output, SourceFile, Task, TrainingSet};

    use super::*;

    fn manifest() -> Manifest {
        let file = |name| FileDigest::of(name, b"{}");
        Manifest {
            format: Manifest::FORMAT,
            project: "delay".to_owned(),
            model: file("model.json"),
            contract: file("contract.json"),
            golden: None,
            output: Output { task: Task::Regression, target: "y".to_owned(), classes: Vec::new() },
            trainer: Trainer {
                name: "builtin".to_owned(),
                version: Some("1".to_owned()),
                seed: Some(1),
                parameters: BTreeMap::new(),
            },
            training_set: Some(TrainingSet {
                files: vec![SourceFile { path: "a".to_owned(), sha256: "x".to_owned(), rows: 1 }],
                label: "y".to_owned(),
                rows: 1,
                validation_rows: 1,
                from: None,
                until: None,
                first: None,
                last: None,
            }),
            commit: Some("c".to_owned()),
        }
    }

    fn machine(features: &[&str]) -> Machine {
        Machine {
            system: "linux".to_owned(),
            architecture: "x86_64".to_owned(),
            features: features.iter().map(|name| (*name).to_owned()).collect(),
            processors: 2,
        }
    }

    fn parts(made: &Manifest, now: &Machine) -> Vec<Part> {
        let then = machine(&["avx2"]);
        let found = differences(&manifest(), made, Some(&then), now);
        found.into_iter().map(|difference| difference.what).collect()
    }

    #[test]
    fn what_differs_is_named() {
        let same = machine(&["avx2"]);
        assert_eq!(parts(&manifest(), &same), []);
        assert_eq!(parts(&manifest(), &machine(&[])), [Part::Hardware]);
        let mut made = manifest();
        if let Some(set) = &mut made.training_set {
            set.files[0].sha256 = "y".to_owned();
        }
        made.model = FileDigest::of("model.json", b"other");
        assert_eq!(parts(&made, &same), [Part::Data, Part::File]);
        made = manifest();
        made.trainer.version = Some("2".to_owned());
        assert_eq!(parts(&made, &same), [Part::Tool]);
        made = manifest();
        made.trainer.seed = Some(2);
        assert_eq!(parts(&made, &same), [Part::Code]);
    }

    #[test]
    fn another_interpreter_or_lock_file_is_another_tool() {
        let of_command = |interpreter: &str, lock: &str, depth: u32| {
            let mut manifest = manifest();
            manifest.trainer.name = train::COMMAND.to_owned();
            manifest.trainer.version = None;
            manifest.trainer.parameters = BTreeMap::from([
                ("interpreter".to_owned(), json!({"name": "python3", "sha256": interpreter})),
                ("lock".to_owned(), json!({"path": "uv.lock", "sha256": lock})),
                ("max_depth".to_owned(), depth.into()),
            ]);
            manifest
        };
        let kept = of_command("a", "b", 3);
        let found = |made| differences(&kept, &made, None, &machine(&[]));
        assert_eq!(found(of_command("a", "b", 3)), []);
        let tool = |detail: &str| Difference { what: Part::Tool, detail: detail.to_owned() };
        let python = tool("interpreter python3: SHA-256 a then, c now");
        let lock = tool("lock uv.lock: SHA-256 b then, d now");
        assert_eq!(found(of_command("a", "d", 3))[..], [lock][..]);
        assert_eq!(found(of_command("c", "b", 3))[..], [python][..]);
        let parts = found(of_command("c", "d", 3)).into_iter().map(|difference| difference.what);
        assert_eq!(parts.collect::<Vec<_>>(), [Part::Tool, Part::Tool]);
        assert_eq!(found(of_command("a", "b", 4))[0].what, Part::Code);
    }
}
