"""Puts other text in the place of some, and leaves every byte around it as it came.

The provider's cache and the signatures of its thinking hold on to the request as it was. So a changed string
is not written anew: its unchanged parts keep the escapes that the client gave them.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from itertools import pairwise
from json.encoder import encode_basestring as quoted

Edit = tuple[int, int, str]
"""Start and end in a text, and what stands there instead."""

ByteEdit = tuple[int, int, bytes]
"""Start and end in bytes, and what stands there instead."""

_LONG = 64

_ESCAPE = re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)")
"""One escape that stands for one character; a pair of surrogates is one."""


def escaped(text: str) -> str:
    """A text as it stands in a JSON string that escapes only what it must, without the quotes."""
    return quoted(text)[1:-1]


def can_overlap(value: str) -> bool:
    """Whether two places of a value may overlap; of a long one it is not known that they do not."""
    return len(value) > _LONG or any(value.endswith(value[:n]) for n in range(1, len(value)))


def spliced(text: str, edits: Sequence[Edit]) -> str:
    """A text with edits made; they are sorted and do not overlap."""
    parts: list[str] = []
    last = 0
    for start, end, new in edits:
        parts += (text[last:start], new)
        last = end
    parts.append(text[last:])
    return "".join(parts)


def spliced_bytes(raw: bytes, pieces: Iterable[tuple[int, Iterable[ByteEdit]]]) -> bytes:
    """Bytes with edits made, which come in pieces: an offset, and edits that count from there.

    They are sorted and do not overlap.
    """
    view = memoryview(raw)  # Of what stays, nothing is copied before all of it is joined.
    parts: list[bytes | memoryview] = []
    add = parts.append
    last = 0
    for offset, edits in pieces:
        for start, end, new in edits:
            add(view[last : offset + start])
            add(new)
            last = offset + end
    add(view[last:])
    return b"".join(parts)


class Edits:
    """Edits of some bytes, in order: by the thousand they take a twentieth of what tuples of numbers do.

    A long conversation has as many, and what is spread over the memory takes longer to read than to write.
    """

    __slots__ = ("_news", "_places")

    def __init__(self) -> None:
        self._places = array("Q")
        self._news: list[bytes] = []

    def __len__(self) -> int:
        return len(self._news)

    def add(self, offset: int, edits: Iterable[ByteEdit]) -> None:
        """Edits behind all others; they count from an offset."""
        for start, end, new in edits:
            self._places.append(offset + start)
            self._places.append(offset + end)
            self._news.append(new)

    def first(self, count: int) -> Edits:
        """The first so many, as edits of their own."""
        edits = Edits()
        edits._places = self._places[: 2 * count]
        edits._news = self._news[:count]
        return edits

    def __iter__(self) -> Iterator[ByteEdit]:
        places = iter(self._places)
        return zip(places, places, self._news, strict=False)


def within_literal(literal: str, value: str, offsets: Sequence[int]) -> list[int]:
    """Where offsets into a string's value lie in its JSON form.

    `literal` is that form without its quotes, `offsets` are ascending. An offset lies before the escape of
    the character that it is before.
    """
    if len(literal) == len(value):
        return list(offsets)
    if escaped(value) == literal:
        lengths = (len(quoted(value[a:b])) - 2 for a, b in pairwise((0, *offsets)))
        places = []
        at = 0
        for length in lengths:
            at += length
            places.append(at)
        return places
    return _by_escapes(literal, offsets)


def _by_escapes(literal: str, offsets: Sequence[int]) -> list[int]:
    places = []
    escapes = _ESCAPE.finditer(literal)
    shift = 0
    ahead = next(escapes, None)
    for offset in offsets:
        while ahead is not None and ahead.start() < offset + shift:
            shift += len(ahead.group()) - 1
            ahead = next(escapes, None)
        places.append(offset + shift)
    return places


def in_bytes(text: str, offsets: Sequence[int]) -> list[int]:
    """Where offsets into a text, ascending, lie in its UTF-8 form."""
    if text.isascii():
        return list(offsets)
    places = []
    at = 0
    for a, b in pairwise((0, *offsets)):
        at += len(text[a:b].encode())
        places.append(at)
    return places
