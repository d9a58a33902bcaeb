//! The peers of the serving benchmark: programs in Python that serve one XGBoost model.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use super::payload::{Form, MODEL};
use super::server::{Programs, Server};

const DIRECTORY: &str = "xtask/src/bench/serve/peers";
pub(super) const SERVE: &str = "xtask/requirements-serve.txt";
pub(super) const MLSERVER: &str = "xtask/requirements-mlserver.txt";

/// What the ratios of the report set apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Python that was tuned by hand.
    Tuned,
    /// Python as it is usually written.
    Typical,
    /// A product that serves models.
    ModelServer,
}

/// A server in Python.
pub(super) struct Peer {
    pub(super) kind: Kind,
    /// The list of pins that it is installed from.
    pub(super) requirements: &'static str,
    /// Those whose versions the report gives.
    pub(super) packages: &'static [&'static str],
}

const XGBOOST: &Peer = &Peer {
    kind: Kind::Tuned,
    requirements: SERVE,
    packages: &["fastapi", "uvicorn", "orjson", "xgboost"],
};
const ONNX_RUNTIME: &Peer = &Peer {
    kind: Kind::Tuned,
    requirements: SERVE,
    packages: &["fastapi", "uvicorn", "orjson", "onnxruntime"],
};

/// Every peer. Those with `-all` have as many workers as there are cores.
pub(super) const PEERS: &[Server] = &[
    Server {
        name: "fastapi-xgboost-tuned",
        about: "FastAPI, orjson, numpy, in-place prediction, uvloop and httptools; one worker",
        path: PREDICT,
        form: Form::Rows,
        peer: Some(XGBOOST),
        command: |programs, directory| {
            program(programs, directory, "fastapi_xgboost.py", XGBOOST, 1)
        },
    },
    Server {
        name: "fastapi-xgboost-tuned-all",
        about: "the same with a worker a core",
        path: PREDICT,
        form: Form::Rows,
        peer: Some(XGBOOST),
        command: |programs, directory| {
            program(programs, directory, "fastapi_xgboost.py", XGBOOST, cores())
        },
    },
    Server {
        name: "fastapi-onnxruntime-tuned",
        about: "the same FastAPI with the model converted to ONNX, one thread in it; one worker",
        path: PREDICT,
        form: Form::Rows,
        peer: Some(ONNX_RUNTIME),
        command: |programs, directory| {
            program(programs, directory, "fastapi_onnxruntime.py", ONNX_RUNTIME, 1)
        },
    },
    Server {
        name: "fastapi-onnxruntime-tuned-all",
        about: "the same with a worker a core",
        path: PREDICT,
        form: Form::Rows,
        peer: Some(ONNX_RUNTIME),
        command: |programs, directory| {
            program(programs, directory, "fastapi_onnxruntime.py", ONNX_RUNTIME, cores())
        },
    },
    Server {
        name: "fastapi-xgboost-typical",
        about: "FastAPI with a pydantic model and a DataFrame a request: what people write",
        path: PREDICT,
        form: Form::Named,
        peer: Some(TYPICAL),
        command: |programs, directory| {
            program(programs, directory, "fastapi_typical.py", TYPICAL, 1)
        },
    },
    Server {
        name: "mlserver",
        about: "MLServer and its XGBoost runtime, parallel_workers = 0",
        path: "/v2/models/late/infer",
        form: Form::Tensor,
        peer: Some(ML),
        command: |programs, directory| program(programs, directory, "mlserver_peer.py", ML, 0),
    },
    Server {
        name: "bentoml",
        about: "BentoML with the lean prediction, a worker a core",
        path: PREDICT,
        form: Form::Rows,
        peer: Some(BENTO),
        command: |programs, directory| {
            program(programs, directory, "bentoml_peer.py", BENTO, cores())
        },
    },
    Server {
        name: "litserve",
        about: "LitServe with the lean prediction, a worker a core",
        path: PREDICT,
        form: Form::Rows,
        peer: Some(LIT),
        command: |programs, directory| {
            program(programs, directory, "litserve_peer.py", LIT, cores())
        },
    },
];

const TYPICAL: &Peer = &Peer {
    kind: Kind::Typical,
    requirements: SERVE,
    packages: &["fastapi", "uvicorn", "pydantic", "pandas", "xgboost"],
};
const ML: &Peer = &Peer {
    kind: Kind::ModelServer,
    requirements: MLSERVER,
    packages: &["mlserver", "mlserver-xgboost", "xgboost"],
};
const BENTO: &Peer =
    &Peer { kind: Kind::ModelServer, requirements: SERVE, packages: &["bentoml", "xgboost"] };
const LIT: &Peer =
    &Peer { kind: Kind::ModelServer, requirements: SERVE, packages: &["litserve", "xgboost"] };

const PREDICT: &str = "/predict";

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn program(
    programs: &Programs,
    directory: &Path,
    file: &str,
    peer: &Peer,
    workers: usize,
) -> Command {
    let python = programs.environments.get(peer.requirements).cloned().unwrap_or_else(PathBuf::new);
    let mut command = Command::new(python.join("bin/python"));
    command.arg(programs.root.join(DIRECTORY).join(file)).current_dir(directory);
    command.env("PEER_MODEL", programs.root.join(MODEL));
    // Our own servers end with an interrupt from the keyboard; a group of its own does not get it,
    // and ends with its standard input instead.
    command.process_group(0);
    // More threads in a prediction of a few rows only wait for each other.
    command.env("OMP_NUM_THREADS", "1");
    command.env("PEER_WORKERS", workers.to_string()).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

impl Peer {
    /// `name version` of each package, as the list of pins has them.
    pub(super) fn versions(&self, pins: &str) -> String {
        let pin = |name: &&str| {
            let start = format!("{name}==");
            let version = pins.lines().find_map(|line| line.strip_prefix(start.as_str()));
            format!("{name} {}", version.unwrap_or("unknown"))
        };
        self.packages.iter().map(pin).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_the_pins() {
        let expect = "bentoml 1.4.40, xgboost unknown";
        assert_eq!(BENTO.versions("# pins\nbentoml==1.4.40\nbentoml-x==2\n"), expect);
    }
}
