"""Real gateways before a stand-in upstream, and clients of theirs, for real client programs."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import ExitStack
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Literal

import pytest

from ccgate.cli import client_env
from tests.conftest import missing
from tests.conftest import require
from tests.e2e.books import Entry
from tests.e2e.books import entries
from tests.e2e.claude_code import ClaudeCode
from tests.e2e.claude_code import confined
from tests.e2e.claude_code import installed
from tests.e2e.scenarios import SCRIPT
from tests.e2e.scenarios import WORK
from tests.standin.running import running
from tests.standin.server import StandIn
from tests.support.gateway import OPEN_POLICY
from tests.support.gateway import GatewayProcess

Way = Literal["proxy", "api"]
Holder = Literal["own", "organisation"]

OWN_KEY = "sk-ant-api03-canary-of-a-person"
ORGANISATION_KEY = "sk-ant-api03-canary-of-the-organisation"

PRIVACY = """\
version: 1
upstream: {upstream}
admission:
  hosts: {{govern: [api.anthropic.com], tunnel: []}}
privacy: {privacy}
telemetry: allow
credential: {{kind: api-key, from: "env:ORGANISATION_KEY"}}
"""
"""A profile of an organisation's with a policy of privacy."""

OBSERVE = "{secrets: allow, emails: allow, home: allow}"
REDACT = "{secrets: redact, emails: redact, home: redact, restore_secrets_in: [Edit, Write]}"

_numbers = itertools.count(1)


def program(version: str) -> Path:
    """The real client's program; the test is skipped where it is not installed."""
    require("npm")
    found = installed(version)
    if found is None:
        missing(f"{version} is not installed: npm ci --prefix tests/e2e")
    return found


@dataclass(frozen=True, slots=True)
class Upstream:
    """The stand-in, and where it listens."""

    standin: StandIn
    url: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """A client of a gateway, with what it takes to come in one of the two ways."""

    gateway: GatewayProcess
    holder: Holder
    way: Way
    name: str
    token: str = field(repr=False)

    @property
    def credential(self) -> str:
        """What the upstream is to see as the credential."""
        return OWN_KEY if self.holder == "own" else ORGANISATION_KEY

    def environ(self, *, quiet: bool = True) -> dict[str, str]:
        """What a machine sets: what `client env` prints, and the person's own key where that is needed."""
        place = client_env.Gateway(
            "127.0.0.1",
            self.gateway.proxy_port,
            self.gateway.api_port,
            self.gateway.ca,
            own_login=self.holder == "own",
        )
        environ = client_env.variables(self.way, self.name, self.token, place)
        if self.holder == "own":
            environ["ANTHROPIC_API_KEY"] = OWN_KEY
        return confined(environ) if quiet else environ

    def entries(self) -> list[Entry]:
        """This client's part of the ledger."""
        return entries(self.gateway.home, self.name)


@pytest.fixture(scope="session")
def _upstream() -> Iterator[Upstream]:
    standin = StandIn(SCRIPT, accepted=(OWN_KEY, ORGANISATION_KEY))
    with running(standin) as url:
        yield Upstream(standin, url)


@pytest.fixture
def upstream(_upstream: Upstream) -> Iterator[Upstream]:
    """The stand-in, with an empty record. No test may let anything reach it that must not."""
    _upstream.standin.record.clear()
    _upstream.standin.conversations.add(SCRIPT)
    yield _upstream
    assert _upstream.standin.record.violations == []


@pytest.fixture(scope="session")
def _gateways(
    tmp_path_factory: pytest.TempPathFactory, _upstream: Upstream
) -> Iterator[dict[Holder, GatewayProcess]]:
    policy = OPEN_POLICY.format(upstream=_upstream.url)
    kept = policy + 'credential: {kind: api-key, from: "env:ORGANISATION_KEY"}\n'
    home = tmp_path_factory.mktemp("gateways")
    with (
        GatewayProcess(home / "own", policy, upstream=_upstream.url) as own,
        GatewayProcess(
            home / "organisation",
            kept,
            upstream=_upstream.url,
            environ={"ORGANISATION_KEY": ORGANISATION_KEY},
        ) as organisation,
    ):
        yield {"own": own, "organisation": organisation}


class Admit:
    """Adds a client that no other test has, to the gateway with that kind of credential."""

    def __init__(self, gateways: dict[Holder, GatewayProcess]) -> None:
        self._gateways = gateways

    def __call__(self, way: Way, holder: Holder) -> Admitted:
        name = f"client-{next(_numbers)}"
        gateway = self._gateways[holder]
        return Admitted(gateway, holder, way, name, gateway.add_client(name, f"owner of {name}"))


@pytest.fixture
def admit(_gateways: dict[Holder, GatewayProcess], upstream: Upstream) -> Admit:
    """`admit(way, holder)`: a new client."""
    return Admit(_gateways)


@dataclass(frozen=True, slots=True)
class Governed:
    """An upstream of its own, behind a gateway with a policy of privacy."""

    standin: StandIn
    gateway: GatewayProcess

    def admit(self, way: Way) -> Admitted:
        """A new client."""
        name = f"person-{next(_numbers)}"
        return Admitted(self.gateway, "organisation", way, name, self.gateway.add_client(name))


@contextmanager
def governed(folder: Path, privacy: str) -> Iterator[Governed]:
    """Start both. Nothing may reach the upstream that must not."""
    standin = StandIn(WORK, accepted=[ORGANISATION_KEY])
    with running(standin) as url:
        policy = PRIVACY.format(upstream=url, privacy=privacy)
        environ = {"ORGANISATION_KEY": ORGANISATION_KEY}
        with GatewayProcess(folder, policy, upstream=url, environ=environ) as gateway:
            yield Governed(standin, gateway)
    assert standin.record.violations == []


type Behind = Callable[[str], Governed]


@pytest.fixture(scope="session")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """`behind(privacy)`: the upstream behind that policy; it has forgotten what it was asked before."""
    made: dict[str, Governed] = {}
    with ExitStack() as stack:

        def find(privacy: str) -> Governed:
            if privacy not in made:
                made[privacy] = stack.enter_context(governed(tmp_path_factory.mktemp("privacy"), privacy))
            assert made[privacy].standin.record.violations == []
            made[privacy].standin.forget()
            return made[privacy]

        yield find


@pytest.fixture
def claude_code(tmp_path: Path) -> Callable[[str], ClaudeCode]:
    """`claude_code(version)`: the real client in a home of its own; skips where it is not installed."""

    def make(version: str) -> ClaudeCode:
        return ClaudeCode(program(version), tmp_path / "home")

    return make
