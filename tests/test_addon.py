"""The walk, with a real gateway process: who comes in, where it may go, and what leaves for whom."""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import socket
import sqlite3
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gateway import OPEN_POLICY
from tests.support.gateway import GatewayProcess
from tests.support.recorder import Recorder

BODY = json.dumps({"model": "claude-sonnet-4-5", "max_tokens": 5, "messages": []}).encode()
KEY = "sk-ant-api03-canary-of-the-organisation"
OWN = "sk-ant-api03-canary-of-a-person"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Recorder]:
    with Recorder() as recorder:
        yield recorder


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, upstream: Recorder) -> Iterator[GatewayProcess]:
    """A gateway that holds no credential."""
    home = tmp_path_factory.mktemp("own") / "home"
    with GatewayProcess(home, OPEN_POLICY.format(upstream=upstream.url)) as process:
        yield process


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory, upstream: Recorder) -> Iterator[GatewayProcess]:
    """A gateway that holds the organisation's key."""
    home = tmp_path_factory.mktemp("key") / "home"
    policy = OPEN_POLICY.format(upstream=upstream.url) + 'credential: {kind: api-key, from: "env:ORG_KEY"}\n'
    with GatewayProcess(home, policy, environ={"ORG_KEY": KEY}) as process:
        yield process


NUMBERS = itertools.count(1)


@pytest.fixture
def name() -> str:
    """A client's name that no other test has."""
    return f"client-{next(NUMBERS)}"


@pytest.fixture
def token(gateway: GatewayProcess, name: str) -> str:
    return gateway.add_client(name, "owner")


@pytest.fixture
def keeper_token(keeper: GatewayProcess, name: str) -> str:
    return keeper.add_client(name, "owner")


def post(
    gateway: GatewayProcess, headers: dict[str, str], path: str = "/v1/messages", body: bytes = BODY
) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.api_port, timeout=20)
    try:
        connection.request("POST", path, body, {"content-type": "application/json", **headers})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def entries(gateway: GatewayProcess, where: str, *values: str) -> list[tuple[str, int | None]]:
    """State and cost of ledger entries, once none is open: one closes as its answer's last byte leaves."""
    database = sqlite3.connect(gateway.home / "ccgate.sqlite3")
    try:
        for _ in range(100):
            rows = database.execute(f"SELECT state, cost FROM entries WHERE {where}", values).fetchall()
            if rows and all(state != "open" for state, _ in rows):
                break
            time.sleep(0.02)
        return rows
    finally:
        database.close()


def basic(name: str, token: str) -> dict[str, str]:
    return {"proxy-authorization": "Basic " + base64.b64encode(f"{name}:{token}".encode()).decode()}


def tunnel(
    gateway: GatewayProcess, headers: dict[str, str], host: str = "api.anthropic.com"
) -> http.client.HTTPSConnection:
    """An HTTPS connection through the forward proxy, which trusts the gateway's CA alone."""
    context = ssl.create_default_context(cafile=str(gateway.ca))
    connection = http.client.HTTPSConnection("127.0.0.1", gateway.proxy_port, context=context, timeout=20)
    connection.set_tunnel(host, 443, headers)
    return connection


def raw_connect(gateway: GatewayProcess, target: str, headers: dict[str, str]) -> tuple[int, str]:
    """The status and headers of the answer to a CONNECT, sent as it stands."""
    lines = [f"CONNECT {target} HTTP/1.1", f"host: {target}", *(f"{k}: {v}" for k, v in headers.items())]
    with socket.create_connection(("127.0.0.1", gateway.proxy_port), timeout=20) as s:
        s.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = b""
        while b"\r\n\r\n" not in answer and (piece := s.recv(65536)):
            answer += piece
    return int(answer.split(b" ", 2)[1]), answer.decode()


# Who is it?


@pytest.mark.parametrize("header", ["authorization", "x-api-key", "proxy-authorization"])
def test_a_token_in_each_place_of_the_api_endpoint(
    keeper: GatewayProcess, keeper_token: str, upstream: Recorder, header: str
) -> None:
    """Whichever header a client can set, its token gets it in, stays here, and the key goes instead."""
    value = keeper_token if header == "x-api-key" else f"Bearer {keeper_token}"
    status, _ = post(keeper, {header: value})
    assert status == 200
    received = upstream.requests[-1]
    assert received.header("x-api-key") == KEY
    assert received.header("authorization") is None
    assert received.header("proxy-authorization") is None
    assert keeper_token not in repr(received)


@pytest.mark.parametrize("way", ["Bearer", "Basic"])
def test_the_own_credential_stays_beside_the_token(
    gateway: GatewayProcess, token: str, upstream: Recorder, way: str, name: str
) -> None:
    """A person's own login passes untouched, and the token does not."""
    proxy = {"proxy-authorization": f"Bearer {token}"} if way == "Bearer" else basic(name, token)
    status, _ = post(gateway, {"Authorization": f"Bearer {OWN}", **proxy})
    assert status == 200
    assert upstream.requests[-1].header("authorization") == f"Bearer {OWN}"
    assert token not in repr(upstream.requests[-1])


def test_through_the_forward_proxy(
    gateway: GatewayProcess, token: str, upstream: Recorder, name: str
) -> None:
    """The token opens the tunnel once; every request within is that client's."""
    connection = tunnel(gateway, basic(name, token))
    for _ in range(2):
        connection.request("POST", "/v1/messages", BODY, {"x-api-key": OWN})
        response = connection.getresponse()
        assert (response.status, json.loads(response.read())["type"]) == (200, "message")
    connection.close()
    assert upstream.requests[-1].header("x-api-key") == OWN
    assert token not in repr(upstream.requests[-1])
    assert entries(gateway, "client = ?", name) == [("done", 105_000_000)] * 2


@pytest.mark.parametrize("headers", [{}, {"proxy-authorization": "Basic bm9ib2R5Og=="}, basic("x", "y")])
def test_connect_without_a_good_token(
    gateway: GatewayProcess, upstream: Recorder, headers: dict[str, str]
) -> None:
    """407, and no connection to anywhere is opened."""
    before = upstream.connections
    status, answer = raw_connect(gateway, "api.anthropic.com:443", headers)
    assert status == 407
    assert 'proxy-authenticate: basic realm="ccgate"' in answer.lower()
    assert upstream.connections == before


def test_a_revoked_client_is_out_at_once(
    gateway: GatewayProcess, token: str, upstream: Recorder, name: str
) -> None:
    """Without a restart, and also on a tunnel that is open already."""
    from ccgate.admission.clients import ClientRegistry
    from ccgate.database import open_database

    connection = tunnel(gateway, basic(name, token))
    connection.request("POST", "/v1/messages", BODY, {"x-api-key": OWN})
    assert connection.getresponse().read()
    seen = len(upstream.requests)
    database = open_database(gateway.home / "ccgate.sqlite3")
    ClientRegistry(database).revoke(name)
    database.close()
    connection.request("POST", "/v1/messages", BODY, {"x-api-key": OWN})
    assert connection.getresponse().status == 401
    connection.close()
    assert post(gateway, {"x-api-key": OWN, "proxy-authorization": f"Bearer {token}"})[0] == 401
    assert len(upstream.requests) == seen


def test_a_token_without_a_credential_is_told_what_to_set(
    gateway: GatewayProcess, token: str, upstream: Recorder
) -> None:
    """With nothing to pass through, the provider would answer 401 and nobody would know whose it is."""
    seen = len(upstream.requests)
    status, answer = post(gateway, {"authorization": f"Bearer {token}"})
    assert status == 401
    assert "ANTHROPIC_CUSTOM_HEADERS" in json.dumps(answer)
    assert len(upstream.requests) == seen


def test_a_token_in_another_header_does_not_leave(
    gateway: GatewayProcess, token: str, upstream: Recorder
) -> None:
    """A mistyped custom header would otherwise hand the token to the provider."""
    seen = len(upstream.requests)
    status, _ = post(gateway, {"x-api-key": OWN, "proxy-authorization": f"Bearer {token}", "x-token": token})
    assert status == 400
    assert len(upstream.requests) == seen


def test_bad_tokens_are_slowed_and_good_ones_are_not(keeper: GatewayProcess, keeper_token: str) -> None:
    """Who guesses waits; a colleague behind the same address does not."""
    bad = {"authorization": "Bearer ccg_" + "x" * 43}
    for _ in range(12):
        assert post(keeper, bad)[0] == 401
    began = time.monotonic()
    assert post(keeper, bad)[0] == 401
    slow = time.monotonic() - began
    began = time.monotonic()
    assert post(keeper, {"authorization": f"Bearer {keeper_token}"})[0] == 200
    fast = time.monotonic() - began
    assert slow > 2 * fast


# Where may it go?


@pytest.mark.parametrize(
    "target",
    [
        "example.com:443",
        "127.0.0.1:443",
        "169.254.169.254:443",
        "10.0.0.1:443",
        "[::1]:443",
        "localhost:443",
        "2130706433:443",
        "api.anthropic.com:22",
        "api.anthropic.com.evil.example:443",
    ],
)
def test_no_open_proxy(gateway: GatewayProcess, token: str, target: str, name: str) -> None:
    """A good token opens the listed hosts and no other; least of all those behind the gateway."""
    assert raw_connect(gateway, target, basic(name, token))[0] == 403


def test_a_plain_request_on_the_proxy_port(gateway: GatewayProcess, token: str, upstream: Recorder) -> None:
    """The proxy port forwards no plain HTTP, not even to the upstream."""
    seen = upstream.connections
    connection = http.client.HTTPConnection("127.0.0.1", gateway.proxy_port, timeout=20)
    for path in (f"{upstream.url}/v1/messages", "http://example.com/", "/v1/messages"):
        connection.request("POST", path, BODY, {"x-api-key": OWN, "proxy-authorization": f"Bearer {token}"})
        response = connection.getresponse()
        response.read()
        assert response.status in (400, 403), path
    connection.close()
    assert upstream.connections == seen


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1"])
def test_the_host_header_leads_nowhere_else(
    keeper: GatewayProcess, keeper_token: str, upstream: Recorder, host: str
) -> None:
    """The credential is bound to the upstream as connected, never to a name that the client writes."""
    status, _ = post(keeper, {"host": host, "authorization": f"Bearer {keeper_token}"})
    assert status == 200
    assert upstream.requests[-1].header("host") == f"127.0.0.1:{upstream.port}"


@pytest.mark.parametrize(
    "path", ["/v1/messages/batches", "/v1/files", "/v1/chat/completions/1", "/v1//messages", "/x"]
)
def test_side_doors_are_shut(
    keeper: GatewayProcess, keeper_token: str, upstream: Recorder, path: str
) -> None:
    """What cannot be metered, or is not known, does not pass."""
    seen = len(upstream.requests)
    assert post(keeper, {"authorization": f"Bearer {keeper_token}"}, path)[0] == 403
    assert len(upstream.requests) == seen


# Bad input.


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 400),
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b'{"model": 7}', {}, 400),
        (b'{"model": "\\n"}', {}, 400),
        (b"\xff\xfe", {}, 400),
        (BODY, {"content-encoding": "gzip"}, 415),
        (BODY, {"upgrade": "websocket", "connection": "upgrade"}, 403),
    ],
)
def test_what_cannot_be_read_does_not_leave(
    keeper: GatewayProcess,
    keeper_token: str,
    upstream: Recorder,
    body: bytes,
    headers: dict[str, str],
    status: int,
) -> None:
    """Each gets the provider's error envelope, and upstream gets nothing."""
    seen = len(upstream.requests)
    answered, answer = post(keeper, {"authorization": f"Bearer {keeper_token}", **headers}, body=body)
    assert (answered, answer["type"]) == (status, "error")
    assert len(upstream.requests) == seen


def test_a_refused_header_does_not_hide_behind_a_second_one(
    keeper: GatewayProcess, keeper_token: str, upstream: Recorder
) -> None:
    """A body that nobody could read does not pass by calling itself plain as well."""
    seen = len(upstream.requests)
    connection = http.client.HTTPConnection("127.0.0.1", keeper.api_port, timeout=20)
    connection.putrequest("POST", "/v1/messages")
    for name, value in (
        ("authorization", f"Bearer {keeper_token}"),
        ("content-encoding", "gzip"),
        ("content-encoding", "identity"),
        ("content-length", str(len(BODY))),
    ):
        connection.putheader(name, value)
    connection.endheaders(BODY)
    assert connection.getresponse().status == 415
    connection.close()
    assert len(upstream.requests) == seen


def test_a_body_over_64_mb(keeper: GatewayProcess, keeper_token: str, upstream: Recorder) -> None:
    """413 in the envelope, before the body was read, whatever the client does afterwards."""
    seen = len(upstream.requests)
    connection = http.client.HTTPConnection("127.0.0.1", keeper.api_port, timeout=20)
    connection.putrequest("POST", "/v1/messages")
    connection.putheader("authorization", f"Bearer {keeper_token}")
    connection.putheader("content-length", str(65 * 1024 * 1024))
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == 413
    assert json.loads(response.read())["error"]["type"] == "request_too_large"
    connection.close()
    assert len(upstream.requests) == seen


def test_upstream_down(tmp_path: Path) -> None:
    """The client reads in its own format that the upstream did not answer; the entry says so too."""
    with GatewayProcess(tmp_path / "home", OPEN_POLICY.format(upstream="http://127.0.0.1:9")) as gateway:
        token = gateway.add_client("alice")
        status, answer = post(gateway, {"x-api-key": OWN, "proxy-authorization": f"Bearer {token}"})
        assert status == 502
        assert "upstream" in json.dumps(answer)
        assert entries(gateway, "1") == [("failed", None)]


# Seen nowhere.


def test_no_credential_in_logs_files_or_the_ledger(tmp_path: Path, upstream: Recorder) -> None:
    """At the highest detail, with everything saved: the key, a person's own, and the token are nowhere."""
    saved = [tmp_path / "flows", tmp_path / "flows.har"]
    home = tmp_path / "home"
    policy = OPEN_POLICY.format(upstream=upstream.url)
    extra = ["--set", "flow_detail=4", "-v", "-w", str(saved[0]), "--set", f"hardump={saved[1]}"]
    with GatewayProcess(home, policy, extra=extra) as gateway:
        token = gateway.add_client("alice")
        assert post(gateway, {"x-api-key": OWN, "proxy-authorization": f"Bearer {token}"})[0] == 200
        assert post(gateway, {"authorization": f"Bearer {token}"})[0] == 401
        own = {"x-api-key": OWN}
        assert post(gateway, own)[0] == 401
        assert post(gateway, {**own, "authorization": "Bearer ccg_" + "x" * 43})[0] == 401
        assert post(gateway, {**own, "proxy-authorization": f"Bearer {token}"}, "/nowhere")[0] == 403
        assert post(gateway, {**own, "proxy-authorization": f"Bearer {token}"}, body=b"{")[0] == 400
        assert raw_connect(gateway, "example.com:443", basic("alice", token))[0] == 403
        connection = tunnel(gateway, basic("alice", token))
        connection.request("POST", "/v1/messages", BODY, {"authorization": f"Bearer {OWN}"})
        assert connection.getresponse().read()
        connection.close()
        time.sleep(0.3)
    basic_form = basic("alice", token)["proxy-authorization"].removeprefix("Basic ")
    files = [path for path in home.rglob("*") if path.is_file()] + saved
    assert len(files) > 5
    for path in files:
        content = path.read_bytes()
        for secret in (OWN, token, basic_form):
            assert secret.encode() not in content, path
    assert all(path.stat().st_size > 500 for path in saved)
