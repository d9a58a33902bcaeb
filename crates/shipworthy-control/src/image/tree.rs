//! The files of a layer, packed so that equal files are equal bytes: in the order of their names, by
//! nobody, at no time.

use std::collections::BTreeMap;
use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use oci_spec::image::MediaType;
use shipworthy_core::canonical;
use tar::{Builder, EntryType, Header};

use super::Layer;

/// Files by their paths, without a leading slash.
#[derive(Debug, Default)]
pub(super) struct Tree {
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    /// `None` of a directory.
    contents: Option<Vec<u8>>,
    mode: u32,
    owner: u64,
}

/// A layer, and the digest of what is in it.
#[derive(Clone, Debug)]
pub(super) struct Packed {
    pub(super) layer: Layer,
    /// The digest of the layer before it was compressed.
    pub(super) diff_id: String,
}

const ROOT: u64 = 0;

impl Tree {
    /// A file of root's that everybody may read, or run with a mode of 0o755.
    pub(super) fn file(&mut self, path: &str, mode: u32, contents: Vec<u8>) {
        self.parents(path);
        let entry = Entry { contents: Some(contents), mode, owner: ROOT };
        self.entries.insert(path.to_owned(), entry);
    }

    pub(super) fn directory(&mut self, path: &str, mode: u32, owner: u64) {
        self.parents(path);
        self.entries.insert(path.to_owned(), Entry { contents: None, mode, owner });
    }

    fn parents(&mut self, path: &str) {
        for (at, _) in path.match_indices('/') {
            let entry = Entry { contents: None, mode: 0o755, owner: ROOT };
            self.entries.entry(path[..at].to_owned()).or_insert(entry);
        }
    }

    /// # Errors
    /// When a path is too long for a tar archive.
    pub(super) fn pack(&self) -> io::Result<Packed> {
        let mut archive = Builder::new(Vec::new());
        for (path, Entry { contents, mode, owner }) in &self.entries {
            let mut header = Header::new_ustar();
            let bytes = contents.as_deref().unwrap_or_default();
            header.set_size(bytes.len() as u64);
            header.set_mode(*mode);
            header.set_uid(*owner);
            header.set_gid(*owner);
            header.set_mtime(0);
            match contents {
                Some(_) => header.set_entry_type(EntryType::Regular),
                None => header.set_entry_type(EntryType::Directory),
            }
            archive.append_data(&mut header, path, bytes)?;
        }
        packed(&archive.into_inner()?)
    }
}

/// Compresses a layer.
///
/// # Errors
/// Never in practice: memory takes everything.
pub(super) fn packed(tar: &[u8]) -> io::Result<Packed> {
    let diff_id = format!("sha256:{}", canonical::sha256_hex(tar));
    let mut gzip = GzBuilder::new().write(Vec::new(), Compression::default());
    gzip.write_all(tar)?;
    Ok(Packed {
        layer: Layer { media_type: MediaType::ImageLayerGzip, bytes: gzip.finish()? },
        diff_id,
    })
}
