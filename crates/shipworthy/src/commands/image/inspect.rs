//! `shipworthy image inspect FILE|REFERENCE`.

use anyhow::Result;
use comfy_table::{ContentArrangement, Table, presets};
use oci_spec::image::{Descriptor, ImageManifest};
use serde::Serialize;
use serde_json::Value;
use shipworthy_control::image::{BASE_DIGEST, BASE_NAME, Layout, RELEASE, REVISION};
use shipworthy_core::attestation::Statement;

use super::One;
use crate::cli::Outcome;
use crate::output;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(flatten)]
    one: One,
}

/// What an image says of itself; nothing of it is checked but the digests.
#[derive(Serialize)]
struct Shown {
    digest: String,
    /// Of the packed layers and the configuration.
    size_bytes: u64,
    platform: String,
    user: Option<String>,
    entrypoint: Vec<String>,
    command: Vec<String>,
    release: Option<String>,
    revision: Option<String>,
    base: Option<String>,
    base_digest: Option<String>,
    layers: Vec<Part>,
    attached: Vec<Attached>,
}

#[derive(Serialize)]
struct Part {
    digest: String,
    media_type: String,
    size_bytes: u64,
}

#[derive(Serialize)]
struct Attached {
    #[serde(rename = "type")]
    kind: String,
    /// The digest of its manifest.
    digest: String,
    size_bytes: u64,
    /// What a statement says, by its URI.
    predicate_type: Option<String>,
    /// The key that signed a statement, as it says.
    key_id: Option<String>,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let shown = Shown::of(&args.one.layout()?)?;
    if args.one.json {
        output::json(&shown)?;
    } else {
        output::line(&shown.text())?;
    }
    Ok(Outcome::Done)
}

impl Shown {
    fn of(layout: &Layout) -> Result<Self> {
        let configuration = layout.configuration()?;
        let told = |key| layout.annotation(key).map(str::to_owned);
        let parts = layout.manifest().layers().iter().map(Part::of);
        let layers: Vec<_> = parts.collect();
        let size_bytes = layers.iter().map(|layer| layer.size_bytes).sum::<u64>();
        let run = configuration.config().clone().unwrap_or_default();
        Ok(Self {
            digest: layout.image().digest().to_string(),
            size_bytes: size_bytes.saturating_add(layout.manifest().config().size()),
            platform: format!("{}/{}", configuration.os(), configuration.architecture()),
            user: run.user().clone().filter(|user| !user.is_empty()),
            entrypoint: run.entrypoint().clone().unwrap_or_default(),
            command: run.cmd().clone().unwrap_or_default(),
            release: told(RELEASE),
            revision: told(REVISION),
            base: told(BASE_NAME),
            base_digest: told(BASE_DIGEST),
            layers,
            attached: layout.referrers().iter().map(|one| Attached::of(layout, one)).collect(),
        })
    }

    fn text(&self) -> String {
        let none = || "none".to_owned();
        let words = |words: &[String]| if words.is_empty() { none() } else { words.join(" ") };
        let base = match (&self.base, &self.base_digest) {
            (Some(base), Some(digest)) => format!("{base} {digest}"),
            (base, digest) => base.clone().or_else(|| digest.clone()).unwrap_or_else(none),
        };
        let mut lines = vec![
            self.digest.clone(),
            format!("size        {} bytes", self.size_bytes),
            format!("platform    {}", self.platform),
            format!("user        {}", self.user.clone().unwrap_or_else(|| "root".to_owned())),
            format!("entrypoint  {}", words(&self.entrypoint)),
            format!("command     {}", words(&self.command)),
            format!("release     {}", self.release.clone().unwrap_or_else(none)),
            format!("commit      {}", self.revision.clone().unwrap_or_else(none)),
            format!("base        {base}"),
        ];
        // What an image says must not steer the terminal.
        for line in &mut lines {
            *line = plain(line);
        }
        lines.push(self.layers_table());
        if !self.attached.is_empty() {
            lines.push(self.attached_table());
        }
        lines.join("\n")
    }

    fn layers_table(&self) -> String {
        let rows = self.layers.iter();
        let rows = rows.map(|part| {
            [part.digest.clone(), part.size_bytes.to_string(), plain(&part.media_type)]
        });
        table(["LAYER", "BYTES", "TYPE"], rows.collect())
    }

    fn attached_table(&self) -> String {
        let rows = self.attached.iter().map(|one| {
            let kind = one.predicate_type.as_ref().unwrap_or(&one.kind);
            let key = one.key_id.as_deref().unwrap_or("none");
            [plain(kind), plain(key.get(..12).unwrap_or(key)), one.digest.clone()]
        });
        table(["ATTACHED", "KEY", "DIGEST"], rows.collect())
    }
}

impl Part {
    fn of(descriptor: &Descriptor) -> Self {
        Self {
            digest: descriptor.digest().to_string(),
            media_type: descriptor.media_type().to_string(),
            size_bytes: descriptor.size(),
        }
    }
}

impl Attached {
    fn of(layout: &Layout, referrer: &Descriptor) -> Self {
        let manifest = layout.blob(referrer.digest().as_ref()).unwrap_or_default();
        let manifest = serde_json::from_slice::<ImageManifest>(manifest);
        let layers = manifest.map(|manifest| manifest.layers().clone()).unwrap_or_default();
        let bytes = layout.attached(referrer).unwrap_or_default();
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let predicate_type = Statement::predicate_type_of(text);
        let key_id = predicate_type.as_ref().and_then(|_| signer(text));
        Self {
            kind: referrer.artifact_type().as_ref().map_or_else(String::new, ToString::to_string),
            digest: referrer.digest().to_string(),
            size_bytes: layers.iter().map(Descriptor::size).sum(),
            predicate_type,
            key_id,
        }
    }
}

/// Whose signature a statement has, as it says.
fn signer(envelope: &str) -> Option<String> {
    let envelope: Value = serde_json::from_str(envelope).ok()?;
    envelope["signatures"][0]["keyid"].as_str().map(str::to_owned)
}

fn plain(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect()
}

fn table(header: [&str; 3], rows: Vec<[String; 3]>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    table.add_rows(rows);
    table.trim_fmt()
}
