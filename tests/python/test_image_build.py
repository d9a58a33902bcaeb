"""A release in an image: built twice, loaded by podman, and asked for decisions as nobody."""

import io
import json
import os
import re
import shutil
import subprocess
import tarfile

import pandas as pd
import pytest
from conftest import BIN, DATA, ROOT, Server, shipworthy
from containers import Container, load, podman
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

NAME = "flight-delay"
ROWS = [
    {"carrier": "UA", "origin": "JFK", "dest": "LAX", "sched_dep_time": 1730, "sched_arr_time": 2045, "distance": 2475},
    {"carrier": "B6", "origin": "LGA", "dest": "BOS", "sched_dep_time": 600, "sched_arr_time": 710, "distance": 184},
]


def git(place, line):
    subprocess.run(["git", "-C", place, *line.split()], check=True)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A repository with the flights in it, committed once."""
    place = tmp_path_factory.mktemp("repository")
    shutil.copytree(ROOT / "examples/flights", place / "flights", ignore=shutil.ignore_patterns(".shipworthy"))
    project = place / "flights/shipworthy.toml"
    # A policy of its own, which the image must go by.
    project.write_text(project.read_text().replace("threshold = ", "threshold = 0.2 # "))
    git(place, "init -q")
    git(place, "add -A")
    git(place, "-c user.name=a -c user.email=a@b.example commit -q -m flights")
    return place


class Place:
    """A clone with a release of its own, by a key of its own."""

    def __init__(self, repository, place):
        git(place, f"clone -q file://{repository} clone")
        self.project, self.state = place / "clone/flights", place / "state"
        made = json.loads(shipworthy("release", self.project, "--state", self.state, "--json"))
        self.release, self.commit = made["release"], made["commit"]

    def build(self, file, *options, program=BIN):
        options = ["--state", self.state, "--project", self.project, "--output", file, "--json", *options]
        line = [program, "image", "build", self.release, *options]
        done = subprocess.run([*map(str, line)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def place(repository, tmp_path_factory):
    return Place(repository, tmp_path_factory.mktemp("place"))


@pytest.fixture
def run(request):
    """Runs images, each with a volume of its own unless one is named."""
    containers = []

    def run(file, volume=None):
        # A long name is a volume that goes with its container.
        volume = volume or f"shipworthy-{os.getpid()}-{len(containers)}"
        containers.append((Container(load(file), volume), volume))
        return containers[-1][0]

    yield run
    for container, volume in containers:
        container.remove()
        podman("rmi", "--force", container.image, check=False)
        podman("volume", "rm", "--force", volume)


def files(file):
    with tarfile.open(file) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}


def layers(file):
    """The names in each layer of an image."""
    found = files(file)
    blob = lambda digest: found["blobs/" + digest.replace(":", "/")]
    (image,) = json.loads(found["index.json"])["manifests"]
    manifest = json.loads(blob(image["digest"]))
    opened = [tarfile.open(fileobj=io.BytesIO(blob(layer["digest"]))) for layer in manifest["layers"]]
    return [layer.getnames() for layer in opened], manifest, json.loads(blob(manifest["config"]["digest"]))


def attached(file, artifact_type):
    found = files(file)
    blob = lambda digest: json.loads(found["blobs/" + digest.replace(":", "/")])
    index = blob(json.loads(found["index.json"])["annotations"]["io.shipworthy.referrers"])
    kinds = [entry for entry in index["manifests"] if entry["artifactType"] == artifact_type]
    return [blob(blob(entry["digest"])["layers"][0]["digest"]) for entry in kinds]


def test_two_builds_in_different_places_have_one_digest(repository, place, tmp_path):
    # From a copy of the repository: the commit is what counts.
    git(tmp_path, f"clone -q --bare {repository} copy.git")
    other = Place(tmp_path / "copy.git", tmp_path)
    assert other.release == place.release
    builds = [place.build(tmp_path / "a.tar"), other.build(tmp_path / "b.tar")]
    assert builds[0]["digest"] == builds[1]["digest"]
    assert builds[0]["revision"] == place.commit
    # By the same key even the file is the same, whatever was built before.
    place.build(tmp_path / "c.tar")
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "c.tar").read_bytes()
    assert (tmp_path / "a.tar").stat().st_size == builds[0]["size_bytes"]


def test_it_answers_as_the_release_does_read_only_and_as_nobody(place, run, tmp_path):
    built = place.build(tmp_path / "image.tar")
    container = run(tmp_path / "image.tar")
    local = Server(["up", place.project], place.state)
    here = local.post(f"/v1/models/{NAME}:predict", {"instances": ROWS})
    local.stop()
    there = container.predict(NAME, ROWS)
    told = ("predictions", "decisions", "release", "commit")
    assert {key: there[key] for key in told} == {key: here[key] for key in told}
    assert there["decisions"] == ["late", "not_late"], "by the policy of the project, not at 0.5"
    (inspected,) = json.loads(podman("inspect", container.id))
    assert inspected["Config"]["User"] == "65532:65532"
    assert inspected["HostConfig"]["ReadonlyRootfs"]
    assert podman("top", container.id, "huser").split()[-1] == "65532"
    assert inspected["Config"]["Labels"]["org.opencontainers.image.revision"] == place.commit
    assert built["digest"] == podman("image", "inspect", "--format", "{{.Digest}}", inspected["Image"])
    assert "is ready" in container.run("health")


def test_a_killed_container_goes_on_with_what_it_recorded(place, run, tmp_path):
    place.build(tmp_path / "image.tar")
    container = run(tmp_path / "image.tar")
    (decision,) = container.predict(NAME, ROWS[:1])["decision_ids"]
    container.kill()
    container.start()
    assert decision in container.run("ledger", "show", decision)
    assert container.predict(NAME, ROWS[:1])["release"] == place.release
    made = container.run("token", "create", "site", "--role", "caller", "--reason", "calls")
    assert re.fullmatch(r"\S+", made.splitlines()[-1])


def test_on_the_documented_base_it_has_the_packages_of_debian(place, run, tmp_path):
    text = (ROOT / "docs/reference/images.md").read_text()
    (recipe,) = re.findall(r"^SOURCE_DATE_EPOCH=0 mmdebstrap .*$", text, re.M)
    subprocess.run(["bash", "-ec", recipe], cwd=tmp_path, check=True, capture_output=True)
    place.build(tmp_path / "image.tar", "--base", tmp_path / "base.tar")
    names, manifest, _ = layers(tmp_path / "image.tar")
    assert len(names) == 3 and not any("libc.so" in name for name in names[1])
    assert manifest["annotations"]["org.opencontainers.image.base.name"] == "base.tar"
    (bill,) = attached(tmp_path / "image.tar", "application/vnd.cyclonedx+json")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is None
    bought = {part["name"]: part.get("purl", "") for part in bill["components"]}
    assert bought["libc6"].startswith("pkg:deb/debian/libc6@2.")
    assert bought["tokio"].startswith("pkg:cargo/tokio@1.")
    assert "proptest" not in bought, "what only tests need is not in the binary"
    assert run(tmp_path / "image.tar").predict(NAME, ROWS)["release"] == place.release


def test_a_base_without_a_library_is_refused_by_its_name(place, tmp_path):
    (tmp_path / "hosts").write_text("")
    with tarfile.open(tmp_path / "base.tar", "w") as archive:
        archive.add(tmp_path / "hosts", "etc/hosts")
    options = ["--state", place.state, "--output", tmp_path / "image.tar", "--base", tmp_path / "base.tar"]
    line = [BIN, "image", "build", place.release, *map(str, options)]
    refused = subprocess.run(line, capture_output=True, text=True)
    assert refused.returncode == 2 and not (tmp_path / "image.tar").exists()
    assert "the base `base.tar` has no" in refused.stderr and "libc.so.6" in refused.stderr


def test_a_static_binary_needs_nothing_beside_it(place, run, tmp_path):
    place.build(tmp_path / "image.tar", program=os.environ["SHIPWORTHY_STATIC_BIN"])
    names, _, _ = layers(tmp_path / "image.tar")
    assert [name for name in names[0] if name.startswith(("lib", "usr/lib"))] == []
    assert run(tmp_path / "image.tar").predict(NAME, ROWS)["release"] == place.release


def test_an_onnx_release_brings_its_library(run, tmp_path):
    state = tmp_path / "state"
    model = DATA / "onnx_hist_gb/model.onnx"
    library = os.environ["SHIPWORTHY_ONNXRUNTIME"]
    made = json.loads(shipworthy("release", "import", model, "--name", "late", "--task", "binary", "--state", state, "--json"))
    build = ["image", "build", made["release"], "--state", state, "--onnxruntime", library]
    shipworthy(*build, "--output", tmp_path / "image.tar")
    names, _, config = layers(tmp_path / "image.tar")
    assert "usr/lib/shipworthy/libonnxruntime.so" in names[0]
    assert any("libstdc++" in name for name in names[0])
    assert config["config"]["Cmd"][0] == "serve"
    container = run(tmp_path / "image.tar")
    rows = pd.read_csv(DATA / "flights_numeric.csv").head(5)
    expected = pd.read_csv(DATA / "onnx_hist_gb/expected.csv").head(5)
    answered = container.infer("late", json.loads(rows.to_json(orient="values")))
    assert answered["model_version"] == made["release"]
    told = answered["outputs"][0]["data"]
    assert told == pytest.approx(expected.iloc[:, -1].tolist(), abs=1e-6)
