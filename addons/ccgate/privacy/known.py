"""The values that were redacted so far in a request, found wherever they come again.

A rule finds a password by what stands around it. The same password alone, in the next command's output, no
rule would find; but it is known by then.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import re2

from ccgate.privacy.placeholders import PATTERN
from ccgate.privacy.placeholders import Category
from ccgate.privacy.placeholders import Minter
from ccgate.privacy.splice import can_overlap

LONG_SECRET = 8
"""A secret of so many characters is redacted even within a word."""

SHORTEST: dict[Category, int] = {"secret": 4, "email": 3, "home": 3, "network": 3, "term": 1}
"""Values of fewer characters are redacted where a rule finds them, and are not looked for elsewhere."""

CODE_WORDS = frozenset(
    "abs all any api app art bin bob cat copy count data dev doc end fill find for from get grant guest hash "
    "home host int len link list lib log main map mark master max min mod new next node none null object ops "
    "page pat path pop print public range ray read root run self set skip sort src str sub sum sys temp "
    "test tests tmp true trace type user usr val value var will win work".split()
)
"""Names of people that source code is full of: found in paths, and not looked for elsewhere."""

_FEW = 16
"""Up to so many values, looking for each is faster than an automaton for all."""

_NO_LETTER = re.compile(r"[^A-Za-z0-9]")


Hit = tuple[int, int, Category, str]
"""A known value in a text: start, end, what it is, its placeholder."""


class _Value(NamedTuple):
    held: tuple[Category, str]
    bounded: bool
    """Between characters that are no letters and no digits alone."""
    overlaps: bool
    """Two places of it may overlap."""


class Known:
    """Values and their placeholders; lives as long as one request."""

    def __init__(self, minter: Minter) -> None:
        self._minter = minter
        self._values: dict[str, _Value] = {}
        self._groups = (_Literals(), _Literals())
        self._shortest = sys.maxsize

    def add(self, value: str, category: Category, placeholder: str) -> None:
        """Look for a value from now on, and for a home's name in the form of the client's slugs too."""
        self._add(value, category, placeholder)
        if category == "home":
            slug = _NO_LETTER.sub("-", value)
            if slug != value:
                self._add(slug, category, self._minter.mint(category, slug))

    def placeholder(self, value: str) -> tuple[Category, str] | None:
        """What stands for a value that is known already."""
        known = self._values.get(value)
        return None if known is None else known.held

    def _add(self, value: str, category: Category, placeholder: str) -> None:
        if value in self._values:
            return
        bounded = not (category == "email" or (category == "secret" and len(value) >= LONG_SECRET))
        self._values[value] = _Value((category, placeholder), bounded, can_overlap(value))
        if findable_alone(value, category):
            self._groups["@" in value].add(value)
            self._shortest = min(self._shortest, len(value))

    def hits(self, text: str, taken: Collection[Sequence[Any]] = ()) -> list[Hit]:
        """All places of known values but those that are taken, in no order, those that overlap too.

        None is within a placeholder. What is taken begins with its start and its end.
        """
        found: list[Hit] = []
        if len(text) < self._shortest:
            return found
        counts: dict[str, int] = {}
        for place in taken:
            value = text[place[0] : place[1]]
            counts[value] = counts.get(value, 0) + 1
        for value in self._within(text):
            held, bounded, overlaps = self._values[value]
            # Most often all places are taken, and to count them is enough.
            if overlaps or text.count(value) != counts.get(value, 0):
                found += [(start, end, *held) for start, end in _places(text, value, bounded)]
        if found and taken:
            places = {(place[0], place[1]) for place in taken}
            found = [hit for hit in found if hit[:2] not in places]
        if not found or ("redacted" not in text and "REDACTED_" not in text):
            return found
        ours = [match.span() for match in PATTERN.finditer(text)]
        return [hit for hit in found if not _overlaps(hit, ours)]

    def _within(self, text: str) -> list[str]:
        values = self._groups[False].within(text)
        if "@" in text and (others := self._groups[True].within(text)):
            return values + others
        return values


def findable_alone(value: str, category: Category) -> bool:
    """Whether a value that is known is found by itself, wherever it stands as a whole word.

    A home's name that source code is full of, and what is very short, is found by rules alone: in a path.
    """
    return len(value) >= SHORTEST[category] and not (category == "home" and value.lower() in CODE_WORDS)


def _places(text: str, value: str, bounded: bool) -> Iterator[tuple[int, int]]:
    size = len(value)
    start = text.find(value)
    while start >= 0:
        end = start + size
        if not bounded:
            yield start, end
            # Of those that overlap this one the last: what lies between, the two cover.
            last = text.rfind(value, start + 1, end + size - 1)
            start = last if last >= 0 else text.find(value, end)
        else:
            if not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()):
                yield start, end
            start = text.find(value, start + 1)


def _overlaps(hit: Hit, spans: list[tuple[int, int]]) -> bool:
    """Whether a hit has a character in common with one of some spans, sorted and apart."""
    after = bisect_left(spans, (hit[1], 0))
    return after > 0 and spans[after - 1][1] > hit[0]


class _Literals:
    """Tells which of some values may occur in a text."""

    def __init__(self) -> None:
        self._recent: list[str] = []
        self._older: set[str] = set()
        self._by_bytes: dict[bytes, str] = {}
        self._lengths: set[int] = set()
        self._automaton: Any = None

    def add(self, value: str) -> None:
        self._recent.append(value)

    def within(self, text: str) -> list[str]:
        if len(self._recent) > _FEW:
            self._compile()
        if self._automaton is None:
            return self._recent
        return [*self._recent, *self._matched(text.encode("utf-8", "surrogatepass"))]

    def _compile(self) -> None:
        self._older.update(self._recent)
        self._recent = []
        self._by_bytes = {value.encode("utf-8", "surrogatepass"): value for value in self._older}
        self._lengths = {len(value) for value in self._older}
        options = re2.Options()
        options.longest_match = True
        options.never_capture = True
        options.encoding = re2.Options.Encoding.LATIN1
        options.max_mem = 64 << 20
        # Not by `re2.compile`, which keeps every pattern it was ever given.
        self._automaton = re2._Regexp(b"|".join(map(re2.escape, self._by_bytes)), options)

    def _matched(self, raw: bytes) -> set[str]:
        found: set[str] = set()
        at = 0
        while match := self._automaton.search(raw, at):
            value = self._by_bytes[match.group()]
            if value not in found:
                found.add(value)
                found.update(self._shorter(value))
            at = match.start() + 1
        return found

    def _shorter(self, value: str) -> list[str]:
        """The values that begin a value: the automaton tells only of the longest at a place."""
        return [value[:n] for n in self._lengths if n < len(value) and value[:n] in self._older]
