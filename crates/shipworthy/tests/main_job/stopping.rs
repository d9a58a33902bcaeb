//! SIGTERM: whoever was let in is answered, and nobody else is let in.

use std::collections::HashSet;
use std::io;
use std::net::TcpStream;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use serde_json::Value;

use crate::export::{by_id, export};
use crate::http::{Connection, get};
use crate::project::{Project, row};
use crate::server::{self, Server, predict};

const CLIENTS: u64 = 4;

/// What became of a client's requests.
#[derive(Debug, Default)]
struct Fate {
    answered: HashSet<String>,
    /// Requests that were sent whole and got no answer.
    dropped: usize,
}

#[test]
fn clients_that_keep_connections_lose_nothing_when_the_server_goes() {
    let project = Project::new();
    let mut server = Server::start(&project);
    let address = server.address;
    let fates = end_under_load(&mut server, |client, answered| {
        let mut connection = Connection::open(address).unwrap();
        let mut fate = Fate::default();
        loop {
            match ask(&mut connection, client, &mut fate, answered) {
                Ok(true) => {}
                // Told to go: it goes.
                Ok(false) => return fate,
                Err(_) => {
                    fate.dropped += 1;
                    return fate;
                }
            }
        }
    });
    nothing_was_lost(&project, &fates);
}

#[test]
fn clients_that_come_back_until_they_are_refused_lose_nothing_either() {
    let project = Project::new();
    let mut server = Server::start(&project);
    let address = server.address;
    let fates = end_under_load(&mut server, |client, answered| {
        let mut fate = Fate::default();
        while let Ok(mut connection) = Connection::open(address) {
            let mut is_first = true;
            loop {
                match ask(&mut connection, client, &mut fate, answered) {
                    Ok(true) => is_first = false,
                    Ok(false) => break,
                    // The kernel shook hands for a listener that was closed before it could
                    // accept: no different from a refusal, which comes next.
                    Err(error) if is_first && error.kind() == io::ErrorKind::ConnectionReset => {
                        break;
                    }
                    Err(_) => {
                        fate.dropped += 1;
                        break;
                    }
                }
            }
        }
        fate
    });
    nothing_was_lost(&project, &fates);
}

#[test]
fn a_request_that_is_half_sent_when_the_signal_comes_is_answered() {
    let project = Project::new();
    let mut server = Server::start(&project);
    let request = predict(&[row(1)]);
    let (half, rest) = request.split_at(request.len() - 7);
    let (mut slow, mut idle) = (server.connect(), server.connect());
    idle.ask(&get("/v2/health/live")).unwrap().expect(200);
    slow.send(half).unwrap();
    // The server has the half for sure: a request that came after it is answered.
    server.get("/v2/health/live").expect(200);
    server.signal("TERM");
    server.wait_for("draining");
    let ready = server.get("/v2/health/ready");
    assert_eq!(ready.expect(503)["error"], "the server is shutting down");
    assert!(ready.is_last());
    server.signal("TERM");
    assert!(idle.ends(), "an idle connection is closed");
    // Idle connections are closed after the listener is: from here on nobody new is let in.
    assert!(TcpStream::connect(server.address).is_err());
    slow.send(rest).unwrap();
    let response = slow.receive().unwrap();
    assert!(response.is_last());
    let id = response.expect(200)["decision_ids"][0].clone();
    let (status, said) = server.wait();
    assert!(status.success(), "a second signal changes nothing: {said}");
    assert!(said.contains("drained"), "{said}");
    assert!(by_id(export(&project)).contains_key(id.as_str().unwrap()));
}

#[test]
fn a_server_that_ended_in_order_leaves_no_trace_of_being_there() {
    let project = Project::new();
    let mut server = Server::start(&project);
    let admin = server::admin(&project);
    let file = project.state().join("server.json");
    assert!(file.exists());
    server.predict(&[row(1)]).expect(200);
    server.signal("INT");
    let (status, said) = server.wait();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(!file.exists());
    for address in [server.address, admin] {
        assert!(TcpStream::connect(address).is_err(), "{address}");
    }
    let server = Server::start(&project);
    assert!(!server.wait_for("control plane").contains("ledger:"), "nothing had to be repaired");
}

/// Runs clients, sends SIGTERM when they are all busy, and waits for the end.
fn end_under_load(
    server: &mut Server,
    client: impl Fn(u64, &Sender<()>) -> Fate + Sync,
) -> Vec<Fate> {
    let (sender, answered) = channel();
    let fates = thread::scope(|scope| {
        let client = &client;
        let clients = (0..CLIENTS).map(|number| {
            let sender = sender.clone();
            scope.spawn(move || client(number, &sender))
        });
        let clients: Vec<_> = clients.collect();
        drop(sender);
        for _ in 0..100 {
            answered.recv().unwrap();
        }
        server.signal("TERM");
        let fates: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
        fates
    });
    let (status, said) = server.wait();
    assert!(status.success(), "{status}: {said}");
    fates
}

/// One request; whether the connection lives on.
fn ask(
    connection: &mut Connection,
    client: u64,
    fate: &mut Fate,
    answered: &Sender<()>,
) -> io::Result<bool> {
    let number = client * 10_000 + fate.answered.len() as u64;
    let response = connection.ask(&predict(&[row(number)]))?;
    let answer: Value = response.expect(200);
    fate.answered.insert(answer["decision_ids"][0].as_str().unwrap().to_owned());
    // The test stops counting after a while.
    let _ = answered.send(());
    Ok(!response.is_last())
}

/// Every request was answered, and every decision was told.
fn nothing_was_lost(project: &Project, fates: &[Fate]) {
    let dropped: usize = fates.iter().map(|fate| fate.dropped).sum();
    assert_eq!(dropped, 0, "requests without an answer");
    let told: HashSet<&String> = fates.iter().flat_map(|fate| &fate.answered).collect();
    let recorded = by_id(export(project));
    assert_eq!(recorded.keys().collect::<HashSet<_>>(), told);
}
