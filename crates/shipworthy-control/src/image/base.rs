//! What the binary stands on: nothing but its libraries, the files of a tar archive, or an image.

use std::collections::BTreeSet;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use oci_spec::image::{ImageConfiguration, MediaType};

use super::Layout;
use super::tree::{Packed, packed};

/// The lowest layers of an image.
#[derive(Debug)]
pub struct Base {
    /// What it is called: a file, or the reference of an image.
    pub name: String,
    /// The digest that pins it: of the archive, or of the image.
    pub digest: String,
    pub(super) layers: Vec<Packed>,
    /// The variables that its configuration sets.
    pub(super) env: Vec<String>,
    /// The names of its files, without their directories.
    names: BTreeSet<String>,
    /// Debian's packages in it.
    pub(super) packages: Vec<Package>,
    /// Whether a layer could not be looked into.
    is_opaque: bool,
}

/// A package of Debian's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) architecture: String,
}

/// Why something is no base.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// It cannot be read.
    #[error("it cannot be read as a tar archive of files, gzip or not")]
    Read(#[from] io::Error),
    /// An archive without files.
    #[error("it has no files")]
    Empty,
    /// An image that has no configuration.
    #[error("its configuration names {said} layers, and it has {found}")]
    Layers {
        /// Those of the configuration.
        said: usize,
        /// Those of the manifest.
        found: usize,
    },
    /// An image whose configuration cannot be read.
    #[error(transparent)]
    Image(#[from] super::LayoutError),
}

/// The largest layer that is looked into, unpacked, in bytes.
const MAX_UNPACKED_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// The longest list of Debian's packages, in bytes.
const MAX_STATUS_BYTES: u64 = 64 * 1024 * 1024;
const GZIP: [u8; 2] = [0x1f, 0x8b];
const STATUS: &str = "var/lib/dpkg/status";

impl Base {
    /// The files of a tar archive, which may be compressed by gzip.
    ///
    /// # Errors
    /// [`BaseError`].
    pub fn of_tar(name: &str, bytes: Vec<u8>) -> Result<Self, BaseError> {
        let tar = if bytes.starts_with(&GZIP) { unpacked(&bytes)? } else { bytes };
        let layer = packed(&tar)?;
        let mut base = Self::new(name, layer.diff_id.clone());
        base.look_into(&tar)?;
        if base.names.is_empty() {
            return Err(BaseError::Empty);
        }
        base.layers.push(layer);
        Ok(base)
    }

    /// An image, whose layers are taken as they are.
    ///
    /// # Errors
    /// [`BaseError`].
    pub fn of_image(name: &str, image: &Layout) -> Result<Self, BaseError> {
        let mut base = Self::new(name, image.image().digest().to_string());
        let configuration: ImageConfiguration = image.configuration()?;
        let diff_ids = configuration.rootfs().diff_ids();
        let found = image.manifest().layers().len();
        if diff_ids.len() != found {
            return Err(BaseError::Layers { said: diff_ids.len(), found });
        }
        for (layer, diff_id) in image.layers().zip(diff_ids) {
            match layer.media_type {
                MediaType::ImageLayer => base.look_into(&layer.bytes)?,
                _ if layer.bytes.starts_with(&GZIP) => base.look_into(&unpacked(&layer.bytes)?)?,
                _ => base.is_opaque = true,
            }
            base.layers.push(Packed { layer, diff_id: diff_id.clone() });
        }
        let env = configuration.config().as_ref().and_then(|config| config.env().clone());
        base.env = env.unwrap_or_default();
        Ok(base)
    }

    fn new(name: &str, digest: String) -> Self {
        Self {
            name: name.to_owned(),
            digest,
            layers: Vec::new(),
            env: Vec::new(),
            names: BTreeSet::new(),
            packages: Vec::new(),
            is_opaque: false,
        }
    }

    /// Which of these libraries it lacks, by their names.
    pub(super) fn lacks<'a>(&self, libraries: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let is_missing = |name: &&str| !self.is_opaque && !self.names.contains(*name);
        libraries.into_iter().filter(is_missing).map(str::to_owned).collect()
    }

    fn look_into(&mut self, tar: &[u8]) -> Result<(), BaseError> {
        let mut archive = tar::Archive::new(tar);
        for entry in archive.entries()? {
            let entry = entry?;
            let path = entry.path()?.into_owned();
            if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
                self.names.insert(name.to_owned());
            }
            if path.strip_prefix(".").unwrap_or(&path) == std::path::Path::new(STATUS) {
                let mut status = String::new();
                entry.take(MAX_STATUS_BYTES).read_to_string(&mut status)?;
                self.packages = packages(&status);
            }
        }
        Ok(())
    }
}

fn unpacked(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut tar = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(MAX_UNPACKED_BYTES + 1).read_to_end(&mut tar)?;
    if read as u64 > MAX_UNPACKED_BYTES {
        return Err(io::Error::other(format!(
            "it has more than {MAX_UNPACKED_BYTES} bytes unpacked"
        )));
    }
    Ok(tar)
}

/// The packages of a list as dpkg keeps it: paragraphs of `Field: value`.
fn packages(status: &str) -> Vec<Package> {
    let of_paragraph = |paragraph: &str| {
        let field = |name: &str| {
            let mut lines = paragraph.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(field, _)| *field == name).map(|(_, value)| value.trim().to_owned())
        };
        Some(Package {
            name: field("Package")?,
            version: field("Version")?,
            architecture: field("Architecture")?,
        })
    };
    let mut packages: Vec<_> = status.split("\n\n").filter_map(of_paragraph).collect();
    packages.sort();
    packages
}

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::*;

    fn tar(files: &[(&str, &str)]) -> Vec<u8> {
        let mut tree = Tree::default();
        for (path, text) in files {
            tree.file(path, 0o644, text.as_bytes().to_vec());
        }
        tree.pack().unwrap().layer.bytes
    }

    #[test]
    fn a_base_tells_its_packages_and_what_it_lacks() {
        let status = "Package: libc6\nStatus: install ok\nArchitecture: amd64\nVersion: 2.36-9\n\n\
            Package: base\nArchitecture: all\nVersion: 1: 2\n";
        let files = [(STATUS, status), ("lib/x86_64-linux-gnu/libc.so.6", "")];
        let base = Base::of_tar("base.tar", tar(&files)).unwrap();
        let told: Vec<_> = base.packages.iter().map(|one| (&*one.name, &*one.version)).collect();
        assert_eq!(told, [("base", "1: 2"), ("libc6", "2.36-9")]);
        assert_eq!(base.lacks(["libc.so.6", "libm.so.6"]), ["libm.so.6"]);
        assert_eq!(base.digest, base.layers[0].diff_id);
    }

    #[test]
    fn what_is_no_archive_is_no_base() {
        for bytes in [vec![], vec![0; 1024], vec![7; 1024], vec![0x1f, 0x8b, 1]] {
            assert!(Base::of_tar("base.tar", bytes).is_err());
        }
    }
}
