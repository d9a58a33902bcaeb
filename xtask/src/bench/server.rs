//! The servers that are measured: how each is started, found ready and stopped.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::http;
use super::payload::{Form, MODEL, ONNX_MODEL, predictions};
use super::peers::Peer;
use crate::{onnxruntime, process};

/// The first start of a project trains its model.
const READY_TIMEOUT: Duration = Duration::from_secs(600);

/// The programs that the servers are made of, built.
pub(super) struct Programs {
    pub(super) shipworthy: PathBuf,
    pub(super) echo: PathBuf,
    pub(super) root: PathBuf,
    /// The library that runs ONNX models, if there is a Python to install it.
    pub(super) onnxruntime: Option<PathBuf>,
    /// The environments of the peers that could be made, by their list of pins.
    pub(super) environments: BTreeMap<&'static str, PathBuf>,
}

/// A server to measure. It prints its base URL as the first line of standard output when ready.
pub(super) struct Server {
    /// What the report and `--server` call it.
    pub(super) name: &'static str,
    /// What it is, for the report.
    pub(super) about: &'static str,
    /// Where the rows are posted to.
    pub(super) path: &'static str,
    /// What it is sent.
    pub(super) form: Form,
    /// What it is made of, if it is not ours.
    pub(super) peer: Option<&'static Peer>,
    /// The command, given a directory of its own.
    pub(super) command: fn(&Programs, &Path) -> Command,
}

/// What no server that records durably can pass: the ratios are to this one.
pub(super) const LIMIT: &str = "limit";

/// This server as it is started for work.
pub(super) const DURABLE: &str = "durable";

/// The same without a disk.
pub(super) const MEMORY: &str = "memory";

/// The server whose answers and whose speed the peers are held against.
pub(super) const OURS: &str = "model";

/// The servers that need the library of ONNX Runtime.
pub(super) const ONNX: [&str; 2] = ["onnx", "onnx-batched"];

/// Every server that is not a peer, the ones of this product first.
pub(super) const SERVERS: &[Server] = &[
    Server {
        name: DURABLE,
        about: "this server with its durable ledger, as shipped",
        path: PREDICT,
        form: Form::Flights,
        peer: None,
        command: |programs, directory| up(programs, directory, &[]),
    },
    Server {
        name: MEMORY,
        about: "this server with `--ledger memory`: what durability costs",
        path: PREDICT,
        form: Form::Flights,
        peer: None,
        command: |programs, directory| up(programs, directory, &["--ledger", "memory"]),
    },
    Server {
        name: OURS,
        about: "this server with its durable ledger and the model of the peers",
        path: "/v1/models/late:predict",
        form: Form::Named,
        peer: None,
        command: |programs, directory| bare(programs, directory, MODEL),
    },
    Server {
        name: "onnx",
        about: "this server with its durable ledger and a boosted forest in ONNX Runtime",
        path: "/v2/models/late/infer",
        form: Form::Tensor,
        peer: None,
        command: onnx,
    },
    Server {
        name: "onnx-batched",
        about: "the same with `--micro-batching on`: what requests gain that share a call",
        path: "/v2/models/late/infer",
        form: Form::Tensor,
        peer: None,
        command: |programs, directory| {
            let mut command = onnx(programs, directory);
            command.args(["--micro-batching", "on"]);
            command
        },
    },
    Server {
        name: "echo",
        about: "bare axum that sends the same payload back: what HTTP costs",
        path: PREDICT,
        form: Form::Flights,
        peer: None,
        command: |programs, _| echo(programs),
    },
    Server {
        name: LIMIT,
        about: "that echo with the same group commit and fdatasync: the honest limit",
        path: PREDICT,
        form: Form::Flights,
        peer: None,
        command: |programs, directory| {
            let mut command = echo(programs);
            command.arg("--ledger").arg(directory.join("ledger"));
            command
        },
    },
];

const PREDICT: &str = "/v1/models/flight-delay:predict";

fn up(programs: &Programs, directory: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(&programs.shipworthy);
    command.args(["up", "examples/flights", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    command.arg("--state").arg(directory.join("state")).args(more);
    command.current_dir(&programs.root);
    command
}

/// A model without a project.
fn bare(programs: &Programs, directory: &Path, model: &str) -> Command {
    let mut command = Command::new(&programs.shipworthy);
    command.args(["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--model"]);
    command.arg(format!("late={model}")).arg("--state").arg(directory.join("state"));
    command.current_dir(&programs.root);
    command
}

fn onnx(programs: &Programs, directory: &Path) -> Command {
    let mut command = bare(programs, directory, ONNX_MODEL);
    if let Some(library) = &programs.onnxruntime {
        command.env(onnxruntime::VARIABLE, library);
    }
    command
}

fn echo(programs: &Programs) -> Command {
    let mut command = Command::new(&programs.echo);
    command.args(["--listen", "127.0.0.1:0"]);
    command
}

/// A started server; stopped when dropped.
pub(super) struct Running {
    pub(super) server: &'static Server,
    /// Where the rows are posted to, whole.
    pub(super) url: String,
    child: Child,
}

impl Running {
    /// Starts the server with an own directory below `scratch` and waits until it is ready.
    pub(super) fn start(
        server: &'static Server,
        programs: &Programs,
        scratch: &Path,
    ) -> Result<Self> {
        let directory = scratch.join(server.name);
        fs::create_dir_all(&directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
        let log = directory.join("stderr.log");
        let mut child = (server.command)(programs, &directory)
            // A peer ends itself with the pipe, should this program end without a word.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).with_context(|| format!("cannot make {}", log.display()))?)
            .spawn()
            .with_context(|| format!("cannot start the server {}", server.name))?;
        let first_line = first_line(&mut child);
        let mut running = Self { server, url: String::new(), child };
        let Some(base) = first_line?.filter(|line| line.starts_with("http://")) else {
            let said = fs::read_to_string(&log).unwrap_or_default();
            bail!("the server {} printed no base URL; it said:\n{}", server.name, said.trim());
        };
        running.url = format!("{}{}", base.trim_end_matches('/'), server.path);
        Ok(running)
    }

    /// Posts `body` once; the answer's body.
    ///
    /// # Errors
    /// When the answer is not `200` with JSON, with what it was.
    pub(super) fn probe(&self, body: &str) -> Result<Value> {
        let address = self.url.strip_prefix("http://").context("an http URL")?;
        let (host, path) = address.split_once('/').context("a URL with a path")?;
        http::ask(host, &format!("POST /{path}"), "", body)
            .with_context(|| format!("the server {} does not take the payload", self.server.name))
    }

    /// The predictions for `body`.
    ///
    /// # Errors
    /// As `probe`, and when the answer has no numbers.
    pub(super) fn predictions(&self, body: &str) -> Result<Vec<f64>> {
        predictions(&self.probe(body)?)
    }

    /// The process, for what the system tells of it.
    pub(super) fn process_id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.server.peer.is_some() {
            // Its workers as well: a process killed alone leaves them behind.
            let group = format!("kill -s KILL -- -{}", self.child.id());
            let _ = process::succeeds(Command::new("sh").args(["-c", &group]));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first line of the child's standard output, `None` when it ends before one. What follows
/// is read and dropped, so that the child never blocks on a full pipe.
fn first_line(child: &mut Child) -> Result<Option<String>> {
    let stdout = child.stdout.take().context("standard output is piped")?;
    let (send, receive) = mpsc::channel();
    thread::Builder::new().name("server-stdout".into()).spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = send.send(line);
        }
    })?;
    match receive.recv_timeout(READY_TIMEOUT) {
        Ok(line) => Ok(Some(line.trim().to_owned())),
        Err(mpsc::RecvTimeoutError::Disconnected) => Ok(None),
        Err(mpsc::RecvTimeoutError::Timeout) => bail!("not ready after {READY_TIMEOUT:?}"),
    }
}
