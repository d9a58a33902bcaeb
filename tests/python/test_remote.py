"""A model behind a real MLServer, behind this server: the same numbers, and what happens when MLServer goes."""

import json
import time

import pytest

from conftest import shipworthy
from remote_servers import START_S, Front, MLServer, served


@pytest.fixture
def front(tmp_path, mlserver):
    server = Front(tmp_path, mlserver.url)
    yield server
    server.stop()


def test_a_remote_model_answers_as_its_file_does(front, rows):
    """Missing values included, alone and in a batch."""
    assert any(value is None for row in rows for value in row)
    status, remote = front.predict("remote", rows)
    assert status == 200, remote
    assert remote["predictions"] == front.predict("local", rows)[1]["predictions"]
    one = front.predict("remote", rows[:1])[1]
    assert one["predictions"] == remote["predictions"][:1]
    shown = json.loads(shipworthy("ledger", "show", one["decision_ids"][0], "--state", front.state, "--json"))
    assert shown["payload"]["model_version"] == "seven"


def test_rows_of_another_shape_are_refused_before_they_are_sent(front, rows):
    status, refused = front.predict("remote", [rows[0][:-1]])
    assert (status, refused["code"]) == (422, "contract_violation")
    assert front.predict("remote", rows[:1])[0] == 200


def test_an_outage_is_told_at_once_and_ends_by_itself(front, rows, mlserver):
    """The circuit breaker opens, readiness says so, what is served here goes on, and it closes again."""
    assert front.is_ready("remote")
    mlserver.kill()
    codes = [front.predict("remote", rows[:1]) for _ in range(6)]
    assert {(status, body["code"]) for status, body in codes} == {(503, "model_unavailable")}
    assert not front.is_ready("remote")
    assert front.is_ready("local") and front.predict("local", rows[:1])[0] == 200
    mlserver.start()
    deadline = time.monotonic() + START_S
    while front.predict("remote", rows[:1])[0] != 200:
        assert time.monotonic() < deadline, "the breaker stays open"
        time.sleep(0.1)
    assert front.is_ready("remote")


def test_a_server_that_cannot_be_called_is_told_at_the_start(tmp_path, mlserver):
    nobody = served("http://127.0.0.1:9/v2/models/m", tmp_path / "a")
    assert nobody.returncode == 2 and "is the server up" in nobody.stderr
    unknown = served(mlserver.url.replace("late", "other"), tmp_path / "b")
    assert unknown.returncode == 2 and "answered 404" in unknown.stderr, unknown.stderr


def test_a_model_without_declared_inputs_is_told_how_to_declare_them(tmp_path):
    server = MLServer(tmp_path, [])
    try:
        silent = served(server.url, tmp_path / "state")
    finally:
        server.kill()
    assert silent.returncode == 2 and "model-settings.json" in silent.stderr
