"""What is said about a release, read and verified by the tools of in-toto."""

import base64
import copy
import hashlib
import json
import subprocess

import pytest
from conftest import BIN, PROJECT, shipworthy
from cryptography.hazmat.primitives import serialization
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

REPORT = {"result": "PASSED", "configuration": [{"name": "gates.toml", "digest": {"sha256": "00" * 32}}]}


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """A release with everything that can be said about one: its id, envelopes and public key."""
    place = tmp_path_factory.mktemp("attested")
    project, state = place / "project", place / "state"
    project.mkdir()
    (project / "shipworthy.toml").write_text(PROJECT)
    rows = [f"{x / 100},{int(x * x % 7 > 3)}" for x in range(200)]
    (project / "data.csv").write_text("\n".join(["x,y", *rows]) + "\n")
    for line in ("init -q", "add -A", "-c user.name=a -c user.email=a@b.example commit -q -m a"):
        subprocess.run(["git", "-C", project, *line.split()], check=True)
    made = json.loads(shipworthy("release", project, "--state", state, "--json"))
    (place / "report.json").write_text(json.dumps(REPORT))
    about = [made["release"], "--state", state, "--reason", "a test"]
    predicate = ["--type", "gate-report", "--predicate", place / "report.json"]
    shipworthy("release", "attest", *about, *predicate)
    create = ["token", "create", "eve", "--role", "approver", "--state", state, "--reason", "a test"]
    shipworthy("release", "approve", *about, "--token", shipworthy(*create).strip())
    shipworthy("release", "attestations", made["release"], "--state", state, "--output", place / "said")
    envelopes = [json.loads(path.read_text()) for path in (place / "said").iterdir()]
    return made, envelopes, shipworthy("key", "show", "--state", state).encode()


@pytest.fixture
def key(release):
    pem = release[2]
    public = serialization.load_pem_public_key(pem)
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return SSlibKey.from_crypto(public, keyid=hashlib.sha256(der).hexdigest())


def statements(release):
    for envelope in release[1]:
        parsed = json_format.Parse(base64.b64decode(envelope["payload"]), statement_pb2.Statement())
        yield Statement.copy_from_pb(parsed)


def predicates(release, kind):
    return [json_format.MessageToDict(s.pb.predicate) for s in statements(release) if s.pb.predicate_type == kind]


def test_every_envelope_is_verified_by_securesystemslib(release, key):
    assert len(release[1]) == 5
    for envelope in release[1]:
        assert envelope["payloadType"] == "application/vnd.in-toto+json"
        read = Envelope.from_dict(copy.deepcopy(envelope))
        assert list(read.verify([key], 1)) == [key.keyid]
        read.payload = read.payload.replace(b"statement", b"Statement").replace(b"release", b"Release")
        with pytest.raises(VerificationError):
            read.verify([key], 1)


def test_every_statement_is_one_of_in_toto_about_the_release(release):
    for statement in statements(release):
        statement.validate()
        (subject,) = statement.pb.subject
        assert "sha256:" + subject.digest["sha256"] == release[0]["release"]


def test_the_provenance_is_one_of_slsa(release):
    (predicate,) = predicates(release, "https://slsa.dev/provenance/v1")
    provenance = json_format.ParseDict(predicate, provenance_pb2.Provenance())
    commit, data = provenance.build_definition.resolved_dependencies
    assert commit.digest["gitCommit"] == release[0]["commit"]
    assert data.name == "data.csv" and len(data.digest["sha256"]) == 64
    metadata = provenance.run_details.metadata
    assert 0 < metadata.started_on.ToNanoseconds() <= metadata.finished_on.ToNanoseconds()


def test_a_gate_report_is_a_test_result_of_in_toto(release):
    (predicate,) = predicates(release, "https://in-toto.io/attestation/test-result/v0.1")
    assert predicate == REPORT
    assert json_format.ParseDict(predicate, test_result_pb2.TestResult()).result == "PASSED"


def test_a_changed_file_of_keys_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "keys.pem").write_text("no key")
    told = ["release", "verify", "0" * 64, "--state", tmp_path, "--trusted-keys", tmp_path / "keys.pem"]
    done = subprocess.run([BIN, *map(str, told)], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2 and "openssl pkey -pubout" in done.stderr, done.stderr
