//! A registry in memory, of both kinds: with the API of referrers and without.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use oci_spec::image::MediaType;
use serde_json::{Value, json};
use shipworthy_control::image::{Layer, Layout, LayoutError};
use shipworthy_core::canonical;

use super::*;

/// What a registry holds, and how it behaves.
#[derive(Default)]
struct Shop {
    blobs: BTreeMap<String, Vec<u8>>,
    /// By tag and by digest.
    manifests: BTreeMap<String, Vec<u8>>,
    lists_referrers: bool,
    wants_token: bool,
    /// Requests, a line each.
    asked: Vec<String>,
}

struct Request {
    method: String,
    path: String,
    authorization: String,
    body: Vec<u8>,
}

type Reply = (u16, Vec<(&'static str, String)>, Vec<u8>);

fn serve(shop: Shop) -> (String, Arc<Mutex<Shop>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let shop = Arc::new(Mutex::new(shop));
    let (kept, own) = (Arc::clone(&shop), host.clone());
    let answering = move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), &kept, &own);
        }
    };
    thread::Builder::new().name("registry".to_owned()).spawn(answering).unwrap();
    (host, shop)
}

/// Answers one request, and closes.
fn answer(stream: TcpStream, shop: &Mutex<Shop>, host: &str) {
    let mut reader = BufReader::new(&stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end() {
            "" => break,
            text => lines.push(text.to_owned()),
        }
    }
    let Some(first) = lines.first() else { return };
    let mut words = first.split(' ').map(str::to_owned);
    let header = |name: &str| {
        let found = lines.iter().find(|line| line.to_lowercase().starts_with(name));
        found.map(|line| line[name.len() + 1..].trim().to_owned()).unwrap_or_default()
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    let authorization = header("authorization");
    let [method, path] = [words.next().unwrap(), words.next().unwrap()];
    let is_head = method == "HEAD";
    let request = Request { method, path, authorization, body };
    let (status, headers, body) = shop.lock().unwrap().reply(&request, host);
    let mut head = format!("HTTP/1.1 {status} x\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let body = if is_head { &[] } else { &body[..] };
    (&stream).write_all(&[head.as_bytes(), body].concat()).unwrap();
}

impl Shop {
    fn reply(&mut self, request: &Request, host: &str) -> Reply {
        self.asked.push(format!("{} {}", request.method, request.path));
        if request.path.starts_with("/token?") {
            assert_eq!(request.path, "/token?scope=repository%3Aa%2Fb%3Apull%2Cpush&service=shop");
            return (200, Vec::new(), br#"{"access_token":"let-me-in"}"#.to_vec());
        }
        if self.wants_token && request.authorization != "Bearer let-me-in" {
            let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"shop\"");
            return (401, vec![("www-authenticate", challenge)], Vec::new());
        }
        let path = request.path.strip_prefix("/v2/a/b/").unwrap();
        let (kind, name) = path.split_once('/').unwrap();
        match (request.method.as_str(), kind) {
            ("POST", "blobs") => {
                (202, vec![("location", "/v2/a/b/blobs/uploads/1?x=y".to_owned())], Vec::new())
            }
            ("PUT", "blobs") => {
                let digest = name.strip_prefix("uploads/1?x=y&digest=").unwrap();
                self.blobs.insert(digest.to_owned(), request.body.clone());
                (201, Vec::new(), Vec::new())
            }
            ("PUT", "manifests") => self.keep(name, &request.body),
            (_, "blobs") => found(self.blobs.get(name)),
            (_, "manifests") => found(self.manifests.get(name)),
            (_, "referrers") if self.lists_referrers => self.referrers(name),
            _ => (404, Vec::new(), b"404 page not found".to_vec()),
        }
    }

    fn keep(&mut self, name: &str, body: &[u8]) -> Reply {
        let digest = format!("sha256:{}", canonical::sha256_hex(body));
        self.manifests.insert(name.to_owned(), body.to_vec());
        self.manifests.insert(digest, body.to_vec());
        let manifest: Value = serde_json::from_slice(body).unwrap();
        let subject = manifest["subject"]["digest"].as_str().filter(|_| self.lists_referrers);
        (
            201,
            subject.map(|digest| ("oci-subject", digest.to_owned())).into_iter().collect(),
            vec![],
        )
    }

    /// One on a page.
    fn referrers(&self, name: &str) -> Reply {
        let (digest, page) = name.split_once("?page=").unwrap_or((name, "0"));
        let page: usize = page.parse().unwrap();
        let about = |bytes: &&Vec<u8>| {
            let manifest: Value = serde_json::from_slice(bytes).unwrap();
            manifest["subject"]["digest"] == digest
        };
        let all: BTreeSet<&Vec<u8>> = self.manifests.values().filter(about).collect();
        let listed = all.iter().skip(page).take(1).map(|bytes| {
            json!({"mediaType": MediaType::ImageManifest.to_string(), "size": bytes.len(),
                "digest": format!("sha256:{}", canonical::sha256_hex(bytes))})
        });
        let index = json!({"schemaVersion": 2, "manifests": listed.collect::<Vec<_>>()});
        let next = format!("</v2/a/b/referrers/{digest}?page={}>; rel=\"next\"", page + 1);
        let next = (page + 1 < all.len()).then_some(("link", next));
        (200, next.into_iter().collect(), index.to_string().into_bytes())
    }
}

fn found(bytes: Option<&Vec<u8>>) -> Reply {
    bytes.map_or((404, Vec::new(), Vec::new()), |bytes| (200, Vec::new(), bytes.clone()))
}

fn image() -> Layout {
    let config =
        br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
    let layer = |bytes: &[u8]| Layer { media_type: MediaType::ImageLayer, bytes: bytes.to_vec() };
    let layers = vec![layer(b"base"), layer(b"top")];
    let mut layout = Layout::new(config.to_vec(), layers, BTreeMap::new());
    layout.attach("a/sbom", "a/sbom", b"parts".to_vec(), BTreeMap::new());
    layout.attach("a/statement", "a/statement", b"said".to_vec(), BTreeMap::new());
    layout
}

fn registry(host: &str, name: &str) -> Registry {
    let reference = format!("{host}/a/b{name}").parse().unwrap();
    Registry::to_push(&reference, RegistryArgs::default()).unwrap()
}

/// The order of what is attached is the registry's.
fn sorted(layout: &Layout) -> BTreeSet<String> {
    layout.referrers().iter().map(|one| one.digest().to_string()).collect()
}

#[test]
fn what_is_pushed_is_pulled_the_same_with_the_list_of_the_registry_and_without() {
    for lists_referrers in [true, false] {
        let (host, shop) = serve(Shop { lists_referrers, ..Shop::default() });
        let layout = image();
        registry(&host, ":1").push(&layout).unwrap();
        let tag = fallback_tag(layout.image().digest().as_ref());
        assert_eq!(shop.lock().unwrap().manifests.contains_key(&tag), !lists_referrers);
        for name in [":1".to_owned(), format!("@{}", layout.image().digest())] {
            let pulled = registry(&host, &name).pull().unwrap();
            assert_eq!(pulled.blobs(), layout.blobs());
            assert_eq!((pulled.image(), sorted(&pulled)), (layout.image(), sorted(&layout)));
        }
        let base = registry(&host, ":1").pull_base().unwrap();
        assert_eq!((base.image(), base.referrers().len()), (layout.image(), 0));
    }
}

#[test]
fn what_is_there_is_not_pushed_again_and_what_others_attached_stays_listed() {
    let (host, shop) = serve(Shop::default());
    registry(&host, ":1").push(&image()).unwrap();
    let mut more = image();
    more.attach("a/report", "a/report", b"passed".to_vec(), BTreeMap::new());
    shop.lock().unwrap().asked.clear();
    registry(&host, ":2").push(&more).unwrap();
    let asked = shop.lock().unwrap().asked.clone();
    assert_eq!(asked.iter().filter(|line| line.starts_with("POST")).count(), 1, "{asked:?}");
    // With less attached the others stay, and nothing is written that is the same.
    shop.lock().unwrap().asked.clear();
    registry(&host, ":3").push(&image()).unwrap();
    let tag = fallback_tag(more.image().digest().as_ref());
    assert!(!shop.lock().unwrap().asked.contains(&format!("PUT /v2/a/b/manifests/{tag}")));
    assert_eq!(sorted(&registry(&host, ":3").pull().unwrap()), sorted(&more));
}

#[test]
fn a_token_is_fetched_where_the_registry_says() {
    let (host, shop) = serve(Shop { wants_token: true, ..Shop::default() });
    registry(&host, ":1").push(&image()).unwrap();
    let asked = shop.lock().unwrap().asked.clone();
    assert_eq!(asked.iter().filter(|line| line.starts_with("GET /token")).count(), 1, "{asked:?}");
}

#[test]
fn a_blob_that_a_registry_changed_or_lost_is_refused_by_name() {
    let (host, shop) = serve(Shop::default());
    registry(&host, ":1").push(&image()).unwrap();
    let layer = image().manifest().layers()[1].digest().to_string();
    let told = || {
        let error = registry(&host, ":1").pull().unwrap_err();
        assert!(error.downcast_ref::<LayoutError>().unwrap().is_damage());
        error.to_string()
    };
    shop.lock().unwrap().blobs.insert(layer.clone(), b"pot".to_vec());
    assert!(told().starts_with(&format!("its layer {layer} is damaged")), "{}", told());
    shop.lock().unwrap().blobs.remove(&layer);
    assert_eq!(told(), format!("its layer {layer} is missing"));
    shop.lock().unwrap().blobs.insert(layer, vec![0; 1_000]);
    let error = registry(&host, ":1").pull().unwrap_err().to_string();
    assert_eq!(error, format!("the answer of the registry {host} did not arrive whole"));
}

#[test]
fn what_is_not_there_is_told_by_name() {
    let (host, _) = serve(Shop::default());
    let error = registry(&host, ":1").pull().unwrap_err().to_string();
    assert_eq!(error, format!("the registry {host} has no a/b of the name 1"));
    let other = format!("@sha256:{}", "0".repeat(64));
    let error = registry(&host, &other).push(&image()).unwrap_err().to_string();
    assert!(error.contains("names another image than"), "{error}");
}
