"""The control plane against the description that it gives of itself."""

import jsonschema_rs
import pytest

from described import schemathesis
from rows import as_instances, rows_of
from two_releases import NAME, Steered


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Steered(tmp_path_factory.mktemp("described"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def described(server):
    status, document = server.ask("GET /openapi.json")
    assert status == 200
    return document


def fits(described, template, line, status, body):
    """Holds an answer against the schema of its status; gives the answer."""
    method, path = line.lower().split(" ")
    response = described["paths"][template][method]["responses"][str(status)]
    while "$ref" in response:
        response = described["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    schema = response["content"]["application/json"]["schema"]
    # References lead into the document.
    jsonschema_rs.validate(schema | {"components": described["components"]}, body)
    return body


def test_what_a_real_server_answers_is_as_it_is_described(server, described):
    def ask(line, template=None, status=200, **body):
        answered, got = server.ask(line, body or None)
        assert answered == status, (line, got)
        return fits(described, template or line.split(" ")[1].split("?")[0], line, status, got)

    def act(verb, status=200, **body):
        path = "/v1/endpoints/{endpoint}:" + verb
        return ask(f"POST /v1/endpoints/{NAME}:{verb}", path, status, reason="a test", **body)

    one, past = "/v1/endpoints/{endpoint}", "/v1/endpoints/{endpoint}/history"
    assert act("deploy", release=server.candidate)["rollout"]["state"] == "canary"
    instances = as_instances(rows_of(server, 50)[0])
    decided = server.post(f"/v1/models/{NAME}:predict", {"instances": instances})
    act("hold"), act("resume"), act("stop"), act("resume")
    assert act("promote", 200)["rollout"]["step"] == 1
    assert act("promote", 409)["code"] == "traffic_refused"
    assert act("rollback", 400, to="x", **{"from": "y"})["code"] == "bad_request"
    assert act("rollback", **{"from": server.candidate})["rollout"]["state"] == "rolled_back"
    act("deploy", release=server.candidate, strategy="shadow")
    decided = server.post(f"/v1/models/{NAME}:predict", {"instances": instances})
    assert ask(f"GET /v1/endpoints/{NAME}", one)["shadow"] is not None
    act("rollback")
    assert ask("GET /v1/endpoints/nobody", one, 404)["code"] == "no_such_endpoint"
    assert len(ask(f"GET /v1/endpoints/{NAME}/history?limit=3", past)["events"]) == 3
    assert ask(f"GET /v1/endpoints/{NAME}/history", past)["next"] is None
    ask("GET /v1/endpoints")

    entry = ask(f"GET /v1/ledger/entries/{decided['decision_ids'][0]}", "/v1/ledger/entries/{id}")
    assert entry["kind"] == "decision"
    assert ask("GET /v1/ledger/entries/x", "/v1/ledger/entries/{id}", 400)["code"] == "bad_request"
    for line in ("/v1/ledger/entries?last=1000", "/v1/events?limit=500", "/v1/status", "/v1/checklist"):
        ask(f"GET {line}")

    token, release = "/v1/tokens/{token}:revoke", "/v1/releases/{release}:"
    ask("POST /v1/tokens", status=201, name="ci", role="caller", reason="a test")
    assert ask("POST /v1/tokens/ci:revoke", token, reason="a test")["revoked_at"]
    assert ask("POST /v1/tokens/ci:revoke", token, 404, reason="a test")["code"] == "no_such_token"
    ask("GET /v1/tokens")
    ask("POST /v1/sign-in-links", status=201)
    ask("POST /v1/reload", reason="a test")
    for verb in ("hold", "free"):
        ask(f"POST /v1/releases/{NAME}@stable:{verb}", release + verb, reason="a test")
    assert ask(f"GET /v1/releases/{NAME}@stable", "/v1/releases/{release}")["statements"]
    assert ask("GET /v1/releases/nobody", "/v1/releases/{release}", 404)["code"] == "no_such_release"
    said = {"type": "https://tests.example/said", "predicate": {}, "reason": "a test"}
    ask(f"POST /v1/releases/{NAME}@stable:attest", release + "attest", **said)
    approve = ask(f"POST /v1/releases/{NAME}@stable:approve", release + "approve", 403, reason="a test")
    assert approve["code"] == "forbidden"


def test_no_request_is_answered_in_a_way_that_is_not_described(server, described, tmp_path):
    more = ["--header", f"Authorization: Bearer {server.token}"]
    # A stream has no end, and a link works once.
    for path in ("/v1/page/events", "/login"):
        more += ["--exclude-path", path]
    # What is there to be acted on belongs to a server, not to the API.
    more += ["--exclude-checks", "positive_data_acceptance"]
    schemathesis(described, f"http://{server.admin}", tmp_path, *more)
