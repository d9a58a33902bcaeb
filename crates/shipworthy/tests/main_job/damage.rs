//! A ledger that was changed behind our back stops a start; one that was cut short does not.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use serde_json::Value;

use crate::export::{by_id, export};
use crate::project::{Project, but, row};
use crate::server::{ANY_PORTS, Server};

/// Serves requests one after the other, so that each is a commit group of its own, and ends.
fn serve_some(project: &Project, requests: u64) -> Vec<String> {
    let mut server = Server::start(project);
    let ask = |number| {
        let answer = server.predict(&[row(number)]).expect(200);
        answer["decision_ids"][0].as_str().unwrap().to_owned()
    };
    let ids = (0..requests).map(ask).collect();
    server.kill();
    ids
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

/// The start is refused because of this file, and nothing is changed.
#[track_caller]
fn is_refused_because_of(project: &Project, segment: &Path) {
    let before = fs::read(segment).unwrap();
    let refused = project.run(&format!("up PROJECT --state STATE {ANY_PORTS}"));
    assert_eq!(refused.expect(2), "");
    refused.says("the ledger cannot be opened");
    let name = segment.file_name().unwrap().to_str().unwrap();
    refused.says(&format!("{name} is corrupt at offset"));
    assert_eq!(fs::read(segment).unwrap(), before);
}

#[test]
fn a_changed_byte_in_an_earlier_group_stops_the_start() {
    let project = Project::new();
    serve_some(&project, 5);
    let segment = &project.segments()[0];
    let whole = fs::read(segment).unwrap();
    let group = whole.len() / 5;
    for at in [70, group, 2 * group, 3 * group] {
        flip(segment, at);
        is_refused_because_of(&project, segment);
        fs::write(segment, &whole).unwrap();
    }
    drop(Server::start(&project));
}

#[test]
fn a_changed_byte_in_a_middle_segment_stops_the_start() {
    let small = ("[limits]", "[ledger]\nsegment_size = \"1 MiB\"\n\n[limits]");
    let project = Project::with(&[small]);
    let mut server = Server::start(&project);
    let rows: Vec<Value> =
        (0..100).map(|number| but(row(number), "card", "c".repeat(300))).collect();
    while project.segments().len() < 3 {
        server.predict(&rows).expect(200);
    }
    server.kill();
    let segment = &project.segments()[1];
    let length = fs::metadata(segment).unwrap().len();
    flip(segment, usize::try_from(length).unwrap() - 100);
    is_refused_because_of(&project, segment);
}

#[test]
fn garbage_behind_the_last_group_is_cut_off_and_told() {
    let project = Project::new();
    let ids = serve_some(&project, 5);
    let segment = &project.segments()[0];
    let mut file = OpenOptions::new().append(true).open(segment).unwrap();
    file.write_all(&[0xa5; 777]).unwrap();
    drop(file);
    let server = Server::start(&project);
    let told = server.wait_for("ledger: cut 777 bytes off");
    assert!(told.contains(segment.file_name().unwrap().to_str().unwrap()), "{told}");
    server.predict(&[row(9)]).expect(200);
    let recorded = by_id(export(&project));
    assert_eq!(recorded.len(), ids.len() + 1);
    assert!(ids.iter().all(|id| recorded.contains_key(id)));
}

#[test]
fn a_torn_last_group_is_cut_off_and_told() {
    let project = Project::new();
    let mut ids = serve_some(&project, 5);
    let segment = &project.segments()[0];
    let length = fs::metadata(segment).unwrap().len();
    OpenOptions::new().write(true).open(segment).unwrap().set_len(length - 9).unwrap();
    let server = Server::start(&project);
    server.wait_for("ledger: cut");
    ids.pop();
    let recorded = by_id(export(&project));
    assert_eq!(recorded.len(), ids.len());
    assert!(ids.iter().all(|id| recorded.contains_key(id)));
    server.predict(&[row(9)]).expect(200);
    server.terminate();
    assert_eq!(export(&project).len(), ids.len() + 1);
}
