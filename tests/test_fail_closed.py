"""Fail closed, with a real mitmdump and an upstream that writes down all that reaches it.

mitmproxy fails open: a hook that raises, a script that no longer loads or an option that undoes a rule
leaves a proxy that forwards everything. For each way in which the gateway can break, a request is sent
through what is left of it, and the upstream must not have seen a thing.
"""

from __future__ import annotations

import http.client
import json
import sqlite3
import time
from pathlib import Path

import pytest

from tests.support.gateway import OPEN_POLICY
from tests.support.gateway import GatewayProcess
from tests.support.gateway import copy_of_the_gateway
from tests.support.recorder import Recorder

BODY = json.dumps({"model": "claude-sonnet-4-5", "max_tokens": 5, "messages": []})
CANARY = "sk-ant-api03-canary"


def post(gateway: GatewayProcess, token: str, path: str = "/v1/messages") -> tuple[int, bytes]:
    """Send a request that a gateway in order would forward."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.api_port, timeout=20)
    try:
        connection.request(
            "POST",
            path,
            BODY,
            {
                "content-type": "application/json",
                "x-api-key": CANARY,
                "proxy-authorization": f"Bearer {token}",
            },
        )
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def connect(gateway: GatewayProcess, credentials: str, host: str = "api.anthropic.com:443") -> int:
    """Send a CONNECT; returns its status."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.proxy_port, timeout=20)
    try:
        connection.request("CONNECT", host, headers={"proxy-authorization": credentials, "host": host})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.fixture
def upstream():  # type: ignore[no-untyped-def]
    with Recorder() as recorder:
        yield recorder


def test_a_gateway_in_order_forwards(tmp_path: Path, upstream: Recorder) -> None:
    """The counter-proof: the same request does reach upstream when nothing is broken."""
    with GatewayProcess(tmp_path / "home", OPEN_POLICY.format(upstream=upstream.url)) as gateway:
        status, _ = post(gateway, gateway.add_client("alice"))
    assert status == 200
    assert [request.path for request in upstream.requests] == ["/v1/messages"]


@pytest.mark.parametrize("hook", ["requestheaders", "request"])
def test_a_hook_that_raises(tmp_path: Path, upstream: Recorder, hook: str) -> None:
    """A mistake in the gateway ends in a 503 and a line in the log, never in a forwarded request."""
    script = copy_of_the_gateway(tmp_path)
    script.write_text(
        script.read_text()
        + f"\ndef _broken(*_):\n    raise ValueError('{CANARY}')\n\naddons[0].{hook} = _broken\n"
    )
    home = tmp_path / "home"
    with GatewayProcess(home, OPEN_POLICY.format(upstream=upstream.url), script=script) as gateway:
        status, body = post(gateway, gateway.add_client("alice"))
    assert status == 503
    assert json.loads(body)["error"]["type"] == "api_error"
    assert upstream.connections == 0


def test_a_step_that_raises_is_logged_without_its_message(tmp_path: Path, upstream: Recorder) -> None:
    """The message of an unforeseen error may hold a piece of a prompt or a key."""
    script = copy_of_the_gateway(tmp_path)
    script.write_text(
        script.read_text()
        + f"\ndef _broken(*_):\n    raise ValueError('{CANARY}')\n\naddons[0]._direct = _broken\n"
    )
    home = tmp_path / "home"
    with GatewayProcess(home, OPEN_POLICY.format(upstream=upstream.url), script=script) as gateway:
        status, body = post(gateway, gateway.add_client("alice"))
        gateway.wait_for_log("ValueError at")
    assert status == 503
    assert CANARY not in gateway.log
    assert CANARY.encode() not in body
    assert upstream.connections == 0


@pytest.mark.parametrize("damage", ["syntax error", "deleted", "no addons"])
def test_a_script_that_breaks_while_it_runs(tmp_path: Path, upstream: Recorder, damage: str) -> None:
    """Somebody edits or removes gateway.py under a running gateway; what is left forwards nothing."""
    script = copy_of_the_gateway(tmp_path)
    home = tmp_path / "home"
    with GatewayProcess(home, OPEN_POLICY.format(upstream=upstream.url), script=script) as gateway:
        token = gateway.add_client("alice")
        assert post(gateway, token)[0] == 200
        time.sleep(1.1)  # mitmproxy looks at the file's time once a second
        if damage == "deleted":
            script.unlink()
            gateway.wait_for_log("Removing script")
        elif damage == "no addons":
            script.write_text("addons = []\n")
            gateway.wait_for_log("Loading script")
            time.sleep(1.5)
        else:
            script.write_text("this is no Python\n")
            gateway.wait_for_log("invalid syntax")
        seen = upstream.connections
        assert post(gateway, token)[0] == 503
        assert post(gateway, token, "/anything")[0] == 503
        assert connect(gateway, f"Bearer {token}") == 503
        assert connect(gateway, f"Bearer {token}", f"127.0.0.1:{upstream.port}") == 503
        assert upstream.connections == seen


def test_a_script_that_is_mended_works_again(tmp_path: Path, upstream: Recorder) -> None:
    """A reload keeps the books, so that an operator can mend a running gateway."""
    script = copy_of_the_gateway(tmp_path)
    good = script.read_text()
    home = tmp_path / "home"
    with GatewayProcess(home, OPEN_POLICY.format(upstream=upstream.url), script=script) as gateway:
        token = gateway.add_client("alice")
        script.write_text("this is no Python\n")
        gateway.wait_for_log("invalid syntax")
        assert post(gateway, token)[0] == 503
        time.sleep(1.1)
        script.write_text(good)
        deadline = time.monotonic() + 10
        while post(gateway, token)[0] != 200:
            assert time.monotonic() < deadline, gateway.log
            time.sleep(0.1)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("ccgate_profile=no-such-profile", "no-such-profile"),
        ("ccgate_profil=team", "there is no option ccgate_profil"),
        ("stream_large_bodies=1m", "would leave before ccgate has seen them"),
        ("store_streamed_bodies=true", "would be kept"),
        ("ssl_insecure=true", "handed to anybody"),
        ("ignore_hosts=anthropic", "pass unseen"),
        ("proxyauth=any", "ccgate admits clients itself"),
        ("proxy_debug=true", "written to the log"),
        ("validate_inbound_headers=false", "smuggled"),
        ("socks5@0", "knows regular and reverse"),
    ],
)
def test_an_option_that_undoes_the_gateway_stops_the_start(
    tmp_path: Path, upstream: Recorder, setting: str, words: str
) -> None:
    """What cannot be enforced is refused before a client can connect, with the reason."""
    extra = ["--mode", setting] if setting.startswith("socks5") else ["--set", setting]
    policy = OPEN_POLICY.format(upstream=upstream.url)
    gateway = GatewayProcess(tmp_path / "home", policy, extra=extra)
    gateway.start()
    assert gateway.exit_code() == 78, gateway.log
    assert words in gateway.log
    assert "Traceback" not in gateway.log


SETTER = '''
import threading
from mitmproxy import ctx

class Setter:
    """Does what a person at mitmweb, or another script, may do: set an option while all is running."""

    def running(self):
        def set_it():
            try:
                ctx.options.update({name}={value!r})
                print("SET", flush=True)
            except Exception as e:
                print("NOT SET", e, flush=True)
        ctx.master.event_loop.call_later(0.5, set_it)

addons = [Setter()]
'''


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stream_large_bodies", "1"),
        ("store_streamed_bodies", True),
        ("ssl_insecure", True),
        ("ignore_hosts", ["."]),
        ("connection_strategy", "eager"),
        ("body_size_limit", None),
        ("ccgate_profile", "no-such-profile"),
    ],
)
def test_an_option_set_at_run_time_is_refused(
    tmp_path: Path, upstream: Recorder, name: str, value: object
) -> None:
    """The option stays as it was, and the gateway goes on governing."""
    setter = tmp_path / "setter.py"
    setter.write_text(SETTER.format(name=name, value=value))
    policy = OPEN_POLICY.format(upstream=upstream.url)
    with GatewayProcess(tmp_path / "home", policy, extra=["-s", str(setter)]) as gateway:
        gateway.wait_for_log("SET")
        assert "NOT SET" in gateway.log
        assert post(gateway, gateway.add_client("alice"))[0] == 200
        assert post(gateway, "ccg_" + "x" * 43)[0] == 401
    assert len(upstream.requests) == 1


def test_a_ledger_that_cannot_be_written(tmp_path: Path, upstream: Recorder) -> None:
    """No money is spent that nobody writes down: with the database locked or gone, nothing leaves."""
    home = tmp_path / "home"
    with GatewayProcess(home, OPEN_POLICY.format(upstream=upstream.url)) as gateway:
        token = gateway.add_client("alice")
        assert post(gateway, token)[0] == 200
        locker = sqlite3.connect(home / "ccgate.sqlite3", isolation_level=None)
        locker.execute("BEGIN EXCLUSIVE")
        status, body = post(gateway, token)
        locker.execute("ROLLBACK")
        locker.close()
        assert status == 503
        assert b"ledger" in body
        assert post(gateway, token)[0] == 200
        assert "ccgate.sqlite3" in gateway.log
    assert len(upstream.requests) == 2


def test_a_second_script_cannot_redirect_a_credential(tmp_path: Path, upstream: Recorder) -> None:
    """A request that another addon points elsewhere, after the credential is in, does not leave."""
    with Recorder() as elsewhere:
        home = tmp_path / "home"
        extra = ["--map-remote", f"|{upstream.url}|{elsewhere.url}"]
        with GatewayProcess(home, OPEN_POLICY.format(upstream=upstream.url), extra=extra) as gateway:
            status, _ = post(gateway, gateway.add_client("alice"))
        assert status == 503
        assert elsewhere.connections == 0
    assert upstream.connections == 0
