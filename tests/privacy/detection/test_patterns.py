from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ccgate.privacy.detection.linear import compile_bytes
from ccgate.privacy.detection.patterns import Pattern
from ccgate.privacy.detection.prefilter import Prefilter
from ccgate.privacy.detection.rules import Rule

PATTERNS = {
    "of a length": r"(?:^|[ ,])k(?P<v>[0-9]{3,5})(?:[ ,]|$)",
    "of any length, from a near beginning": r"\bk(?P<v>[0-9]{3,})(?:[ ,]|$)",
    "of any length": r"\bk[ ,]*(?P<v>[0-9]{3,})[ ,]*;",
}


def values(pattern: str, data: bytes) -> list[bytes]:
    one = Pattern(Rule(id="r", kind="SECRET", pattern=pattern), pattern)
    ends = [end for _, end in Prefilter([one.gate.encode()]).ends(data)]
    return [data[slice(*one.value(spans))] for spans in one.matches(data, ends)]


def by_reading_everything(pattern: str, data: bytes) -> list[bytes]:
    search = compile_bytes(pattern)._regexp.Match
    found = []
    position = 0
    while position < len(data):
        whole, value = search(re2._Anchor.UNANCHORED, data, position, len(data))
        if whole[0] < 0:
            break
        found.append(data[slice(*value)])
        position = max(value[1], position + 1)
    return found


@pytest.mark.parametrize("form", PATTERNS)
@settings(max_examples=300, deadline=None)
@given(
    data=st.lists(st.sampled_from(["k", "k123", "k12345", "1" * 30, ",", " ", ";", "x" * 40, "\n"])).map(
        "".join
    )
)
def test_what_is_read_near_gates_gives_what_reading_everything_gives(form: str, data: str) -> None:
    """A secret between the places that are read would leave."""
    assert values(PATTERNS[form], data.encode()) == by_reading_everything(PATTERNS[form], data.encode())


def test_what_ends_one_value_may_begin_the_next() -> None:
    """Of two values that share a separator the second would leave."""
    assert values(r"(?:^|[ ,])(?P<v>[0-9]{3})(?:[ ,]|$)", b"123,456 789") == [b"123", b"456", b"789"]


def test_many_gates_that_open_for_nothing_cost_one_reading() -> None:
    """A text of near-matches would take time for each of them times its length."""
    pattern = r"k[0-9]{3,200}!"
    one = Pattern(Rule(id="r", kind="SECRET", pattern=pattern), pattern)
    data = b"k123 " * 20_000
    read: list[int] = []
    search = one._match
    one._match = lambda anchor, text, start, stop: (
        read.append(stop - start) or search(anchor, text, start, stop)
    )
    assert list(one.matches(data, range(4, len(data), 5))) == []
    assert sum(read) < 3 * len(data)
    assert len(read) < 100
