from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.detection.candidates import Candidate
from ccgate.privacy.detection.candidates import in_characters
from ccgate.privacy.detection.candidates import joined
from ccgate.privacy.detection.candidates import overlaps
from ccgate.privacy.detection.candidates import resolved


def candidate(start: int, end: int, rank: int = 0, rule: str = "r") -> Candidate:
    return Candidate(start, end, rank, "SECRET", rule, "secret")


CANDIDATES = st.lists(
    st.builds(
        lambda start, length, rank: candidate(start, start + length, rank),
        st.integers(0, 60),
        st.integers(1, 20),
        st.integers(0, 5),
    ),
    max_size=20,
)


@given(CANDIDATES)
def test_spans_are_apart_and_the_first_rank_is_covered_whole(found: list[Candidate]) -> None:
    """Two spans on one place would garble what is sent; a secret left in part would leave in part."""
    spans = list(resolved(found))
    for one, following in itertools.pairwise(spans):
        assert one.end <= following.start
    lowest = min((item.rank for item in found), default=0)
    for item in found:
        if item.rank == lowest:
            assert any(span.start <= item.start and item.end <= span.end for span in spans)


def test_the_longest_rule_names_what_was_merged() -> None:
    """A report would name a rule that saw a part alone."""
    (span,) = resolved([candidate(0, 5, rule="short"), candidate(3, 20, rule="long")])
    assert (span.start, span.end, span.rule) == (0, 20, "long")


@given(st.text(st.characters(codec="utf-8"), max_size=30), st.data())
def test_offsets_in_bytes_become_offsets_in_characters(text: str, data: st.DataObject) -> None:
    """A splice would be some characters off wherever an accent stands before it."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    encoded = text.encode()
    item = candidate(len(text[:start].encode()), len(text[:end].encode()))
    (moved,) = in_characters([item], encoded, len(text))
    assert (moved.start, moved.end) == (start, end)


def test_a_character_that_a_pattern_cut_belongs_to_the_span() -> None:
    """Half a character cannot be replaced."""
    (moved,) = in_characters([candidate(2, 4)], "aéüb".encode(), 4)
    assert (moved.start, moved.end) == (1, 3)


@given(st.integers(0, 30), st.integers(1, 5))
def test_overlaps_are_seen_from_both_sides(start: int, length: int) -> None:
    """A placeholder would be replaced in part."""
    places = [(5, 8), (12, 20)]
    expected = any(first < start + length and start < last for first, last in places)
    assert overlaps(start, start + length, places) == expected


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)).map(lambda pair: (pair[0], sum(pair)))))
def test_joined_places_are_apart_and_cover_the_same(places: list[tuple[int, int]]) -> None:
    """A place between two others would be taken for free, or for taken."""
    result = joined(places)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(result))
    assert {at for place in result for at in range(*place)} == {
        at for place in places for at in range(*place)
    }
