"""A model behind a proxy that ends TLS and wants a token: whom it trusts, and who learns the token."""

import contextlib
import json
import time
import urllib.request

import numpy as np
import pandas as pd
import pytest

from conftest import shipworthy
from remote_servers import MODEL, START_S, Front, served
from tls_proxy import DAY, Authority, Proxy

TOKEN = "a-token-that-nobody-else-may-see"
LOCAL = ("127.0.0.1", "localhost")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@contextlib.contextmanager
def proxied(url, certificate):
    proxy = Proxy(url, certificate, TOKEN)
    try:
        yield proxy
    finally:
        proxy.stop()


@contextlib.contextmanager
def fronted(place, proxy, authority):
    """This server in front of the proxy, which says all that it ever says."""
    variables = {"SSL_CERT_FILE": str(authority.file), "SHIPWORTHY_REMOTE_TOKEN_REMOTE": TOKEN}
    server = Front(place, proxy.url, SHIPWORTHY_LOG="trace", **variables)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def proxy(mlserver, authority):
    with proxied(mlserver.url, authority.issue(*LOCAL)) as proxy:
        yield proxy


def of_mlserver(mlserver, rows):
    """What MLServer answers without anybody in between."""
    values = [value for row in rows for value in row]
    tensor = {"name": "x", "datatype": "FP32", "shape": [len(rows), len(rows[0])], "data": values}
    body, headers = json.dumps({"inputs": [tensor]}).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{mlserver.url}/infer", body, headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["outputs"][0]["data"]


def test_over_https_it_answers_as_mlserver_and_as_its_file(tmp_path, proxy, authority, mlserver, rows):
    with fronted(tmp_path, proxy, authority) as front:
        for sent in (rows[:1], rows):
            status, remote = front.predict("remote", sent)
            assert status == 200, remote
            assert remote["predictions"] == front.predict("local", sent)[1]["predictions"]
            assert np.array_equal(np.float32(remote["predictions"]), np.float32(of_mlserver(mlserver, sent)))
    clients = {client for client, _, _ in proxy.seen}
    assert len(clients) < len(proxy.seen), "no connection was used again"


def test_binary_values_go_and_come_over_https(tmp_path, bare, authority, rows):
    """MLServer takes none, so this server is the one behind the proxy too."""
    with proxied(f"{bare.url}/v2/models/late", authority.issue(*LOCAL)) as proxy:
        with fronted(tmp_path, proxy, authority) as front:
            for sent in (rows[:1], rows):
                status, remote = front.predict("remote", sent)
                assert status == 200, remote
                assert remote["predictions"] == front.predict("local", sent)[1]["predictions"]
        asked = [headers for _, path, headers in proxy.seen if path.endswith("/infer")]
        assert asked and all("Inference-Header-Content-Length" in headers for headers in asked)


@pytest.mark.parametrize("trusted", ["the system's", "no file", "no certificate"])
def test_an_authority_that_is_not_trusted_ends_the_start(tmp_path, proxy, trusted):
    variables = {"SHIPWORTHY_REMOTE_TOKEN_M": TOKEN, "SSL_CERT_DIR": ""}
    if trusted == "no file":
        variables["SSL_CERT_FILE"] = str(tmp_path / "none.pem")
    elif trusted == "no certificate":
        variables["SSL_CERT_FILE"] = str(MODEL)
    failed = served(proxy.url, tmp_path / "state", **variables)
    assert failed.returncode == 2 and "certificate" in failed.stderr, failed.stderr
    assert "SSL_CERT_FILE" in failed.stderr and proxy.url in failed.stderr
    assert not proxy.seen, "the token was sent to whoever is there"


@pytest.mark.parametrize(
    ("hosts", "end", "why"),
    [(["other.example"], DAY, "is for another host"), (LOCAL, -DAY, "is not valid at this time")],
)
def test_a_certificate_for_another_host_or_time_is_refused(tmp_path, mlserver, authority, hosts, end, why):
    with proxied(mlserver.url, authority.issue(*hosts, end=end)) as proxy:
        failed = served(proxy.url, tmp_path, SSL_CERT_FILE=str(authority.file))
    assert failed.returncode == 2 and why in failed.stderr, failed.stderr
    assert not proxy.seen


def test_plain_http_needs_no_certificates(tmp_path, mlserver):
    Front(tmp_path, mlserver.url, SSL_CERT_FILE=str(tmp_path / "none.pem"), SSL_CERT_DIR="").stop()


def test_https_to_a_port_without_it_is_told(tmp_path, mlserver, authority):
    url = mlserver.url.replace("http://", "https://")
    failed = served(url, tmp_path, SSL_CERT_FILE=str(authority.file))
    assert failed.returncode == 2 and "not plain http" in failed.stderr, failed.stderr


@pytest.mark.parametrize(
    ("token", "why"),
    [("", "wants a token"), ("wrong-one", "refuses the token"), ("two\nlines", "line break")],
)
def test_a_token_that_is_not_right_ends_the_start(tmp_path, proxy, authority, token, why):
    variables = {"SSL_CERT_FILE": str(authority.file), "SHIPWORTHY_REMOTE_TOKEN_M": token}
    failed = served(proxy.url, tmp_path, SHIPWORTHY_LOG="trace", **variables)
    assert failed.returncode == 2 and why in failed.stderr, failed.stderr
    assert "SHIPWORTHY_REMOTE_TOKEN_M" in failed.stderr
    assert not token or token not in failed.stderr


def test_a_stale_token_is_an_outage_that_nobody_learns_it_from(tmp_path, proxy, authority, rows):
    """Callers, logs and records are without it; readiness says so, and it ends by itself."""
    with fronted(tmp_path, proxy, authority) as front:
        assert front.predict("remote", rows[:1])[0] == 200 and front.is_ready("remote")
        proxy.token = "another"
        answers = [front.predict("remote", rows[:1]) for _ in range(6)]
        assert {(status, body["code"]) for status, body in answers} == {(503, "model_unavailable")}
        assert not front.is_ready("remote") and front.is_ready("local")
        assert TOKEN not in json.dumps(answers)
        proxy.token = TOKEN
        deadline = time.monotonic() + START_S
        while front.predict("remote", rows[:1])[0] != 200:
            assert time.monotonic() < deadline, "the breaker stays open"
            time.sleep(0.1)
        assert front.is_ready("remote")
        export = tmp_path / "decisions.parquet"
        shipworthy("ledger", "export", "--output", export, "--state", front.state)
    log, decisions = front.log.read_text(), pd.read_parquet(export)
    assert "refuses the token" in log and "SHIPWORTHY_REMOTE_TOKEN_REMOTE" in log
    assert len(decisions) and TOKEN not in decisions.to_csv() and TOKEN not in log
    kept = [file.read_bytes() for file in front.state.rglob("*") if file.is_file()]
    assert not any(TOKEN.encode() in content for content in kept)
