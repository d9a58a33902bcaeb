//! Pulling: an image for this machine, with what is attached to it or without.

use anyhow::{Context, Result, anyhow};
use oci_spec::image::{Descriptor, ImageIndex, ImageManifest, MediaType, Sha256Digest};
use serde::Deserialize;
use serde::de::IgnoredAny;
use shipworthy_control::image::layout::{self, Blobs, MAX_BLOBS, MAX_IMAGE_BYTES};
use shipworthy_control::image::{Layout, LayoutError};
use shipworthy_core::canonical;

use super::http::Ask;
use super::{MAX_MANIFEST_BYTES, Registry, fallback_tag, index};

/// The most pages of a list of what is attached.
const MAX_PAGES: usize = 64;

/// What tells an index from a manifest.
#[derive(Deserialize)]
struct Kind {
    manifests: Option<IgnoredAny>,
    #[serde(rename = "mediaType")]
    media_type: Option<MediaType>,
}

/// What has been pulled.
struct Pulled {
    blobs: Blobs,
    /// How many bytes may still come.
    room: u64,
}

impl Registry {
    /// Pulls an image with what is attached to it.
    ///
    /// # Errors
    /// When it is not there, not for this machine, or not what its manifest says
    /// ([`LayoutError`]).
    pub(crate) fn pull(&self) -> Result<Layout> {
        let (image, mut pulled) = self.pull_image()?;
        let mut artifacts = self.artifacts(&image)?;
        artifacts.retain(|one| *one.media_type() == MediaType::ImageManifest);
        for artifact in &artifacts {
            let digest = artifact.digest().as_ref();
            let missing = || LayoutError::Missing { what: "artifact", digest: digest.to_owned() };
            let bytes = self.manifest(digest)?.ok_or_else(missing)?;
            self.pull_parts(&bytes, "artifact", &mut pulled)?;
            pulled.blobs.insert(digest.to_owned(), bytes);
        }
        Ok(Layout::assembled(&image, &artifacts, pulled.blobs)?)
    }

    /// Pulls an image alone, to build upon: its configuration and layers.
    ///
    /// # Errors
    /// As [`Registry::pull`].
    pub(crate) fn pull_base(&self) -> Result<Layout> {
        let (image, pulled) = self.pull_image()?;
        Ok(Layout::assembled(&image, &[], pulled.blobs)?)
    }

    fn pull_image(&self) -> Result<(Descriptor, Pulled)> {
        let mut name = self.reference.name().to_owned();
        let (mut bytes, mut kind) = self.found(&name)?;
        if kind.manifests.is_some() {
            let index: ImageIndex = index(&bytes, &format!("what {} means", self.reference))?;
            name = layout::of_this_platform(&index)?.digest().to_string();
            (bytes, kind) = self.found(&name)?;
        }
        // By its digest it must be what was asked for; by a tag it is what it is.
        let digest = if name.starts_with("sha256:") { name } else { digest(&bytes) };
        let hex = digest.trim_start_matches("sha256:");
        let parsed: Sha256Digest =
            hex.parse().map_err(|_| anyhow!("`{digest}` is no digest that is read here"))?;
        let media_type = kind.media_type.unwrap_or(MediaType::ImageManifest);
        let image = Descriptor::new(media_type, bytes.len() as u64, parsed);
        let mut pulled = Pulled { blobs: Blobs::new(), room: MAX_IMAGE_BYTES };
        self.pull_parts(&bytes, "manifest", &mut pulled)?;
        pulled.blobs.insert(digest, bytes);
        Ok((image, pulled))
    }

    fn found(&self, name: &str) -> Result<(Vec<u8>, Kind)> {
        let bytes = self.manifest(name)?.with_context(|| {
            let (host, repository) = (self.reference.host(), self.reference.repository());
            format!("the registry {host} has no {repository} of the name {name}")
        })?;
        let kind = serde_json::from_slice(&bytes)
            .with_context(|| format!("what {} means is no manifest", self.reference))?;
        Ok((bytes, kind))
    }

    fn pull_parts(&self, manifest: &[u8], what: &'static str, pulled: &mut Pulled) -> Result<()> {
        let manifest: ImageManifest = serde_json::from_slice(manifest)
            .map_err(|source| LayoutError::Unreadable { what, source })?;
        self.pull_blob(manifest.config(), "configuration", pulled)?;
        for layer in manifest.layers() {
            self.pull_blob(layer, "layer", pulled)?;
        }
        Ok(())
    }

    fn pull_blob(&self, of: &Descriptor, what: &'static str, pulled: &mut Pulled) -> Result<()> {
        let digest = of.digest().as_ref();
        if pulled.blobs.contains_key(digest) {
            return Ok(());
        }
        if pulled.blobs.len() >= MAX_BLOBS {
            return Err(LayoutError::TooMany.into());
        }
        pulled.room = pulled.room.checked_sub(of.size()).ok_or(LayoutError::TooLarge)?;
        let answer = self.http.ask(&Ask::get(self.http.url(&["blobs", digest]), of.size()))?;
        match answer.status {
            200 => pulled.blobs.insert(digest.to_owned(), answer.body),
            404 => return Err(LayoutError::Missing { what, digest: digest.to_owned() }.into()),
            _ => return Err(self.refused(&answer, &format!("to give the {what} {digest}"))),
        };
        Ok(())
    }

    /// What is attached to an image: from the registry's list, or where it has none, from the one
    /// under the image's tag.
    fn artifacts(&self, image: &Descriptor) -> Result<Vec<Descriptor>> {
        let mut found = Vec::new();
        let mut next = Some(self.http.url(&["referrers", image.digest().as_ref()]));
        for page in 0..MAX_PAGES {
            let Some(url) = next else { return Ok(found) };
            let answer = self.http.ask(&Ask::get(url, MAX_MANIFEST_BYTES))?;
            if answer.status != 200 && page == 0 {
                return self.under_tag(image);
            }
            if answer.status != 200 {
                return Err(self.refused(&answer, "to list what is attached"));
            }
            let listed = index(&answer.body, "the registry's list of what is attached")?;
            found.extend(listed.manifests().iter().cloned());
            next = answer.header("link").and_then(next_page);
            next = next.map(|link| self.http.absolute(&link)).transpose()?;
        }
        Err(LayoutError::TooMany.into())
    }

    fn under_tag(&self, image: &Descriptor) -> Result<Vec<Descriptor>> {
        let tag = fallback_tag(image.digest().as_ref());
        let Some(bytes) = self.manifest(&tag)? else { return Ok(Vec::new()) };
        let listed = index(&bytes, &format!("what the registry has under {tag}"))?;
        Ok(listed.manifests().clone())
    }
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", canonical::sha256_hex(bytes))
}

/// The address in `<…>; rel="next"` (RFC 8288).
fn next_page(link: &str) -> Option<String> {
    let (address, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
    rest.contains("next").then(|| address.to_owned())
}
