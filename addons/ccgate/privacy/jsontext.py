"""Reads JSON so that each string knows where it stands, and nothing is lost on the way.

The fast parser tells no positions, drops all but the last of duplicate keys and refuses lone surrogates,
which the real client sends. This one is for what the fast one cannot do; it is several times slower. What is
no string comes out as None, because nobody asks.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ccgate.errors import Refusal

_read_string = json.JSONDecoder().raw_decode

_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null")


class At(str):
    """A string of a JSON text, with the offsets of its quotes in it: the first, and after the last."""

    __slots__ = ("end", "start")

    start: int
    end: int


class DuplicateKey(Refusal):
    """An object has a key twice: what one reader sees, another does not."""

    def __init__(self) -> None:
        super().__init__(400, "the request was not sent: an object in it has the same key twice")


class NotJson(ValueError):
    """A text is not JSON, or not a text."""


def text_of(raw: bytes) -> str:
    """Bytes as the UTF-8 that they must be.

    Raises:
        NotJson: they are not.
    """
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise NotJson("not UTF-8") from None


def parse(text: str) -> Any:
    """The value of a JSON text, its strings and keys as `At`.

    Raises:
        DuplicateKey: an object has a key twice.
        NotJson: it is not JSON.
        RecursionError: it is nested too deeply.
    """
    value, end = _value(text, _skip(text, 0))
    if _skip(text, end) != len(text):
        raise NotJson("text after the value")
    return value


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _value(text: str, at: int) -> tuple[Any, int]:
    first = text[at : at + 1]
    if first == '"':
        return _string(text, at)
    if first == "{":
        return _object(text, at)
    if first == "[":
        return _array(text, at)
    scalar = _SCALAR.match(text, at)
    if scalar is None:
        raise NotJson("no value where one must stand")
    return None, scalar.end()


def _string(text: str, at: int) -> tuple[At, int]:
    try:
        value, end = _read_string(text, at)
    except json.JSONDecodeError:
        raise NotJson("no string where one must stand") from None
    string = At(value)
    string.start, string.end = at, end
    return string, end


def _object(text: str, at: int) -> tuple[dict[At, Any], int]:
    members: dict[At, Any] = {}
    at = _skip(text, at + 1)
    if text[at : at + 1] == "}":
        return members, at + 1
    while text[at : at + 1] == '"':
        key, at = _string(text, at)
        if key in members:
            raise DuplicateKey
        at = _skip(text, at)
        if text[at : at + 1] != ":":
            raise NotJson("no colon after a key")
        members[key], at = _value(text, _skip(text, at + 1))
        at = _skip(text, at)
        mark = text[at : at + 1]
        if mark == "}":
            return members, at + 1
        if mark != ",":
            raise NotJson("no comma between members")
        at = _skip(text, at + 1)
    raise NotJson("no key where one must stand")


def _array(text: str, at: int) -> tuple[list[Any], int]:
    items: list[Any] = []
    at = _skip(text, at + 1)
    if text[at : at + 1] == "]":
        return items, at + 1
    while True:
        item, at = _value(text, at)
        items.append(item)
        at = _skip(text, at)
        mark = text[at : at + 1]
        if mark == "]":
            return items, at + 1
        if mark != ",":
            raise NotJson("no comma between items")
        at = _skip(text, at + 1)
