"""A real server over a real example, trained once for all tests."""

import json
import os
import shutil
import signal
import subprocess
import urllib.request
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = os.environ["SHIPWORTHY_BIN"]
DATA = ROOT / "crates/shipworthy-models/tests/data"

# A project of one column, whose data the tests write.
PROJECT = """
[project]
name = "ports"
purpose = "Tests."
owner = "tests"
[source]
path = "data.csv"
[model]
task = "binary"
target = "y"
[[column]]
name = "x"
type = "float"
[train]
rounds = 3
early_stopping_rounds = 0
validation = { share = 0.3 }
"""


def shipworthy(*arguments):
    """Runs a command to its end and gives what it printed."""
    done = subprocess.run([BIN, *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


class Server:
    """A project, or models without one, served from a state directory of their own."""

    def __init__(self, what, state):
        self.state = state
        arguments = [*what, "--state", state]
        for listener in ("--listen", "--admin", "--grpc"):
            arguments += [listener, "127.0.0.1:0"]
        self.process = subprocess.Popen([BIN, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http://"), "the server did not start"
        self.grpc = json.loads((Path(state) / "server.json").read_text())["grpc"]

    def get(self, path):
        with urllib.request.urlopen(self.url + path) as answer:
            return json.load(answer)

    def post(self, path, body):
        return self.send(path, json.dumps(body), "application/json")

    def send(self, path, text, content_type):
        """Posts a text as it is."""
        headers = {"Content-Type": content_type}
        request = urllib.request.Request(self.url + path, text.encode(), headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait() == 0

    def model_file(self):
        (model,) = Path(self.state).glob("bundles/*/model.json")
        return model


@pytest.fixture(scope="session", params=["flights", "credit"])
def example(request, tmp_path_factory):
    """Each example in turn: its project copied, trained and served."""
    place = tmp_path_factory.mktemp(request.param)
    project = place / "project"
    shutil.copytree(ROOT / "examples" / request.param, project, ignore=shutil.ignore_patterns(".shipworthy"))
    server = Server(["up", project], place / "state")
    server.project, server.example = project, request.param
    yield server
    server.stop()


@pytest.fixture(scope="session")
def bare(tmp_path_factory):
    """Two bare model files: one of numbers alone, one with categories."""
    files = {"late": "xgb_binary_num/model.json", "credit": "lgb_tabular_cat/model.txt"}
    models = [argument for name, file in files.items() for argument in ("--model", f"{name}={DATA / file}")]
    server = Server(["serve", *models], tmp_path_factory.mktemp("bare"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def rows():
    frame = pd.read_csv(DATA / "flights_numeric.csv")
    return json.loads(frame.to_json(orient="values"))


@pytest.fixture(scope="session")
def mlserver(tmp_path_factory, rows):
    from remote_servers import MLServer  # which needs this module

    inputs = [{"name": "x", "datatype": "FP32", "shape": [-1, len(rows[0])]}]
    server = MLServer(tmp_path_factory.mktemp("mlserver"), inputs)
    yield server
    server.kill()
