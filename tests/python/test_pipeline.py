"""The workflow that `ci init` writes, run line by line: from a commit in a bare remote to a decision
whose lineage leads back to it.

The registry is Debian's and lets in the job alone, and the server is a real one, of its own state directory: it trusts the
pipeline's public key, and nothing else ties the two.
"""

import http.server
import json
import os
import shutil
import subprocess
import threading
import urllib.parse

import pytest
from conftest import BIN, Server, shipworthy
from forges import GITHUB, GITLAB, Failed, GitHub, GitLab, git
from registry import Registry

PROJECT = """[project]
name = "late"
purpose = "Tests."
owner = "tests"

[source]
path = "data/late.csv"

[model]
task = "binary"
target = "late"

[[column]]
name = "distance"
type = "float"

[[column]]
name = "hour"
type = "float"

[train]
rounds = 20
early_stopping_rounds = 0
validation = { share = 0.2 }
test = { share = 0.4 }

[[gate]]
metric = "roc_auc"
min = 0.7

[[gate]]
kind = "non_inferior"
metric = "roc_auc"
margin = 0.1

[rollout]
requires = ["gate-report"]
cool_down = "0s"
"""

# The job's own token, `open sesame`, as htpasswd -B writes it.
LOGIN = ("ana", "$2b$04$ma2ad6jZ9g8yiRLLA0AP/O474vgF/xG6o6D/F./sCtL9anGKI504O")

MANIFEST = "application/vnd.oci.image.manifest.v1+json"

SECRETS = ("SHIPWORTHY_AUDIT_TOKEN", "SHIPWORTHY_DEPLOY_TOKEN", "SHIPWORTHY_PROMOTION_TOKEN")


def data(salt):
    """Rows of which the target follows, but for some; another salt gives others."""
    rows = []
    for n in range(2_000):
        distance, hour, noise = n * 37 % 1000 / 1000, (n + salt) * 61 % 240 / 10, n * 29 % 100 / 100
        rows.append(f"{distance},{hour},{int(distance + hour / 24 + noise / 2 > 1.2)}")
    return "\n".join(["distance,hour,late", *rows]) + "\n"


class World:
    """What there is before a pipeline runs: a remote, upstream data, a server, a registry, keys."""

    def __init__(self, place, registry):
        self.place, self.registry = place, registry
        self.remote, self.work, self.upstream = place / "remote.git", place / "work", place / "upstream.csv"
        self.upstream.write_text(data(salt=0))
        self.project = self.work / "models/late"
        git(place, "init", "-q", "--bare", "-b", "main", self.remote)
        git(place, "clone", "-q", self.remote, self.work)
        self.project.mkdir(parents=True)
        (self.project / "shipworthy.toml").write_text(PROJECT)
        (self.project / ".gitignore").write_text("data/\n")
        (self.project / "fetch.sh").write_text(f"mkdir -p data && cp {self.upstream} data/late.csv\n")
        self.begun = self.commit("main")
        self.keys()
        self.serve()
        self.programs()

    def commit(self, *refs):
        """Commits all, and pushes it to refs of the remote."""
        git(self.work, "add", "-A")
        git(self.work, "-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-q", "-m", "a")
        for ref in refs:
            git(self.work, "push", "-q", "origin", f"HEAD:{ref}")
        return git(self.work, "rev-parse", "HEAD")

    def change(self, old, new, *refs):
        declared = self.project / "shipworthy.toml"
        assert old in declared.read_text()
        declared.write_text(declared.read_text().replace(old, new))
        return self.commit(*refs)

    def keys(self):
        """The pipeline's key pair, as its documentation makes one."""
        self.private, self.public = self.place / "pipeline.key", self.place / "pipeline.pem"
        openssl = lambda *words: subprocess.run(["openssl", *map(str, words)], check=True)
        openssl("genpkey", "-algorithm", "ed25519", "-out", self.private)
        openssl("pkey", "-in", self.private, "-pubout", "-out", self.public)

    def serve(self):
        """A server that somebody has set up by hand, with the first release and three tokens."""
        served, state = self.place / "served", self.place / "state"
        git(self.place, "clone", "-q", self.remote, served)
        subprocess.run(["sh", "fetch.sh"], cwd=served / "models/late", check=True)
        project, at = served / "models/late", ["--state", state]
        self.first = shipworthy("release", project, *at).strip()
        shipworthy("test", project, *at)
        shipworthy("key", "trust", self.public, *at, "--reason", "the pipeline")
        self.trusted = shipworthy("key", "show", *at) + self.public.read_text()
        roles = zip(SECRETS, ("auditor", "operator", "operator"))
        create = lambda name, role: shipworthy("token", "create", name, "--role", role, *at, "--reason", "a test")
        self.secrets = {secret: create(secret.split("_")[1].lower(), role).strip() for secret, role in roles}
        self.secrets["SHIPWORTHY_SIGNING_KEY"] = self.private.read_text()
        self.server = Server(["up", project], state)
        admin = json.loads((state / "server.json").read_text())["admin"]
        self.variables = {"SHIPWORTHY_SERVER": f"http://{admin}", "SHIPWORTHY_PUBLIC_KEYS": self.trusted}

    def programs(self):
        """What a runner of the team's own has in its PATH: this program, and GitHub's."""
        programs = self.place / "bin"
        programs.mkdir()
        (programs / "shipworthy").symlink_to(BIN)
        said = self.place / "gh.txt"
        (programs / "gh").write_text(
            f'#!/bin/sh\necho "$@" >> {said}\n'
            f'for word in "$@"; do case "$word" in *comment.md) cat "${{word#body=@}}" >> {said} ;; esac; done\n'
            f'case "$*" in *--paginate*) if grep -q "^pr comment" {said}; then echo 12; fi ;; esac\n'
        )
        (programs / "gh").chmod(0o755)
        self.said, self.path = said, f"{programs}:{os.environ['PATH']}"

    def init(self, forge, file, image):
        """Writes the workflow, makes the edits that its notes ask for, and pushes it."""
        shipworthy("ci", "init", forge, "--project", self.project)
        workflow = self.work / file
        text = workflow.read_text()
        edits = [("DATA_FETCH: make data", "DATA_FETCH: sh fetch.sh"), ("  IMAGE: ", f"  IMAGE: {image} #")]
        for old, new in edits:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        workflow.write_text(text)
        return self.commit("main")

    def slots(self):
        seen = json.loads(shipworthy("status", "late", "--state", self.server.state, "--json"))
        return {name: slot and (slot["release"], slot["commit"]) for name, slot in seen["slots"].items()}

    def imaged(self, name, release):
        """Whether the checklist has the image that the registry has of a release."""
        tag = release.removeprefix("sha256:")[:12]
        manifest = f"{name}/manifests/{tag}"
        status, headers, _ = self.registry.get(manifest, MANIFEST, login=(LOGIN[0], "open sesame"))
        project = self.place / "served/models/late"
        items = json.loads(shipworthy("checklist", project, "--state", self.server.state, "--json"))["items"]
        evidence = {item["id"]: (item["state"], item["evidence"]) for item in items}["image"]
        return status == 200 and evidence[0] == "met" and headers["Docker-Content-Digest"] in evidence[1]

    def decide(self):
        """Asks for a decision; its id."""
        answer = self.server.post("/v1/models/late:predict", {"instances": [{"distance": 0.9, "hour": 20.0}]})
        return answer["decision_ids"][0]

    def lineage(self, decision):
        """What a decision comes from: the ids, by their kinds."""
        graph = json.loads(shipworthy("lineage", decision, "--state", self.server.state, "--json"))
        return {kind: {n["id"] for n in graph["nodes"] if n["kind"] == kind} for kind in ("release", "commit", "run")}


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    registry = Registry(tmp_path_factory.mktemp("registry"), login=LOGIN)
    yield registry
    registry.stop()


@pytest.fixture
def world(tmp_path, registry):
    world = World(tmp_path, registry)
    yield world
    world.server.stop()


def is_silent(forge, world):
    """No secret is in what the jobs printed."""
    printed = "".join(forge.log)
    for name, secret in [*world.secrets.items(), ("the job's token", "open sesame")]:
        assert secret.splitlines()[len(secret.splitlines()) // 2] not in printed, name


def test_github_takes_a_commit_to_the_decisions_that_follow_from_it(world):
    world.init("github", GITHUB, f"{world.registry.host}/github/late")
    github = GitHub(world.place / "github", world.remote, world.path, world.secrets, world.variables)

    # A pull request: told, tested, and nothing more.
    world.change("rounds = 20", "rounds = 30", "refs/pull/7/merge")
    for _ in range(2):
        temp = github.run("check", "pull_request", "refs/pull/7/merge")
    assert "<testsuite" in (temp / "gates.xml").read_text() and "roc_auc" in github.summary
    said = world.said.read_text()
    assert said.count("pr comment 7") == 1 and said.count("--method PATCH repos/Ports/Late/issues/comments/12") == 1
    assert "<!-- shipworthy late -->" in said
    assert world.slots() == {"stable": (world.first, world.begun), "candidate": None, "previous": None}
    fork = GitHub(world.place / "fork", world.remote, world.path, {}, world.variables)
    fork.run("check", "pull_request", "refs/pull/7/merge")
    assert world.said.read_text() == said, "without secrets nobody is told"

    # Merged: the release that counts, as a shadow.
    git(world.work, "push", "-q", "origin", "HEAD:main")
    merged = git(world.remote, "rev-parse", "main")
    github.run("release", "push")
    candidate, commit = world.slots()["candidate"]
    assert commit == merged and candidate in github.summary
    asked = [world.decide() for _ in range(5)]
    with pytest.raises(Failed, match="the candidate is"):
        github.run("promote", "workflow_dispatch", release=world.first, reason="the wrong one")
    github.run("promote", "workflow_dispatch", release=candidate, reason="looks good")
    assert world.slots()["stable"] == (candidate, merged)
    assert world.imaged("github/late", candidate)

    # The decision that follows from the commit.
    traced = world.lineage(world.decide())
    assert traced["release"] == {candidate} and traced["commit"] == {merged}
    (run,) = traced["run"]
    assert run.startswith("https://github.com/Ports/Late/actions/runs/")
    assert world.lineage(asked[0])["commit"] == {world.begun}, "stable made that one"

    # On a schedule: nothing new, then new data.
    github.run("release", "push")
    assert "is there already" in github.log[-1]
    world.upstream.write_text(data(salt=5))
    github.run("release", "schedule")
    trained, commit = world.slots()["candidate"]
    assert commit == merged and trained not in (candidate, world.first)
    github.run("release", "push")
    assert f"{trained} is there already" in github.log[-1], "a push learns from what the schedule has fetched"
    is_silent(github, world)


class Notes(http.server.BaseHTTPRequestHandler):
    """GitLab's API of notes, which keeps what it is told."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.said.append((self.path, self.headers["PRIVATE-TOKEN"], urllib.parse.parse_qs(body)["body"][0]))
        self.send_response(201)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


@pytest.fixture
def notes():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Notes)
    server.said = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def test_gitlab_takes_a_commit_to_the_decisions_that_follow_from_it(world, notes):
    world.init("gitlab", GITLAB, "$CI_REGISTRY_IMAGE/late")
    variables = {
        **world.variables,
        "CI_REGISTRY_IMAGE": f"{world.registry.host}/gitlab",
        "CI_API_V4_URL": f"http://127.0.0.1:{notes.server_port}/api/v4",
    }
    gitlab = GitLab(world.place / "gitlab", world.remote, world.path, variables)
    release = {name: world.secrets[name] for name in ("SHIPWORTHY_DEPLOY_TOKEN", "SHIPWORTHY_SIGNING_KEY")}
    promote = {"SHIPWORTHY_PROMOTION_TOKEN": world.secrets["SHIPWORTHY_PROMOTION_TOKEN"]}
    audit = {"SHIPWORTHY_AUDIT_TOKEN": world.secrets["SHIPWORTHY_AUDIT_TOKEN"], "SHIPWORTHY_COMMENT_TOKEN": "note-it"}

    # A merge request: told, tested, and nothing more.
    world.change("rounds = 20", "rounds = 30", "a-change")
    gitlab.run("check", "merge_request_event", "a-change", **audit)
    ((path, token, body),) = notes.said
    assert path == "/api/v4/projects/3/merge_requests/7/notes" and token == "note-it" and "roc_auc" in body
    assert world.slots()["candidate"] is None

    # Merged: no other key signs, and then the release that counts, as a shadow.
    git(world.work, "push", "-q", "origin", "HEAD:main")
    merged = git(world.remote, "rev-parse", "main")
    with pytest.raises(Failed, match="SHIPWORTHY_SIGNING_KEY is not set"):
        gitlab.run("release", "push")
    handed_on = gitlab.run("release", "push", **release)
    assert world.slots()["candidate"] == (handed_on["RELEASE"], merged)
    asked = [world.decide() for _ in range(5)]
    with pytest.raises(Failed, match="the candidate is"):
        gitlab.run("promote", "push", needs={**handed_on, "RELEASE": world.first}, **promote)
    gitlab.run("promote", "push", needs=handed_on, **promote)
    assert world.slots()["stable"] == (handed_on["RELEASE"], merged)
    assert world.imaged("gitlab/late", handed_on["RELEASE"])

    # The decision that follows from the commit.
    traced = world.lineage(world.decide())
    assert traced["release"] == {handed_on["RELEASE"]} and traced["commit"] == {merged}
    (run,) = traced["run"]
    assert run.startswith("https://gitlab.example/ports/late/-/jobs/")
    assert world.lineage(asked[0])["commit"] == {world.begun}, "stable made that one"

    # On a schedule: new data, and what follows learns from it.
    world.upstream.write_text(data(salt=5))
    trained = gitlab.run("retrain", "schedule", **release)["RELEASE"]
    assert world.slots()["candidate"] == (trained, merged) and trained != handed_on["RELEASE"]
    assert gitlab.run("release", "push", **release)["RELEASE"] == trained
    world.secrets["SHIPWORTHY_COMMENT_TOKEN"] = "note-it"
    is_silent(gitlab, world)
