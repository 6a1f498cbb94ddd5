"""Which rules fire in a text, and where: two engines that both take linear time.

Vectorscan tells in one pass over a text which of hundreds of patterns match somewhere in it, and not where;
RE2 then finds the places, for those few patterns alone. Python's own `re` needs more than 25 seconds for a
hostile text of 100 KB and the same patterns.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path

import re2

from ccgate.privacy.linear import compile_bytes
from ccgate.privacy.prefilter import Prefilter
from ccgate.privacy.rules import Rule
from ccgate.privacy.rules import value_groups

Spans = Sequence[tuple[int, int]]
"""Where a match and its groups stand in bytes; (-1, -1) for a group that did not take part."""

_RUN = rb"[A-Za-z0-9]{22}"
"""What every match of a rule with `run` has in it."""

_WHOLE = 512 * 1024
"""Bytes for RE2 to read in a text, over all rules that fired, before it is looked through in windows."""

_WINDOW = 2048
_OVERLAP = 640
"""Windows overlap by so much that each match of this length stands in one of them as a whole."""


class Pattern:
    """A rule's pattern in RE2."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        compiled = compile_bytes(rule.pattern)
        self._match = compiled._regexp.Match  # RE2's own `finditer` makes three objects for each match
        self.names: dict[str, int] = {name.decode(): index for name, index in compiled.groupindex.items()}
        self._groups = value_groups(rule.pattern, self.names, compiled.groups, rule.first_group)

    def value(self, spans: Spans) -> tuple[int, int]:
        """Where the value stands in a match."""
        for group in self._groups:
            if spans[group][0] >= 0:
                return spans[group]
        return spans[0]

    def matches(self, data: bytes, start: int, end: int) -> Iterator[Spans]:
        """Matches within a part of the data, each with the spans of all groups; what is around it is seen.

        The search goes on behind a match's value, because what ends one value may begin the next.
        """
        position = start
        while position < end:
            spans = self._match(re2._Anchor.UNANCHORED, data, position, end)
            if spans[0][0] < 0:
                return
            if spans[0][1] == end < len(data):
                spans = self._match(re2._Anchor.UNANCHORED, data, spans[0][0], len(data))
            yield spans
            position = max(self.value(spans)[1], position + 1)


class Engine:
    """Rules, and where they match."""

    def __init__(self, rules: Sequence[Rule], cache: Path | None = None) -> None:
        """Compile the rules; `cache` is a folder for what was compiled.

        Raises:
            hyperscan.error: a rule's pattern cannot be compiled.
        """
        self.rules = tuple(rules)
        self._patterns = [Pattern(rule) for rule in self.rules]
        self._anchored = [index for index, rule in enumerate(self.rules) if not rule.run]
        self._others = [index for index, rule in enumerate(self.rules) if rule.run]
        self._prefilter = Prefilter([*self._of(self._anchored), _RUN], cache)
        self._behind_run = Prefilter(self._of(self._others), cache)

    def _of(self, indices: Sequence[int]) -> list[bytes]:
        return [self.rules[index].pattern.encode() for index in indices]

    def fired(self, data: bytes) -> list[int]:
        """The indices of the rules that match somewhere, sorted.

        A pattern without a fixed text in it costs as much as a hundred others. Those that match long runs of
        letters and digits alone are tried where there is one: in one of fifty texts.

        Raises:
            hyperscan.error: the scan failed; nothing is known of the data then.
        """
        fired = []
        for place in self._prefilter.fired(data):
            if place < len(self._anchored):
                fired.append(self._anchored[place])
            else:
                fired += [self._others[other] for other in self._behind_run.fired(data)]
        fired.sort()
        return fired

    def matches(self, data: bytes, fired: Sequence[int]) -> Iterator[tuple[Pattern, Spans]]:
        """The matches of the rules that fired in the data.

        A long text in which many rules fire is looked through in windows, so that RE2 reads each part only
        for the rules that fire there: otherwise the time would grow with rules times length.

        Raises:
            hyperscan.error: the scan failed; nothing is known of the data then.
        """
        if len(data) * len(fired) <= _WHOLE or len(data) <= _WINDOW:
            for index in fired:
                pattern = self._patterns[index]
                for spans in pattern.matches(data, 0, len(data)):
                    yield pattern, spans
            return
        yield from self._in_windows(data, set(fired))

    def _in_windows(self, data: bytes, missing: set[int]) -> Iterator[tuple[Pattern, Spans]]:
        reached = dict.fromkeys(missing, 0)
        found: set[int] = set()
        for start in range(0, max(1, len(data) - _OVERLAP), _WINDOW - _OVERLAP):
            end = min(start + _WINDOW, len(data))
            for index in self.fired(data[start:end]):
                pattern = self._patterns[index]
                for spans in pattern.matches(data, max(start, reached.get(index, 0)), end):
                    found.add(index)
                    reached[index] = max(reached.get(index, 0), pattern.value(spans)[1])
                    yield pattern, spans
        for index in sorted(missing - found):  # longer than an overlap
            pattern = self._patterns[index]
            for spans in pattern.matches(data, 0, len(data)):
                yield pattern, spans
