"""Images of releases in Debian's tools: skopeo copies them, docker-registry keeps them, podman loads them."""

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile

import pytest
from conftest import BIN, Server
from images import INDEX, SBOM, STATEMENT, Image, Release, tar
from registry import Registry
from tls_proxy import Authority

# `open sesame` as htpasswd -B writes it.
LOGIN = ("ana", "$2b$04$ma2ad6jZ9g8yiRLLA0AP/O474vgF/xG6o6D/F./sCtL9anGKI504O")


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return Release(tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="module")
def image(release, tmp_path_factory):
    image = Image(release)
    image.file = image.write(tmp_path_factory.mktemp("image") / "ports.tar")
    return image


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    registry = Registry(tmp_path_factory.mktemp("registry"))
    yield registry
    registry.stop()


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    """A registry that lets nobody in but ana."""
    registry = Registry(tmp_path_factory.mktemp("closed"), login=LOGIN)
    yield registry
    registry.stop()


@pytest.fixture(scope="module")
def pushed(registry, image):
    """The reference of the image in the registry."""
    reference = f"{registry.host}/team/ports:1.0"
    told = json.loads(run("push", image.file, reference, "--json").stdout)
    assert told == {"reference": reference, "digest": image.digest}
    return reference


def run(*arguments, code=0, **variables):
    """Runs a command about images; it must end with this code."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith("SHIPWORTHY_REGISTRY")}
    own = {key: value for key, value in ours.items() if not key.lower().endswith("_proxy")}
    own["HOME"] = "/nonexistent"
    words = [BIN, "image", *map(str, arguments)]
    done = subprocess.run(words, capture_output=True, text=True, env=own | variables)
    assert done.returncode == code, done.stderr
    return done


def tool(*words):
    return subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True).stdout


def test_skopeo_finds_the_image_that_was_pushed(pushed, image):
    told = json.loads(tool("skopeo", "inspect", "--tls-verify=false", f"docker://{pushed}"))
    assert told["Digest"] == image.digest
    assert len(told["Layers"]) == 2
    file = json.loads(run("inspect", image.file, "--json").stdout)
    there = json.loads(run("inspect", pushed, "--json").stdout)
    assert file == there


def test_what_is_attached_is_listed_under_the_tag_of_registries_without_a_list(pushed, image, registry):
    tag = image.digest.replace(":", "-")
    status, _, body = registry.get(f"team/ports/manifests/{tag}", accept=INDEX)
    assert status == 200
    listed = [(one["digest"], one["artifactType"]) for one in json.loads(body)["manifests"]]
    assert listed == [(one["digest"], one["artifactType"]) for one in image.attached]
    # Whoever pushes again adds nothing.
    run("push", image.file, pushed)
    assert registry.get(f"team/ports/manifests/{tag}", accept=INDEX)[2] == body


def test_a_copy_by_skopeo_is_the_same_image(pushed, image, tmp_path, registry):
    tool("skopeo", "copy", "-q", "--src-tls-verify=false", f"docker://{pushed}", f"oci-archive:{tmp_path}/copy.tar")
    copy = json.loads(run("inspect", tmp_path / "copy.tar", "--json").stdout)
    assert copy["digest"] == image.digest
    assert copy["attached"] == []
    # And the other way round.
    other = f"{registry.host}/copied/ports:2"
    tool("skopeo", "copy", "-q", "--dest-tls-verify=false", f"oci-archive:{image.file}", f"docker://{other}")
    assert json.loads(run("inspect", other, "--json").stdout)["digest"] == image.digest


def test_inspect_says_what_is_in_an_image(image, release):
    told = json.loads(run("inspect", image.file, "--json").stdout)
    assert told["digest"] == image.digest
    assert (told["release"], told["revision"]) == (release.id, release.commit)
    assert (told["user"], told["entrypoint"], told["base"]) == ("65532", ["/usr/bin/shipworthy"], "tests/base")
    assert told["platform"] == "linux/amd64"
    assert {one["type"] for one in told["attached"]} == {SBOM, STATEMENT}
    assert {one["key_id"] for one in told["attached"] if one["type"] == STATEMENT} == {release.key_id}
    text = run("inspect", image.file).stdout
    for said in (image.digest, release.id, release.commit, "user        65532", "https://slsa.dev/provenance/v1"):
        assert said in text


def test_a_whole_image_is_verified_from_its_file_and_from_the_registry(image, pushed, release):
    for what in (image.file, pushed):
        asked = ["--release", release.id, "--commit", release.commit[:12], "--digest", image.digest]
        told = json.loads(run("verify", what, *asked, "--trusted-keys", release.trusted, "--json").stdout)
        assert told["ok"] and told["findings"] == []
        about = {said["about"] for said in told["said"]}
        assert about == {"image", "release"}
    # The keys of a state directory count as well.
    assert "it is what it says" in run("verify", image.file, "--state", release.state).stderr


def test_what_is_built_on_an_image_of_a_registry_is_verified(registry, release, tmp_path):
    # A base that has what the binary is linked to, as far as their names go.
    names = re.findall(r"(?:/\S*/)?(\S+\.so\S*)", tool("ldd", BIN))
    base = Image(release, layers=[tar([(f"lib/{name}", b"") for name in names])])
    reference = f"{registry.host}/bases/debian:12"
    run("push", base.write(tmp_path / "base.tar"), reference)
    signing = ["--state", release.state, "--signing-key", release.private]
    file = tmp_path / "ports.tar"
    built = run("build", release.id, *signing, "--base", reference, "--output", file, "--json")
    digest = json.loads(built.stdout)["digest"]
    trusted = ["--trusted-keys", release.trusted, "--release", release.id, "--commit", release.commit]
    run("push", file, f"{registry.host}/built:1")
    for what in (file, f"{registry.host}/built@{digest}"):
        told = json.loads(run("verify", what, *trusted, "--json").stdout)
        assert told["findings"] == [] and told["left_out"] == []
    shown = json.loads(run("inspect", file, "--json").stdout)
    assert (shown["base"], shown["base_digest"]) == (reference, base.digest)
    assert shown["layers"][0] == json.loads(run("inspect", reference, "--json").stdout)["layers"][0]


def test_another_image_than_the_one_asked_for_is_told_by_what_differs(image, release):
    trusted = ["--trusted-keys", release.trusted]
    for option, wrong, told in (
        ("--release", "0" * 64, f"its release is {release.id}, and not {'0' * 64}"),
        ("--commit", "0" * 40, f"its commit is {release.commit}, and not {'0' * 40}"),
        ("--digest", "sha256:" + "0" * 64, f"its digest is {image.digest}, and not sha256:{'0' * 64}"),
    ):
        assert told in run("verify", image.file, option, wrong, *trusted, code=1).stderr
    assert "nobody is trusted yet" in run("verify", image.file, "--state", "/nonexistent", code=2).stderr


def test_a_damaged_image_is_told_by_the_part_that_is_damaged(image, release, tmp_path):
    whole = image.file.read_bytes()

    def check(data, told, code=1):
        (tmp_path / "damaged.tar").write_bytes(data)
        done = run("verify", tmp_path / "damaged.tar", "--trusted-keys", release.trusted, code=code)
        assert told in done.stderr

    layer = json.loads(image.blobs[image.digest])["layers"][1]["digest"]
    at = whole.index(image.blobs[layer]) + len(image.blobs[layer]) // 2
    check(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], f"its layer {layer} is damaged")
    check(whole.replace(b'"CycloneDX"', b'"CyclonedX"'), "is damaged: its digest is")
    check(whole[:700], "cannot be read as a tar archive", code=2)
    check(b"no image", "cannot be read as a tar archive", code=2)


def test_an_image_that_a_stranger_made_is_not_what_it_says(image, release, tmp_path):
    stranger = Release(tmp_path)
    told = run("verify", image.file, "--trusted-keys", stranger.trusted, code=1).stderr
    assert f"it is signed by key {release.key_id}, which is not trusted here" in told
    assert "no key that counts says how the image was made" in told
    assert "no key that counts says how its release was made" in told


def test_a_registry_that_wants_a_login_says_how_to_give_one(image, closed, tmp_path):
    reference = f"{closed.host}/ports:1"
    told = run("push", image.file, reference, code=2).stderr
    assert f"the registry {closed.host} wants to know who may push to `ports`" in told
    assert "set SHIPWORTHY_REGISTRY_USERNAME and SHIPWORTHY_REGISTRY_PASSWORD" in told
    wrong = {"SHIPWORTHY_REGISTRY_USERNAME": "ana", "SHIPWORTHY_REGISTRY_PASSWORD": "guess"}
    told = run("push", image.file, reference, code=2, **wrong).stderr
    assert "it does not take the password of `ana` from SHIPWORTHY_REGISTRY_USERNAME" in told
    assert "guess" not in told
    told = run("push", image.file, reference, code=2, SHIPWORTHY_REGISTRY_USERNAME="ana").stderr
    assert "SHIPWORTHY_REGISTRY_PASSWORD is not: set both or none" in told
    right = wrong | {"SHIPWORTHY_REGISTRY_PASSWORD": "open sesame"}
    assert image.digest in run("push", image.file, reference, **right).stdout
    # As `docker login` writes it; the variables are for another registry.
    login = base64.b64encode(b"ana:open sesame").decode()
    (tmp_path / "auth.json").write_text(json.dumps({"auths": {closed.host: {"auth": login}}}))
    other = wrong | {"SHIPWORTHY_REGISTRY": "elsewhere.example", "REGISTRY_AUTH_FILE": str(tmp_path / "auth.json")}
    assert image.digest in run("inspect", reference, **other).stdout
    (tmp_path / "auth.json").write_text(json.dumps({"credHelpers": {closed.host: "desktop"}}))
    told = run("inspect", reference, code=2, REGISTRY_AUTH_FILE=str(tmp_path / "auth.json")).stderr
    assert "the login is kept by docker-credential-desktop, which is not asked here" in told


def test_a_registry_that_is_not_there_is_told_with_what_to_look_at(image, registry):
    told = run("push", image.file, "registry.invalid/ports:1", code=2).stderr
    assert "cannot reach the registry registry.invalid; no such host is known: is its name right?" in told
    told = run("inspect", "127.0.0.1:1/ports:1", code=2).stderr
    assert "cannot reach the registry 127.0.0.1:1; is it running there" in told
    told = run("inspect", f"{registry.host}/none:1", code=2).stderr
    assert f"the registry {registry.host} has no none of the name 1" in told
    told = run("inspect", "ports.tar", code=2).stderr
    assert "there is no file ports.tar, and `ports.tar` names no registry; write HOST/NAME:TAG" in told


def test_a_registry_over_https_is_trusted_by_its_authority(image, tmp_path):
    authority = Authority(tmp_path)
    registry = Registry(tmp_path / "registry", certificate=authority.issue(socket.gethostname()))
    try:
        reference = f"{registry.host}/ports:1"
        told = run("push", image.file, reference, code=2).stderr
        assert f"cannot reach the registry {registry.host}" in told
        assert "name that in SSL_CERT_FILE" in told
        trusting = {"SSL_CERT_FILE": str(authority.file)}
        run("push", image.file, reference, **trusting)
        assert image.digest in run("inspect", reference, **trusting).stdout
    finally:
        registry.stop()


def test_podman_gives_the_image_the_name_of_its_file(release, tmp_path):
    image = Image(release, name="localhost/ports:1.0")
    image.write(tmp_path / "named.tar")
    # Podman refuses a place whose name is longer than 50 characters.
    with tempfile.TemporaryDirectory(prefix="podman") as place:
        podman = ["podman", "--root", f"{place}/root", "--runroot", f"{place}/run", "--storage-driver", "vfs"]
        loaded = tool(*podman, "load", "-q", "-i", tmp_path / "named.tar")
        assert "Loaded image: localhost/ports:1.0" in loaded
        (told,) = json.loads(tool(*podman, "image", "inspect", "localhost/ports:1.0"))
    assert told["Digest"] == image.digest
    assert told["User"] == "65532"


def test_what_serves_is_held_against_its_image(release, image, pushed, tmp_path):
    state = shutil.copytree(release.state, tmp_path / "state")

    def shipworthy(*arguments):
        return subprocess.run([BIN, *map(str, arguments)], capture_output=True, text=True)

    def attest(digest):
        said = {"digest": digest, "size_bytes": 1, "platform": "linux/amd64", "revision": release.commit}
        predicate = tmp_path / "image.json"
        predicate.write_text(json.dumps(said))
        kind = ["--type", "shipworthy:image/v1", "--predicate", predicate, "--signing-key", release.private]
        done = shipworthy("release", "attest", release.id, *kind, "--reason", "built", "--state", state)
        assert done.returncode == 0, done.stderr

    def verify():
        server = Server(["serve", "--release", release.id], state)
        admin = json.loads((state / "server.json").read_text())["admin"]
        branch = tool("git", "-C", release.project, "branch", "--show-current").strip()
        place = ["--server", f"http://{admin}", "--token", (state / "token").read_text().strip()]
        place += ["--branch", branch, "--repository", release.project, "--require", "provenance"]
        held = ["--image", pushed, "--trusted-keys", release.trusted, "--json"]
        done = shipworthy("ci", "verify", "ports", *place, *held)
        server.stop()
        told = json.loads(done.stdout)
        assert (done.returncode == 0) == told["passed"], done.stderr
        return [check["name"] for check in told["checks"] if not check["passed"]]

    assert verify() == ["the image"]
    attest(image.digest)
    assert verify() == []
    attest("sha256:" + "0a" * 32)
    assert verify() == ["the image"]
