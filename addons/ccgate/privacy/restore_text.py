"""Puts originals back into text that comes in pieces.

Only placeholders that stand in a table are replaced, each by the whole of it: what only looks like one was
invented by the model and stays. Where several fit, the leftmost counts, and of those that begin at one place
the longest. What may yet become a placeholder is held back: the longest end of the text that is the
beginning of one, and nothing else.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from collections.abc import Mapping
from typing import NamedTuple

_HEAD = 8
"""Characters of a placeholder that are searched for; enough to tell it from ordinary text."""


class Found(NamedTuple):
    """A placeholder in a text, by its offsets."""

    start: int
    end: int
    placeholder: str


class Table:
    """What to put in place of which placeholder.

    Placeholders are ASCII, without quotes, backslashes and control characters.
    """

    __slots__ = ("_firsts", "_head", "_lengths", "_longest", "_sorted", "originals")

    def __init__(self, originals: Mapping[str, str]) -> None:
        self.originals = dict(originals)
        self._sorted = sorted(self.originals)
        self._lengths = sorted({len(name) for name in self._sorted}, reverse=True)
        self._longest = max(self._lengths, default=0)
        size = min(_HEAD, *self._lengths) if self._lengths else 0
        heads = sorted({name[:size] for name in self._sorted})
        # Few and the same in every request, so that `re` has it compiled already.
        self._head = re.compile("|".join(map(re.escape, heads)))
        self._firsts = sorted({name[0] for name in self._sorted})

    def __len__(self) -> int:
        return len(self.originals)

    def find(self, text: str, *, final: bool) -> tuple[list[Found], int]:
        """The placeholders in a text, and where the end begins that has to wait for more.

        `final` says that no more comes, so nothing waits.
        """
        found: list[Found] = []
        if not self.originals:
            return found, len(text)
        wait = len(text) if final else self._waiting(text, 0)
        position = 0
        while (head := self._head.search(text, position)) and (start := head.start()) < wait:
            placeholder = self._at(text, start)
            if placeholder is None:
                position = start + 1
                continue
            position = start + len(placeholder)
            found.append(Found(start, position, placeholder))
            if position > wait:
                wait = self._waiting(text, position)
        return found, wait

    def _at(self, text: str, start: int) -> str | None:
        """The longest placeholder that stands at an offset."""
        for length in self._lengths:
            placeholder = text[start : start + length]
            if placeholder in self.originals:
                return placeholder
        return None

    def _waiting(self, text: str, floor: int) -> int:
        """Where the longest end of a text starts, from `floor` on, that is a placeholder's beginning."""
        size = len(text)
        wait = size
        for first in self._firsts:
            start = text.find(first, max(floor, size - self._longest + 1), wait)
            while start >= 0:
                if self._begins_one(text[start:]):
                    wait = start
                    break
                start = text.find(first, start + 1, wait)
        return wait

    def _begins_one(self, tail: str) -> bool:
        """Whether a placeholder begins with this text and goes on after it."""
        after = bisect_right(self._sorted, tail)
        return after < len(self._sorted) and self._sorted[after].startswith(tail)


class TextRestorer:
    """Restores one text. `restored` is told each placeholder that was replaced."""

    __slots__ = ("_restored", "_table", "held")

    def __init__(self, table: Table, restored: Callable[[str], None]) -> None:
        self._table = table
        self._restored = restored
        self.held = ""

    def feed(self, piece: str, *, final: bool = False) -> str:
        """The text that can be given now; after `final`, nothing is held back."""
        text = self.held + piece
        found, wait = self._table.find(text, final=final)
        self.held = text[wait:]
        if not found:
            return text[:wait] if self.held else text
        parts: list[str] = []
        position = 0
        for start, end, placeholder in found:
            parts += text[position:start], self._table.originals[placeholder]
            self._restored(placeholder)
            position = end
        parts.append(text[position:wait])
        return "".join(parts)
