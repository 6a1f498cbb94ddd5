"""A day in the life of a gateway: it is started wrongly, looked at, drained, and killed."""

from __future__ import annotations

import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gateway import OPEN_POLICY
from tests.support.gateway import ROOT
from tests.support.gateway import GatewayProcess
from tests.support.gateway import free_port
from tests.support.recorder import Recorder

BODY = json.dumps({"model": "claude-sonnet-4-5", "max_tokens": 5, "messages": []}).encode()
OWN = "sk-ant-api03-canary-of-a-person"
KEY = "sk-ant-api03-canary-of-the-organisation"
KEYED = OPEN_POLICY + 'credential: {{kind: api-key, from: "{source}"}}\n'


@pytest.fixture
def upstream() -> Iterator[Recorder]:
    with Recorder() as recorder:
        yield recorder


def post(gateway: GatewayProcess, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.api_port, timeout=40)
    try:
        connection.request("POST", "/v1/messages", BODY, headers)
        response = connection.getresponse()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
    finally:
        connection.close()


class Later(threading.Thread):
    """A request under way."""

    def __init__(self, gateway: GatewayProcess, headers: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self.status: int | None = None
        self._gateway = gateway
        self._headers = headers
        self.start()

    def run(self) -> None:
        try:
            self.status, _, _ = post(self._gateway, self._headers)
        except (OSError, http.client.HTTPException):
            self.status = None


def headers(token: str) -> dict[str, str]:
    return {"x-api-key": OWN, "proxy-authorization": f"Bearer {token}"}


# It is started wrongly.


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("env:CCGATE_TEST_ABSENT", "CCGATE_TEST_ABSENT is not set"),
        ("env:CCGATE_TEST_EMPTY", "CCGATE_TEST_EMPTY is empty"),
        ("file:absent.key", "absent.key: the key cannot be read"),
        ("file:open.key", "open.key: others than its owner can read this key; chmod 600 it"),
    ],
)
def test_a_key_that_cannot_be_read_stops_the_start(
    tmp_path: Path, upstream: Recorder, source: str, words: str
) -> None:
    """It says which key and what to do, before a client has to find out."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "open.key").write_text(KEY)
    (home / "open.key").chmod(0o644)
    policy = KEYED.format(upstream=upstream.url, source=source)
    gateway = GatewayProcess(home, policy, environ={"CCGATE_TEST_EMPTY": ""})
    gateway.start()
    assert gateway.exit_code() == 78
    assert words in gateway.log
    assert KEY not in gateway.log


def test_a_key_that_is_lost_while_it_runs(tmp_path: Path, upstream: Recorder) -> None:
    """Nothing leaves without the key; the log names the file, and a mended one counts at once."""
    home = tmp_path / "home"
    home.mkdir()
    key = home / "org.key"
    key.write_text(KEY)
    key.chmod(0o600)
    with GatewayProcess(home, KEYED.format(upstream=upstream.url, source="file:org.key")) as gateway:
        bearer = {"authorization": f"Bearer {gateway.add_client('alice')}"}
        assert post(gateway, bearer)[0] == 200
        key.unlink()
        status, _, body = post(gateway, bearer)
        assert status == 503
        assert b"its own credential" in body
        gateway.wait_for_log("org.key: the key cannot be read")
        key.write_text("sk-ant-api03-renewed")
        key.chmod(0o600)
        assert post(gateway, bearer)[0] == 200
    assert [r.header("x-api-key") for r in upstream.requests] == [KEY, "sk-ant-api03-renewed"]


def test_a_database_of_a_newer_version_stops_the_start(tmp_path: Path, upstream: Recorder) -> None:
    """An older gateway would not know what it writes into."""
    home = tmp_path / "home"
    home.mkdir()
    with sqlite3.connect(home / "ccgate.sqlite3") as database:
        database.execute("PRAGMA application_id = 0x63636774")
        database.execute("PRAGMA user_version = 99")
    database.close()
    gateway = GatewayProcess(home, OPEN_POLICY.format(upstream=upstream.url))
    gateway.start()
    assert gateway.exit_code() == 74
    assert "newer" in gateway.log
    assert "ccgate.sqlite3" in gateway.log


def test_a_state_folder_that_is_a_file_stops_the_start(tmp_path: Path, upstream: Recorder) -> None:
    home = tmp_path / "home"
    policy = OPEN_POLICY.format(upstream=upstream.url)
    (tmp_path / "file").write_text("")
    gateway = GatewayProcess(home, policy, environ={"CCGATE_HOME": str(tmp_path / "file")})
    gateway.start()
    assert gateway.exit_code() == 74
    assert "set CCGATE_HOME" in gateway.log


def test_optional_clients_beyond_loopback_stop_the_start(tmp_path: Path, upstream: Recorder) -> None:
    """Also without run.sh, which asks before."""
    policy = OPEN_POLICY.format(upstream=upstream.url).replace(
        "admission:\n", "admission:\n  clients: optional\n"
    )
    extra = ["--mode", f"regular@0.0.0.0:{free_port()}"]
    gateway = GatewayProcess(tmp_path / "home", policy, extra=extra)
    gateway.start()
    assert gateway.exit_code() == 78
    assert "would let anybody in" in gateway.log


def test_an_unsafe_option_in_mitmproxys_own_config_stops_the_start(
    tmp_path: Path, upstream: Recorder
) -> None:
    """mitmproxy reads config.yaml in its confdir after the command line, and lets it win."""
    confdir = tmp_path / "home" / "ca"
    confdir.mkdir(parents=True)
    (confdir / "config.yaml").write_text("ssl_insecure: true\n")
    gateway = GatewayProcess(tmp_path / "home", OPEN_POLICY.format(upstream=upstream.url))
    gateway.start()
    assert gateway.exit_code() == 78
    assert "ssl_insecure" in gateway.log


# It is looked at.


def test_mitmweb_shows_no_credential_while_a_request_is_under_way(tmp_path: Path, upstream: Recorder) -> None:
    """Who looks at a flow sees that a credential was withheld, at any moment, and never what it is."""
    web = free_port()
    extra = ["--no-web-open-browser", "--web-port", str(web), "--set", "web_password=looker"]
    policy = KEYED.format(upstream=upstream.url, source="env:ORG_KEY")
    with GatewayProcess(
        tmp_path / "home", policy, extra=extra, environ={"ORG_KEY": KEY}, program="mitmweb"
    ) as gateway:
        token = gateway.add_client("alice")

        def flows() -> str:
            url = f"http://127.0.0.1:{web}/flows?token=looker"
            with urllib.request.urlopen(url, timeout=20) as response:
                return str(response.read().decode())

        upstream.hold()
        uploading = http.client.HTTPConnection("127.0.0.1", gateway.api_port, timeout=20)
        uploading.putrequest("POST", "/v1/messages")
        uploading.putheader("authorization", f"Bearer {OWN}")
        uploading.putheader("proxy-authorization", f"Bearer {token}")
        uploading.putheader("content-length", "1000")
        uploading.endheaders(b"{")
        later = Later(gateway, {"authorization": f"Bearer {token}", "x-api-key": OWN})
        upstream.wait_for_requests(1)
        during = flows()
        uploading.close()
        upstream.release()
        later.join(20)
        after = flows()
    assert later.status == 200
    assert upstream.requests[0].header("x-api-key") == KEY
    for seen in (during, after, gateway.log):
        assert not any(secret in seen for secret in (KEY, OWN, token))
    assert "(withheld by ccgate)" in during
    comments = [flow["comment"] for flow in json.loads(after)]
    assert any(comment.startswith("alice (alice) claude-sonnet-4-5 · in 10") for comment in comments)
    assert len(json.loads(during)) == 2


# It is drained.


def test_a_shutdown_lets_answers_end_and_turns_new_requests_away(tmp_path: Path, upstream: Recorder) -> None:
    """A deployment cuts nobody's answer off; a client that comes too late is told to try again."""
    gateway = GatewayProcess(tmp_path / "home", OPEN_POLICY.format(upstream=upstream.url))
    with gateway:
        token = gateway.add_client("alice")
        upstream.hold()
        later = Later(gateway, headers(token))
        upstream.wait_for_requests(1)
        assert gateway.process is not None
        gateway.process.send_signal(signal.SIGTERM)
        gateway.wait_for_log("waiting for 1 answers under way")
        status, answer, body = post(gateway, headers(token))
        assert (status, answer["retry-after"]) == (503, "5")
        assert b"shutting down" in body
        upstream.release()
        later.join(20)
        assert gateway.exit_code() == 0
    assert later.status == 200
    assert len(upstream.requests) == 1
    assert states(gateway) == ["done"]


# It is killed.


def test_after_a_crash_the_entry_is_there(tmp_path: Path, upstream: Recorder) -> None:
    """What left the machine is on record, and says that its end is not known."""
    gateway = GatewayProcess(tmp_path / "home", OPEN_POLICY.format(upstream=upstream.url))
    with gateway:
        token = gateway.add_client("alice")
        upstream.hold()
        later = Later(gateway, headers(token))
        upstream.wait_for_requests(1)
        gateway.stop(signal.SIGKILL)
        later.join(20)
    assert states(gateway) == ["open"]
    done = subprocess.run(
        [sys.executable, "-m", "ccgate.cli", "usage", "--format", "json"],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "addons"),
            "CCGATE_HOME": str(gateway.home),
        },
        capture_output=True,
        check=True,
    )
    (entry,) = json.loads(done.stdout)["entries"]
    assert entry["state"] == "interrupted"
    assert entry["cost_usd"] is None
    assert entry["client"] == "alice"


def test_two_gateways_on_one_ledger(tmp_path: Path, upstream: Recorder) -> None:
    """A second gateway's start does not take the first one's open entries for dead."""
    policy = OPEN_POLICY.format(upstream=upstream.url)
    with GatewayProcess(tmp_path / "home", policy) as first:
        token = first.add_client("alice")
        upstream.hold()
        later = Later(first, headers(token))
        upstream.wait_for_requests(1)
        with GatewayProcess(tmp_path / "home", policy):
            assert states(first) == ["open"]
        upstream.release()
        later.join(20)
    assert states(first) == ["done"]


def states(gateway: GatewayProcess) -> list[str]:
    database = sqlite3.connect(gateway.home / "ccgate.sqlite3")
    try:
        for _ in range(20):
            rows = [state for (state,) in database.execute("SELECT state FROM entries ORDER BY number")]
            if "open" not in rows:
                break
            time.sleep(0.02)
        return rows
    finally:
        database.close()
