"""A turn is gone on from where its bytes are the same, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.cache import SpanCache
from ccgate.privacy.examine import Examined
from ccgate.privacy.layout import Part
from ccgate.privacy.splice import Edits
from ccgate.privacy.turns import Cut
from ccgate.privacy.turns import Turn
from ccgate.privacy.turns import Turns

CACHE = SpanCache()
NOTHING = Examined((), (), ())


def turn(body: bytes, ends: list[int], tail: int) -> Turn:
    cuts = tuple(Cut(end, CACHE.digest(body[:end]), n, 0, 0, 0, b"") for n, end in enumerate(ends, 1))
    return Turn(len(body), cuts, tail, CACHE.digest(body[tail:]), (), (), Edits(), None)


@pytest.mark.property
@given(st.binary(min_size=4, max_size=40), st.data())
def test_only_the_same_bytes_are_gone_on_from(body: bytes, data: st.DataObject) -> None:
    """One other byte before the cut or behind the messages, and what was found may not be what is there."""
    tail = data.draw(st.integers(2, len(body) - 1))
    ends = sorted(data.draw(st.sets(st.integers(1, tail), min_size=1, max_size=4)))
    turns = Turns(CACHE)
    turns.keep(b"k", turn(body, ends, tail))
    new = bytearray(body)
    if data.draw(st.booleans()):
        new[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(0, 1))
    at = data.draw(st.integers(0, tail))
    new[at:at] = data.draw(st.binary(max_size=5))
    found = turns.find(b"k", bytes(new))
    same = [end for end in ends if new[:end] == body[:end] and end <= len(new) - (len(body) - tail)]
    if new[len(new) - (len(body) - tail) :] != body[tail:] or not same:
        assert found is None
    else:
        assert found is not None
        assert found.cut.end == max(same)
        assert found.hashed.digest() == CACHE.digest(new[: found.cut.end])
        assert found.shift == len(new) - len(body)
    assert turns.find(b"other", bytes(new)) is None


def test_what_is_behind_the_messages_stands_further_on() -> None:
    """An edit at the old place would change other bytes."""
    before, behind = Part("field", 2, 4, "model"), Part("system", 20, 24, "system")
    message = Part("message", 6, 9, "messages", 0)
    taken = ((before, NOTHING), (behind, NOTHING), (message, NOTHING))
    body = b"0123456789" * 3
    one = turn(body, [9], 12)._replace(taken=taken, cuts=(Cut(9, CACHE.digest(body[:9]), 1, 3, 0, 0, b""),))
    turns = Turns(CACHE)
    turns.keep(b"k", one)
    found = turns.find(b"k", body[:9] + b",new" + body[9:])
    assert found is not None
    assert found.tail == 16
    assert [part.start for part, _ in found.taken()] == [2, 24, 6]
    assert found.moved(behind) == behind._replace(start=24, end=28)


def test_a_name_or_else_the_end_tells_conversations_apart() -> None:
    """Two agents of one session are two conversations: they begin in other ways."""
    turns = Turns(CACHE)
    body, other = b"a" * 2000, b"b" * 2000
    assert turns.key(body, b"c", b"") == turns.key(body + b"more", b"c", b"")
    assert turns.key(body, b"c", b"") != turns.key(other, b"c", b"")
    assert turns.key(body, b"c", b"") != turns.key(body, b"d", b"")
    assert turns.key(body, b"c", b"") != turns.key(body, b"c", b"x")
    assert turns.key(body, b"", b"") != turns.key(body[:-1] + b"b", b"", b"")
