"""The files for who builds from source: the Containerfile, and a server with Prometheus beside it."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request

import pytest
from conftest import BIN, ROOT
from containers import HOST, PATIENCE, podman
from registry import free_port

SERVER = "localhost/shipworthy-test"
PROMETHEUS = "localhost/prometheus-test"


def test_compose_is_valid_by_its_schema():
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", ROOT / "compose.yaml"]
    checked = subprocess.run(check, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def linked(program):
    """What a program is linked to, by the paths where it is looked for."""
    listed = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    words = [word for line in listed.splitlines() for word in line.split() if word.startswith("/")]
    return dict.fromkeys(words)


def root(place, program, *more):
    """The files that a program needs, in a place of their own, for an image of nothing else."""
    for path in [*linked(program), *more]:
        kept = place / path.removeprefix("/")
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, kept)
        kept.chmod(0o755)
    return place


def image(name, place, lines):
    (place / "Containerfile").write_text(lines)
    podman("build", "--quiet", "--tag", name, place)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """The image of the Containerfile, whose first stage is taken as done: the binary is built."""
    place = tmp_path_factory.mktemp("images")
    # No registry is asked: what would be pulled is made here.
    built = place / "built"
    (built / "src/target/release").mkdir(parents=True)
    shutil.copy(BIN, built / "src/target/release/shipworthy")
    (built / "state").mkdir()
    image("localhost/built-test", built, "FROM scratch\nCOPY src /src\nCOPY --chmod=0700 state /state\n")
    image("localhost/base-test", root(place / "base", BIN), "FROM scratch\nCOPY . /\n")
    text = (ROOT / "Containerfile").read_text()
    first, last = text.index("FROM ${BUILD} AS build"), text.index("FROM ${BASE}")
    (place / "Containerfile").write_text(text[:first] + "FROM ${BUILD} AS build\n\n" + text[last:])
    arguments = ["--build-arg=BUILD=localhost/built-test", "--build-arg=BASE=localhost/base-test"]
    podman("build", "--quiet", "--format=docker", *arguments, "--tag", SERVER, place)
    prometheus = shutil.which("prometheus")
    image(
        PROMETHEUS,
        root(place / "prometheus", prometheus, prometheus),
        f"FROM scratch\nCOPY . /\nENTRYPOINT [\"{prometheus}\"]\n"
        'CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]\n',
    )
    yield
    for name in (SERVER, PROMETHEUS, "localhost/built-test", "localhost/base-test"):
        podman("rmi", "--force", name, check=False)


def test_the_containerfile_makes_an_image_that_checks_its_health(images):
    (made,) = json.loads(podman("image", "inspect", SERVER))
    assert made["User"] == "65532:65532"
    assert made["Healthcheck"]["Test"] == ["CMD", "/usr/bin/shipworthy", "health"]
    assert "Takes a trained model" in podman("run", "--rm", *HOST, SERVER)


def get(url):
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


def test_prometheus_reads_the_counters_of_the_server_beside_it(images, tmp_path):
    place = tmp_path / "compose"
    shutil.copytree(ROOT / "examples/flights", place / "examples/flights", ignore=shutil.ignore_patterns(".shipworthy"))
    shutil.copytree(ROOT / "deploy", place / "deploy")
    text = (ROOT / "compose.yaml").read_text()
    ports = {port: free_port() for port in (8080, 8081, 9090)}
    for port, free in ports.items():
        text = text.replace(f'"127.0.0.1:{port}:', f'"127.0.0.1:{free}:')
    (place / "compose.yaml").write_text(text)
    environment = os.environ | {"SHIPWORTHY_IMAGE": SERVER, "PROMETHEUS_IMAGE": PROMETHEUS}
    project = f"shipworthy-{os.getpid()}"

    def compose(*words):
        line = ["podman-compose", "--project-name", project, "--podman-run-args", " ".join(HOST), *words]
        done = subprocess.run(line, cwd=place, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    try:
        compose("up", "--detach", "shipworthy")
        wait(lambda: get(f"http://127.0.0.1:{ports[8080]}/v2/health/ready")["ready"])
        (container,) = podman("ps", "--quiet", "--filter", f"label=io.podman.compose.project={project}").split()
        words = "token create prometheus --role auditor --reason counters".split()
        secret = podman("exec", container, "/usr/bin/shipworthy", *words)
        (place / "deploy/prometheus.token").write_text(secret.splitlines()[-1])
        compose("up", "--detach")
        up = f"http://127.0.0.1:{ports[9090]}/api/v1/query?query=shipworthy_ready"
        wait(lambda: get(up)["data"]["result"][0]["value"][1] == "1")
    finally:
        compose("down", "--volumes")


def wait(holds):
    problem = None
    for _ in range(PATIENCE * 2):
        try:
            if holds():
                return
        except (OSError, LookupError, ValueError) as error:
            problem = error
        time.sleep(0.5)
    raise AssertionError(problem)
