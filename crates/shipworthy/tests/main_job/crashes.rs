//! SIGKILL, again and again: whatever was answered is in the ledger, once, as it was answered.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use serde_json::{Value, json};
use shipworthy_ledger::{Content, Reader, RealDisk};

use crate::export::{by_id, export};
use crate::http::Connection;
use crate::project::{Project, but, declared, row};
use crate::server::{Server, predict};

const KILLS: u64 = 20;
const CLIENTS: u64 = 4;

/// A row that was answered.
struct Told {
    id: String,
    row: Value,
    prediction: Value,
}

#[test]
fn no_answer_is_lost_and_none_is_recorded_twice_however_often_the_process_is_killed() {
    let project = Project::new();
    let mut told = Vec::new();
    for round in 0..KILLS {
        let mut server = Server::start(&project);
        // From the very first answer to somewhere among many.
        let kill_after = 1 + round * round % 97;
        told.extend(serve_until_killed(&mut server, round, kill_after));
    }
    let at_rest = by_id(export(&project));
    let server = Server::start(&project);
    let recorded = by_id(export(&project));
    server.terminate();

    assert!(told.len() as u64 > KILLS, "every round was answered something");
    let distinct: HashSet<&str> = told.iter().map(|told| told.id.as_str()).collect();
    assert_eq!(distinct.len(), told.len(), "an id was given twice");
    for Told { id, row, prediction } in &told {
        let decision = recorded.get(id).unwrap_or_else(|| panic!("{id} was answered and is lost"));
        assert_eq!(decision.input, declared(row));
        assert_eq!(decision.output["prediction"], *prediction);
        assert_eq!(at_rest[id].input, decision.input, "recovery changes nothing");
    }
    sequences_are_dense(&project, recorded.len());
}

/// Clients ask as fast as they can; after so many answers the process is killed.
fn serve_until_killed(server: &mut Server, round: u64, kill_after: u64) -> Vec<Told> {
    let address = server.address;
    let (sender, answered) = channel();
    thread::scope(|scope| {
        let clients = (0..CLIENTS).map(|client| {
            let sender = sender.clone();
            let connection = Connection::open(address).unwrap();
            scope.spawn(move || ask_until_cut(connection, round * CLIENTS + client, &sender))
        });
        let clients: Vec<_> = clients.collect();
        drop(sender);
        for _ in 0..kill_after {
            answered.recv().unwrap();
        }
        server.kill();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}

/// Sends one request after the other, of one to three rows, no two alike; notes what is answered.
fn ask_until_cut(mut connection: Connection, client: u64, answered: &Sender<()>) -> Vec<Told> {
    let mut told = Vec::new();
    for request in 0_u64.. {
        let rows: Vec<Value> = (0..=request % 3)
            .map(|place| {
                let card = format!("{client}/{request}/{place}");
                but(row(client * 1_000 + request), "card", card)
            })
            .collect();
        let Ok(response) = connection.ask(&predict(&rows)) else { break };
        let answer = response.expect(200);
        for (place, row) in rows.into_iter().enumerate() {
            let id = answer["decision_ids"][place].as_str().unwrap().to_owned();
            told.push(Told { id, row, prediction: answer["predictions"][place].clone() });
        }
        // Nobody listens any more once the kill is on its way.
        let _ = answered.send(());
    }
    told
}

/// Rows are numbered without a gap, and each one's commitment holds.
fn sequences_are_dense(project: &Project, decisions: usize) {
    let disk = Arc::new(RealDisk::new(project.state().join("ledger")).unwrap());
    let reader = Reader::open(disk, None).unwrap();
    let mut found = 0;
    for (expected, entry) in (0_u64..).zip(reader.entries(0)) {
        let entry = entry.unwrap();
        assert_eq!(entry.sequence, expected);
        assert_eq!(entry.commitment_holds(), Some(true));
        let Content::Whole { payload, .. } = &entry.content else { panic!("{entry:?}") };
        let payload: Value = serde_json::from_slice(payload).unwrap();
        found += usize::from(payload["status"] == json!("answered"));
    }
    assert_eq!(found, decisions);
}
