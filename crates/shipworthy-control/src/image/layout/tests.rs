use std::io;

use proptest::prelude::*;
use tar::{Builder, EntryType, Header};

use super::*;

const CONFIG: &str =
    r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
const SBOM: &str = "application/vnd.cyclonedx+json";

fn annotations(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn image() -> Layout {
    let layer = |bytes: &[u8]| Layer { media_type: MediaType::ImageLayer, bytes: bytes.to_vec() };
    let said = annotations(&[("b", "2"), ("a", "1")]);
    Layout::new(CONFIG.into(), vec![layer(b"base"), layer(b"top"), layer(b"base")], said)
}

fn whole_image() -> Layout {
    let mut layout = image();
    layout.attach(SBOM, SBOM, b"{\"parts\":[]}".to_vec(), annotations(&[("title", "parts")]));
    layout.attach("statement", "text/plain", b"said".to_vec(), BTreeMap::new());
    layout
}

fn written(layout: &Layout) -> Vec<u8> {
    let mut bytes = Vec::new();
    layout.write(&mut bytes).unwrap();
    bytes
}

/// The entries of a file.
fn entries(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(bytes);
    let entry = |entry: io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        (entry.path().unwrap().to_str().unwrap().to_owned(), bytes)
    };
    archive.entries().unwrap().map(entry).collect()
}

/// A file of entries.
fn packed(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, bytes) in entries {
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        builder.append_data(&mut header, name, &**bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

/// What is said of a file with one entry changed.
fn changed(part: &str, change: impl Fn(&mut Vec<u8>)) -> String {
    let mut entries = entries(&written(&whole_image()));
    let entry = entries
        .iter_mut()
        .find(|(name, bytes)| name == part || String::from_utf8_lossy(bytes) == part);
    change(&mut entry.unwrap().1);
    Layout::read(&*packed(&entries)).unwrap_err().to_string()
}

#[test]
fn what_is_written_reads_back_and_is_written_the_same() {
    for layout in [image(), whole_image(), whole_image().named("localhost/flights:1")] {
        let bytes = written(&layout);
        let read = Layout::read(&*bytes).unwrap();
        assert_eq!(read, layout);
        assert_eq!(written(&read), bytes);
    }
}

#[test]
fn the_same_image_has_the_same_digest_and_annotations_are_sorted() {
    let manifest = image().blob(image().image().digest().as_ref()).unwrap().to_vec();
    let text = String::from_utf8(manifest).unwrap();
    assert!(text.starts_with(r#"{"annotations":{"a":"1","b":"2"},"config":{"digest":"sha256:"#));
    // The digest as sha256sum tells it of the text.
    let found = canonical::sha256_hex(text.as_bytes());
    assert_eq!(image().image().digest().digest(), found);
    assert_eq!(whole_image().image(), image().image());
    assert_eq!(written(&whole_image()), written(&whole_image()));
}

#[test]
fn an_index_names_one_image_and_elsewhere_what_is_attached() {
    let layout = whole_image();
    let entries = entries(&written(&layout));
    let index: ImageIndex = serde_json::from_slice(&entries[1].1).unwrap();
    assert_eq!(index.manifests(), std::slice::from_ref(layout.image()));
    let digest = &index.annotations().as_ref().unwrap()[REFERRERS];
    let path = format!("blobs/{}", digest.replace(':', "/"));
    let (_, bytes) = entries.iter().find(|(name, _)| *name == path).unwrap();
    let attached: ImageIndex = serde_json::from_slice(bytes).unwrap();
    assert_eq!(attached.manifests(), layout.referrers());
    let first = &attached.manifests()[0];
    assert_eq!(first.artifact_type().as_ref().unwrap().as_ref(), SBOM);
    assert_eq!(first.annotations().as_ref().unwrap()["title"], "parts");
    assert_eq!(layout.attached(first).unwrap(), b"{\"parts\":[]}");
}

#[test]
fn the_same_artifact_is_attached_once() {
    let mut layout = whole_image();
    layout.attach("statement", "text/plain", b"said".to_vec(), BTreeMap::new());
    assert_eq!(layout, whole_image());
}

#[test]
fn a_file_of_another_tool_reads_the_same() {
    let mut others = entries(&written(&whole_image()));
    others.reverse();
    for (name, _) in &mut others {
        name.insert_str(0, "./");
    }
    others.push(("manifest.json".to_owned(), b"[]".to_vec()));
    others.push((format!("blobs/sha256/{}", "0".repeat(64)), b"no one names it".to_vec()));
    assert_eq!(Layout::read(&*packed(&others)).unwrap(), whole_image());
}

#[test]
fn an_image_is_found_among_those_of_several_platforms() {
    let layout = image();
    let (mut ours, mut other) = (layout.image().clone(), layout.image().clone());
    let platform = |architecture: oci_spec::image::Arch| {
        let builder = oci_spec::image::PlatformBuilder::default();
        builder.os(oci_spec::image::Os::Linux).architecture(architecture).build().unwrap()
    };
    ours.set_platform(Some(platform(oci_spec::image::Arch::default())));
    other.set_platform(Some(platform(oci_spec::image::Arch::s390x)));
    let nested = index(vec![other.clone(), ours.clone()]);
    let mut entries = entries(&written(&layout));
    entries[1].1 = nested.clone();
    assert_eq!(Layout::read(&*packed(&entries)).unwrap(), layout);
    // An index in the index, as builders write it.
    let mut blobs = Blobs::new();
    entries[1].1 = index(vec![added(&mut blobs, MediaType::ImageIndex, nested.clone())]);
    entries.push((format!("blobs/sha256/{}", canonical::sha256_hex(&nested)), nested));
    assert_eq!(Layout::read(&*packed(&entries)).unwrap(), layout);
    entries[1].1 = index(vec![other.clone(), other]);
    let told = Layout::read(&*packed(&entries)).unwrap_err().to_string();
    assert!(told.starts_with("it has no image for linux/"), "{told}");
    entries[1].1 = index(vec![ours.clone(), ours]);
    let told = Layout::read(&*packed(&entries)).unwrap_err().to_string();
    assert!(told.starts_with("it has several images for linux/"), "{told}");
}

#[test]
fn every_damage_is_told_by_name() {
    let layer = canonical::sha256_hex(b"top");
    let bit = |bytes: &mut Vec<u8>| bytes[0] ^= 1;
    let told = changed("top", bit);
    let found = canonical::sha256_hex(b"uop");
    assert_eq!(told, format!("its layer sha256:{layer} is damaged: its digest is sha256:{found}"));
    let told = changed(CONFIG, bit);
    assert!(told.starts_with("its configuration sha256:") && told.contains("damaged"), "{told}");
    let told = changed("said", Vec::clear);
    assert!(told.starts_with("its layer sha256:") && told.contains("damaged"), "{told}");
    assert_eq!(changed("index.json", bit), "its index.json cannot be read");
    assert_eq!(changed("oci-layout", Vec::clear), "its oci-layout cannot be read");
    let later = |bytes: &mut Vec<u8>| *bytes = br#"{"imageLayoutVersion":"2.0.0"}"#.to_vec();
    let told = changed("oci-layout", later);
    assert_eq!(told, "its layout has the version `2.0.0`, and this version reads 1.0.0");
}

#[test]
fn a_blob_that_is_missing_or_of_another_length_is_told() {
    let layout = whole_image();
    let told = |image: &Descriptor, artifacts: &[Descriptor], blobs| {
        let error = Layout::assembled(image, artifacts, blobs).unwrap_err();
        assert!(error.is_damage());
        error.to_string()
    };
    let digest = layout.manifest().layers()[0].digest().to_string();
    let mut blobs = layout.blobs().clone();
    blobs.remove(&digest);
    assert_eq!(told(layout.image(), &[], blobs), format!("its layer {digest} is missing"));
    let mut image = layout.image().clone();
    image.set_size(7);
    let (digest, length) = (image.digest().to_string(), layout.image().size());
    let length = format!("its manifest {digest} has {length} bytes, and 7 are promised");
    assert_eq!(told(&image, &[], layout.blobs().clone()), length);
    let artifact = &layout.referrers()[0];
    let other = Layout::new(CONFIG.into(), Vec::new(), BTreeMap::new());
    let blobs = other.blobs().clone().into_iter().chain(layout.blobs().clone()).collect();
    let about = format!("its artifact {} is about another image", artifact.digest());
    assert_eq!(told(other.image(), std::slice::from_ref(artifact), blobs), about);
}

#[test]
fn another_file_is_no_image() {
    let check = |bytes: &[u8], told: &str| {
        assert_eq!(Layout::read(bytes).unwrap_err().to_string(), told);
    };
    let none = "so it is no OCI image: `shipworthy image build` writes such files";
    check(b"", &format!("it has no `oci-layout`, {none}"));
    check(&[1; 2048], "it cannot be read as a tar archive");
    let head = entries(&written(&image())).remove(0);
    check(&packed(std::slice::from_ref(&head)), &format!("it has no `index.json`, {none}"));
    check(&packed(&[head.clone(), head]), "its entry `oci-layout` is there twice");
    let mut link = Header::new_ustar();
    link.set_entry_type(EntryType::Symlink);
    link.set_size(0);
    let mut builder = Builder::new(Vec::new());
    builder.append_link(&mut link, "index.json", "elsewhere").unwrap();
    check(&builder.into_inner().unwrap(), "its entry `index.json` is no plain file");
    let many: Vec<_> = (0..=MAX_BLOBS).map(|number| (number.to_string(), Vec::new())).collect();
    check(&packed(&many), "it has more than 1024 entries");
    let mut long = Header::new_gnu();
    long.set_path("anything").unwrap();
    long.set_size(MAX_IMAGE_BYTES + 1);
    long.set_cksum();
    check(long.as_bytes(), "it is longer than 4294967296 bytes");
}

proptest! {
    #[test]
    fn no_bytes_panic(at in 0_usize..20_000, byte: u8, cut in 0_usize..40_000) {
        let mut bytes = written(&whole_image());
        let length = bytes.len();
        bytes[at % length] = byte;
        bytes.truncate(cut.min(length));
        if let Ok(read) = Layout::read(&*bytes) {
            // What still reads is the same image: all that it has is held to its digest.
            let whole = whole_image();
            prop_assert_eq!(read.image(), whole.image());
        }
    }

    #[test]
    fn any_image_reads_back(layers: Vec<Vec<u8>>, said: BTreeMap<String, String>, attached: Vec<Vec<u8>>) {
        let layer = |bytes| Layer { media_type: MediaType::ImageLayer, bytes };
        let mut layout =
            Layout::new(CONFIG.into(), layers.into_iter().map(layer).collect(), said.clone());
        for bytes in attached {
            layout.attach("a", "b", bytes, said.clone());
        }
        prop_assert_eq!(Layout::read(&*written(&layout)).unwrap(), layout);
    }
}
