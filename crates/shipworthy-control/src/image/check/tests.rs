use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use oci_spec::image::MediaType;
use serde_json::json;
use shipworthy_core::attestation::{Statement, predicate};
use shipworthy_core::canonical;
use shipworthy_core::signing::SigningKey;

use super::super::{Layer, STATEMENT};
use super::*;

fn key() -> SigningKey {
    SigningKey::from_random(&[7; 32])
}

fn trusted(id: &str) -> Option<PublicKey> {
    (id == key().public().id()).then(|| key().public())
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A release of the smallest kind: what its archive is, and its name.
fn release(commit: Option<&str>) -> (Vec<u8>, ReleaseId) {
    let file = |name: &str, bytes: &[u8]| json!({"name": name, "sha256": canonical::sha256_hex(bytes), "bytes": bytes.len()});
    let manifest = json!({
        "format": 3, "project": "p", "commit": commit, "model": file("model.json", b"{}"),
        "contract": file("contract.json", b"[]"),
        "output": {"task": "binary", "target": "y", "classes": ["0", "1"]},
        "trainer": {"name": "builtin", "parameters": {}},
    });
    let manifest = canonical::to_string(&manifest).unwrap();
    let id = format!("sha256:{}", canonical::sha256_hex(manifest.as_bytes()));
    let head = json!({"format": 1, "release": id}).to_string();
    let files: [(&str, &[u8]); 4] = [
        ("release.json", head.as_bytes()),
        ("manifest.json", manifest.as_bytes()),
        ("files/contract.json", b"[]"),
        ("files/model.json", b"{}"),
    ];
    (tar(&files), id.parse().unwrap())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An image of layers, of which `unpacked` says what they unpack to.
fn image(layers: &[(MediaType, Vec<u8>)], unpacked: &[Vec<u8>], said: &[(&str, &str)]) -> Layout {
    let diff = |bytes: &Vec<u8>| format!("sha256:{}", canonical::sha256_hex(bytes));
    let config = json!({
        "architecture": "amd64", "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": unpacked.iter().map(diff).collect::<Vec<_>>()},
    });
    let layer = |(media_type, bytes): &(MediaType, Vec<u8>)| Layer {
        media_type: media_type.clone(),
        bytes: bytes.clone(),
    };
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    Layout::new(
        config.to_string().into_bytes(),
        layers.iter().map(layer).collect(),
        said.iter().map(owned).collect(),
    )
}

/// An image of a release, of which nothing is said yet.
fn of_release(commit: Option<&str>) -> (Layout, ReleaseId) {
    let (archive, id) = release(commit);
    let top = tar(&[("./srv/shipworthy/release.tar", &archive)]);
    let base = tar(&[("etc/passwd", b"")]);
    let layers = [(MediaType::ImageLayerGzip, gzip(&base)), (MediaType::ImageLayer, top.clone())];
    let text = id.to_string();
    let mut said = vec![(RELEASE, text.as_str())];
    said.extend(commit.map(|commit| (REVISION, commit)));
    (image(&layers, &[base, top], &said), id)
}

fn say(layout: &mut Layout, about: &ReleaseId, kind: &str, key: &SigningKey) {
    let predicate_type = kind.to_owned();
    let text = Statement { predicate_type, predicate: json!({}) }.sign(about, key).unwrap();
    layout.attach(STATEMENT, STATEMENT, text.into_bytes(), BTreeMap::new());
}

fn whole_image() -> (Layout, ReleaseId) {
    let (mut layout, release) = of_release(Some("c0ffee"));
    let image: ReleaseId = layout.image().digest().as_ref().parse().unwrap();
    say(&mut layout, &image, predicate::PROVENANCE, &key());
    say(&mut layout, &release, predicate::PROVENANCE, &key());
    (layout, release)
}

fn found(layout: &Layout) -> Vec<String> {
    check(layout, trusted).findings.iter().map(ToString::to_string).collect()
}

const UNSAID: [&str; 2] = [
    "no key that counts says how the image was made; --trusted-keys takes the public keys of those \
     who make it",
    "no key that counts says how its release was made; --trusted-keys takes the public keys of \
     those who make it",
];

#[test]
fn an_image_that_is_what_it_says_has_no_findings() {
    let (layout, release) = whole_image();
    let checked = check(&layout, trusted);
    assert_eq!(checked.findings, []);
    assert_eq!(checked.release, Some(release));
    let about: Vec<Subject> = checked.said.iter().map(|said| said.about).collect();
    assert_eq!(about, [Subject::Image, Subject::Release]);
    assert!(checked.said.iter().all(|said| said.key_id == key().public().id()));
    assert_eq!(found(&of_release(None).0), UNSAID);
}

#[test]
fn what_a_stranger_says_does_not_count() {
    let (mut layout, release) = of_release(None);
    let image: ReleaseId = layout.image().digest().as_ref().parse().unwrap();
    let stranger = SigningKey::from_random(&[8; 32]);
    say(&mut layout, &image, predicate::PROVENANCE, &stranger);
    say(&mut layout, &release, predicate::PROVENANCE, &stranger);
    let checked = check(&layout, trusted);
    assert_eq!(checked.said, []);
    assert_eq!(checked.left_out.len(), 2);
    assert!(checked.left_out[0].ends_with("which is not trusted here"), "{:?}", checked.left_out);
    assert_eq!(found(&layout), UNSAID);
}

#[test]
fn a_statement_about_another_image_is_found() {
    let (mut layout, _) = whole_image();
    say(&mut layout, &ReleaseId::from_sha256(&[1; 32]), predicate::PROVENANCE, &key());
    let [told] = &found(&layout)[..] else { panic!("one finding") };
    assert!(told.starts_with("its statement sha256:"), "{told}");
    assert!(told.ends_with(&format!("it is a statement about {}", "01".repeat(32))), "{told}");
}

#[test]
fn an_annotation_that_is_not_true_is_found() {
    let (archive, id) = release(Some("c0ffee"));
    let top = tar(&[("srv/shipworthy/release.tar", &archive)]);
    let other = format!("sha256:{}", "0".repeat(64));
    let said = [(RELEASE, other.as_str())];
    let layout = image(&[(MediaType::ImageLayer, top.clone())], &[top], &said);
    let told = found(&layout);
    assert_eq!(told[0], format!("its annotation {RELEASE} says {other}, and its release {id}"));
    assert_eq!(told[1], format!("its annotation {REVISION} says nothing, and its release c0ffee"));
}

#[test]
fn layers_that_are_not_those_of_the_configuration_are_found() {
    let base = tar(&[("a", b"")]);
    let check = |layers: &[(MediaType, Vec<u8>)], unpacked: &[Vec<u8>], told: &str| {
        let first = found(&image(layers, unpacked, &[])).remove(0);
        assert!(first.contains(told), "{first}");
    };
    let plain = (MediaType::ImageLayer, base.clone());
    check(
        std::slice::from_ref(&plain),
        &[],
        "its configuration knows 0 layers, and its manifest has 1",
    );
    let other = tar(&[("b", b"")]);
    let digest = canonical::sha256_hex(&other);
    let told = format!("and its configuration says sha256:{digest}");
    check(std::slice::from_ref(&plain), std::slice::from_ref(&other), &told);
    let broken = (MediaType::ImageLayerGzip, base.clone());
    check(&[broken], std::slice::from_ref(&base), "cannot be unpacked: invalid gzip header");
    let foreign = (MediaType::ImageLayerZstd, base.clone());
    let told = "its type `application/vnd.oci.image.layer.v1.tar+zstd` is not read here";
    check(&[foreign], std::slice::from_ref(&base), told);
}

#[test]
fn a_release_that_is_missing_or_damaged_is_found() {
    let check = |files: &[(&str, &[u8])], told: &str| {
        let top = tar(files);
        let layout = image(&[(MediaType::ImageLayer, top.clone())], &[top], &[]);
        assert!(found(&layout).iter().any(|found| found.contains(told)), "{:?}", found(&layout));
    };
    let (archive, _) = release(None);
    let path = "srv/shipworthy/release.tar";
    check(&[("srv/other", b"")], "its last layer has no /srv/shipworthy/release.tar");
    check(&[(path, &archive), (path, &archive)], "its archive is there twice");
    check(&[(path, b"")], "its release is not whole: its first entry is not `release.json`");
    let mut changed = archive.clone();
    let model = changed.windows(2).rposition(|pair| pair == b"{}").unwrap();
    changed[model] = b'[';
    let told = "its file `model.json` is not the one of the release: its digest is another";
    check(&[(path, &changed)], told);
    // A layer above could show another release.
    let (top, above) = (tar(&[(path, &archive)]), tar(&[("a", b"")]));
    let layers = [(MediaType::ImageLayer, top.clone()), (MediaType::ImageLayer, above.clone())];
    let hidden = found(&image(&layers, &[top, above], &[]));
    assert!(hidden[0].starts_with("its last layer has no"), "{hidden:?}");
}
