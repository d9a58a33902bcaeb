//! An image as one file: the directory that the specification calls an image layout, in a tar
//! archive. The same image with the same artifacts is the same file, byte for byte.
//!
//! What is attached stands in an index of its own, which an annotation of `index.json` names:
//! tools that load an image refuse a file with several.
//!
//! Source: <https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md>.

use std::collections::HashMap;
use std::io::{self, Read, Write};

use oci_spec::image::{Descriptor, ImageIndex, MediaType, OciLayout};
use tar::{Builder, EntryType, Header};

use super::{
    Blobs, Layout, LayoutError, MAX_BLOBS, MAX_IMAGE_BYTES, REFERRERS, added, json,
    of_this_platform, parsed, whole,
};

const HEAD: &str = "oci-layout";
const INDEX: &str = "index.json";
const BLOBS: &str = "blobs/";
const VERSION: &str = "1.0.0";
/// The annotation of a manifest's descriptor that names the image.
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// What a file has in it.
#[derive(Default)]
struct Found {
    head: Option<Vec<u8>>,
    index: Option<Vec<u8>>,
    blobs: Blobs,
}

impl Layout {
    /// Writes it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, out: impl Write) -> io::Result<()> {
        let mut archive = Builder::new(out);
        let mut add = |name: &str, bytes: &[u8]| {
            let mut header = Header::new_ustar();
            header.set_entry_type(EntryType::Regular);
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(0);
            archive.append_data(&mut header, name, bytes)
        };
        let version = serde_json::json!({ "imageLayoutVersion": VERSION });
        add(HEAD, version.to_string().as_bytes())?;
        let mut blobs = Blobs::new();
        let attached = (!self.referrers.is_empty())
            .then(|| added(&mut blobs, MediaType::ImageIndex, self.referrers_index()));
        add(INDEX, &self.index_json(attached.as_ref()))?;
        for (digest, bytes) in blobs.iter().chain(&self.blobs) {
            add(&format!("{BLOBS}{}", digest.replace(':', "/")), bytes)?;
        }
        archive.into_inner()?.flush()
    }

    fn index_json(&self, attached: Option<&Descriptor>) -> Vec<u8> {
        let mut image = self.image.clone();
        let of = |key: &str, value: String| HashMap::from([(key.to_owned(), value)]);
        image.set_annotations(self.name.clone().map(|name| of(REF_NAME, name)));
        let mut index = ImageIndex::default();
        index
            .set_media_type(Some(MediaType::ImageIndex))
            .set_manifests(vec![image])
            .set_annotations(attached.map(|index| of(REFERRERS, index.digest().to_string())));
        json(&index)
    }

    /// Reads one, also of other tools. Every size and number is bounded before anything is held.
    ///
    /// # Errors
    /// [`LayoutError`], when it is no whole image for this platform.
    pub fn read(input: impl Read) -> Result<Self, LayoutError> {
        let Found { head, index, blobs } = Found::read(input)?;
        let head = head.ok_or(LayoutError::NoLayout { name: HEAD })?;
        let head: OciLayout = parsed(HEAD, &head)?;
        if head.image_layout_version() != VERSION {
            let found = head.image_layout_version().chars().take(40).collect();
            return Err(LayoutError::Version { found });
        }
        let index = index.ok_or(LayoutError::NoLayout { name: INDEX })?;
        let index: ImageIndex = parsed(INDEX, &index)?;
        let artifacts = artifacts(&index, &blobs)?;
        let image = resolved(of_this_platform(&index)?, &blobs)?;
        let name = of_annotations(of_this_platform(&index)?.annotations(), REF_NAME);
        let layout = Self::assembled(&image, &artifacts, blobs)?;
        Ok(Self { name, ..layout })
    }
}

impl Found {
    fn read(input: impl Read) -> Result<Self, LayoutError> {
        let mut archive = tar::Archive::new(input);
        let (mut found, mut room) = (Self::default(), MAX_IMAGE_BYTES);
        for (number, entry) in archive.entries()?.enumerate() {
            if number >= MAX_BLOBS {
                return Err(LayoutError::TooMany);
            }
            let mut entry = entry?;
            if entry.header().entry_type() == EntryType::Directory {
                continue;
            }
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            room = room.checked_sub(entry.size()).ok_or(LayoutError::TooLarge)?;
            let is_plain = entry.header().entry_type() == EntryType::Regular;
            found.add(&name, is_plain, &mut entry)?;
        }
        Ok(found)
    }

    /// Keeps what an image needs; others may put more into their files.
    fn add(&mut self, path: &str, is_plain: bool, from: impl Read) -> Result<(), LayoutError> {
        let name = path.strip_prefix("./").unwrap_or(path);
        let blob = name.strip_prefix(BLOBS).and_then(|name| name.split_once('/'));
        if blob.is_none() && name != HEAD && name != INDEX {
            return Ok(());
        }
        let refused = |why| Err(LayoutError::Entry { name: path.to_owned(), why });
        if !is_plain {
            return refused("is no plain file");
        }
        let bytes = read_whole(from)?;
        let before = match (blob, name) {
            (Some((algorithm, hex)), _) => self.blobs.insert(format!("{algorithm}:{hex}"), bytes),
            (_, HEAD) => self.head.replace(bytes),
            _ => self.index.replace(bytes),
        };
        if before.is_some() { refused("is there twice") } else { Ok(()) }
    }
}

/// What the header promises is not made room for before it is there.
fn read_whole(mut from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What an index says is attached to its image.
fn artifacts(index: &ImageIndex, blobs: &Blobs) -> Result<Vec<Descriptor>, LayoutError> {
    let Some(digest) = of_annotations(index.annotations(), REFERRERS) else {
        return Ok(Vec::new());
    };
    let what = "index of artifacts";
    Ok(parsed::<ImageIndex>(what, whole(&digest, what, blobs)?)?.manifests().clone())
}

/// The manifest behind a descriptor: of an index, the one of this platform.
fn resolved(descriptor: &Descriptor, blobs: &Blobs) -> Result<Descriptor, LayoutError> {
    if *descriptor.media_type() != MediaType::ImageIndex {
        return Ok(descriptor.clone());
    }
    let what = "index";
    let index: ImageIndex = parsed(what, whole(descriptor.digest().as_ref(), what, blobs)?)?;
    of_this_platform(&index).cloned()
}

fn of_annotations(annotations: &Option<HashMap<String, String>>, key: &str) -> Option<String> {
    annotations.as_ref()?.get(key).cloned()
}
