from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.detection.alternatives import alternatives


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"\b(?P<v>a|b(?:c|d)|e|f)\b", [rf"\b(?P<v>{one})\b" for one in ("a", "b(?:c|d)", "e", "f")]),
        ("x(?P<v>a|b)y", ["x(?P<v>a|b)y"]),
        ("x(?P<v>a|b|c|d)+", ["x(?P<v>a|b|c|d)+"]),
        ("(?P<v>a|b|c|d)|x", ["(?P<v>a|b|c|d)|x"]),
        ("(?P<v>(?i)a|b|c|d)", ["(?P<v>(?i)a|b|c|d)"]),
        ("(?:a|b|c|d)(?P<v>x)", ["(?:a|b|c|d)(?P<v>x)"]),
        ("(?P<v>[|]a|b|c|d→)", ["(?P<v>[|]a)", "(?P<v>b)", "(?P<v>c)", "(?P<v>d→)"]),
    ],
)
def test_only_a_value_of_many_forms_is_taken_apart(pattern: str, expected: list[str]) -> None:
    """Half a pattern would match what the rule does not mean, or nothing."""
    assert alternatives(pattern) == expected


@given(
    st.lists(st.sampled_from(["ab", "b", "c+", "(?:a|c)b"]), min_size=4, max_size=6),
    st.text("abcx", max_size=12),
)
def test_the_parts_match_where_the_whole_does(values: list[str], text: str) -> None:
    """A form of a key that stands late in its rule would leave."""
    pattern = f"x(?P<v>{'|'.join(values)})x"
    whole = re2.search(pattern, text) is not None
    assert any(re2.search(part, text) is not None for part in alternatives(pattern)) == whole
