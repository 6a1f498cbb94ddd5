"""Finds values that were to stay at home, in whatever form a request carries them.

As they are, in JSON escapes, in JSON inside a JSON string, percent-encoded, in hexadecimal digits and in
base64: a check that reads bytes alone would miss what a reader of the request would not.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from tests.standin.record import Recorded
from tests.standin.seen import strings

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}")
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){6,}")
_NESTED = 3
"""How many JSON texts may lie within each other."""


def leaked(request: Recorded, values: Collection[str]) -> set[str]:
    """Which of the values a request holds, in its path, a header or its body."""
    return set().union(
        held(request.path.encode(), values),
        held(request.body, values),
        *(held(value.encode(), values) for _, value in request.headers),
    )


def held(part: bytes, values: Collection[str]) -> set[str]:
    """Which of the values can be read in a text."""
    sought = {value: value.encode() for value in values}
    found: set[str] = set()
    for text in _texts(part, _NESTED):
        for form in _forms(text):
            found |= {value for value, encoded in sought.items() if encoded in form}
    return found


def _texts(part: bytes, nested: int) -> Iterator[bytes]:
    """A text, and where it is JSON, all strings in it."""
    yield part
    if not nested:
        return
    try:
        value = json.loads(part)
    except ValueError:
        return
    for text in strings(value):
        yield from _texts(text.encode("utf-8", "surrogatepass"), nested - 1)


def _forms(text: bytes) -> Iterator[bytes]:
    yield text
    if b"%" in text:
        yield unquote_to_bytes(text)
    for run in _HEX.findall(text):
        yield bytes.fromhex(run.decode())
    for run in _BASE64.findall(text):
        yield from _from_base64(run.translate(bytes.maketrans(b"-_", b"+/")))


def _from_base64(run: bytes) -> Iterator[bytes]:
    """What a run can stand for, wherever its groups of four begin."""
    for start in range(4):
        part = run[start:]
        # One letter beyond a group of four stands for nothing; two or three want the signs that fill it up.
        part = part[:-1] if len(part) % 4 == 1 else part
        yield base64.b64decode(part + b"=" * (-len(part) % 4))
