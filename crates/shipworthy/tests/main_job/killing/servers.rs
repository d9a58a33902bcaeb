//! Servers that are told to act.

use std::fs;

use shipworthy_store::{SqliteStore, Store};

use super::{Bench, Fate, Step, copy, count};
use crate::command;
use crate::events::{copied_once, in_the_ledger, in_the_store};
use crate::project::NAME;
use crate::server::{ANY_PORTS, Server};

/// No step has this number.
pub(super) const NEVER: Step = Step { at: 0, half: false };

const UP: &str = "up PROJECT --state STATE";

/// What a server is told.
struct Action {
    line: &'static str,
    /// The event that it leaves.
    kind: &'static str,
    subject: &'static str,
}

impl Bench {
    /// Serves the project until it is killed at a step; `None` if that is before it is ready.
    pub(super) fn up(&self, step: Step) -> Option<Server> {
        let server = Server::of(&mut self.command(&format!("{UP} {ANY_PORTS}"), step));
        match server.ready_unless_ended() {
            Ok(server) => Some(server),
            Err((status, said)) => {
                assert_eq!(Fate::of(status), Fate::Killed, "{said}");
                None
            }
        }
    }

    /// Tells a server to act, which is killed at a step of that; whether it answered that it did.
    fn act(&self, action: &Action, step: Step, before: &dyn Fn()) -> bool {
        let armed = self.project.beside("armed");
        let _ = fs::remove_file(&armed);
        let mut command = self.command(&format!("{UP} {ANY_PORTS}"), step);
        let server = Server::of(command.env("KILL_ARMED", &armed)).ready_unless_ended();
        let mut server = server.unwrap();
        before();
        fs::write(armed, "").unwrap();
        let ran = command::run(&self.line(action.line));
        // What is not copied yet is copied now, if it is not killed before.
        server.signal("TERM");
        server.wait();
        ran.code == Some(0)
    }

    /// Whether an action is recorded, copied, and noted to be so; what comes then is no step of it.
    fn is_over(&self, action: &Action) -> bool {
        let copied = self.project.beside("looked-at");
        copy(&self.state, &copied);
        let events = in_the_store(&copied);
        let position = SqliteStore::open(&copied.join("state.db")).unwrap().outbox().unwrap();
        count(&events, action.kind, action.subject) == 1
            && in_the_ledger(&copied) == events
            && position.is_some_and(|position| position.copied == events.last().unwrap()["id"])
    }

    /// A server is told to act and is killed at every step of it; then it is started again and told
    /// the same. `around` is what comes before it is told, and in the end.
    fn is_done_whole_or_not_at_all(&self, action: &Action, around: [&dyn Fn(); 2]) {
        drop(self.up(NEVER).unwrap());
        self.take_as_base();
        let base = copied_once(&self.state).len();
        let steps = self.at_every_step(|step| {
            let told = self.act(action, step, around[0]);
            let fate = if self.is_over(action) { Fate::Ended } else { Fate::Killed };
            let server = self.up(NEVER).unwrap();
            let done = count(&copied_once(&self.state), action.kind, action.subject);
            assert!(done == 1 || (done == 0 && !told), "{step:?}, {}", self.killed_at());
            let again = command::run(&self.line(action.line));
            drop(server);
            drop(self.up(NEVER).unwrap());
            let events = copied_once(&self.state);
            let expected = done + usize::from(again.code == Some(0));
            assert_eq!(count(&events, action.kind, action.subject), expected, "{again:#?}");
            assert!(expected > 0, "{again:#?}");
            assert_eq!(events.len(), base + expected);
            around[1]();
            fate
        });
        assert!(steps > 8, "{steps} steps are too few to be all");
    }
}

#[test]
fn a_server_makes_a_token_whole_or_not_at_all() {
    let action = Action {
        line: "token create ana --role auditor --reason test --state STATE",
        kind: "token.created",
        subject: "ana",
    };
    Bench::new().is_done_whole_or_not_at_all(&action, [&|| {}, &|| {}]);
}

#[test]
fn a_server_revokes_a_token_whole_or_not_at_all() {
    let bench = Bench::new();
    drop(bench.up(NEVER).unwrap());
    let made = "token create ana --role auditor --reason test --state STATE";
    command::run(&bench.line(made)).expect(0);
    let action = Action {
        line: "token revoke ana --reason test --state STATE",
        kind: "token.revoked",
        subject: "ana",
    };
    bench.is_done_whole_or_not_at_all(&action, [&|| {}, &|| {}]);
}

#[test]
fn a_server_takes_a_policy_whole_or_not_at_all() {
    let action = Action {
        line: "reload --reason test --state STATE",
        kind: "policy.reloaded",
        subject: NAME,
    };
    let bench = Bench::new();
    let edit = |old, new| bench.project.edit(old, new);
    bench.is_done_whole_or_not_at_all(
        &action,
        [&|| edit("threshold = 0.5", "threshold = 0.4"), &|| {
            edit("threshold = 0.4", "threshold = 0.5")
        }],
    );
}
