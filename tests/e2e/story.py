"""A person's day with the client: they work on their project, come back to it by its number, and go on.

Played through a gateway with one policy, and told by what everybody has of it afterwards: the person's
home, the upstream's record and the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.e2e.books import Entry
from tests.e2e.claude_code import VERSIONS
from tests.e2e.claude_code import Run
from tests.e2e.conftest import Admitted
from tests.e2e.conftest import Governed
from tests.e2e.conftest import Way
from tests.e2e.conftest import program
from tests.e2e.household import JONAS
from tests.e2e.household import Household
from tests.e2e.household import Resident
from tests.e2e.scenarios import prompt
from tests.standin.record import Recorded

OLDER, NEWEST = VERSIONS

TOOLS = ["Bash", "Read", "Edit", "Write", "Agent", "Task"]
BOUND = "claude-opus-5-5"
"""A model whose thinking is bound to all that came before it."""

MODELS = {OLDER: "claude-opus-4-8", NEWEST: BOUND}
"""The older client knows no price of the bound model, and comes back to a session with another prompt than it
left it with, which that model takes for another conversation."""


@dataclass(frozen=True, slots=True)
class Part:
    """One run of the client, with the requests and the ledger's entries that came of it."""

    run: Run
    requests: list[Recorded]
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class Story:
    """What came of it all. The parts: the work, a return with `--resume`, and one with `--continue`."""

    version: str
    resident: Resident
    parts: tuple[Part, Part, Part]

    @property
    def household(self) -> Household:
        """Where it took place."""
        return self.resident.household

    @property
    def requests(self) -> list[Recorded]:
        """All that reached the upstream, in order."""
        return [request for part in self.parts for request in part.requests]

    @property
    def turns(self) -> list[list[Recorded]]:
        """The same by conversation, in order: the person's own, and the subagent's."""
        by_agent: dict[str | None, list[Recorded]] = {}
        for request in self.requests:
            by_agent.setdefault(request.header("x-claude-code-agent-id"), []).append(request)
        return list(by_agent.values())


def settle(version: str, root: Path) -> Resident:
    """The client at work in a new home below `root`; skips where it is not installed."""
    household = Household(root)
    household.furnish()
    return Resident(program(version), household)


def play(version: str, root: Path, behind: Governed, way: Way) -> Story:
    """Play all of it; each part ends well."""
    resident, client, model = settle(version, root), behind.admit(way), MODELS[version]
    work = part(resident, client, behind, "work", model)
    resumed = part(resident, client, behind, "again", model, "--resume", str(work.run.result["session_id"]))
    continued = part(resident, client, behind, "again", model, "--continue")
    for one in (work, resumed, continued):
        assert one.requests, one.run.said
        assert one.run.code == 0, one.run.said
    return Story(version, resident, (work, resumed, continued))


def part(
    resident: Resident,
    client: Admitted,
    behind: Governed,
    scenario: str,
    model: str,
    *options: str,
    quiet: bool = True,
) -> Part:
    """One run of the client, whom the person tells more than it has to know."""
    requests, entries = len(behind.standin.record.requests), len(client.entries())
    options = ("--model", model, *options)
    household = resident.household
    asked = f"{prompt(scenario)} in {household.project}, for {JONAS}, with {household.secrets.token}"
    environ = client.environ(quiet=quiet)
    run = resident.run(asked, environ, tools=TOOLS, form="stream-json", options=options)
    return Part(run, behind.standin.record.requests[requests:], client.entries()[entries:])
