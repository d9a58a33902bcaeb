//! A port and a state directory belong to one process at a time.

use std::net::TcpListener;

use crate::project::{Project, row};
use crate::server::{ANY_PORTS, Server, address};

#[test]
fn a_second_server_on_the_same_state_is_refused_and_told_who_has_it() {
    let project = Project::new();
    let server = Server::start(&project);
    let text = std::fs::read_to_string(project.state().join("server.json")).unwrap();
    let holder: serde_json::Value = serde_json::from_str(&text).unwrap();
    let refused = project.run(&format!("up PROJECT --state STATE {ANY_PORTS}"));
    refused.expect(2);
    assert_eq!(refused.stdout, "");
    refused.says(&format!("in use by process {}", holder["pid"]));
    server.predict(&[row(1)]).expect(200);
    assert_eq!(address(&project, "listen"), server.address, "server.json is the first one's");
}

#[test]
fn a_killed_server_leaves_nothing_in_the_way() {
    let project = Project::new();
    let mut server = Server::start(&project);
    server.kill();
    assert!(project.state().join("server.json").exists(), "it had no time to tidy up");
    let listed = project.run("token list --state STATE --json");
    listed.expect(0);
    let server = Server::start(&project);
    assert_eq!(address(&project, "listen"), server.address);
}

#[test]
fn a_taken_port_names_the_option_that_changes_it() {
    let project = Project::new();
    for (option, other) in [("--listen", "--admin"), ("--admin", "--listen")] {
        let holder = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = holder.local_addr().unwrap();
        let line = format!("up PROJECT --state STATE {option} {at} {other} 127.0.0.1:0");
        let refused = project.run(&line);
        refused.expect(2);
        refused.says(&format!("cannot listen on {at}"));
        refused.says(&format!("choose another address with {option}"));
        assert!(!project.state().exists(), "nothing was trained before the port was tried");
    }
}
