"""The real Claude Code with policies that say no, and that hide the device."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.e2e.claude_code import VERSIONS
from tests.e2e.conftest import OBSERVE
from tests.e2e.conftest import REDACT
from tests.e2e.conftest import Behind
from tests.e2e.conftest import Governed
from tests.e2e.conftest import Way
from tests.e2e.scenarios import prompt
from tests.e2e.story import MODELS
from tests.e2e.story import NEWEST
from tests.e2e.story import TOOLS
from tests.e2e.story import part
from tests.e2e.story import settle
from tests.standin.leaks import leaked
from tests.standin.record import Recorded

pytestmark = pytest.mark.e2e

BLOCK = "{secrets: block, emails: redact, home: redact}"
PSEUDONYM = "{secrets: allow, emails: allow, home: allow, device_id: pseudonym}"


def refusals(governed: Governed) -> int:
    """How many requests the gateway has refused."""
    return governed.gateway.log.count("<< 451")


@pytest.mark.parametrize("way", ["proxy", "api"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_secret_that_is_blocked(version: str, way: Way, behind: Behind, tmp_path: Path) -> None:
    """The person is told at once which rule found it and where; no request with it leaves."""
    blocking = behind(BLOCK)
    client, resident = blocking.admit(way), settle(version, tmp_path)
    before = refusals(blocking)
    options = ("--model", MODELS[version])
    run = resident.run(prompt("work"), client.environ(), tools=TOOLS, options=options)
    assert run.code != 0
    assert refusals(blocking) == before + 1, "the client tried again"
    assert re.search(r"451 .*it holds a secret \(rule [\w.-]+\) at messages\[\d+\]\S*; take it out", run.said)
    # The first request asks for the shell; the second would have had what the shell showed.
    (request,) = blocking.standin.record.requests
    assert request.status == 200
    assert leaked(request, resident.household.originals) == set()
    assert [entry.state for entry in client.entries()] == ["done"]


@pytest.mark.parametrize("way", ["proxy", "api"])
def test_a_secret_in_a_prompt_that_is_blocked(way: Way, behind: Behind, tmp_path: Path) -> None:
    """Nothing leaves at all."""
    blocking = behind(BLOCK)
    client, resident = blocking.admit(way), settle(NEWEST, tmp_path)
    run = resident.run(f"what is {resident.household.secrets.token}?", client.environ())
    assert run.code != 0
    assert re.search(r"451 .*rule [\w.-]+\) at messages\[0\]\.content", run.said)
    assert resident.household.secrets.token not in run.said
    assert blocking.standin.record.requests == []


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_is_switched_off(version: str, behind: Behind, tmp_path: Path) -> None:
    """What the client sends beside its conversation, events by the hundred, names nobody either."""
    redacting = behind(REDACT)
    resident, client = settle(version, tmp_path), redacting.admit("proxy")
    work = part(resident, client, redacting, "work", MODELS[version], quiet=False)
    paths = {request.path.partition("?")[0] for request in work.requests}
    assert {"/v1/messages", "/api/event_logging/v2/batch"} <= paths
    for request in work.requests:
        assert leaked(request, resident.household.originals) == set(), request.path


def device_of(request: Recorded) -> str:
    """What a conversation's request names as its device."""
    return str(json.loads(json.loads(request.body)["metadata"]["user_id"])["device_id"])


@pytest.mark.parametrize("privacy", [OBSERVE, PSEUDONYM], ids=["keep", "pseudonym"])
def test_devices(privacy: str, behind: Behind, tmp_path: Path) -> None:
    """Two devices remain two, each the same in every request; under pseudonyms, neither is named anywhere.

    The first tells all that the client tells of itself, the second holds a conversation alone.
    """
    named = []
    roads: list[tuple[str, Way]] = [("one", "proxy"), ("two", "api")]
    for folder, way in roads:
        governed, resident = behind(privacy), settle(NEWEST, tmp_path / folder)
        environ = governed.admit(way).environ(quiet=way == "api")
        assert resident.run(prompt("ask"), environ, tools=TOOLS).code == 0
        requests = list(governed.standin.record.requests)
        talk = [request for request in requests if request.path.startswith("/v1/messages")]
        assert len(talk) >= 2
        (device,) = {device_of(request) for request in talk}
        reports = {request.path for request in requests if leaked(request, [device])} - {talk[0].path}
        assert bool(reports) == (way == "proxy")
        real = json.loads((resident.home / ".claude.json").read_text())["userID"]
        if privacy == PSEUDONYM:
            assert device.startswith("redacted-device-")
            assert [request.path for request in requests if leaked(request, [real])] == []
        else:
            assert device == real
        named.append(device)
    assert named[0] != named[1]
