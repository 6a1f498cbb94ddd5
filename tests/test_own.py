"""What the gateway answers itself: to its clients alone, and with nothing of theirs in it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway import GatewayProcess
from tests.support.recorder import Recorder

PROFILE = """\
version: 1
upstream: {upstream}
privacy: {{secrets: {secrets}}}
telemetry: allow
"""

TOKEN = "ghp_" + "k7Qm2xV9bT4wZ8nR1cY6sL3dF5gH0jAEuPqi"
BODY = json.dumps(
    {
        "model": "claude-sonnet-4-5",
        "messages": [{"role": "user", "content": f"/home/annegret/x has GITHUB_TOKEN={TOKEN}"}],
    }
).encode()


@pytest.fixture(scope="module")
def upstream() -> Iterator[Recorder]:
    with Recorder() as recorder:
        yield recorder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("own") / "home"


@pytest.fixture(scope="module")
def gateway(home: Path, upstream: Recorder) -> Iterator[GatewayProcess]:
    policy = PROFILE.format(upstream=upstream.url, secrets="redact")
    with GatewayProcess(home, policy, extra=["-w", str(home / "flows")]) as process:
        yield process


@pytest.fixture(scope="module")
def token(gateway: GatewayProcess) -> str:
    return gateway.add_client("laptop")


def ask(
    gateway: GatewayProcess,
    token: str,
    path: str = "/_ccgate/verify",
    body: bytes = BODY,
    method: str = "POST",
) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.api_port, timeout=30)
    try:
        connection.request(method, path, body, {"authorization": f"Bearer {token}"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_a_client_sees_what_of_its_request_would_be_changed(
    gateway: GatewayProcess, token: str, upstream: Recorder, home: Path
) -> None:
    """Nothing is sent, and no value is in the answer or in what is stored of it."""
    status, report = ask(gateway, token)
    assert (status, report["outcome"]) == (200, "leaves")
    assert report["counts"] == {"home": 1, "secret": 1}
    (place,) = report["places"]
    assert place["path"] == "messages[0].content"
    assert TOKEN not in json.dumps(report)
    assert upstream.connections == 0
    assert TOKEN.encode() not in (home / "flows").read_bytes()


def test_what_is_reported_is_what_leaves(gateway: GatewayProcess, token: str, upstream: Recorder) -> None:
    """The same placeholders, by the same key; else the report would prove nothing."""
    _, report = ask(gateway, token)
    connection = http.client.HTTPConnection("127.0.0.1", gateway.api_port, timeout=30)
    headers = {"x-api-key": "sk-own", "proxy-authorization": f"Bearer {token}"}
    connection.request("POST", "/v1/messages", BODY, headers)
    connection.getresponse().read()
    connection.close()
    sent = upstream.requests[-1].body.decode()
    for change in report["places"][0]["changes"]:
        assert change["placeholder"] in sent


def test_a_stranger_learns_nothing(gateway: GatewayProcess) -> None:
    """Not even which paths there are."""
    for path in ("/_ccgate/verify", "/_ccgate/", "/_ccgate/other"):
        status, answer = ask(gateway, "ccg_" + "x" * 43, path)
        assert (status, answer["error"]["type"]) == (401, "authentication_error")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/_ccgate/verify"), ("POST", "/_ccgate/"), ("POST", "/_ccgate/verify/x"), ("GET", "/_ccgate/x")],
)
def test_there_is_nothing_else(
    gateway: GatewayProcess, token: str, upstream: Recorder, method: str, path: str
) -> None:
    """And none of it is the upstream's."""
    before = upstream.connections
    status, answer = ask(gateway, token, path, method=method)
    assert status == 404
    assert "POST a request's body to /_ccgate/verify" in answer["error"]["message"]
    assert upstream.connections == before


def test_what_is_no_request_is_told(gateway: GatewayProcess, token: str) -> None:
    status, answer = ask(gateway, token, body=b'{"a": 1}')
    assert status == 400
    assert "no request to a model" in answer["error"]["message"]


def test_a_profile_that_redacts_nothing_says_so(tmp_path: Path, upstream: Recorder) -> None:
    """Its report is what leaves, too: all of it, as it came."""
    policy = PROFILE.format(upstream=upstream.url, secrets="allow, emails: allow, home: allow")
    with GatewayProcess(tmp_path / "home", policy) as gateway:
        status, report = ask(gateway, gateway.add_client("laptop"))
    assert (status, report["outcome"], report["counts"]) == (200, "leaves", {})
