"""An example with two releases, of which one can be rolled out."""

import json
import shutil
import subprocess
import urllib.error
import urllib.request

from conftest import ROOT, Server, shipworthy

NAME = "credit-risk"

# It goes to its second step by itself, and stays there until somebody approves the last one.
ROLLOUT = """
[rollout]
steps = [20, 50, 100]
approvals = [100]
step_time = "2s"
step_rows = 20
cool_down = "0s"

[[rollout.guard]]
metric = "error_rate"
max_regression = 0.01
"""


class Steered(Server):
    """Two releases of an example, of which one serves and the other waits."""

    def __init__(self, place):
        self.project, self.example = place / "project", "credit"
        source = ROOT / "examples" / self.example
        shutil.copytree(source, self.project, ignore=shutil.ignore_patterns(".shipworthy"))
        declared = self.project / "shipworthy.toml"
        declared.write_text(declared.read_text().replace("rounds = 500", "rounds = 60") + ROLLOUT)
        self.git("init -q")
        self.candidate = self.release(place / "state")
        declared.write_text(declared.read_text().replace("rounds = 60", "rounds = 50"))
        self.stable = self.release(place / "state")
        # The newest is served.
        super().__init__(["up", self.project], place / "state")
        self.admin = json.loads((place / "state/server.json").read_text())["admin"]
        self.token = (place / "state/token").read_text().strip()

    def git(self, line):
        subprocess.run(["git", "-C", self.project, *line.split()], check=True)

    def release(self, state):
        self.git("add -A")
        self.git("-c user.name=a -c user.email=a@b.example commit -q -m a")
        made = shipworthy("release", self.project, "--state", state, "--json")
        return json.loads(made)["release"]

    def run(self, *words):
        return shipworthy(*words, "--state", self.state)

    def deploy(self):
        self.run("deploy", NAME, self.candidate, "--reason", "a better one")

    def ask(self, line, body=None):
        """What the control plane answers to `METHOD PATH`: status and body."""
        method, path = line.split(" ")
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{self.admin}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)
