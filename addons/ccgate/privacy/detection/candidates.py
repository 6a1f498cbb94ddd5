"""From what rules found to spans: offsets in characters, no overlaps, nothing in a placeholder."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from collections.abc import Sequence
from typing import NamedTuple

from ccgate.privacy.placeholders import Category

RANK: dict[Category, int] = {"secret": 0, "term": 2, "email": 3, "home": 4, "network": 5}
"""What wins where two overlap, the lowest."""

GENERIC = 1
"""The same for a secret that a generic rule found."""


class Span(NamedTuple):
    """A part of a text that must not leave: offsets in characters, what it is, and the rule that found it."""

    start: int
    end: int
    kind: str
    rule: str
    category: Category


class Candidate(NamedTuple):
    """What may become a span; of a lower rank where it wins over others that overlap it."""

    start: int
    end: int
    rank: int
    kind: str
    rule: str
    category: Category


def overlaps(start: int, end: int, places: list[tuple[int, int]]) -> bool:
    """Whether a place overlaps one of some others, which are sorted and apart."""
    following = bisect_left(places, (start,))
    if following and places[following - 1][1] > start:
        return True
    return following < len(places) and places[following][0] < end


def joined(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Places sorted and apart: those that overlap are one."""
    result: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if result and start < result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def in_characters(found: list[Candidate], data: bytes, characters: int) -> list[Candidate]:
    """The same with offsets in characters; where a pattern cut a character in two, with all of it."""
    if len(data) == characters:
        return found
    offsets = sorted(
        {_boundary(data, item.start, -1) for item in found} | {_boundary(data, item.end, 1) for item in found}
    )
    place: dict[int, int] = {}
    last = count = 0
    for offset in offsets:
        count += len(data[last:offset].decode("utf-8"))
        place[offset] = count
        last = offset
    return [
        item._replace(start=place[_boundary(data, item.start, -1)], end=place[_boundary(data, item.end, 1)])
        for item in found
    ]


def _boundary(data: bytes, offset: int, step: int) -> int:
    while 0 < offset < len(data) and data[offset] & 0xC0 == 0x80:
        offset += step
    return offset


def resolved(found: Sequence[Candidate]) -> tuple[Span, ...]:
    """Spans that do not overlap: those of a lower rank win, and of one rank that overlap become one."""
    if len(found) == 1:
        return (_span(found[0]),)
    by_rank: dict[int, list[Candidate]] = {}
    for item in found:
        by_rank.setdefault(item.rank, []).append(item)
    kept: list[Candidate] = []
    for rank in sorted(by_rank):
        merged = _merged(sorted(by_rank[rank]))
        kept = _with(kept, merged) if kept else merged
    return tuple(map(_span, kept))


def _span(item: Candidate) -> Span:
    return Span(item.start, item.end, item.kind, item.rule, item.category)


def _merged(items: list[Candidate]) -> list[Candidate]:
    merged: list[Candidate] = []
    for item in items:
        if not merged or item.start >= merged[-1].end:
            merged.append(item)
            continue
        last = merged[-1]
        longer = item if item.end - item.start > last.end - last.start else last
        merged[-1] = longer._replace(start=last.start, end=max(last.end, item.end))
    return merged


def _with(kept: list[Candidate], more: list[Candidate]) -> list[Candidate]:
    """Both, without those of `more` that overlap one of `kept`; both are sorted."""
    result: list[Candidate] = []
    place = 0
    for item in more:
        while place < len(kept) and kept[place].end <= item.start:
            result.append(kept[place])
            place += 1
        if place == len(kept) or item.end <= kept[place].start:
            result.append(item)
    return result + kept[place:]
