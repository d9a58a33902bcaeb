//! Pushing: blobs that are not there yet, the image, what is attached to it.

use anyhow::{Context, Result, bail};
use oci_spec::image::{Descriptor, MediaType};
use shipworthy_control::image::Layout;
use shipworthy_core::canonical;
use ureq::http::Method;

use super::http::{Ask, joint};
use super::{MAX_MANIFEST_BYTES, Registry, fallback_tag, index};

impl Registry {
    /// Pushes an image under its tag, with what is attached to it.
    ///
    /// # Errors
    /// When the registry cannot be reached or refuses a part.
    pub(crate) fn push(&self, layout: &Layout) -> Result<()> {
        let image = layout.image();
        if self.reference.digest().is_some_and(|digest| digest != image.digest().as_ref()) {
            bail!("{} names another image than {}", self.reference, image.digest());
        }
        let manifests: Vec<&str> =
            layout.referrers().iter().chain([image]).map(|one| one.digest().as_ref()).collect();
        for (digest, bytes) in layout.blobs() {
            if !manifests.contains(&digest.as_str()) {
                self.push_blob(digest, bytes)?;
            }
        }
        let name = self.reference.tag().unwrap_or_else(|| image.digest().as_ref());
        self.push_manifest(name, image.media_type(), whole(layout, image))?;
        let mut unlisted = Vec::new();
        for artifact in layout.referrers() {
            let bytes = whole(layout, artifact);
            if !self.push_manifest(artifact.digest().as_ref(), artifact.media_type(), bytes)? {
                unlisted.push(artifact);
            }
        }
        self.list(image, &unlisted)
    }

    fn push_blob(&self, digest: &str, bytes: &[u8]) -> Result<()> {
        let mut ask = Ask::get(self.http.url(&["blobs", digest]), 0);
        ask.method = Method::HEAD;
        if self.http.ask(&ask)?.status == 200 {
            return Ok(());
        }
        let begin = Ask {
            method: Method::POST,
            url: self.http.url(&["blobs", "uploads/"]),
            headers: Vec::new(),
            body: Some(&[]),
            limit: MAX_MANIFEST_BYTES,
        };
        let answer = self.http.ask(&begin)?;
        if answer.status != 202 {
            return Err(self.refused(&answer, "a blob"));
        }
        let location =
            answer.header("location").context("the registry says no place for a blob")?;
        let location = self.http.absolute(location)?;
        let ask = Ask {
            method: Method::PUT,
            url: format!("{location}{}digest={digest}", joint(&location)),
            headers: vec![("content-type", "application/octet-stream".to_owned())],
            body: Some(bytes),
            limit: MAX_MANIFEST_BYTES,
        };
        match self.http.ask(&ask)? {
            answer if answer.status == 201 => Ok(()),
            answer => Err(self.refused(&answer, &format!("the blob {digest}"))),
        }
    }

    /// Whether the registry lists it at what it is attached to.
    fn push_manifest(&self, name: &str, media_type: &MediaType, bytes: &[u8]) -> Result<bool> {
        let ask = Ask {
            method: Method::PUT,
            url: self.http.url(&["manifests", name]),
            headers: vec![("content-type", media_type.to_string())],
            body: Some(bytes),
            limit: MAX_MANIFEST_BYTES,
        };
        let answer = self.http.ask(&ask)?;
        if answer.status != 201 {
            return Err(self.refused(&answer, &format!("the manifest {name}")));
        }
        let digest = format!("sha256:{}", canonical::sha256_hex(bytes));
        match answer.header("docker-content-digest") {
            Some(found) if found != digest => {
                bail!(
                    "the registry keeps {found} for the manifest {digest}: it was changed on the way"
                )
            }
            _ => Ok(answer.header("oci-subject").is_some()),
        }
    }

    /// Lists artifacts under the image's tag of them, beside those that are listed there.
    fn list(&self, image: &Descriptor, artifacts: &[&Descriptor]) -> Result<()> {
        if artifacts.is_empty() {
            return Ok(());
        }
        let tag = fallback_tag(image.digest().as_ref());
        let before = self.manifest(&tag)?;
        let mut listed = match &before {
            Some(bytes) => index(bytes, &format!("what the registry has under {tag}"))?,
            None => oci_spec::image::ImageIndex::default(),
        };
        listed.set_media_type(Some(MediaType::ImageIndex));
        let mut manifests = listed.manifests().clone();
        for artifact in artifacts {
            if !manifests.iter().any(|other| other.digest() == artifact.digest()) {
                manifests.push((*artifact).clone());
            }
        }
        listed.set_manifests(manifests);
        let bytes = canonical::to_string(&listed)?.into_bytes();
        if before.as_deref() != Some(&bytes) {
            self.push_manifest(&tag, &MediaType::ImageIndex, &bytes)?;
        }
        Ok(())
    }
}

fn whole<'a>(layout: &'a Layout, manifest: &Descriptor) -> &'a [u8] {
    layout.blob(manifest.digest().as_ref()).expect("a layout has its manifests")
}
