"""Remembers what a pattern matched, for what stands in nearly every text of a conversation: one home's paths.

A match in a small part of a text is one in all of it, so it is remembered by that part. Where there is none,
the caller has to look in all of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import re2

Spans = Sequence[tuple[int, int]]
"""Where a match and its groups stand in bytes; (-1, -1) for a group that did not take part."""

Match = Callable[[Any, bytes, int, int], Spans]
"""RE2's search: how it is anchored, the data, and the part of it to look in."""

_BEFORE = 12
"""Bytes before the place: enough for `/Users/` and what may stand before it, but for rare forms."""

_AHEAD = 96
_MOST = 4096


class Nearby:
    """What a pattern matches in a few bytes round a place."""

    def __init__(self, match: Match, until: str) -> None:
        """`match` is RE2's; `until` has the characters that end a value at the latest, as in brackets."""
        self._match = match
        self._part = re.compile(rf"[^{until}]{{0,{_AHEAD}}}[{until}]".encode()).match
        self._known: dict[tuple[int, bytes], Spans] = {}

    def match(self, data: bytes, position: int, end: int) -> Spans | None:
        """The match at a place, none of it before a position; None where all of the data has to be looked at.

        `end` is behind the first character of the value.
        """
        start = end - _BEFORE
        part = self._part(data, end)
        if part is None or (start <= position if position else start == 0):
            return None
        # The character before is seen and not matched: what may stand there is part of the pattern.
        shift = max(0, start - 1)
        seen = min(1, max(0, start))
        key = (seen, data[shift : part.end()])
        spans = self._known.get(key)
        if spans is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            spans = self._known[key] = self._match(re2._Anchor.UNANCHORED, key[1], seen, len(key[1]))
        if spans[0][0] < 0:
            return None
        return [(first + shift, last + shift) if first >= 0 else (-1, -1) for first, last in spans]
