"""A part is read whole, whatever parser it takes, or not at all."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings

from ccgate.errors import Refusal
from ccgate.privacy import walk
from ccgate.privacy.reading import exactly
from ccgate.privacy.reading import read
from tests.privacy.requests import messages
from tests.privacy.requests import styles
from tests.privacy.requests import write


@given(messages, styles)
@settings(deadline=None)
def test_both_parsers_read_the_same(several: Any, style: random.Random | None) -> None:
    """What the fast one does not see would leave."""
    for message in several:
        raw = write(message, style).encode()
        exact = [leaf.text for leaf in walk.leaves("message", exactly(raw), 0)]
        assert [leaf.text for leaf in read("message", raw).leaves] == exact


def test_lone_surrogates_keep_their_place() -> None:
    """The real client sends halves of characters; a matcher that stops there would stop the work."""
    reading = read("message", b'{"content":["\\ud800 a\\udc00b","\\ud83d\\ude00"]}')
    assert [leaf.text for leaf in reading.leaves] == ["\ud800 a\udc00b", "\U0001f600"]
    assert reading.texts == ["\ufffd a\ufffdb", "\U0001f600"]


def test_the_strings_of_a_json_text_stand_where_it_stands() -> None:
    """What is known goes forward in document order, through a call's arguments too."""
    raw = rb"""{"content":"a","arguments":"{\"b\":[\"c\",\"\\ud800\"]}","refusal":"d"}"""
    reading = read("message", raw)
    assert reading.texts == ["a", "b", "c", "\ufffd", "d"]
    assert list(reading.inner) == [1]
    broken = read("message", rb"""{"content":"a","arguments":"{\"b\":"}""")
    assert broken.texts == ["a", '{"b":']


@pytest.mark.parametrize("raw", [b"", b"{", b'{"a":"\xff"}', b'{"content":"\\ud800\xff"}', b"[" * 100_000])
def test_what_cannot_be_read_is_refused(raw: bytes) -> None:
    """Nothing leaves unread."""
    with pytest.raises(Refusal) as refused:
        read("message", raw)
    assert refused.value.status == 400
