"""The way back and the way out together: the next turn sends what the model said."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from hypothesis import assume
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.cache import SpanCache
from ccgate.privacy.detection.detect import Detector
from ccgate.privacy.detection.detect import Policy as Wanted
from ccgate.privacy.detection.policyrules import TermRule
from ccgate.privacy.placeholders import PATTERN
from ccgate.privacy.placeholders import Minter
from ccgate.privacy.redact import Redactor
from ccgate.privacy.restoration.restore import Restorer
from ccgate.privacy.work import Policy
from ccgate.privacy.work import Redaction
from tests.bench.detection.detectors import cache_folder
from tests.privacy.restoration.answers import ALICE
from tests.privacy.restoration.answers import INVENTED
from tests.privacy.restoration.answers import MINTER
from tests.privacy.restoration.answers import SECRET
from tests.privacy.restoration.answers import delta
from tests.privacy.restoration.answers import vault

TOLD = r"""
/home/alice/work, /Users/bob.smith/x, C:\Users\Carol\y, /home/max/z, /home/al/q, -home-eve-src, ~dora/work
alice@corp.zzcorp.io, malice@corp.zzcorp.io and o'hara@zzmail.io
export DB_PASSWORD='xK9#mQ2$vL5pW8zR'
OPENAI_API_KEY=sk-proj-Ab3dEf6hIj9lMn2pQr5tUv8xYz1aBc4dEf7gHi0jKl
postgres://svc:Tr0ub4dor3xQz9@db.corp.zzcorp.io:5432/app
GITHUB_TOKEN=ghp_a8Kd93mZpQ7xWv2nRt5yUb4cLe6sJf1hGq0o
host db.corp.zzcorp.io and 10.1.2.3, 192.168.7.44:80, fd12:3456:789a::1, Nightingale, blue falcon
"""
"""A first turn with values of all categories: names that source code is full of, and values within others."""

COMMON = ("max", "al")
"""Names that are found in paths alone."""


@cache
def redactor() -> Redactor:
    """The real one, with all that a policy can switch on."""
    wanted = Wanted(
        network=True, domains=("corp.zzcorp.io",), terms=(TermRule("t", ("Nightingale", "blue falcon")),)
    )
    return Redactor(Detector(wanted, cache_folder()), MINTER, Policy(version=b"1"), SpanCache())


def redacted(*messages: dict[str, Any]) -> Redaction:
    """The request of a conversation that begins with what was told."""
    told = {"role": "user", "content": [{"type": "text", "text": TOLD}]}
    return redactor().redact(json.dumps({"messages": [told, *messages]}).encode(), "messages")


@cache
def first() -> Redaction:
    """The first turn."""
    return redacted()


@cache
def names() -> dict[str, str]:
    """Value to placeholder."""
    return {original.value: name for name, original in first().vault.items()}


def content(said: str) -> list[dict[str, Any]]:
    """An answer that says something in a text and in a tool's input."""
    return [
        {"type": "text", "text": said},
        {"type": "tool_use", "id": "toolu_1", "name": "Write", "input": {"c": [said]}},
    ]


def restored(said: str) -> list[dict[str, Any]]:
    """What the client gets of it, and keeps."""
    restorer = Restorer(first().vault, ("Write",))
    body = restorer.document(json.dumps({"content": content(said)}).encode())
    return json.loads(body)["content"]  # type: ignore[no-any-return]


def sent(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the next turn sends of an answer."""
    body = redacted({"role": "assistant", "content": said}).body
    return json.loads(body)["messages"][1]["content"]  # type: ignore[no-any-return]


BEFORE = (
    *"/home/ /Users/ -home- -Users- file:///home/ %2Fhome%2F path=%2FUsers%2F ~ /mnt/c/Users/".split(),
    *r"C:\Users\ C:\\Users\\ D:\home\ \\srv\users\ // https:// http:// postgres://u: ssh://git@".split(),
    *"x/home/ mailto: user@ PASSWORD= token=' API_KEY= X=".split(),
    *("Authorization: Bearer ", 'password: "', "ssh ", "chown ", " -home-", "see /home/"),
)
WORDS = "x foo is and Smith 2 é … the test main work io com lib.py b src-x 😀 A1b2C3d4E5f6 x9Kq".split()
SIGNS = (*" \n\t.,/\\-_@:;'\"()[]{}<>%+&=~$|`!?#*", "%20", "'s", "...", ". ", ", ")


@cache
def parts() -> tuple[str, ...]:
    """What sayings are put together of, placeholders and signs more often than the rest."""
    known = sorted(names().values())
    cut = [name[:size] for name in known[::4] for size in (1, 9, 25)]
    return (*known * 3, *BEFORE, *WORDS, *SIGNS * 2, *cut, INVENTED)


def sayings() -> st.SearchStrategy[str]:
    """What a model can say that was told the placeholders: whole, cut, invented, glued to anything."""
    # By numbers, because they are drawn in a tenth of the time.
    return st.lists(st.integers(0, 10_000), max_size=8).map(
        lambda drawn: "".join(parts()[number % len(parts())] for number in drawn)
    )


ASSIGNED = re.compile(
    r"(?i)(?:pass|pwd|secret|token|key|credential|bearer|basic|authorization|://\S*:)[^\n]*\S\Z"
)
"""What a secret or a path stands behind where a rule may take both for one; a file is more than a cache, so
it comes back all the same."""


def is_one_value(said: str) -> bool:
    """Whether a secret or a path in a saying stands behind other characters of what may be one value."""
    return any(
        match[0].startswith(("REDACTED_", "redacteduser")) and ASSIGNED.search(said[: match.start()])
        for match in PATTERN.finditer(said)
    )


@pytest.mark.property
@given(said=sayings())
def test_the_next_turn_sends_what_the_model_said(said: str) -> None:
    """Else every later turn misses the cache, and newer models reject the conversation.

    What the rules find in the saying itself is found with what was put back and without.
    """
    assume(not is_one_value(said))
    assert sent(restored(said)) == sent(content(said))


@given(drawn=st.lists(st.integers(0, 10_000), max_size=8))
def test_ordinary_sentences_are_sent_as_they_were_said(drawn: list[int]) -> None:
    """Where nothing is glued to a placeholder, nothing at all differs."""
    known = [*sorted(names().values()), INVENTED, "and", "the", "work"]
    between = [" ", "\n", ", ", ". ", " (", ") "]
    said = "".join(known[n % len(known)] + between[n % len(between)] for n in drawn)
    assert sent(restored(said)) == content(said)


@pytest.mark.parametrize(
    "template",
    [
        "cd /home/{alice}/work && ls",
        "in `/home/{alice}`.",
        "{alice}'s home is /home/{alice}.",
        "/Users/{bob.smith}/x",
        r"C:\Users\{Carol}\y",
        r"C:\\Users\\{Carol}\\y",
        "file:///home/{alice}/x?a=%2Fhome%2F{alice}%2Fwork",
        "/home/{alice}/.claude/projects/-home-{alice}-work-shop/memory/",
        "/home/{max}/z and -home-{max}-src",
        "chown {alice}:{alice} x; ssh {alice}@nas ls",
        "drwxr-xr-x 2 {alice} {alice} 4096 Nov 21 08:00 .",
        "Author: Alice <{alice@corp.zzcorp.io}>",
        "git config user.email {alice@corp.zzcorp.io}",
        "Write to {alice@corp.zzcorp.io}. Or, '{malice@corp.zzcorp.io}', (or {o'hara@zzmail.io}).",
        "curl http://{10.1.2.3}:8080/x https://{db.corp.zzcorp.io}/y {192.168.7.44}.",
        '{Nightingale}, and "{blue falcon}"',
    ],
)
def test_what_is_of_use_comes_back(template: str) -> None:
    """In paths, commands and sentences as they are written every day, the person and the tools see values."""
    said = template
    for value, name in names().items():
        said = said.replace(f"{{{value}}}", name)
    expected = template
    for value in names():
        expected = expected.replace(f"{{{value}}}", value)
    assert restored(said) == content(expected)
    assert sent(content(expected)) == content(said)


@pytest.mark.parametrize(
    "template",
    [
        "export DB_PASSWORD='{xK9#mQ2$vL5pW8zR}'\n",
        "OPENAI_API_KEY={sk-proj-Ab3dEf6hIj9lMn2pQr5tUv8xYz1aBc4dEf7gHi0jKl}\n",
        '"token": "{ghp_a8Kd93mZpQ7xWv2nRt5yUb4cLe6sJf1hGq0o}"',
        "postgres://svc:{Tr0ub4dor3xQz9}@{db.corp.zzcorp.io}:5432/app",
        "GITHUB_TOKEN={ghp_a8Kd93mZpQ7xWv2nRt5yUb4cLe6sJf1hGq0o}; next",
        "export T={ghp_a8Kd93mZpQ7xWv2nRt5yUb4cLe6sJf1hGq0o}&& curl x",
        "keys: [{ghp_a8Kd93mZpQ7xWv2nRt5yUb4cLe6sJf1hGq0o},{xK9#mQ2$vL5pW8zR}]",
        "https://x.io/?token={ghp_a8Kd93mZpQ7xWv2nRt5yUb4cLe6sJf1hGq0o}&b=1",
        "mysql -u root -p{Tr0ub4dor3xQz9} shop",
        "SSH_KEY=/home/{alice}/.ssh/id_ed25519",
    ],
)
def test_secrets_come_back_to_a_named_tool(template: str) -> None:
    """An `.env` that the model writes again holds what it held."""
    said, expected = template, template
    for value, name in names().items():
        said = said.replace(f"{{{value}}}", name)
        expected = expected.replace(f"{{{value}}}", value)
    assert restored(said)[1] == content(expected)[1]
    assert sent(restored(said)) == content(said)


@pytest.mark.parametrize(
    "said",
    [
        "{alice}s",
        "x{alice}",
        "m{alice@corp.zzcorp.io}",
        "{alice}@corp.zzcorp.io",
        "ask {max}",
        "{alice}.b@x.io",
    ],
)
def test_what_would_not_be_found_again_stays(said: str) -> None:
    """It is seen as a placeholder, and does no harm; and the flow says how many there were."""
    for value, name in names().items():
        said = said.replace(f"{{{value}}}", name)
    assert restored(said) == content(said)
    restorer = Restorer(first().vault, ())
    restorer.document(json.dumps({"content": content(said)[:1]}).encode())
    assert sum(restorer.restored.left.values()) == 1
    assert not restorer.restored.by_category


def test_what_another_request_redacted_is_not_put_back() -> None:
    """A placeholder of another key, or of another conversation, tells nobody what it stands for."""
    other = Minter(b"y" * 32).mint("home", "alice")
    later = MINTER.mint("home", "somebody")
    assert restored(f"/home/{other}/x {later} {INVENTED}") == content(f"/home/{other}/x {later} {INVENTED}")


def test_one_restorer_for_each_format() -> None:
    """The format decides how events are read, and the counters are of the whole answer."""
    messages, chat = Restorer(vault(), ()), Restorer(vault(), (), "chat")
    data = json.dumps(delta(0, "text_delta", text=ALICE + " ")).encode()
    assert messages.event(data) == ([], data.replace(ALICE.encode(), b"alice"))
    assert chat.event(data) is None
    chunk = {"choices": [{"index": 0, "delta": {"content": f"{ALICE}r"}}]}
    assert chat.event(json.dumps(chunk).encode()) is not None
    assert messages.event(json.dumps(chunk).encode()) is None
    assert len(chat.close()) == 1
    assert messages.close() == []
    assert messages.restored.by_category == {"home": 1}


def test_nothing_of_the_vault_shows() -> None:
    """A restorer in a traceback or a log tells no value."""
    restorer = Restorer(vault(), ())
    restorer.event(json.dumps(delta(0, "text_delta", text=f"{ALICE} {SECRET}")).encode())
    assert "alice" not in f"{restorer!r} {restorer.restored!r}"
