from __future__ import annotations

import re2
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ccgate.privacy.detection import nearby as nearby_module
from ccgate.privacy.detection.linear import compile_bytes
from ccgate.privacy.detection.nearby import Nearby
from ccgate.privacy.detection.rules import own_rules

(RULE,) = [rule for rule in own_rules() if rule.id == "home-posix"]
SEARCH = compile_bytes(RULE.pattern)._regexp.Match
PIECES = st.sampled_from(
    [
        "/home/",
        "/Users/",
        "ada",
        "Ada Lovelace",
        "a.b",
        "/",
        "\n",
        '"',
        " ",
        "x",
        ".",
        "//",
        "%2F",
        "C:",
        "-",
        "é",
        "~",
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join), st.booleans())
def test_what_is_found_nearby_is_found_in_the_whole_text(text: str, twice: bool) -> None:
    """Part of a name would be replaced, or what is nobody's: a part must tell what the whole tells."""
    data = text.encode()
    nearby = Nearby(SEARCH, RULE.until)
    for end in range(1, len(data) + 1):
        for _ in range(1 + twice):
            found = nearby.match(data, 0, end)
        if found is None:
            continue
        value = next(span for span in found[1:] if span[0] >= 0)
        whole = SEARCH(re2._Anchor.UNANCHORED, data, found[0][0], len(data))
        assert next(span for span in whole[1:] if span[0] >= 0) == value


def test_what_stands_before_decides_also_at_the_edge_of_what_is_looked_at() -> None:
    """A path within another (`app/home/x`) names nobody; at a text's beginning it does."""
    nearby = Nearby(compile_bytes("(?:^|[^a-z])/home/(?P<v>[a-z]+)")._regexp.Match, "/")
    assert nearby.match(b"/home/ada/x", 0, 7) == [(0, 9), (6, 9)]
    assert nearby.match(b"123456 /home/ada/x", 0, 14) == [(6, 16), (13, 16)]
    assert nearby.match(b"123456a/home/ada/x", 0, 14) is None


def test_nothing_before_a_position_is_found() -> None:
    """A value that was found would be found again, without end."""
    nearby = Nearby(SEARCH, RULE.until)
    data = b"1234567890123 /home/ada/x"
    assert nearby.match(data, 0, 21) is not None
    assert nearby.match(data, 14, 21) is None


def test_no_end_in_sight_is_no_answer() -> None:
    """A name that goes on would be cut."""
    assert Nearby(SEARCH, RULE.until).match(b"x /home/ada" + b"a" * 200, 0, 9) is None


def test_what_is_remembered_has_a_bound() -> None:
    """Texts full of homes would fill the memory."""
    nearby = Nearby(SEARCH, RULE.until)
    for number in range(nearby_module._MOST + 10):
        nearby.match(b" /home/u%d/" % number, 0, 8)
    assert len(nearby._known) <= nearby_module._MOST
