//! An image with what is attached to it, whole, in memory.
//!
//! **Invariant:** every blob that a manifest names is here, in the length and with the digest that
//! the manifest says, and nothing else is. What is attached is about this image.

mod error;
mod file;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use oci_spec::image::{
    Descriptor, ImageConfiguration, ImageIndex, ImageManifest, ImageManifestBuilder, MediaType,
    SCHEMA_VERSION, Sha256Digest,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use shipworthy_core::canonical;

pub use error::LayoutError;

/// The most bytes of an image with what is attached to it: a base, the binary, and a release with
/// the longest of models.
pub const MAX_IMAGE_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// The most blobs of an image with what is attached to it; an image of Docker has at most 127 layers.
pub const MAX_BLOBS: usize = 1024;
/// The longest manifest, index or configuration: what registries take.
pub const MAX_JSON_BYTES: usize = 4 * 1024 * 1024;

/// The annotation of a layout's index that has the digest of the index of what is attached.
const REFERRERS: &str = "io.shipworthy.referrers";
/// The configuration of what is attached.
const EMPTY: &[u8] = b"{}";

/// Blobs by their digests.
pub type Blobs = BTreeMap<String, Vec<u8>>;

/// A layer of an image, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// How it is packed.
    pub media_type: MediaType,
    /// The packed bytes.
    pub bytes: Vec<u8>,
}

/// An image with what is attached to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    image: Descriptor,
    manifest: ImageManifest,
    referrers: Vec<Descriptor>,
    blobs: Blobs,
    name: Option<String>,
}

impl Layout {
    /// An image of layers, bottom first; `config` is its configuration as JSON.
    #[must_use]
    pub fn new(config: Vec<u8>, layers: Vec<Layer>, annotations: BTreeMap<String, String>) -> Self {
        let mut blobs = Blobs::new();
        let config = added(&mut blobs, MediaType::ImageConfig, config);
        let layer = |layer: Layer| added(&mut blobs, layer.media_type, layer.bytes);
        let layers: Vec<_> = layers.into_iter().map(layer).collect();
        let manifest = ImageManifestBuilder::default()
            .schema_version(SCHEMA_VERSION)
            .media_type(MediaType::ImageManifest)
            .config(config)
            .layers(layers)
            .annotations(annotations.into_iter().collect::<HashMap<_, _>>())
            .build()
            .expect("its required fields are set");
        let image = added(&mut blobs, MediaType::ImageManifest, json(&manifest));
        Self { image, manifest, referrers: Vec::new(), blobs, name: None }
    }

    /// The image of a manifest among blobs, with the artifacts that are attached to it. Blobs that
    /// none of them names are left out.
    ///
    /// # Errors
    /// When a blob is missing or not what a manifest says, or an artifact is about something else.
    pub fn assembled(
        image: &Descriptor,
        artifacts: &[Descriptor],
        mut found: Blobs,
    ) -> Result<Self, LayoutError> {
        let mut blobs = Blobs::new();
        let manifest = taken(image, "manifest", &mut found, &mut blobs)?;
        let image = bare(image, &manifest);
        let mut layout = Self { image, manifest, referrers: Vec::new(), blobs, name: None };
        layout.take_parts(&layout.manifest.clone(), &mut found)?;
        layout.configuration()?;
        for artifact in artifacts {
            layout.take_artifact(artifact, &mut found)?;
        }
        Ok(layout)
    }

    /// The same with a name, which tools give to the image when they load its file.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    /// Attaches an artifact of one blob.
    pub fn attach(
        &mut self,
        artifact_type: &str,
        media_type: &str,
        bytes: Vec<u8>,
        annotations: BTreeMap<String, String>,
    ) {
        let config = added(&mut self.blobs, MediaType::EmptyJSON, EMPTY.to_vec());
        let layer = added(&mut self.blobs, MediaType::from(media_type), bytes);
        let artifact = ImageManifestBuilder::default()
            .schema_version(SCHEMA_VERSION)
            .media_type(MediaType::ImageManifest)
            .artifact_type(artifact_type)
            .config(config)
            .layers([layer])
            .subject(self.image.clone())
            .annotations(annotations.into_iter().collect::<HashMap<_, _>>())
            .build()
            .expect("its required fields are set");
        let descriptor = added(&mut self.blobs, MediaType::ImageManifest, json(&artifact));
        self.refer(descriptor, &artifact);
    }

    /// The descriptor of the image's manifest; its digest is the image's.
    #[must_use]
    pub const fn image(&self) -> &Descriptor {
        &self.image
    }

    /// The image's manifest.
    #[must_use]
    pub const fn manifest(&self) -> &ImageManifest {
        &self.manifest
    }

    /// An annotation of the image's manifest.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.manifest.annotations().as_ref()?.get(key).map(String::as_str)
    }

    /// The image's configuration, as it is stored.
    #[must_use]
    pub fn config(&self) -> &[u8] {
        self.named_blob(self.manifest.config())
    }

    /// The image's configuration.
    ///
    /// # Errors
    /// When it cannot be read; that of a layout which was read or assembled can.
    pub fn configuration(&self) -> Result<ImageConfiguration, LayoutError> {
        parsed("configuration", self.config())
    }

    /// The layers, bottom first, as they are stored; those of Docker under the names of this
    /// specification, which mean the same.
    pub fn layers(&self) -> impl Iterator<Item = Layer> {
        self.manifest.layers().iter().map(|layer| Layer {
            media_type: renamed(layer.media_type()),
            bytes: self.named_blob(layer).to_vec(),
        })
    }

    /// A blob by its digest.
    #[must_use]
    pub fn blob(&self, digest: &str) -> Option<&[u8]> {
        self.blobs.get(digest).map(Vec::as_slice)
    }

    /// All blobs, the manifests among them.
    #[must_use]
    pub const fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// What is attached: descriptors of manifests, with their types and annotations.
    #[must_use]
    pub fn referrers(&self) -> &[Descriptor] {
        &self.referrers
    }

    /// The bytes of the first blob of an attached artifact.
    #[must_use]
    pub fn attached(&self, referrer: &Descriptor) -> Option<&[u8]> {
        let artifact: ImageManifest =
            serde_json::from_slice(self.blob(referrer.digest().as_ref())?).ok()?;
        self.blob(artifact.layers().first()?.digest().as_ref())
    }

    /// The name that its file gives it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The index of what is attached, as registries without the API of referrers keep it.
    #[must_use]
    pub fn referrers_index(&self) -> Vec<u8> {
        index(self.referrers.clone())
    }

    fn named_blob(&self, descriptor: &Descriptor) -> &[u8] {
        self.blob(descriptor.digest().as_ref()).expect("the blobs of its manifest are here")
    }

    fn take_artifact(
        &mut self,
        descriptor: &Descriptor,
        found: &mut Blobs,
    ) -> Result<(), LayoutError> {
        let artifact: ImageManifest = taken(descriptor, "artifact", found, &mut self.blobs)?;
        let subject = artifact.subject().as_ref().map(Descriptor::digest);
        if subject != Some(self.image.digest()) {
            let digest = descriptor.digest().to_string();
            return Err(LayoutError::Subject { digest });
        }
        self.take_parts(&artifact, found)?;
        self.refer(bare(descriptor, &artifact), &artifact);
        Ok(())
    }

    /// The configuration and the layers of a manifest.
    fn take_parts(
        &mut self,
        manifest: &ImageManifest,
        found: &mut Blobs,
    ) -> Result<(), LayoutError> {
        take(manifest.config(), "configuration", found, &mut self.blobs)?;
        for layer in manifest.layers() {
            take(layer, "layer", found, &mut self.blobs)?;
        }
        Ok(())
    }

    /// Lists an artifact as the specification of registries does: with its type and annotations.
    fn refer(&mut self, mut descriptor: Descriptor, artifact: &ImageManifest) {
        if self.referrers.iter().any(|other| other.digest() == descriptor.digest()) {
            return;
        }
        let config = artifact.config().media_type();
        let kind = artifact.artifact_type().as_ref().unwrap_or(config);
        descriptor.set_artifact_type(Some(kind.clone()));
        descriptor.set_annotations(artifact.annotations().clone());
        self.referrers.push(descriptor);
    }
}

fn renamed(media_type: &MediaType) -> MediaType {
    match media_type.as_ref() {
        "application/vnd.docker.image.rootfs.diff.tar.gzip" => MediaType::ImageLayerGzip,
        "application/vnd.docker.image.rootfs.diff.tar" => MediaType::ImageLayer,
        _ => media_type.clone(),
    }
}

/// The one of an index that is of this machine's platform; one alone need not say its platform.
///
/// # Errors
/// When none is, or several are.
pub fn of_this_platform(index: &ImageIndex) -> Result<&Descriptor, LayoutError> {
    use oci_spec::image::{Arch, Os};
    if let [one] = &index.manifests()[..] {
        return Ok(one);
    }
    let (os, architecture) = (Os::Linux, Arch::default());
    let is_ours = |descriptor: &&Descriptor| {
        let platform = descriptor.platform().as_ref();
        platform.is_some_and(|of| *of.os() == os && *of.architecture() == architecture)
    };
    let mut ours = index.manifests().iter().filter(is_ours);
    match (ours.next(), ours.next()) {
        (Some(one), None) => Ok(one),
        (one, _) => Err(LayoutError::Platform {
            platform: format!("{os}/{architecture}"),
            found: if one.is_some() { "several images" } else { "no image" },
        }),
    }
}

/// What a descriptor says of a manifest alone: its type as the manifest has it, since no digest holds
/// the descriptor to what it was.
fn bare(descriptor: &Descriptor, manifest: &ImageManifest) -> Descriptor {
    let media_type = manifest.media_type().as_ref().unwrap_or(descriptor.media_type());
    Descriptor::new(media_type.clone(), descriptor.size(), descriptor.digest().clone())
}

/// An index of manifests, in the canonical spelling.
fn index(manifests: Vec<Descriptor>) -> Vec<u8> {
    let mut index = ImageIndex::default();
    index.set_media_type(Some(MediaType::ImageIndex)).set_manifests(manifests);
    json(&index)
}

fn json(value: &impl Serialize) -> Vec<u8> {
    canonical::to_string(value).expect("manifests have a JSON form").into_bytes()
}

fn parsed<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, LayoutError> {
    if bytes.len() > MAX_JSON_BYTES {
        return Err(LayoutError::TooLong { what, bytes: bytes.len() });
    }
    serde_json::from_slice(bytes).map_err(|source| LayoutError::Unreadable { what, source })
}

/// Puts a blob among the others.
fn added(blobs: &mut Blobs, media_type: MediaType, bytes: Vec<u8>) -> Descriptor {
    let hex = canonical::sha256_hex(&bytes);
    let digest: Sha256Digest = hex.parse().expect("64 hexadecimal digits are a digest");
    let descriptor = Descriptor::new(media_type, bytes.len() as u64, digest);
    blobs.insert(descriptor.digest().to_string(), bytes);
    descriptor
}

/// Moves the blob of a descriptor, once it is found whole, and reads it.
fn taken(
    descriptor: &Descriptor,
    what: &'static str,
    found: &mut Blobs,
    blobs: &mut Blobs,
) -> Result<ImageManifest, LayoutError> {
    take(descriptor, what, found, blobs)?;
    parsed(what, &blobs[descriptor.digest().as_ref()])
}

fn take(
    descriptor: &Descriptor,
    what: &'static str,
    found: &mut Blobs,
    blobs: &mut Blobs,
) -> Result<(), LayoutError> {
    let digest = descriptor.digest().to_string();
    if !blobs.contains_key(&digest) {
        whole(&digest, what, found)?;
        blobs.extend(found.remove_entry(&digest));
    }
    let found = blobs[&digest].len() as u64;
    if found != descriptor.size() {
        return Err(LayoutError::Length { what, digest, found, said: descriptor.size() });
    }
    Ok(())
}

/// The bytes that a digest stands for.
fn whole<'a>(digest: &str, what: &'static str, blobs: &'a Blobs) -> Result<&'a [u8], LayoutError> {
    let owned = || digest.to_owned();
    let Some(bytes) = blobs.get(digest) else {
        return Err(LayoutError::Missing { what, digest: owned() });
    };
    let found = format!("sha256:{}", canonical::sha256_hex(bytes));
    if found == digest {
        Ok(bytes)
    } else {
        Err(LayoutError::Damaged { what, digest: owned(), found })
    }
}
