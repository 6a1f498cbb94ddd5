"""Lines of a changed string, before and after, as a person compares them: cut, and masked where not asked.

What a mask tells is a value's length and, but for secrets, its first character. A control character is shown
as its escape, so that nothing of a request is ever carried out by the terminal that shows it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from typing import Literal

from ccgate.proof.changes import Change
from ccgate.proof.changes import Place

CONTEXT = 40
"""So many characters of a line are shown at most before a change, and after it."""

_MOST = 8
"""So many changes are shown at most in one excerpt, even if they stand close together."""

_LONG = 160
_HEAD = 80
_TAIL = 20

LEAST = 8
"""A secret of fewer characters is not looked for by its value alone: it may be an ordinary word."""

Style = Literal["context", "old", "new"]
Piece = tuple[str, Style]
Stretch = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line, or a part of one, in which something is changed."""

    line: int
    """Of the string, from 1; the one on which the first change begins."""
    changes: tuple[Change, ...]
    before: tuple[Piece, ...] = field(repr=False)
    after: tuple[Piece, ...] = field(repr=False)


class Secrets:
    """The secrets that were found in a request: found again where no rule has seen them."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values = frozenset(value for value in values if len(value) >= LEAST)
        lengths: dict[str, set[int]] = {}
        for value in self._values:
            lengths.setdefault(value[:LEAST], set()).add(len(value))
        self._lengths = {start: sorted(found, reverse=True) for start, found in lengths.items()}

    def __bool__(self) -> bool:
        return bool(self._values)

    def within(self, text: str, apart_from: Iterable[Change] = ()) -> Iterator[Stretch]:
        """Where secrets stand in a text, the longest first, outside of some changes."""
        if not self._values:
            return
        at = 0
        for change in apart_from:
            yield from self._between(text, at, change.start)
            at = change.end
        yield from self._between(text, at, len(text))

    def masked(self, text: str) -> str:
        """A text without them."""
        pieces = []
        at = 0
        for start, end in self.within(text):
            pieces += [text[at:start], _length(end - start)]
            at = end
        return "".join((*pieces, text[at:]))

    def _between(self, text: str, at: int, end: int) -> Iterator[Stretch]:
        while at < end:
            for length in self._lengths.get(text[at : at + LEAST], ()):
                if text[at : at + length] in self._values:
                    stop = min(at + length, end)
                    yield at, stop
                    at = stop
                    break
            else:
                at += 1


def excerpts(
    place: Place, secrets: Secrets, *, show: bool = False, told: set[str] | None = None
) -> Iterator[Excerpt]:
    """The lines of a place that are changed, in order; values are masked unless they are to be shown.

    A line of which each placeholder is told already is left out; `told` is kept between places whose lines
    are shown together.
    """
    text = place.text
    hidden: list[tuple[int, int, Change | None]] = [(one.start, one.end, one) for one in place.changes]
    if not show:
        hidden += [(*stretch, None) for stretch in secrets.within(text, place.changes)]
        hidden.sort(key=lambda one: one[0])
    starts, ends = [one[0] for one in hidden], [one[1] for one in hidden]
    told = set() if told is None else told
    for changes in _together(place):
        if told.issuperset(change.placeholder for change in changes):
            continue
        told.update(change.placeholder for change in changes)
        first, last = _window(text, changes[0].start, changes[-1].end)
        near = hidden[bisect_left(ends, first + 1) : bisect_left(starts, last)]
        before, after = (
            tuple(_pieces(text, first, last, near, show=show, after=after)) for after in (False, True)
        )
        yield Excerpt(changes[0].line, tuple(changes), before, after)


def first_of(change: Change, text: str) -> str | None:
    """The first character of a value, to be told beside its length; None for a secret."""
    return None if change.category == "secret" else visible(text[change.start])


def visible(text: str) -> str:
    """A text in one line without control characters: each is shown as its escape."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def plain(pieces: Iterable[Piece]) -> str:
    """The text of pieces."""
    return "".join(text for text, _ in pieces)


def _together(place: Place) -> Iterator[list[Change]]:
    row: list[Change] = []
    for change in place.changes:
        if row:
            end = row[-1].end
            is_near = change.start - end <= 2 * CONTEXT and "\n" not in place.text[end : change.start]
            if len(row) == _MOST or not is_near:
                yield row
                row = []
        row.append(change)
    yield row


def _window(text: str, start: int, end: int) -> Stretch:
    """What is shown around changes: no more than their lines."""
    least = max(0, start - CONTEXT)
    first = max(least, text.rfind("\n", least, start) + 1)
    last = text.find("\n", end, end + CONTEXT)
    if last < 0:
        return first, min(len(text), end + CONTEXT)
    return first, last - 1 if last > end and text[last - 1] == "\r" else last


def _pieces(
    text: str,
    first: int,
    last: int,
    hidden: Iterable[tuple[int, int, Change | None]],
    *,
    show: bool,
    after: bool,
) -> Iterator[Piece]:
    if first > 0 and text[first - 1] != "\n":
        yield "…", "context"
    at = first
    for start, end, change in hidden:
        yield visible(text[at:start]), "context"
        if change is None:
            yield _length(end - start), "context"
        elif after:
            yield change.placeholder, "new"
        else:
            yield _shown(text[start:end]) if show else _mask(change, text), "old"
        at = end
    yield visible(text[at:last]), "context"
    if last < len(text) and text[last] not in "\r\n":
        yield "…", "context"


def _mask(change: Change, text: str) -> str:
    first = first_of(change, text)
    return _length(change.end - change.start, "" if first is None else f"{first}…, ")


def _length(count: int, before: str = "") -> str:
    return f"<{before}{count:,} character{'' if count == 1 else 's'}>"


def _shown(value: str) -> str:
    if len(value) <= _LONG:
        return visible(value)
    between = _length(len(value) - _HEAD - _TAIL, "… ")
    return f"{visible(value[:_HEAD])}{between}{visible(value[-_TAIL:])}"
