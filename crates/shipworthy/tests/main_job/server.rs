//! A running server: started, asked, told, and ended with the test.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::Builder;
use std::time::Duration;

use serde_json::{Value, json};

use crate::command::program;
use crate::http::{self, Connection, Response};
use crate::project::{NAME, Project};

/// When nothing happens for so long, it never will.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that serves, or is about to; killed when dropped.
pub(crate) struct Server {
    child: Child,
    stdout: Lines,
    stderr: Lines,
    /// The first line of standard output.
    pub(crate) url: String,
    /// The data plane.
    pub(crate) address: SocketAddr,
}

/// Ports of the system's choice, so that tests can run side by side.
pub(crate) const ANY_PORTS: &str = "--listen 127.0.0.1:0 --admin 127.0.0.1:0";

impl Server {
    /// Serves a project; returns when it is ready.
    pub(crate) fn start(project: &Project) -> Self {
        Self::start_with(project, ANY_PORTS)
    }

    /// Serves a project with other options.
    pub(crate) fn start_with(project: &Project, options: &str) -> Self {
        Self::spawn(project, options).ready()
    }

    /// Serves bare model files with the state directory of a project.
    pub(crate) fn start_bare(project: &Project, models: &str) -> Self {
        Self::start_line(project, &format!("serve {models} --state STATE"))
    }

    /// Runs a line that serves.
    pub(crate) fn start_line(project: &Project, line: &str) -> Self {
        Self::spawn_line(&project.line(&format!("{line} {ANY_PORTS}"))).ready()
    }

    /// Waits for the first line of standard output.
    fn ready(self) -> Self {
        self.ready_unless_ended().unwrap_or_else(|(_, said)| panic!("no server: {said}"))
    }

    /// As [`Server::ready`], of a process that may end before; then how, and what it said.
    pub(crate) fn ready_unless_ended(mut self) -> Result<Self, (ExitStatus, String)> {
        let Some(url) = self.stdout.next() else { return Err(self.wait()) };
        let port = url.rsplit_once(':').unwrap().1;
        self.address.set_port(port.parse().unwrap());
        self.url = url;
        Ok(self)
    }

    /// Begins to serve a project, ready or not.
    pub(crate) fn spawn(project: &Project, options: &str) -> Self {
        Self::spawn_line(&project.line(&format!("up PROJECT --state STATE {options}")))
    }

    fn spawn_line(line: &str) -> Self {
        Self::of(program().args(line.split_whitespace()))
    }

    /// Begins to serve by a command that was made with [`program`].
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Self {
            stdout: Lines::of(child.stdout.take().unwrap()),
            stderr: Lines::of(child.stderr.take().unwrap()),
            child,
            url: String::new(),
            address: ([127, 0, 0, 1], 0).into(),
        }
    }

    /// The name of the release that serves.
    pub(crate) fn release(&self) -> String {
        let metadata = self.get(&format!("/v2/models/{NAME}")).expect(200);
        metadata["versions"][0].as_str().unwrap().to_owned()
    }

    /// A new connection to the data plane.
    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address).unwrap()
    }

    /// Asks on a connection of its own.
    pub(crate) fn ask(&self, request: &[u8]) -> Response {
        self.connect().ask(request).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.ask(&http::get(path))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Response {
        self.ask(&http::post(path, &body.to_string()))
    }

    /// Asks for decisions by KServe V1.
    pub(crate) fn predict(&self, rows: &[Value]) -> Response {
        self.ask(&predict(rows))
    }

    /// Waits until standard error says this, and gives the line.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.stderr.wait_for(text)
    }

    /// Sends a signal: `TERM`, `HUP`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id();
        let sent = Command::new("sh").arg("-c").arg(format!("kill -s {name} {pid}")).status();
        assert!(sent.unwrap().success());
    }

    /// Ends the process at once, as a crash or an impatient administrator does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for the process to end by itself; what standard error said since the last look.
    pub(crate) fn wait(&mut self) -> (ExitStatus, String) {
        // The pipes end with the process, and unlike it they can be waited for with patience.
        let said = self.stderr.rest();
        (self.child.wait().unwrap(), said)
    }

    /// Ends the process in order.
    pub(crate) fn terminate(mut self) {
        self.signal("TERM");
        let (status, said) = self.wait();
        assert!(status.success(), "{status}: {said}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request for decisions by KServe V1.
pub(crate) fn predict(rows: &[Value]) -> Vec<u8> {
    http::post(&format!("/v1/models/{NAME}:predict"), &json!({"instances": rows}).to_string())
}

/// The control plane of the server that holds a project's state.
pub(crate) fn admin(project: &Project) -> SocketAddr {
    address(project, "admin")
}

/// Where the server that holds a project's state says that it listens.
pub(crate) fn address(project: &Project, listener: &str) -> SocketAddr {
    let text = fs::read_to_string(project.state().join("server.json")).unwrap();
    let server: Value = serde_json::from_str(&text).unwrap();
    server[listener].as_str().unwrap().parse().unwrap()
}

/// What a process writes, line by line, as it comes.
struct Lines(Mutex<Receiver<String>>);

impl Lines {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = channel();
        let read = move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        };
        Builder::new().name("lines".to_owned()).spawn(read).unwrap();
        Self(Mutex::new(receiver))
    }

    /// The next line; `None` when the pipe has ended.
    #[track_caller]
    fn next(&self) -> Option<String> {
        match self.0.lock().unwrap().recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("the process hangs"),
        }
    }

    #[track_caller]
    fn wait_for(&self, text: &str) -> String {
        let mut said = Vec::new();
        while let Some(line) = self.next() {
            if line.contains(text) {
                return line;
            }
            said.push(line);
        }
        panic!("no {text:?} in {said:#?}")
    }

    fn rest(&self) -> String {
        let mut text = String::new();
        while let Some(line) = self.next() {
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}
