"""A real server over a real example, trained once for all tests."""

import json
import os
import shutil
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = os.environ["SHIPWORTHY_BIN"]


def shipworthy(*arguments):
    """Runs a command to its end and gives what it printed."""
    done = subprocess.run([BIN, *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


class Server:
    """A project that is served from its own state directory."""

    def __init__(self, project, state):
        self.project, self.state = project, state
        arguments = ["up", project, "--state", state, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
        self.process = subprocess.Popen([BIN, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http://"), "the server did not start"

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
    server = Server(project, place / "state")
    server.example = request.param
    yield server
    server.stop()
