from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.detection.widths import width

PATTERNS = st.recursive(
    st.sampled_from(["a", "[bc]", r"\w", r"\b", "^", r"\x41", "[[:alnum:]]", "(?:)"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["?", "{2}", "{0,3}", "{1,2}?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
)


@given(PATTERNS, st.data())
def test_no_match_is_longer(pattern: str, data: st.DataObject) -> None:
    """A value would be looked for too near, and its beginning or its end would leave."""
    most = width(pattern)
    assert most is not None
    text = data.draw(st.text("abcA ", max_size=40))
    for match in re2.finditer(pattern, text):
        assert match.end() - match.start() <= most


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", 0),
        ("→", 3),
        (r"a[]x]{3,5}(?:b|cde{2})?", 10),
        (r"(?i)ab(?:c|d{2}){4}$", 10),
        (r"(?P<v>a{2})\{3,9}", 7),
        ("a+", None),
        ("a*?", None),
        ("(?:a{2,}|b){3}", None),
        (r"(?:\b)*a", 1),
        ("(?:a{2,})?b", None),
    ],
)
def test_widths_of_known_patterns(pattern: str, expected: int | None) -> None:
    """A limit where there is none would cut what is looked at."""
    assert width(pattern) == expected
