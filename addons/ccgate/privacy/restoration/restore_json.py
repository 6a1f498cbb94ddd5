"""Puts originals back into JSON text that comes in pieces, such as the input of a tool.

Format: RFC 8259. A model may write any character of a placeholder as `\\u0040`, and the pieces may be cut
anywhere, also within such an escape. So the search goes over the characters that the text stands for, and
what is found is replaced in the text as it is written; everything else keeps its form.

Whether a place is inside a string need not be followed. A placeholder holds neither quotes nor backslashes
nor spaces, so one that is found lies within one string (a key's too): outside of strings JSON has no
letters but those of `true`, `false`, `null` and exponents. What has to be followed is where an escape
begins: the `r` in `\\redacteduser…` is none.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from json.encoder import encode_basestring_ascii

from ccgate.privacy.restoration.restore_beside import BEFORE
from ccgate.privacy.restoration.restore_text import Search
from ccgate.privacy.restoration.restore_text import Table
from ccgate.privacy.restoration.restore_text import is_quiet

# In this order: a character by its number; another escape; one that is cut off; `\u` without a number.
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([^u])|((?:u[0-9a-fA-F]{0,3})?\Z)|u)", re.DOTALL)

_MEANT = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "\\": "\\", "/": "/"}

_NOTHING = "\1"
"""Stands for an escape that means nothing."""

_QUOTE = "\0"
"""Stands for a quote that begins or ends a string, to tell it from one within."""

_BEFORE = 6 * BEFORE
"""So much text, however it is written, means at least `BEFORE` characters."""


def escaped(text: str) -> str:
    """A text as the inside of a JSON string, ASCII alone, so that lone surrogates survive too."""
    return encode_basestring_ascii(text)[1:-1]


class JsonRestorer:
    """Restores one JSON text. `told` hears of each placeholder, and whether it was replaced.

    With `anywhere`, what stands beside them does not count.
    """

    __slots__ = ("_given", "_search", "_table", "held")

    def __init__(self, table: Table, told: Callable[[str, bool], None], *, anywhere: bool = False) -> None:
        self._table = table
        self._search = Search(table, told, anywhere=anywhere, bound=_QUOTE)
        self._given = ""
        self.held = ""

    def feed(self, piece: str, *, final: bool = False) -> str:
        """The text that can be given now; after `final`, nothing is held back."""
        if not self.held and is_quiet(piece) and "\\u" not in piece and not piece.endswith("\\"):
            self._given = "" if final else (self._given + piece)[-_BEFORE:]
            return piece
        if not self._table:
            return piece
        text = self.held + piece
        written: Callable[[int], int]
        if "\\" in text:
            meaning, offsets = _read(text, final=final)
            written = offsets.written
        else:
            meaning = text.replace('"', _QUOTE)
            written = _as_it_is
        found, wait = self._search.find(meaning, self._before, final=final)
        end_given = len(text) if final else written(wait)
        self.held = text[end_given:]
        parts: list[str] = []
        position = 0
        for start, end, value in found:
            parts += text[position : written(start)], escaped(value)
            position = written(end)
        parts.append(text[position:end_given])
        out = "".join(parts)
        self._given = "" if final else (self._given + out)[-_BEFORE:]
        return out

    def _before(self) -> str:
        given = self._given if "\\u" in self._given else self._given[-2 * BEFORE :]
        if "\\" not in given:
            return given.replace('"', _QUOTE)
        return _read(given, final=True)[0]


def _as_it_is(offset: int) -> int:
    """Where a character is written in a text without escapes."""
    return offset


class _Offsets:
    """Where in a text its characters are written."""

    __slots__ = ("_meant", "_written")

    def __init__(self) -> None:
        self._meant = [0]
        self._written = [0]

    def after_escape(self, meant: int, written: int) -> None:
        """From here on, one character is one character again."""
        self._meant.append(meant)
        self._written.append(written)

    def written(self, meant: int) -> int:
        """The offset in the text at which a character is written."""
        last = bisect_right(self._meant, meant) - 1
        return self._written[last] + meant - self._meant[last]


def _read(text: str, *, final: bool) -> tuple[str, _Offsets]:
    """The characters that a text stands for, without an escape that is cut off at its end."""
    offsets = _Offsets()
    parts = []
    position = 0
    length = 0
    for escape in _ESCAPE.finditer(text):
        number, sign, cut_off = escape.groups()
        start = escape.start()
        parts.append(text[position:start].replace('"', _QUOTE))
        length += start - position
        if cut_off is not None and not final:
            return "".join(parts), offsets
        parts.append(chr(int(number, 16) or 1) if number else _MEANT.get(sign or "", _NOTHING))
        length += 1
        position = escape.end()
        offsets.after_escape(length, position)
    parts.append(text[position:].replace('"', _QUOTE))
    return "".join(parts), offsets
