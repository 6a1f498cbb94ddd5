from __future__ import annotations

import pytest
import re2

from ccgate.privacy.detection.linear import compile_bytes
from ccgate.privacy.detection.linear import matcher


def test_bytes_of_any_encoding_are_matched() -> None:
    """A text with a character that is not valid UTF-8 would not be searched."""
    assert compile_bytes("a.c").search(b"a\xffc") is not None
    assert compile_bytes("é").search("é".encode()) is not None


def test_a_tester_tells_whether_a_pattern_matches() -> None:
    """Every check that rests on it would be wrong."""
    has_digit = matcher("[0-9]")
    assert has_digit("ab1")
    assert not has_digit("ab")
    assert not has_digit("")
    assert not has_digit("\ud800")


def test_what_takes_more_than_linear_time_is_refused() -> None:
    """A back reference in a rule would bring back what RE2 is there to prevent."""
    with pytest.raises(re2.error):
        compile_bytes(r"(a)\1")
