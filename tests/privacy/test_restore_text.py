"""Text restored in pieces is the text restored whole, and nothing waits that need not."""

from __future__ import annotations

from itertools import combinations_with_replacement
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ccgate.privacy.restore_text import Table
from ccgate.privacy.restore_text import TextRestorer
from tests.privacy.answers import ALICE
from tests.privacy.answers import INVENTED
from tests.privacy.answers import MAIL
from tests.privacy.answers import NAMES
from tests.privacy.answers import originals
from tests.privacy.answers import pieces_of
from tests.privacy.answers import restored
from tests.privacy.answers import texts
from tests.privacy.answers import waiting

OVERLAPPING = {"ab": "1", "abc": "2", "b": "3", "bcab": "4", "caba": "5", "aab": "ab"}
"""No placeholders of ours: each way in which one can begin, end or stand within another."""


def fed(pieces: list[str], table: dict[str, str]) -> str:
    """The pieces restored; what waits after each is checked on the way."""
    restorer = TextRestorer(Table(table), lambda _: None)
    out = ""
    for piece in pieces:
        out += restorer.feed(piece)
        assert restorer.held == "" or waiting(restorer.held, table), "held back without need"
        assert len(restorer.held) < max(map(len, table), default=1)
    return out + restorer.feed("", final=True)


@given(data=st.data(), text=texts(), secrets=st.booleans())
@settings(max_examples=400, deadline=None)
def test_pieces_restore_to_the_whole(data: st.DataObject, text: str, secrets: bool) -> None:
    """However the model's words are cut, the person reads the same."""
    table = originals(secrets=secrets)
    pieces = pieces_of(data.draw, text)
    assert fed(pieces, table) == restored(text, table)


@given(
    text=st.text("abc", max_size=14),
    cuts=st.lists(st.integers(0, 14), max_size=8),
    names=st.sets(st.sampled_from(sorted(OVERLAPPING))),
)
@settings(max_examples=400, deadline=None)
def test_placeholders_that_overlap(text: str, cuts: list[int], names: set[str]) -> None:
    """The leftmost counts, and there the longest, also where only the next piece tells which that is."""
    table = {name: OVERLAPPING[name] for name in names}
    marks = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[a:b] for a, b in pairwise(marks)]
    assert fed(pieces, table) == restored(text, table)


@pytest.mark.parametrize("table", [originals(secrets=True), {ALICE: "alice"}])
def test_every_two_cuts(table: dict[str, str]) -> None:
    """No cut, and no two, within a placeholder, before one or behind one, change what is read."""
    text = f"r{MAIL[:9]}{MAIL}{ALICE}\n{INVENTED}{ALICE[:-1]}"
    whole = restored(text, table)
    for a, b in combinations_with_replacement(range(len(text) + 1), 2):
        assert fed([text[:a], text[a:b], text[b:]], table) == whole, (a, b)


@pytest.mark.parametrize("name", sorted(NAMES.values()))
def test_a_whole_placeholder_does_not_wait(name: str) -> None:
    """What can be told is told at once, and the text before what cannot."""
    restorer = TextRestorer(Table(originals(secrets=True)), lambda _: None)
    assert restorer.feed(f"see {name[:12]}") == "see "
    assert restorer.feed(name[12:]) == originals(secrets=True)[name]
    assert restorer.held == ""


def test_what_is_restored_is_told() -> None:
    """The flow's counters count every replacement once."""
    told: list[str] = []
    restorer = TextRestorer(Table(originals(secrets=False)), told.append)
    restorer.feed(f"{ALICE} {MAIL} {ALICE[:5]}")
    restorer.feed(ALICE[5:])
    assert told == [ALICE, MAIL, ALICE]


def test_a_hostile_text_is_read_in_linear_time() -> None:
    """A megabyte of beginnings of placeholders does not hold the event loop."""
    restorer = TextRestorer(Table(originals(secrets=True)), lambda _: None)
    text = (MAIL[:-1] + "R") * 20_000
    assert restorer.feed(text) + restorer.feed("", final=True) == text
