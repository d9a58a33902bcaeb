//! `shipworthy image build`: a release as an image that any container runtime runs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args as ClapArgs;
use serde_json::{Value, json};
use shipworthy_control::image::{self, Base, Built, Layout, Parts, STATEMENT, architecture};
use shipworthy_control::project::{LedgerSizes, Project};
use shipworthy_control::release::{Archive, Shelf};
use shipworthy_control::statement::{self, Image, latest, require};
use shipworthy_core::ReleaseId;
use shipworthy_core::attestation::{Statement, predicate};
use shipworthy_core::signing::SigningKey;
use shipworthy_rows::Timestamp;
use shipworthy_store::{Permission, StateDir};

use super::linked;
use crate::cli::Outcome;
use crate::client::{Client, Found, RemoteArgs, TokenArgs, find, segment};
use crate::commands::release::shelf;
use crate::model_loader::ModelLoader;
use crate::onnx_runtime::OnnxRuntime;
use crate::registry::{Reference, Registry, RegistryArgs};
use crate::server::{State, copy_events};
use crate::signing::SigningArgs;
use crate::state::{StateArgs, project_file, read_project};
use crate::system::System;
use crate::{input, output};

/// What is attached, and how it is packed: <https://www.iana.org/assignments/media-types/>.
const CYCLONEDX: &str = "application/vnd.cyclonedx+json";
const IN_TOTO: &str = "application/vnd.in-toto+json";
/// The annotation that tells what a statement says.
const PREDICATE_TYPE: &str = "in-toto.io/predicate-type";

/// Build the image of a release: a file that podman, docker and every registry take.
///
/// No daemon is needed. The same release, binary and base give the same digest, wherever and whenever
/// they are put together. In the image, this program serves the release as nobody (user 65532), with
/// its state on the volume /var/lib/shipworthy; nothing else needs to be written. What tells how it was
/// built is signed and attached to it. That the release is in this image is said about the release.
#[derive(ClapArgs, Debug)]
#[command(
    after_help = "Examples:\n  shipworthy image build late@stable --output late.tar\n  podman load \
    --input late.tar\n\nOn a base that is pinned, of Debian's packages:\n  mmdebstrap --variant=custom \
    --mode=chrootless --skip=output/dev --include=libc6,libgcc-s1,libstdc++6,ca-certificates bookworm \
    base.tar\n  shipworthy image build late@stable --base base.tar --output late.tar"
)]
pub(super) struct Args {
    /// The release: its id, at least six digits of it, or its slot: ENDPOINT@stable, @candidate,
    /// @previous (the only endpoint needs no name).
    #[arg(value_name = "RELEASE")]
    release: String,

    #[command(flatten)]
    state: StateArgs,

    /// The file to write: an OCI layout as a tar archive.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,

    /// What the binary stands on: a tar archive of files, or an image in a registry. Without one it is
    /// nothing but the libraries that the binary is linked to, as this machine has them; of a static
    /// binary nothing at all.
    #[arg(long, value_name = "FILE|REFERENCE")]
    base: Option<String>,

    #[command(flatten)]
    registry: RegistryArgs,

    /// The project whose policy (`[decision]`, `[limits]`, `[rollout]`) the server goes by, if it is not
    /// the one that the state directory lies in. Without a project it decides at 0.5.
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,

    /// The name that `podman load` gives to the image; else localhost/PROJECT:DIGITS.
    #[arg(long, value_name = "NAME:TAG")]
    name: Option<String>,

    /// Why; it stands in the record of this action.
    #[arg(long, value_name = "WHY", default_value = "built by `shipworthy image build`")]
    reason: String,

    #[command(flatten)]
    actor: TokenArgs,

    #[command(flatten)]
    signing: SigningArgs,

    #[command(flatten)]
    onnx: OnnxRuntime,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, system: &System) -> Result<Outcome> {
    let shelf =
        Shelf { models: ModelLoader::for_command(&args.onnx, system), ..shelf(&args.state)? };
    let id = shelf.resolve(&args.release)?;
    let archive = shelf.export(&id)?;
    let project = project(args, &archive)?;
    if let Some((project, _)) = &project {
        allowed(project, &id, &shelf)?;
    }
    let place = Place::find(args, system)?;
    let signer = place.signer(args, &shelf, system)?;

    let (said, archive) = (archive.statements().to_vec(), archive.bare());
    let base = args.base.as_deref().map(|base| read_base(base, args.registry)).transpose()?;
    let text = project.as_ref().map(|(_, text)| text.as_str());
    let built = build(args, &archive, (text, base.as_ref()))?;
    let Built { image, sbom, manifest, size_bytes } = built;
    let told = Image {
        digest: image.image().digest().to_string(),
        size_bytes,
        platform: format!("linux/{}", architecture()),
        revision: manifest.commit.clone(),
        base: base.map(|Base { name, digest, .. }| statement::Base { name, digest }),
    };
    let provenance = statement::image_provenance(&told, &id, System::pipeline().as_ref());
    let hex = image.image().digest().digest().to_owned();
    let provenance = provenance.sign_about(&manifest.project, &hex, &signer)?;

    let name = args.name.clone();
    let name =
        name.unwrap_or_else(|| format!("localhost/{}:{}", manifest.project, &id.hex()[..12]));
    let mut image = image.named(&name);
    attach(&mut image, sbom, &[&[provenance], said.as_slice()].concat());
    output::file(&args.output, |out| image.write(out))
        .with_context(|| format!("cannot write {}", args.output.display()))?;
    place.record(args, (&id, &shelf), (&told, &signer), system)?;
    print(args, &id, &told, &name)
}

/// The project file that goes into the image: the one that was named, or that of the project which
/// the state directory lies in. It must be the release's.
fn project(args: &Args, archive: &Archive) -> Result<Option<(Project, String)>> {
    let name = archive.manifest()?.project;
    let (directory, is_asked) = match &args.project {
        Some(directory) => (directory.clone(), true),
        None => (args.state.state.join(".."), false),
    };
    let file = project_file(&directory);
    if !is_asked && !file.is_file() {
        output::note("there is no project beside the state: the image decides at 0.5");
        return Ok(None);
    }
    let project = read_project(&directory)?;
    if project.identity.name == name {
        return Ok(Some((project, input::text(&file)?)));
    }
    let (file, found) = (file.display(), &project.identity.name);
    if is_asked {
        bail!("{file} declares `{found}`, and the release is one of `{name}`");
    }
    output::note(&format!("{file} declares `{found}`, not `{name}`: the image decides at 0.5"));
    Ok(None)
}

/// A server asks nothing of the release of its image: what the policy requires is asked here.
fn allowed(project: &Project, id: &ReleaseId, shelf: &Shelf) -> Result<()> {
    if let Err(lacking) = require(&project.rollout.requires, id, &shelf.statements(id)?) {
        bail!("{lacking}: {}", lacking.hint);
    }
    Ok(())
}

fn build(
    args: &Args,
    release: &Archive,
    (project, base): (Option<&str>, Option<&Base>),
) -> Result<Built> {
    let manifest = release.manifest()?;
    let binary = linked::this_program()?;
    let model = release.file(&manifest.model.name);
    let onnxruntime = args.onnx.library_for(model).map(|path| linked::read(&path)).transpose()?;
    let libraries = match base {
        Some(_) => Vec::new(),
        None => linked::libraries(&binary, onnxruntime.as_ref())?,
    };
    Ok(image::build(&Parts {
        release,
        project,
        binary: &binary.bytes,
        libraries: &libraries,
        onnxruntime: onnxruntime.as_ref(),
        base,
        sources: linked::SOURCES,
        created: created()?,
    })?)
}

/// The time that the image tells: none of its own, for the same image must be the same bytes. Whoever
/// wants another sets the variable that <https://reproducible-builds.org/specs/source-date-epoch/> knows.
fn created() -> Result<Timestamp> {
    const VARIABLE: &str = "SOURCE_DATE_EPOCH";
    let seconds = System::variable(VARIABLE).map_or(Ok(0), |text| text.parse::<u32>());
    let seconds = seconds.with_context(|| format!("{VARIABLE} holds no number of seconds"))?;
    Ok(Timestamp::from_millis(i64::from(seconds) * 1_000))
}

fn read_base(base: &str, registry: RegistryArgs) -> Result<Base> {
    if let (false, Ok(reference)) = (Path::new(base).is_file(), base.parse::<Reference>()) {
        let told = || format!("cannot pull the base {base}");
        let image = Registry::to_pull(&reference, registry)?.pull_base().with_context(told)?;
        return Base::of_image(base, &image).with_context(|| format!("{base} is no base"));
    }
    let bytes = fs::read(base).with_context(|| format!("cannot read the base {base}"))?;
    let name = Path::new(base).file_name().map_or(base.into(), |name| name.to_string_lossy());
    Base::of_tar(&name, bytes).with_context(|| format!("{base} is no base"))
}

/// The bill of materials, and what is said about the release.
fn attach(image: &mut Layout, sbom: String, said: &[String]) {
    let none = BTreeMap::new;
    image.attach(CYCLONEDX, CYCLONEDX, sbom.into_bytes(), none());
    for envelope in said {
        let kind = Statement::predicate_type_of(envelope).unwrap_or_default();
        // What is said of images names one: this one would differ by whether it was built before.
        if kind != predicate::IMAGE {
            let annotation = (PREDICATE_TYPE.to_owned(), kind);
            image.attach(IN_TOTO, STATEMENT, envelope.clone().into_bytes(), [annotation].into());
        }
    }
}

/// Where it is said that the release is in an image.
enum Place {
    /// At the server that holds the state directory.
    Server(Client),
    /// In the files: nobody holds them.
    Files(Box<State>),
}

impl Place {
    fn find(args: &Args, system: &System) -> Result<Self> {
        let remote = RemoteArgs { server: None, actor: args.actor.clone() };
        match find(&args.state.state, &remote)? {
            Found::Server(client) => Ok(Self::Server(client)),
            Found::Files(lock) => {
                drop(lock);
                let models = ModelLoader::for_command(&args.onnx, system);
                Ok(Self::Files(Box::new(State::open(&args.state.state, models, system)?)))
            }
        }
    }

    fn signer(&self, args: &Args, shelf: &Shelf, system: &System) -> Result<SigningKey> {
        let key = match self {
            Self::Server(_) => args.signing.beside(&StateDir::open(&args.state.state)?)?,
            Self::Files(kept) => args.signing.signer(kept, None, system)?,
        };
        shelf.check_signer(&key)?;
        Ok(key)
    }

    /// Says about the release that it is in the image, unless that was the last that was said of it.
    fn record(
        &self,
        args: &Args,
        (id, shelf): (&ReleaseId, &Shelf),
        (image, signer): (&Image, &SigningKey),
        system: &System,
    ) -> Result<()> {
        let said = statement::image(image)?;
        if latest(&shelf.statements(id)?, predicate::IMAGE) == Some(&said.predicate) {
            return Ok(());
        }
        match self {
            Self::Server(client) => {
                let body = json!({"type": said.predicate_type, "predicate": said.predicate,
                    "reason": args.reason});
                let path = format!("/v1/releases/{}:attest", segment(id.as_str()));
                client.post::<_, Value>(&path, &body)?;
            }
            Self::Files(kept) => {
                let by = kept.authorise(&args.actor, Permission::Control, &args.reason, system)?;
                let attested = kept.shelf.attest(id, &said, signer, &by);
                copy_events(&kept.lock, &kept.shelf.store, &LedgerSizes::default(), system);
                attested?;
            }
        }
        Ok(())
    }
}

fn print(args: &Args, id: &ReleaseId, image: &Image, name: &str) -> Result<Outcome> {
    let size_bytes = fs::metadata(&args.output)?.len();
    if args.json {
        output::json(&json!({
            "digest": image.digest,
            "size_bytes": size_bytes,
            "release": id.as_str(),
            "revision": image.revision,
            "platform": image.platform,
            "name": name,
            "path": args.output,
        }))?;
        return Ok(Outcome::Done);
    }
    output::line(&image.digest)?;
    let megabytes = size_bytes / 1_000_000;
    let path = args.output.display();
    output::note(&format!("{name}: {megabytes} MB; to try it: podman load --input {path}"));
    Ok(Outcome::Done)
}
