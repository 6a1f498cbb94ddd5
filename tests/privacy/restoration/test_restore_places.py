"""No confused deputy: which tool gets which value back."""

from __future__ import annotations

from collections import Counter

import pytest

from ccgate.privacy.restoration.restore_places import Places
from tests.privacy.restoration.answers import ALICE
from tests.privacy.restoration.answers import INVENTED
from tests.privacy.restoration.answers import MAIL
from tests.privacy.restoration.answers import SECRET
from tests.privacy.restoration.answers import vault

SAID = f'{{"a": "{ALICE} {MAIL} {SECRET} {INVENTED}"}}'
OPEN = f'{{"a": "alice alice@corp.example.com {SECRET} {INVENTED}"}}'
ALL = f'{{"a": "alice alice@corp.example.com hunter2hunter2 {INVENTED}"}}'


@pytest.mark.parametrize(
    ("tool", "expected", "withheld"),
    [
        ("Write", ALL, 0),
        ("mcp__files__write", ALL, 0),
        ("Bash", OPEN, 1),
        ("write", OPEN, 1),
        ("WriteAll", OPEN, 1),
        ("", OPEN, 1),
        ("WebFetch", SAID, 3),
        ("WebSearch", SAID, 3),
        ("mcp__mail__send", SAID, 3),
        ("mcp__files__write_all", SAID, 3),
    ],
)
def test_what_a_tool_gets(tool: str, expected: str, withheld: int) -> None:
    """A secret goes where the operator says, by exact name; what talks to others gets nothing."""
    places = Places(vault(), ("Write", "mcp__files__write"))
    half = len(SAID) // 2
    into = places.tool_input(tool)
    assert into.feed(SAID[:half]) + into.feed(SAID[half:]) + into.feed("", final=True) == expected
    assert places.restored.withheld == Counter({tool: withheld} if withheld else {})


def test_what_the_provider_runs_gets_nothing() -> None:
    """A server tool has run before we see its input; even a trusted name changes nothing in it."""
    places = Places(vault(), ("Write",))
    assert places.foreign_input("Write").feed(SAID, final=True) == SAID
    assert places.restored.withheld == Counter(Write=3)


def test_a_text_gets_no_secret() -> None:
    """What a person reads may be pasted anywhere; the placeholder says that there is a secret."""
    places = Places(vault(), ("Write",))
    assert places.text().feed(SAID, final=True) == OPEN
    assert places.json_text().feed(SAID, final=True) == OPEN


def test_the_counters() -> None:
    """The flow says what was put back, by category, without saying what."""
    places = Places(vault(), ("Write",))
    places.tool_input("Write").feed(SAID, final=True)
    places.text().feed(ALICE, final=True)
    assert places.restored.by_category == Counter(home=2, email=1, secret=1)


def test_what_is_withheld_is_counted_in_pieces() -> None:
    """A placeholder that comes letter by letter, some as numbers, is counted once and passes at once."""
    places = Places(vault(), ())
    into = places.tool_input("WebFetch")
    text = "\\u0052" + SECRET[1:]
    assert [into.feed(letter) for letter in text] == list(text)
    assert places.restored.withheld == Counter(WebFetch=1)
