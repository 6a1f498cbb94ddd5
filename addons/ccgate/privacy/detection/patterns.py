"""Where one rule matches in a text, by RE2: near the places where its gate does, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from functools import cached_property

import re2

from ccgate.privacy.detection.candidates import GENERIC
from ccgate.privacy.detection.candidates import RANK
from ccgate.privacy.detection.gates import gate
from ccgate.privacy.detection.linear import compile_bytes
from ccgate.privacy.detection.nearby import Match
from ccgate.privacy.detection.nearby import Nearby
from ccgate.privacy.detection.nearby import Spans
from ccgate.privacy.detection.rules import Rule
from ccgate.privacy.detection.rules import value_groups
from ccgate.privacy.detection.widths import width

_UNANCHORED = re2._Anchor.UNANCHORED


class Pattern:
    """A rule's pattern, or one of those that it is taken apart into.

    Of a thousand patterns a conversation meets a few dozen, so each is compiled when it is first needed.
    """

    def __init__(self, rule: Rule, pattern: str) -> None:
        self.rule = rule
        self.gate = gate(pattern)
        """What tells that the pattern may match, and where."""
        self.rank = GENERIC if rule.generic else RANK[rule.category]
        """What wins where two overlap, as in `candidates`."""
        self._pattern = pattern

    @cached_property
    def _compiled(self) -> re2._Regexp:
        return compile_bytes(self._pattern)

    @cached_property
    def _match(self) -> Match:
        return self._compiled._regexp.Match  # type: ignore[no-any-return]  # `finditer` makes three objects a match

    @cached_property
    def names(self) -> dict[str, int]:
        """The numbers of the named groups."""
        return {name.decode(): index for name, index in self._compiled.groupindex.items()}

    @cached_property
    def _groups(self) -> tuple[int, ...]:
        return value_groups(self.names, self._compiled.groups, self.rule.first_group)

    @cached_property
    def _width(self) -> int | None:
        return width(self._pattern)

    @cached_property
    def _reach(self) -> int | None:
        return width(self.gate)

    @cached_property
    def _nearby(self) -> Nearby | None:
        return Nearby(self._match, self.rule.until) if self.rule.until else None

    def value(self, spans: Spans) -> tuple[int, int]:
        """Where the value stands in a match."""
        for group in self._groups:
            if spans[group][0] >= 0:
                return spans[group]
        return spans[0]

    def matches(self, data: bytes, ends: Sequence[int]) -> Iterator[Spans]:
        """Matches, each with the spans of all groups; `ends` is where matches of the rule's gate end.

        The search goes on behind a match's value, because what ends one value may begin the next.
        """
        if self._width is not None:
            return self._near(data, ends, self._width)
        if self._reach is not None:
            return self._from(data, ends, self._reach)
        return self._from(data, ends if self._nearby else (len(data),), len(data))

    def _from(self, data: bytes, ends: Sequence[int], reach: int) -> Iterator[Spans]:
        """The same for a pattern whose matches have any length, but begin so near before their gate's end."""
        size = len(data)
        position = 0
        for end in ends:
            # A gate's match that ends before here belongs to what was found.
            while end > position:
                spans = self._nearby.match(data, position, end) if self._nearby else None
                if spans is None:
                    spans = self._match(_UNANCHORED, data, max(position, end - reach), size)
                if spans[0][0] < 0:
                    return
                yield spans
                position = max(self.value(spans)[1], position + 1)

    def _near(self, data: bytes, ends: Sequence[int], longest: int) -> Iterator[Spans]:
        """The same for a pattern whose matches have a length, so that each part of a long text is read once.

        A match has the gate's in it, so it begins and ends within its own length from there. The longer
        nothing is found, the more is read at once.
        """
        size = len(data)
        position = 0
        ahead = longest
        for end in ends:
            # A gate's match that ends before here belongs to what was found or was looked through.
            while end > position:
                start = max(position, end - longest)
                stop = min(end + ahead, size)
                spans = self._match(_UNANCHORED, data, start, stop)
                if (
                    spans[0][0] >= 0 and spans[0][0] + longest > stop < size
                ):  # it may go on, or another begin before it
                    spans = self._match(_UNANCHORED, data, start, min(spans[0][0] + longest, size))
                if spans[0][0] >= 0:
                    yield spans
                    position = max(self.value(spans)[1], position + 1)
                    ahead = longest
                elif stop < size:
                    position = max(end, stop - longest)
                    ahead *= 2
                else:
                    return
