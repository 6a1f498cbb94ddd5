"""Which rules fire in a text, and where: two engines that both take linear time.

Vectorscan tells in one pass over a text which of hundreds of patterns match somewhere in it, and not where;
RE2 then finds the places, for those few patterns alone. Python's own `re` needs more than 25 seconds for a
hostile text of 100 KB and the same patterns.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path

import re2

from ccgate.privacy.alternatives import alternatives
from ccgate.privacy.candidates import GENERIC
from ccgate.privacy.candidates import RANK
from ccgate.privacy.gates import gate
from ccgate.privacy.linear import compile_bytes
from ccgate.privacy.nearby import Nearby
from ccgate.privacy.prefilter import Prefilter
from ccgate.privacy.rules import Rule
from ccgate.privacy.rules import value_groups
from ccgate.privacy.widths import width

Spans = Sequence[tuple[int, int]]
"""Where a match and its groups stand in bytes; (-1, -1) for a group that did not take part."""

Fired = dict[int, list[int]]
"""Index of a pattern that may match in a text → where matches of its gate end, sorted."""

SEPARATOR = b"\n"
"""What stands between texts that are scanned at once: for gates each text begins and ends a line."""

_RUN = rb"[A-Za-z0-9]{22}"
"""What every match of a rule with `run` has in it."""

_MANY_RUNS = 5000
"""Of matches of that no more are counted: a megabyte of hexadecimal digits has a million."""

_UNANCHORED = re2._Anchor.UNANCHORED


class Pattern:
    """A rule's pattern, or one of those that it is taken apart into, in RE2."""

    def __init__(self, rule: Rule, pattern: str) -> None:
        self.rule = rule
        self.rank = GENERIC if rule.generic else RANK[rule.category]
        """What wins where two overlap, as in `candidates`."""
        compiled = compile_bytes(pattern)
        self._match = compiled._regexp.Match  # RE2's own `finditer` makes three objects for each match
        self.names: dict[str, int] = {name.decode(): index for name, index in compiled.groupindex.items()}
        self._groups = value_groups(self.names, compiled.groups, rule.first_group)
        self.gate = gate(pattern)
        self._width = width(pattern)
        self._reach = width(self.gate)
        self._nearby = Nearby(self._match, rule.until) if rule.until else None

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


class Engine:
    """Rules, and where they match."""

    def __init__(self, rules: Sequence[Rule], cache: Path | None = None) -> None:
        """Compile the rules; `cache` is a folder for what was compiled.

        Raises:
            hyperscan.error: a rule's pattern cannot be compiled.
        """
        self.patterns = [Pattern(rule, part) for rule in rules for part in alternatives(rule.pattern)]
        self._anchored = [index for index, pattern in enumerate(self.patterns) if not pattern.rule.run]
        self._others = [index for index, pattern in enumerate(self.patterns) if pattern.rule.run]
        self._prefilter = Prefilter(self._gates(self._anchored), cache)
        self._runs = Prefilter([_RUN] if self._others else [], cache)
        self._behind_run = Prefilter(self._gates(self._others), cache)

    def _gates(self, indices: Sequence[int]) -> list[bytes]:
        return [self.patterns[index].gate.encode() for index in indices]

    def fired(self, data: bytes) -> Fired:
        """The rules that may match somewhere; no other does.

        Raises:
            hyperscan.error: the scan failed; nothing is known of the data then.
        """
        return self.fired_among(data, (len(data),)).get(0, {})

    def fired_among(self, data: bytes, ends: Sequence[int]) -> dict[int, Fired]:
        """The same for many texts at once, by a text's number.

        `data` has the texts one after another with `SEPARATOR` between them, `ends` where each ends.

        A pattern without a fixed text in it costs as much as a hundred others. Those that match long runs of
        letters and digits alone are tried in the texts that have one: in one of ten.

        Raises:
            hyperscan.error: the scan failed; nothing is known of the data then.
        """
        fired: dict[int, Fired] = {}
        last = -1
        for place, end in self._prefilter.ends(data):
            if end > last:
                text = bisect_left(ends, end)
                start = _start(ends, text)
                last = ends[text]
                rules = fired[text] = {}
            index = self._anchored[place]
            if index in rules:
                rules[index].append(end - start)
            else:
                rules[index] = [end - start]
        for text in self._with_runs(data, ends):
            for place, end in self._behind_run.ends(data[_start(ends, text) : ends[text]]):
                fired.setdefault(text, {}).setdefault(self._others[place], []).append(end)
        return fired

    def _with_runs(self, data: bytes, ends: Sequence[int]) -> Collection[int]:
        """The texts that have long runs of letters and digits; all, where there are very many runs."""
        found = self._runs.ends(data, enough=_MANY_RUNS)
        if len(found) > _MANY_RUNS:
            return range(len(ends))
        return {bisect_left(ends, end) for _, end in found}

    def matches(self, data: bytes, fired: Fired) -> Iterator[tuple[Pattern, Spans]]:
        """The matches of rules that fired in the data, rule by rule."""
        for index in fired if len(fired) == 1 else sorted(fired):
            pattern = self.patterns[index]
            for spans in pattern.matches(data, fired[index]):
                yield pattern, spans


def _start(ends: Sequence[int], text: int) -> int:
    return ends[text - 1] + len(SEPARATOR) if text else 0
