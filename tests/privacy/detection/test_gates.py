from __future__ import annotations

import hyperscan
import pytest
import re2
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ccgate.privacy.detection.alternatives import alternatives
from ccgate.privacy.detection.catalogue import catalogue_rules
from ccgate.privacy.detection.gates import gate
from ccgate.privacy.detection.prefilter import Prefilter
from ccgate.privacy.detection.rules import own_rules
from tests.privacy.detection.test_widths import PATTERNS

REPEATED = st.tuples(PATTERNS, st.sampled_from(["", "+", "*", "{2,}", "{1,}", "{0,2}", "?"]), PATTERNS).map(
    lambda parts: f"x(?:{parts[0]}){parts[1]}{parts[2]}"
)


@settings(max_examples=300, deadline=None)
@given(REPEATED, st.text("abcAx ", max_size=30))
def test_a_gate_matches_within_each_match(pattern: str, text: str) -> None:
    """A rule whose gate is closed is never tried: what it finds would leave."""
    for match in re2.finditer(pattern, text):
        assert re2.search(gate(pattern), text[: match.end()] + "\n") is not None
        assert re2.match(gate(pattern), text[match.start() :]) or match.start()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"\b(?P<v>gh[ps]_[A-Za-z0-9]{30,}|pat_\w{36,})\b", r"\b(?P<v>gh[ps]_[A-Za-z0-9]{30}|pat_\w{36})"),
        ("a(?:b{2,})?c{2,3}", "a(?:b{2,})?c{2}"),
        ("ab{3}={0,2}", "ab{3}"),
        ("a(?:x{3,}|y)+", "a(?:x{3}|y)"),
        (r"a\z", "a$"),
        (r"a\\z", r"a\\z"),
        (r"(sk-[a-z]{4,9})(?:\\?['\"\x60]|[\s;]|\\[nr]|$)".replace(r"\"", '"'), "(sk-[a-z]{4})"),
    ],
)
def test_a_gate_asks_for_the_least(pattern: str, expected: str) -> None:
    """Each further character of a long value would be a match of its own, a million in a hostile text."""
    assert gate(pattern) == expected


@pytest.mark.parametrize("rule", [*catalogue_rules(), *own_rules()], ids=lambda rule: rule.id)
def test_the_gate_of_a_rule_can_be_compiled(rule: object) -> None:
    """A rule whose gate is none would stop the start."""
    for part in alternatives(rule.pattern):  # type: ignore[attr-defined]
        re2.compile(gate(part))


@settings(max_examples=200, deadline=None)
@given(REPEATED, st.lists(st.text("abcAx ", max_size=12), min_size=1, max_size=4))
def test_what_matches_alone_matches_among_others_and_ends_there(pattern: str, texts: list[str]) -> None:
    """Texts are scanned together: one would not be looked at for a rule that finds something in it."""
    for anchored in (f"^{pattern}", f"(?:^|[^a]){pattern}(?:[^b]|$)", f"{pattern}$"):
        try:
            prefilter = Prefilter([gate(anchored).encode()])
        except hyperscan.error:
            continue
        ends = [end for _, end in prefilter.ends("\n".join(texts).encode())]
        start = 0
        for text in texts:
            if re2.search(anchored, text):
                assert any(start < end <= start + len(text) for end in ends), (anchored, text)
            start += len(text) + 1
