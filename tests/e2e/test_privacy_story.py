"""The real Claude Code at home with a person who has secrets, e-mail and a name.

It works on the real files, and the upstream never learns whose they are. The same story is played once more
through a gateway that redacts nothing, which shows that the checks would have found what they look for.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ccgate.privacy.placeholders import PATTERN
from tests.e2e import books
from tests.e2e.conftest import OBSERVE
from tests.e2e.conftest import REDACT
from tests.e2e.conftest import Behind
from tests.e2e.conftest import Way
from tests.e2e.household import JONAS
from tests.e2e.household import MARIA
from tests.e2e.household import Household
from tests.e2e.story import BOUND
from tests.e2e.story import NEWEST
from tests.e2e.story import OLDER
from tests.e2e.story import Story
from tests.e2e.story import part
from tests.e2e.story import play
from tests.e2e.story import settle
from tests.standin.leaks import leaked
from tests.standin.seen import strings

pytestmark = pytest.mark.e2e

ROADS: list[tuple[str, Way]] = [(OLDER, "proxy"), (OLDER, "api"), (NEWEST, "proxy"), (NEWEST, "api")]


@pytest.fixture(scope="module", params=ROADS, ids="-".join)
def road(request: pytest.FixtureRequest) -> tuple[str, Way]:
    version, way = request.param
    return version, way


@pytest.fixture(scope="module")
def story(road: tuple[str, Way], behind: Behind, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The story with redaction."""
    version, way = road
    return play(version, tmp_path_factory.mktemp("story"), behind(REDACT), way)


@pytest.fixture(scope="module")
def control(road: tuple[str, Way], behind: Behind, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The same story without."""
    version, way = road
    return play(version, tmp_path_factory.mktemp("control"), behind(OBSERVE), way)


def secret_in(story: Story) -> str:
    """What the model knew the payment key as."""
    (found,) = set(re.findall(r"key is still (\S+?)\.$", story.parts[0].run.said))
    return str(found)


def files(household: Household) -> dict[str, str]:
    """What the project holds, without what Git and Python keep there."""
    kept = (path for path in household.work.rglob("*") if path.is_file())
    return {
        str(path.relative_to(household.work)): path.read_bytes().decode()
        for path in kept
        if not {".git", "__pycache__"} & set(path.parts)
    }


def expected(household: Household, key_in_the_shell: str) -> dict[str, str]:
    """What the project holds after the story."""
    key, project = household.secrets.api_key, household.project
    before = household.files
    line = f"PAYMENT_API_KEY={key}\n"
    return before | {
        ".env": before[".env"].replace(line, f"{line}PAYMENT_API_KEY_OLD={key}\nPAYMENT_OWNER={JONAS}\n"),
        "prices.py": before["prices.py"].replace('line["price"]', 'line["price"] * line["quantity"]'),
        "NOTES.md": f'# "Notes"\n\n\\ {JONAS}\nkey\t{key}\nin {project}/\nEnde: ü\n',
        "path.txt": f"{project}/prices.py\n",
        "key.txt": f"{key_in_the_shell}\n",
        "people.txt": f"<{JONAS}>\n<{MARIA}>\n",
    }


def without_thinking(value: Any) -> Any:
    """A line that the client prints or keeps, without what the model thought, which nobody may touch."""
    if isinstance(value, dict):
        if value.get("type") == "thinking":
            return None
        return {name: without_thinking(member) for name, member in value.items()}
    if isinstance(value, list):
        return [without_thinking(item) for item in value]
    return value


def told(lines: list[dict[str, Any]]) -> str:
    """All that a person can read in such lines."""
    return "\n".join(strings(without_thinking(lines)))


def placeholders(text: str) -> set[str]:
    return {match[0] for match in PATTERN.finditer(text)}


def test_the_work_is_done(story: Story, control: Story) -> None:
    """Each run ends with the same words as without redaction, a secret aside."""
    for one, same in zip(story.parts, control.parts, strict=True):
        assert one.run.said.replace(secret_in(story), "KEY") == same.run.said.replace(
            secret_in(control), "KEY"
        )
    assert str(story.household.project) in story.parts[0].run.said
    assert MARIA in story.parts[0].run.said
    assert secret_in(control) == story.household.secrets.api_key


def test_every_file_is_right(story: Story, control: Story) -> None:
    """Byte for byte. What the shell was to write of a secret is a placeholder, and nothing else is."""
    assert PATTERN.fullmatch(secret_in(story))
    assert files(story.household) == expected(story.household, secret_in(story))
    assert files(control.household) == expected(control.household, control.household.secrets.api_key)


def test_nothing_of_the_person_leaves(story: Story) -> None:
    """Not one original is in any request, in whatever form."""
    for number, request in enumerate(story.requests):
        assert leaked(request, story.household.originals) == set(), f"request {number}"


def test_nothing_of_the_person_is_left_with_the_gateway(story: Story, behind: Behind) -> None:
    """What it put back, it knew for the time of a request: no original is in its folder or in its log."""
    paths = [path for path in behind(REDACT).gateway.home.rglob("*") if path.is_file()]
    assert {"gateway.log", "ccgate.sqlite3"} <= {path.name for path in paths}
    for path in paths:
        content = path.read_bytes()
        assert [one for one in story.household.originals if one.encode() in content] == [], path


def test_what_is_looked_for_is_there_to_be_found(control: Story) -> None:
    """Without redaction every original leaves; so the check above is one that can fail."""
    found = set().union(*(leaked(request, control.household.originals) for request in control.requests))
    assert found == set(control.household.originals)


def test_thinking_is_accepted(story: Story) -> None:
    """What the model thought comes back as it was signed, in every turn, and what it is bound to as well."""
    assert [(request.status, request.problem) for request in story.requests] == [(200, None)] * 16
    own, subagent = story.turns
    assert [request.body.count(b'"signature"') for request in own] == list(range(14))
    assert [request.body.count(b'"signature"') for request in subagent] == [0, 1]


def test_thinking_that_is_bound_is_accepted_from_the_older_client(behind: Behind, tmp_path: Path) -> None:
    """Also where any other byte before it would have been noticed."""
    redacting = behind(REDACT)
    resident = settle(OLDER, tmp_path)
    work = part(resident, redacting.admit("proxy"), redacting, "work", BOUND)
    assert [(request.status, request.problem) for request in work.requests] == [(200, None)] * 12
    assert files(resident.household)[".env"] == expected(resident.household, "")[".env"]


@pytest.mark.parametrize("version", [OLDER, NEWEST])
def test_a_key_of_many_lines(behind: Behind, tmp_path: Path, version: str) -> None:
    """The client reads files to the model with numbered lines; what is written back has no numbers in it."""
    redacting = behind(REDACT)
    resident = settle(version, tmp_path)
    household = resident.household
    sign = part(resident, redacting.admit("api"), redacting, "sign", BOUND)
    assert sign.run.said == "Signed."
    assert [(request.status, request.problem) for request in sign.requests] == [(200, None)] * 3
    written = files(household)
    indented = household.secrets.private_key.replace("\n", "\n  ")
    assert written["signing.yaml"] == household.files["signing.yaml"].replace("yearly", "monthly")
    assert written["copy.yaml"] == f"copy: |\n  {indented}\n"
    for request in sign.requests:
        assert leaked(request, household.originals) == set()


def test_the_prompt_cache_is_read(story: Story, control: Story) -> None:
    """In each turn after a conversation's first, as far as without redaction; resumed sessions too."""
    for conversation, same in zip(story.turns, control.turns, strict=True):
        first, *later = conversation
        assert first.blocks_read == 0
        for request in later:
            assert request.usage is not None
            assert request.usage["cache_read_input_tokens"] > 0
        assert [one.blocks_read for one in conversation] == [one.blocks_read for one in same]


def test_the_bill(story: Story) -> None:
    """The client's own sums are the ledger's, to the last digit."""
    entries: list[books.Entry] = []
    for one in story.parts:
        # The newest client goes on with a session's sums when it comes back to it.
        entries = entries + one.entries if story.version == NEWEST else one.entries
        assert len(one.entries) == len(one.requests)
        assert one.run.sums == books.sums(entries)
        assert one.run.cost == books.total(entries)


def test_the_person_reads_what_is_theirs(story: Story) -> None:
    """What the client prints and keeps of a session has the person's name and addresses, not placeholders.

    A secret that the model speaks of stays what the model knows it as.
    """
    household = story.household
    printed = told([line for part in story.parts for line in part.run.lines])
    kept = told([line for path in story.resident.sessions for line in story.resident.kept(path)])
    for text in (printed, kept):
        assert placeholders(text) == {secret_in(story)}
        for original in (
            MARIA,
            JONAS,
            str(household.project),
            f"PAYMENT_API_KEY={household.secrets.api_key}",
        ):
            assert original in text
