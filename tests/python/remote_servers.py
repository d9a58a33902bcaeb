"""A real MLServer, and this server in front of it."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from conftest import BIN, DATA

MODEL = DATA / "xgb_binary_num/model.json"
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

    def __init__(self, place, url, **variables):
        self.state, self.log = place / "state", place / "front.log"
        command = serve(self.state, f"remote={url}", f"local={MODEL}") + ["--remote-timeout-ms", "20000"]
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ | variables
            )
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http://"), self.log.read_text()

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


def serve(state, *models):
    command = [BIN, "serve", "--state", str(state), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
    return command + [argument for model in models for argument in ("--model", model)]


def served(url, state, **variables):
    """A start that is expected to fail."""
    environment = os.environ | variables
    return subprocess.run(serve(state, f"m={url}"), capture_output=True, text=True, env=environment)
