//! SIGTERM over gRPC: every call that was let in is answered, and its client knows of every other
//! that it was not.

use std::collections::HashSet;
use std::sync::mpsc::channel;
use std::thread;

use prost::Message;

use crate::export::{by_id, export};
use crate::grpc::ANY_PORTS;
use crate::grpc_client::{Connection, framed, method, payment};
use crate::project::Project;
use crate::server::{Server, address};

const CLIENTS: usize = 4;

#[test]
fn calls_in_flight_are_answered_and_no_other_is_taken() {
    let project = Project::new();
    let mut server = Server::start_with(&project, ANY_PORTS);
    let address = address(&project, "grpc");
    let (sender, answered) = channel();
    let told: HashSet<String> = thread::scope(|scope| {
        let client = || {
            let (mut connection, mut told) = (Connection::open(address).unwrap(), Vec::new());
            loop {
                match connection.infer(&payment(5.0)) {
                    Ok(answer) => told.extend(answer.decisions().decision_ids()),
                    // Told to go before the call was taken: it may be made elsewhere.
                    Err(error) if error.is_go_away() => return told,
                    // Or the connection was closed before the call was begun.
                    Err(error) if error.is_io() || error.is_library() => return told,
                    Err(error) => panic!("a call got no answer: {error:?}"),
                }
                // The test stops counting after a while.
                let _ = sender.send(());
            }
        };
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        for _ in 0..100 {
            answered.recv().unwrap();
        }
        server.signal("TERM");
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    let (status, said) = server.wait();
    assert!(status.success() && said.contains("drained"), "{status}: {said}");
    // Whatever was recorded was told: no call was taken and then lost.
    let recorded: HashSet<String> = by_id(export(&project)).into_keys().collect();
    assert_eq!(recorded, told);
}

#[test]
fn a_call_that_is_half_sent_when_the_signal_comes_is_answered() {
    let project = Project::new();
    let mut server = Server::start_with(&project, ANY_PORTS);
    let mut connection = Connection::open(address(&project, "grpc")).unwrap();
    let body = framed(0, &payment(5.0).encode_to_vec());
    let (half, rest) = body.split_at(body.len() / 2);
    let (answer, mut stream) = connection.begin(&method("ModelInfer"), &[]).unwrap();
    stream.send_data(half.to_vec().into(), false).unwrap();
    // The server has the half for sure: a call that came after it is answered.
    connection.infer(&payment(5.0)).unwrap().decisions();
    let mut idle = Connection::open(address(&project, "grpc")).unwrap();
    idle.infer(&payment(5.0)).unwrap().decisions();
    server.signal("TERM");
    server.wait_for("draining");
    // Still: whoever is connected is answered, until it is told to go.
    while idle.infer(&payment(5.0)).is_ok() {}
    stream.send_data(rest.to_vec().into(), true).unwrap();
    let decisions = connection.finish(answer).unwrap().decisions();
    let (status, said) = server.wait();
    assert!(status.success() && said.contains("drained"), "{status}: {said}");
    assert!(by_id(export(&project)).contains_key(&decisions.decision_ids()[0]));
}
