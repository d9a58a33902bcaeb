"""Debian's registry of images, on a free port of this machine."""

import base64
import json
import socket
import subprocess
import time
import urllib.error
import urllib.request


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Registry:
    """A registry with nothing in it; `login` (name, password in bcrypt) closes it to others, and
    `certificate` (a file with its key) makes it speak https under every name of this machine."""

    def __init__(self, place, login=None, certificate=None):
        place.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.host = f"{socket.gethostname() if certificate else '127.0.0.1'}:{self.port}"
        self.scheme = "https" if certificate else "http"
        config = {
            "version": "0.1",
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(place / "data")}},
            "http": {"addr": f":{self.port}" if certificate else self.host},
        }
        if login:
            (place / "htpasswd").write_text(":".join(login) + "\n")
            config["auth"] = {"htpasswd": {"realm": "tests", "path": str(place / "htpasswd")}}
        if certificate:
            config["http"]["tls"] = {"certificate": str(certificate), "key": str(certificate)}
        (place / "config.yml").write_text(json.dumps(config))
        log = (place / "log").open("w")
        command = ["docker-registry", "serve", place / "config.yml"]
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self.await_start(place)

    def await_start(self, place):
        for _ in range(600):
            assert self.process.poll() is None, (place / "log").read_text()
            with socket.socket() as caller:
                if caller.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("the registry does not listen")

    def get(self, path, accept="application/json", login=None):
        """Status, headers and body of what is at a path under /v2/."""
        headers = {"Accept": accept}
        if login:
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(login).encode()).decode()
        request = urllib.request.Request(f"{self.scheme}://{self.host}/v2/{path}", headers=headers)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def stop(self):
        self.process.terminate()
        self.process.wait()
