"""JSON text restored in pieces is the document with its strings restored."""

from __future__ import annotations

import json
from itertools import combinations_with_replacement
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.placeholders import CATEGORIES
from ccgate.privacy.restoration.restore_json import JsonRestorer
from ccgate.privacy.restoration.restore_text import Table
from ccgate.privacy.vault import Vault
from tests.privacy.restoration.answers import ALICE
from tests.privacy.restoration.answers import MAIL
from tests.privacy.restoration.answers import NAMES
from tests.privacy.restoration.answers import ODD_SECRET
from tests.privacy.restoration.answers import VALUES
from tests.privacy.restoration.answers import inputs
from tests.privacy.restoration.answers import loads
from tests.privacy.restoration.answers import originals
from tests.privacy.restoration.answers import pieces_of
from tests.privacy.restoration.answers import restored_value
from tests.privacy.restoration.answers import same_value
from tests.privacy.restoration.answers import table
from tests.privacy.restoration.answers import waiting

ALL = originals(secrets=True)


def ignore(placeholder: str, replaced: bool) -> None:
    """Nobody counts."""


def meaning(held: str) -> str:
    """What a held text stands for, without an escape that is cut off (five characters at the most)."""
    for cut in range(6):
        try:
            return str(json.loads(f'"{held[: len(held) - cut]}"'))
        except ValueError:
            continue
    raise AssertionError(held)


def fed(pieces: list[str]) -> str:
    """The pieces restored; what waits after each is checked on the way."""
    restorer = JsonRestorer(table(secrets=True), ignore)
    out = ""
    for piece in pieces:
        out += restorer.feed(piece)
        held = meaning(restorer.held)
        assert held == "" or waiting(held, ALL), "held back without need"
    return out + restorer.feed("", final=True)


@pytest.mark.property
@given(data=st.data(), text=inputs())
def test_pieces_restore_to_the_document(data: st.DataObject, text: str) -> None:
    """A tool gets the real values, keys too, however its input is escaped and cut."""
    out = fed(pieces_of(data.draw, text))
    assert same_value(loads(out)) == same_value(restored_value(loads(text), ALL))


def test_every_two_cuts() -> None:
    """No cut, and no two, within an escape or a placeholder, change the document."""
    numbered = "".join(f"\\u{ord(c):04X}" for c in ALICE[:3]) + ALICE[3:]
    text = f'{{"\\\\{numbered}":"\\"\\n{ODD_SECRET}\\u005c\\{ALICE}"}}'
    whole = same_value(restored_value(loads(text), ALL))
    for a, b in combinations_with_replacement(range(len(text) + 1), 2):
        assert same_value(loads(fed([text[:a], text[a:b], text[b:]]))) == whole, (a, b)


@pytest.mark.parametrize("value", [value for _, value in VALUES])
def test_an_original_is_escaped(value: str) -> None:
    """A password with a quote in it does not end the string, and one with a line break does not break it."""
    text = json.dumps({"k": NAMES[value]})
    out = fed([text])
    assert json.loads(out) == {"k": value}
    assert out.isascii()


def test_what_is_not_replaced_keeps_its_form() -> None:
    """The rest of the text is what the model wrote, escape by escape."""
    assert fed(['{"\\u0061\\/": 1e5, "é": "\\u00e9 ', f'{MAIL}"}}']) == (
        '{"\\u0061\\/": 1e5, "é": "\\u00e9 ' + ALL[MAIL] + '"}'
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'"\\{ALICE}"', f'"\\{ALICE}"'),
        (f'"\\\\{ALICE}"', '"\\\\alice"'),
        (f'"\\\\\\{ALICE}"', f'"\\\\\\{ALICE}"'),
        (f'"\\u005c{ALICE}"', '"\\u005calice"'),
        (f'"\\n{ALICE}"', '"\\nalice"'),
    ],
)
def test_a_backslash_before_a_placeholder(text: str, expected: str) -> None:
    r"""In `C:\\Users\\redacteduser…` the name is restored; the `r` of a carriage return begins none."""
    assert fed([text]) == expected
    for cut in range(len(text)):
        assert fed([text[:cut], text[cut:]]) == expected


@given(st.text('\\u0x"', max_size=12), st.lists(st.integers(0, 12), max_size=4))
def test_broken_text_is_not_lost(text: str, cuts: list[int]) -> None:
    """An input that is no JSON, because the model was cut off, comes out as it is."""
    marks = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    restorer = JsonRestorer(table(secrets=True), ignore)
    out = [restorer.feed(text[a:b]) for a, b in pairwise(marks)]
    assert "".join(out) + restorer.feed("", final=True) == text


def test_nothing_to_restore_is_nothing_to_hold() -> None:
    """A tool that gets nothing back streams as it comes."""
    restorer = JsonRestorer(Table(Vault(), CATEGORIES), ignore)
    assert restorer.feed("\\u00") == "\\u00"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ('{"a": "as', ALICE),
        ('{"a": "as\\n', "alice"),
        ('{"a": "as", "', "alice"),
        ('{"token": "', "alice"),
        ('{"a": "token: \\"', ALICE),
        ('{"a": "C:\\\\Users\\\\it is ', ALICE),
    ],
)
def test_what_stands_before_in_its_string(before: str, expected: str) -> None:
    """What was said earlier in the same string counts, as it is meant; what stands in another does not."""
    for cut in range(len(before) + 1):
        assert fed([before[:cut], before[cut:], ALICE, '"}']) == before + expected + '"}'
