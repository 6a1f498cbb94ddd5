"""Which rules fire in a text, and where: two engines that both take linear time.

Vectorscan tells in one pass over a text which of hundreds of patterns match somewhere in it, and not where;
RE2 then finds the places, for those few patterns alone. Python's own `re` needs more than 25 seconds for a
hostile text of 100 KB and the same patterns.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from ccgate.privacy.detection.alternatives import alternatives
from ccgate.privacy.detection.nearby import Spans
from ccgate.privacy.detection.patterns import Pattern
from ccgate.privacy.detection.prefilter import Prefilter
from ccgate.privacy.detection.rules import Rule

Fired = dict[int, list[int]]
"""Index of a pattern that may match in a text → where matches of its gate end, sorted."""

SEPARATOR = b"\n"
"""What stands between texts that are scanned at once: for gates each text begins and ends a line."""

_RUN = rb"(?:^|[^A-Za-z0-9])[A-Za-z0-9]{22}"
"""What every match of a rule with `run` has in it; told once for each run, however long it is."""

_MANY_RUNS = 5000
"""Of those no more are counted."""


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
        fired = _by_text(self._prefilter, self._anchored, data, ends)
        if runs := sorted(self._with_runs(data, ends)):
            parts = [data[_start(ends, text) : ends[text]] for text in runs]
            behind = _by_text(self._behind_run, self._others, SEPARATOR.join(parts), text_ends(parts))
            for place, rules in behind.items():
                fired.setdefault(runs[place], {}).update(rules)
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


def text_ends(texts: Iterable[bytes]) -> list[int]:
    """Where each text ends among others, with separators between."""
    step = len(SEPARATOR)
    return [end - step for end in accumulate(len(text) + step for text in texts)]


def _start(ends: Sequence[int], text: int) -> int:
    return ends[text - 1] + len(SEPARATOR) if text else 0


def _by_text(
    prefilter: Prefilter, indices: Sequence[int], data: bytes, ends: Sequence[int]
) -> dict[int, Fired]:
    """What matches in data, by the text's number; `indices` are those of the prefilter's patterns."""
    fired: dict[int, Fired] = {}
    last = -1
    for place, end in prefilter.ends(data):
        if end > last:
            text = bisect_left(ends, end)
            start = _start(ends, text)
            last = ends[text]
            rules = fired[text] = {}
        index = indices[place]
        if index in rules:
            rules[index].append(end - start)
        else:
            rules[index] = [end - start]
    return fired
