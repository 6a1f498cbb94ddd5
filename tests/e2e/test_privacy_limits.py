"""The real Claude Code with policies that say no, and that hide the device."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.e2e.claude_code import VERSIONS
from tests.e2e.conftest import Way
from tests.e2e.scenarios import prompt
from tests.e2e.story import MODELS
from tests.e2e.story import NEWEST
from tests.e2e.story import OBSERVE
from tests.e2e.story import TOOLS
from tests.e2e.story import governed
from tests.e2e.story import part
from tests.e2e.story import settle
from tests.standin.leaks import leaked
from tests.standin.record import Recorded

pytestmark = pytest.mark.e2e

BLOCK = "{secrets: block, emails: redact, home: redact}"
PSEUDONYM = "{secrets: allow, emails: allow, home: allow, device_id: pseudonym}"


@pytest.mark.parametrize("way", ["proxy", "api"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_secret_that_is_blocked(version: str, way: Way, tmp_path: Path) -> None:
    """The person is told at once which rule found it and where; no request with it leaves."""
    with governed(tmp_path / "gateway", BLOCK) as behind:
        client, resident = behind.admit(way), settle(version, tmp_path / "root")
        began = time.monotonic()
        work = part(resident, client, behind, "work", MODELS[version])
        assert time.monotonic() - began < 20
    assert work.run.code != 0
    assert "451" in work.run.said
    assert "it holds a secret (rule " in work.run.said
    assert "messages[" in work.run.said
    # Two went before it: the first, and nothing after the shell had shown the secret.
    assert [request.status for request in work.requests] == [200]
    assert leaked(work.requests[0], resident.household.originals) == set()


def device_of(request: Recorded) -> str:
    """What a conversation's request names as its device."""
    return str(json.loads(json.loads(request.body)["metadata"]["user_id"])["device_id"])


@pytest.mark.parametrize("privacy", [OBSERVE, PSEUDONYM], ids=["keep", "pseudonym"])
def test_devices(privacy: str, tmp_path: Path) -> None:
    """Two devices remain two, each the same in every request; under pseudonyms, neither is named anywhere.

    The first tells all that the client tells of itself, the second holds a conversation alone.
    """
    named = []
    with governed(tmp_path / "gateway", privacy) as behind:
        roads: list[tuple[str, Way]] = [("one", "proxy"), ("two", "api")]
        for folder, way in roads:
            behind.standin.forget()
            resident = settle(NEWEST, tmp_path / folder)
            environ = behind.admit(way).environ(quiet=way == "api")
            assert resident.run(prompt("ask"), environ, tools=TOOLS).code == 0
            requests = list(behind.standin.record.requests)
            talk = [request for request in requests if request.path.startswith("/v1/messages")]
            assert len(talk) >= 2
            (device,) = {device_of(request) for request in talk}
            real = json.loads((resident.home / ".claude.json").read_text())["userID"]
            reports = {request.path for request in requests if leaked(request, [device])} - {talk[0].path}
            assert bool(reports) == (way == "proxy")
            if privacy == PSEUDONYM:
                assert device.startswith("redacted-device-")
                assert [request.path for request in requests if leaked(request, [real])] == []
            else:
                assert device == real
            named.append(device)
    assert named[0] != named[1]
