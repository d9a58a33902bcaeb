//! What is in the layers.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use oci_spec::image::{Descriptor, MediaType};
use sha2::{Digest, Sha256};
use tar::EntryType;

use super::super::{Layout, RELEASE_FILE};
use super::Finding;
use crate::release::Archive;

/// The most bytes that a layer may unpack to: four times the longest image.
const MAX_UNPACKED_BYTES: u64 = 16 * 1024 * 1024 * 1024;

/// Layers that are not what the configuration says.
pub(super) fn differing(layout: &Layout) -> Vec<Finding> {
    let configuration = layout.configuration();
    let said = configuration.map(|found| found.rootfs().diff_ids().clone()).unwrap_or_default();
    let layers = layout.manifest().layers();
    if said.len() != layers.len() {
        return vec![Finding::Layers { said: said.len(), found: layers.len() }];
    }
    let differing = |(layer, said): (&Descriptor, &String)| {
        let digest = layer.digest().to_string();
        match unpacked_digest(layout, layer) {
            Ok(found) if found == *said => None,
            Ok(found) => Some(Finding::Layer { digest, found, said: said.clone() }),
            Err(error) => Some(Finding::Packed { digest, why: error.to_string() }),
        }
    };
    layers.iter().zip(&said).filter_map(differing).collect()
}

/// The release in the last layer: no other can hide it there.
pub(super) fn release(layout: &Layout) -> Result<Archive, Finding> {
    let last = layout.manifest().layers().last().ok_or(Finding::NoRelease)?;
    let packed = |error: io::Error| {
        let digest = last.digest().to_string();
        Finding::Packed { digest, why: error.to_string() }
    };
    let mut files = tar::Archive::new(unpacked(layout, last).map_err(packed)?);
    let mut found = None;
    for entry in files.entries().map_err(packed)? {
        let entry = entry.map_err(packed)?;
        if !is_release(&entry.path_bytes()) {
            continue;
        }
        let whole = |why: &str| Finding::Release { why: why.to_owned() };
        if entry.header().entry_type() != EntryType::Regular {
            return Err(whole("its archive is no plain file"));
        }
        if found.is_some() {
            return Err(whole("its archive is there twice"));
        }
        found = Some(Archive::read(entry).map_err(|error| whole(&error.to_string()))?);
    }
    found.ok_or(Finding::NoRelease)
}

fn is_release(path: &[u8]) -> bool {
    let path = path.strip_prefix(b".").unwrap_or(path);
    path.strip_prefix(b"/").unwrap_or(path) == RELEASE_FILE.as_bytes()
}

fn unpacked_digest(layout: &Layout, layer: &Descriptor) -> io::Result<String> {
    let mut from = unpacked(layout, layer)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 64 * 1024]);
    let mut room = MAX_UNPACKED_BYTES;
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok(format!("sha256:{}", hex::encode(hash.finalize())));
        }
        let long = || io::Error::other(format!("it is longer than {MAX_UNPACKED_BYTES} bytes"));
        room = room.checked_sub(read as u64).ok_or_else(long)?;
        hash.update(&buffer[..read]);
    }
}

/// The bytes of a layer, unpacked while they are read, and no more than the limit and one.
fn unpacked<'a>(layout: &'a Layout, layer: &Descriptor) -> io::Result<Box<dyn Read + 'a>> {
    let bytes = layout.blob(layer.digest().as_ref()).unwrap_or_default();
    let plain: Box<dyn Read + 'a> = match layer.media_type() {
        MediaType::ImageLayer => Box::new(bytes),
        MediaType::ImageLayerGzip => Box::new(MultiGzDecoder::new(bytes)),
        other => return Err(io::Error::other(format!("its type `{other}` is not read here"))),
    };
    Ok(Box::new(plain.take(MAX_UNPACKED_BYTES + 1)))
}
