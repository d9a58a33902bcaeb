"""Containers of podman: started from an image, asked, and ended with the test."""

import json
import subprocess
import time
import urllib.error
import urllib.request

from registry import free_port

# Hosts with hybrid control groups need another runtime than podman's own, and their limits as they are.
HOST = ["--runtime", "runc", "--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096"]
PATIENCE = 60


def podman(*arguments, check=True):
    done = subprocess.run(["podman", *map(str, arguments)], capture_output=True, text=True)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout.strip()


def load(file):
    """The name of the image that a file has."""
    return podman("load", "--quiet", "--input", file).split("Loaded image: ")[1]


class Container:
    """A server that may write nothing but its state, as nobody, on the loopback of this machine."""

    def __init__(self, image, volume):
        self.image = image
        self.url = f"http://127.0.0.1:{free_port()}"
        self.admin = f"http://127.0.0.1:{free_port()}"
        places = [("LISTEN", self.url), ("ADMIN", self.admin)]
        env = [f"--env=SHIPWORTHY_{name}={url.removeprefix('http://')}" for name, url in places]
        safe = ["--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt=no-new-privileges"]
        volume = f"--volume={volume}:/var/lib/shipworthy"
        self.id = podman("run", "--detach", "--network=host", *HOST, *safe, *env, volume, image)
        self.wait()

    def wait(self):
        for _ in range(PATIENCE * 20):
            try:
                urllib.request.urlopen(self.url + "/v2/health/ready").read()
                return
            except (urllib.error.URLError, ConnectionError):
                running = podman("inspect", "--format", "{{.State.Running}}", self.id)
                assert running == "true", self.logs()
                time.sleep(0.05)
        raise AssertionError(self.logs())

    def logs(self):
        done = subprocess.run(["podman", "logs", self.id], capture_output=True, text=True)
        return done.stdout + done.stderr

    def run(self, *words):
        """A command of the program in the image."""
        return podman("exec", self.id, "/usr/bin/shipworthy", *words)

    def predict(self, name, rows):
        body = json.dumps({"instances": rows}).encode()
        with urllib.request.urlopen(f"{self.url}/v1/models/{name}:predict", body) as answer:
            return json.load(answer)

    def infer(self, name, rows):
        """Asks by the Open Inference Protocol, of a model of one tensor."""
        with urllib.request.urlopen(f"{self.url}/v2/models/{name}") as answer:
            (tensor,) = json.load(answer)["inputs"]
        tensor |= {"shape": [len(rows), len(rows[0])], "data": [value for row in rows for value in row]}
        with urllib.request.urlopen(f"{self.url}/v2/models/{name}/infer", json.dumps({"inputs": [tensor]}).encode()) as answer:
            return json.load(answer)

    def kill(self):
        podman("kill", "--signal=KILL", self.id)
        podman("wait", self.id)

    def start(self):
        podman("start", self.id)
        self.wait()

    def remove(self):
        podman("rm", "--force", "--volumes", self.id)
