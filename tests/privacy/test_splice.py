"""Edits change what they are of, and no byte around it."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.splice import Edits
from ccgate.privacy.splice import can_overlap
from ccgate.privacy.splice import escaped
from ccgate.privacy.splice import in_bytes
from ccgate.privacy.splice import spliced
from ccgate.privacy.splice import spliced_bytes
from ccgate.privacy.splice import within_literal
from tests.privacy.requests import styles
from tests.privacy.requests import write

odd = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from('"\\/\n\t\x00é\U0001f600\ud800\udc00')), max_size=20
)


@given(odd, st.lists(st.integers(0, 20)), styles)
def test_offsets_into_a_string_in_any_style(
    text: str, offsets: list[int], style: random.Random | None
) -> None:
    """However the client escapes, what is before an offset is before it in the request too."""
    literal = write(text, style)[1:-1]
    value = json.loads(f'"{literal}"')
    places = sorted({min(offset, len(value)) for offset in offsets})
    for offset, place in zip(places, within_literal(literal, value, places), strict=True):
        assert json.loads(f'"{literal[:place]}"') == value[:offset]
        assert json.loads(f'"{literal[place:]}"') == value[offset:]


@given(st.text(), st.lists(st.integers(0, 30)))
def test_offsets_into_bytes(text: str, offsets: list[int]) -> None:
    """Bytes are not characters."""
    places = sorted({min(offset, len(text)) for offset in offsets})
    for offset, place in zip(places, in_bytes(text, places), strict=True):
        assert text.encode()[:place].decode() == text[:offset]


@given(st.lists(st.tuples(st.text(), st.text(), st.text()), max_size=5), st.text())
def test_edits(pieces: list[tuple[str, str, str]], rest: str) -> None:
    """What is kept is kept, what is replaced is gone; in text as in bytes."""
    text, edits, new = "", [], ""
    for kept, old, other in pieces:
        edits.append((len(text + kept), len(text + kept + old), other))
        text += kept + old
        new += kept + other
    assert spliced(text + rest, edits) == new + rest
    places = in_bytes(text, [at for start, end, _ in edits for at in (start, end)])
    in_raw = [(places[2 * n], places[2 * n + 1], other.encode()) for n, (_, _, other) in enumerate(edits)]
    assert spliced_bytes((text + rest).encode(), [(0, in_raw)]) == (new + rest).encode()


def test_escapes_are_the_clients() -> None:
    """The real client writes JSON as JavaScript does: what must be escaped, and nothing else."""
    assert (
        escaped('"\\/\n\t\b\f\r\x00\x7fé\u2028\U0001f600')
        == '\\"\\\\/\\n\\t\\b\\f\\r\\u0000\x7fé\u2028\U0001f600'
    )


@given(st.text(alphabet="ab", min_size=1, max_size=6))
def test_overlaps(value: str) -> None:
    """Counting finds each place of a value only if no two of them overlap."""
    shifted = any((value * 3)[n : n + len(value)] == value for n in range(1, len(value)))
    borders = any(value[:n] == value[-n:] for n in range(1, len(value)))
    assert can_overlap(value) == borders
    assert borders or not shifted


def test_of_a_long_value_it_is_not_known() -> None:
    """A key of many kilobytes must not cost its length squared."""
    assert can_overlap("a" + "b" * 1_000)


@given(st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.binary(max_size=3)))), st.data())
def test_edits_are_the_same_however_they_are_held(
    pieces: list[list[tuple[int, int, bytes]]], data: Any
) -> None:
    """What a turn holds on to must change the bytes as what was found in its parts does."""
    placed = []
    at = 0
    for steps in pieces:
        offset, edits = at, []
        for gap, length, new in steps:
            edits.append((at + gap - offset, at + gap + length - offset, new))
            at += gap + length
        placed.append((offset, edits))
    raw = bytes(range(256))[:at].ljust(at + 2, b"x")
    held = Edits()
    for offset, edits in placed:
        held.add(offset, edits)
    assert spliced_bytes(raw, [(0, held)]) == spliced_bytes(raw, placed)
    count = data.draw(st.integers(0, len(held)))
    assert list(held.first(count)) == list(held)[:count]
    assert len(held.first(count)) == count
