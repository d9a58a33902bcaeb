"""A model behind a real MLServer, behind this server: the same numbers, and what happens when MLServer goes."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pandas as pd
import pytest

from conftest import BIN, ROOT, shipworthy

MODELS = ROOT / "crates/shipworthy-models/tests/data"
MODEL = MODELS / "xgb_binary_num/model.json"
ROWS = MODELS / "flights_numeric.csv"
START_S = 120


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class MLServer:
    """One XGBoost model; `inputs` is what its metadata declares."""

    def __init__(self, place, inputs):
        self.place = place
        self.http, self.grpc, self.metrics = free_ports(3)
        settings = {
            "name": "late",
            "implementation": "mlserver_xgboost.XGBoostModel",
            "parameters": {"uri": str(MODEL), "version": "seven"},
            "inputs": inputs,
            "outputs": [{"name": "predict", "datatype": "FP32", "shape": [-1, 1]}],
        }
        (place / "model-settings.json").write_text(json.dumps(settings))
        server = {"host": "127.0.0.1", "http_port": self.http, "grpc_port": self.grpc}
        server |= {"metrics_port": self.metrics, "parallel_workers": 0}
        (place / "settings.json").write_text(json.dumps(server))
        self.url = f"http://127.0.0.1:{self.http}/v2/models/late"
        self.start()

    def start(self):
        command = [os.environ["MLSERVER_PYTHON"], "-c", "from mlserver.cli import main; main()", "start", "."]
        with open(self.place / "log", "a") as log:
            self.process = subprocess.Popen(command, cwd=self.place, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                return urllib.request.urlopen(f"{self.url}/ready").close()
            except OSError:
                time.sleep(0.1)
        raise AssertionError((self.place / "log").read_text())

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Front:
    """This server in front of it, beside the same model as a file."""

    def __init__(self, place, url):
        self.state = place / "state"
        arguments = ["serve", "--model", f"remote={url}", "--model", f"local={MODEL}", "--state", self.state]
        arguments += ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--remote-timeout-ms", "20000"]
        self.process = subprocess.Popen([BIN, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http://"), "the server did not start"

    def predict(self, name, instances):
        body = json.dumps({"instances": instances}).encode()
        request = urllib.request.Request(f"{self.url}/v1/models/{name}:predict", body)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)

    def is_ready(self, name):
        try:
            return urllib.request.urlopen(f"{self.url}/v2/models/{name}/ready").status == 200
        except urllib.error.HTTPError:
            return False

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait() == 0


@pytest.fixture(scope="module")
def rows():
    frame = pd.read_csv(ROWS)
    return json.loads(frame.to_json(orient="values"))


@pytest.fixture(scope="module")
def mlserver(tmp_path_factory, rows):
    inputs = [{"name": "x", "datatype": "FP32", "shape": [-1, len(rows[0])]}]
    server = MLServer(tmp_path_factory.mktemp("mlserver"), inputs)
    yield server
    server.kill()


@pytest.fixture
def front(tmp_path, mlserver):
    server = Front(tmp_path, mlserver.url)
    yield server
    server.stop()


def test_a_remote_model_answers_as_its_file_does(front, rows):
    """Missing values included, alone and in a batch."""
    assert any(value is None for row in rows for value in row)
    status, remote = front.predict("remote", rows)
    assert status == 200, remote
    assert remote["predictions"] == front.predict("local", rows)[1]["predictions"]
    one = front.predict("remote", rows[:1])[1]
    assert one["predictions"] == remote["predictions"][:1]
    shown = json.loads(shipworthy("ledger", "show", one["decision_ids"][0], "--state", front.state, "--json"))
    assert shown["payload"]["model_version"] == "seven"


def test_rows_of_another_shape_are_refused_before_they_are_sent(front, rows):
    status, refused = front.predict("remote", [rows[0][:-1]])
    assert (status, refused["code"]) == (422, "contract_violation")
    assert front.predict("remote", rows[:1])[0] == 200


def test_an_outage_is_told_at_once_and_ends_by_itself(front, rows, mlserver):
    """The circuit breaker opens, readiness says so, what is served here goes on, and it closes again."""
    assert front.is_ready("remote")
    mlserver.kill()
    codes = [front.predict("remote", rows[:1]) for _ in range(6)]
    assert {(status, body["code"]) for status, body in codes} == {(503, "model_unavailable")}
    assert not front.is_ready("remote")
    assert front.is_ready("local") and front.predict("local", rows[:1])[0] == 200
    mlserver.start()
    deadline = time.monotonic() + START_S
    while front.predict("remote", rows[:1])[0] != 200:
        assert time.monotonic() < deadline, "the breaker stays open"
        time.sleep(0.1)
    assert front.is_ready("remote")


def served(url, state):
    command = [BIN, "serve", "--model", f"m={url}", "--state", state, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
    return subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_server_that_cannot_be_called_is_told_at_the_start(tmp_path, mlserver):
    nobody = served("http://127.0.0.1:9/v2/models/m", tmp_path / "a")
    assert nobody.returncode == 2 and "is the server up" in nobody.stderr
    unknown = served(mlserver.url.replace("late", "other"), tmp_path / "b")
    assert unknown.returncode == 2 and "answered 404" in unknown.stderr, unknown.stderr


def test_a_model_without_declared_inputs_is_told_how_to_declare_them(tmp_path):
    server = MLServer(tmp_path, [])
    try:
        silent = served(server.url, tmp_path / "state")
    finally:
        server.kill()
    assert silent.returncode == 2 and "model-settings.json" in silent.stderr
