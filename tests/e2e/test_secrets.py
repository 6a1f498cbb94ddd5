"""Tokens and credentials: who is let in, what leaves, and what is found lying about afterwards.

That no token of the gateway's reaches the upstream is checked after every test of this folder.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Callable

import httpx
import pytest

from tests.e2e import wire
from tests.e2e.claude_code import VERSIONS
from tests.e2e.claude_code import ClaudeCode
from tests.e2e.conftest import ORGANISATION_KEY
from tests.e2e.conftest import OWN_KEY
from tests.e2e.conftest import Admit
from tests.e2e.conftest import Admitted
from tests.e2e.conftest import Holder
from tests.e2e.conftest import Upstream
from tests.e2e.conftest import Way
from tests.support.gateway import ROOT

pytestmark = pytest.mark.e2e

BODY = wire.body("default")


def command(client: Admitted, *arguments: str) -> str:
    """Run one of ccgate's own commands on the client's gateway; returns what it printed."""
    environ = {"PATH": os.environ["PATH"], "CCGATE_HOME": str(client.gateway.home), "PYTHONPATH": "addons"}
    return subprocess.run(
        [sys.executable, "-m", "ccgate.cli", *arguments],
        cwd=ROOT,
        env=environ,
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    ).stdout


@pytest.mark.parametrize(("way", "holder"), [("proxy", "own"), ("api", "organisation")])
def test_a_revoked_token(admit: Admit, upstream: Upstream, way: Way, holder: Holder) -> None:
    """Revoking shuts a client out at once, on a connection that is open as well, without a restart."""
    client = admit(way, holder)
    with wire.speaker(client) as speaker:
        assert speaker.post("/v1/messages", json=BODY).status_code == 200
        command(client, "client", "revoke", client.name)
        refused = speaker.post("/v1/messages", json=BODY)
    assert refused.status_code == 401
    assert refused.headers["x-should-retry"] == "false"
    assert refused.json()["error"]["type"] == "authentication_error"
    assert len(upstream.standin.record.requests) == 1
    with wire.speaker(client) as again:
        if way == "proxy":
            with pytest.raises(httpx.ProxyError, match="407"):
                again.post("/v1/messages", json=BODY)
        else:
            assert again.post("/v1/messages", json=BODY).status_code == 401
    assert len(upstream.standin.record.requests) == 1


def test_a_revoked_claude_code(
    admit: Admit, claude_code: Callable[[str], ClaudeCode], upstream: Upstream
) -> None:
    """The real client says at once what is the matter, instead of trying for minutes."""
    client = admit("api", "organisation")
    command(client, "client", "revoke", client.name)
    run = claude_code(VERSIONS[-1]).run("say hello", client.environ())
    assert run.code == 1
    assert "401" in run.result["result"]
    assert "ccgate: the token is not good" in run.result["result"]
    assert upstream.standin.record.requests == []


@pytest.mark.parametrize("way", ["proxy", "api"])
def test_a_person_without_a_key(admit: Admit, upstream: Upstream, way: Way) -> None:
    """Where everybody brings a credential, who has none is told what to set, and nothing leaves."""
    client = admit(way, "own")
    with wire.speaker(client) as speaker:
        del speaker.headers["x-api-key"]
        refused = speaker.post("/v1/messages", json=BODY)
    assert refused.status_code == 401
    assert "ANTHROPIC_API_KEY" in refused.json()["error"]["message"]
    assert upstream.standin.record.requests == []


@pytest.mark.parametrize("way", ["proxy", "api"])
def test_the_organisations_key_replaces_what_was_sent(admit: Admit, upstream: Upstream, way: Way) -> None:
    """A client's own keys, in either header, stay behind where the gateway holds the credential."""
    client = admit(way, "organisation")
    own = {"x-api-key": OWN_KEY, "authorization": f"Bearer {OWN_KEY}"}
    with wire.speaker(client) as speaker:
        assert speaker.post("/v1/messages", json=BODY, headers=own).status_code == 200
    (request,) = upstream.standin.record.requests
    assert OWN_KEY not in str(request.headers)
    assert request.header("x-api-key") == ORGANISATION_KEY
    assert request.header("authorization") is None


@pytest.mark.parametrize("way", ["proxy", "api"])
@pytest.mark.parametrize("header", ["x-api-key", "authorization"])
def test_a_persons_credential_passes_untouched(
    admit: Admit, upstream: Upstream, way: Way, header: str
) -> None:
    """Whichever header a person's credential is in, it arrives there as it was sent."""
    client = admit(way, "own")
    value = OWN_KEY if header == "x-api-key" else f"Bearer {OWN_KEY}"
    with wire.speaker(client) as speaker:
        del speaker.headers["x-api-key"]
        assert speaker.post("/v1/messages", json=BODY, headers={header: value}).status_code == 200
    (request,) = upstream.standin.record.requests
    sent = {name.lower(): value for name, value in request.headers}
    assert {name: sent[name] for name in ("x-api-key", "authorization") if name in sent} == {header: value}


@pytest.mark.parametrize("holder", ["own", "organisation"])
def test_nothing_is_left_lying_about(admit: Admit, holder: Holder) -> None:
    """No token and no key, in whatever form, is in the state folder or in the log."""
    secrets = [OWN_KEY, ORGANISATION_KEY]
    for way in ("proxy", "api"):
        client = admit(way, holder)
        with wire.speaker(client) as speaker:
            assert speaker.post("/v1/messages", json=BODY).status_code == 200
        basic = base64.b64encode(f"{client.name}:{client.token}".encode()).decode()
        secrets += [client.token, basic]
    files = [path for path in client.gateway.home.rglob("*") if path.is_file()]
    assert {"gateway.log", "ccgate.sqlite3"} <= {path.name for path in files}
    for path in files:
        content = path.read_bytes()
        assert not any(secret.encode() in content for secret in secrets), path
