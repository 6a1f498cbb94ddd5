"""Puts originals back into text that comes in pieces.

Only placeholders of this request are replaced, each by the whole of it and where its value would be found
again (`restore_beside`): what only looks like one was invented by the model and stays. What may yet become a
placeholder is held back: the longest end of the text that is the beginning of one, and nothing else; and a
whole one until what follows it tells, which most often is one character.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator
from typing import NamedTuple

from ccgate.privacy.placeholders import LONGEST
from ccgate.privacy.placeholders import PATTERN
from ccgate.privacy.placeholders import Category
from ccgate.privacy.restoration.restore_beside import BEFORE
from ccgate.privacy.restoration.restore_beside import fits
from ccgate.privacy.vault import Original
from ccgate.privacy.vault import Vault

MOST_HELD = LONGEST + 2
"""No more characters than this are held back: a placeholder, and what must follow it to tell."""

_HEADS = ("redacted", "REDACTED")
"""What all placeholders begin with."""

_ENDS = tuple(head[:size] for head in _HEADS for size in range(1, len(head)))

_BETWEEN = "\0\n\0"
"""Stands between values, and in none."""

_NOT_IN_SLUGS = re.compile(r"[^A-Za-z0-9]")


class Table:
    """What to put in place of which placeholder: a request's vault, of some categories.

    Nothing is prepared: an answer begins at once, however much its request had redacted.
    """

    __slots__ = ("_categories", "_joined", "_sorted", "_vault", "_wider")

    def __init__(self, vault: Vault, categories: Collection[Category]) -> None:
        self._vault = vault
        self._categories = frozenset(categories)
        self._sorted: list[str] | None = None
        self._joined: str | None = None
        self._wider: dict[str, list[tuple[str, str]]] = {}

    def __bool__(self) -> bool:
        return bool(self._categories) and len(self._vault) > 0

    def original(self, placeholder: str) -> Original | None:
        """What a placeholder stands for, if it is of this table."""
        original = self._vault.original(placeholder)
        return original if original is not None and original.category in self._categories else None

    def begins_one(self, tail: str) -> bool:
        """Whether a placeholder begins with this text and goes on after it."""
        if len(tail) <= len(_HEADS[0]):
            # The first letter tells; no need to sort them all for that.
            return any(name[0] == tail[0] for name in self._names())
        if self._sorted is None:
            self._sorted = sorted(self._names())
        after = bisect_right(self._sorted, tail)
        return after < len(self._sorted) and self._sorted[after].startswith(tail)

    def ends_in_secret(self, text: str) -> bool:
        """Whether the last of a text is a secret of the request, or what stands for one."""
        return any(
            text.endswith((original.value[1 - BEFORE :], name))
            for name, original in self._vault.items()
            if original.category == "secret"
        )

    def _names(self) -> Iterator[str]:
        return (name for name, original in self._vault.items() if original.category in self._categories)

    def wider(self, value: str) -> list[tuple[str, str]]:
        """The values of the request that hold this one, by what they have before and after it."""
        wider = self._wider.get(value)
        if wider is None:
            if self._joined is None:
                self._joined = _joined(self._vault)
            wider = self._wider[value] = _around(value, self._joined)
        return wider


class Found(NamedTuple):
    """A placeholder in a text, by its offsets, and what is put there."""

    start: int
    end: int
    value: str


class Search:
    """Looks for the placeholders of a table in one text, piece by piece. `told` hears of each, once.

    With `anywhere`, what stands beside them does not count; nothing counts that stands beyond a `bound`.
    """

    __slots__ = ("_anywhere", "_bound", "_table", "_told")

    def __init__(
        self,
        table: Table,
        told: Callable[[str, bool], None],
        *,
        anywhere: bool = False,
        bound: str | None = None,
    ) -> None:
        self._table = table
        self._bound = bound
        self._told = told
        self._anywhere = anywhere

    def find(self, text: str, before: Callable[[], str], *, final: bool) -> tuple[list[Found], int]:
        """The placeholders to replace, and where the end begins that has to wait for more.

        `before` gives what was given before the text. `final` says that no more comes, so nothing waits.
        """
        found: list[Found] = []
        given: str | None = None
        position = 0
        for match in PATTERN.finditer(text, _first_head(text)):
            start, end = match.span()
            original = self._table.original(match[0])
            if original is not None:
                if self._anywhere:
                    fit: bool | None = True
                else:
                    given = ((before() if given is None else given) + text[position:start])[-BEFORE:]
                    room = MOST_HELD - (end - start)
                    after = text[end : end + room]
                    ended = final and len(text) - end <= room
                    if self._bound is not None:
                        given = given[given.rfind(self._bound) + 1 :]
                        if (bound := after.find(self._bound)) >= 0:
                            after, ended = after[:bound], True
                    fit = self._fit(original, given, after, final=ended)
                    if fit is None and len(text) - end < room:
                        return found, start
                    given += original.value if fit else match[0]
                self._told(match[0], bool(fit))
                if fit:
                    found.append(Found(start, end, original.value))
                position = end
        return found, len(text) if final else self._waiting(text, position)

    def _fit(self, original: Original, before: str, after: str, *, final: bool) -> bool | None:
        after_secret = before.endswith("@") and self._table.ends_in_secret(before[:-1])
        fit = fits(original.value, original.category, before, after, final=final, after_secret=after_secret)
        if fit is False:
            return False
        for left, right in self._table.wider(original.value):
            if before.endswith(left):
                if after.startswith(right):
                    return False
                if not final and right.startswith(after):
                    fit = None
        return fit

    def _waiting(self, text: str, floor: int) -> int:
        """Where the longest end of a text starts, from `floor` on, that is a placeholder's beginning."""
        size = len(text)
        for head in _HEADS:
            start = text.find(head, max(floor, size - LONGEST + 1))
            while start >= 0:
                if self._table.begins_one(text[start:]):
                    return start
                start = text.find(head, start + 1)
        if text.endswith(_ENDS):
            for length in range(min(len(_HEADS[0]) - 1, size - floor), 0, -1):
                tail = text[-length:]
                if tail in _ENDS and self._table.begins_one(tail):
                    return size - length
        return size


def _first_head(text: str) -> int:
    """Where the first placeholder may begin."""
    lower, upper = (text.find(head) for head in _HEADS)
    return max(lower, upper, 0) if lower < 0 or upper < 0 else min(lower, upper)


def is_quiet(piece: str) -> bool:
    """Whether a piece of text neither holds a placeholder nor ends as one begins."""
    return "redacted" not in piece and "REDACTED" not in piece and not piece.endswith(_ENDS)


class TextRestorer:
    """Restores one text. `told` hears of each placeholder, and whether it was replaced."""

    __slots__ = ("_given", "_search", "_table", "held")

    def __init__(self, table: Table, told: Callable[[str, bool], None]) -> None:
        self._table = table
        self._search = Search(table, told)
        self._given = ""
        self.held = ""

    def feed(self, piece: str, *, final: bool = False) -> str:
        """The text that can be given now; after `final`, nothing is held back."""
        if not self.held and is_quiet(piece):
            self._given = "" if final else (self._given + piece)[-BEFORE:]
            return piece
        if not self._table:
            return piece
        text = self.held + piece
        found, wait = self._search.find(text, self._before, final=final)
        self.held = text[wait:]
        parts: list[str] = []
        position = 0
        for start, end, value in found:
            parts += text[position:start], value
            position = end
        parts.append(text[position:wait])
        out = "".join(parts)
        self._given = "" if final else (self._given + out)[-BEFORE:]
        return out

    def _before(self) -> str:
        return self._given


def _joined(vault: Vault) -> str:
    """All values of a request, and the forms that homes' names take in slugs."""
    values = []
    for _, original in vault.items():
        values.append(original.value)
        if original.category == "home" and not original.value.isalnum():
            values.append(_NOT_IN_SLUGS.sub("-", original.value))
    return _BETWEEN + _BETWEEN.join(values) + _BETWEEN


def _around(value: str, joined: str) -> list[tuple[str, str]]:
    """What stands around a value wherever it is a part of another."""
    found = []
    at = joined.find(value)
    while at >= 0:
        end = at + len(value)
        left = joined[joined.rfind(_BETWEEN, 0, at) + len(_BETWEEN) : at]
        right = joined[end : joined.find(_BETWEEN, end)]
        if left or right:
            found.append((left[-BEFORE:], right))
        at = joined.find(value, at + 1)
    return found
