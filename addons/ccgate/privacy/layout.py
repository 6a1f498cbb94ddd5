"""Where the parts of a request are in its bytes: each tool list, system block, message and other field.

A conversation is sent again in every turn, with little that is new. So a request is cut into parts by a
parser that skips over what is in them, and only parts that were never seen are read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from itertools import count
from itertools import repeat
from operator import add
from typing import NamedTuple

import msgspec
from msgspec import UNSET
from msgspec import Raw
from msgspec import Struct
from msgspec import UnsetType

from ccgate.errors import Refusal
from ccgate.privacy.jsontext import DuplicateKey
from ccgate.privacy.walk import SILENT_FIELDS
from ccgate.privacy.walk import Format
from ccgate.privacy.walk import Kind

_LAST_SPACE = ord(" ")
_SPACES = b" \t\n\r"
_SPACE = re.compile(rb"[ \t\n\r]*")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_PLAIN = re.compile(rb'"[A-Za-z_]+"')
_SCALAR = re.compile(rb"[^\s,\]}]+")
_BRACKET = re.compile(rb'["{}\[\]]')


class Part(NamedTuple):
    """A piece of a request that is walked on its own."""

    kind: Kind
    start: int
    end: int
    """Offsets in the request's bytes."""
    name: str
    place: int = -1
    """Place in the field's array; -1: the field as a whole."""

    @property
    def path(self) -> str:
        """`messages[3]`, or `tools`."""
        return self.name if self.place < 0 else f"{self.name}[{self.place}]"


@dataclass(frozen=True, slots=True)
class Layout:
    """A request's parts, those that carry content in the order in which its reader meets them.

    Other fields come first, because they do not change while a conversation grows; then tools, system and
    messages, which is the order of the provider's cache.
    """

    parts: tuple[Part, ...]
    metadata: Part | None
    """The field `metadata` of a Messages request; it carries no content."""
    messages_end: int
    """Offset of the bracket that ends the messages; 0: there are none."""


class _Request(Struct):
    messages: list[Raw] | UnsetType = UNSET
    system: Raw | UnsetType = UNSET
    tools: Raw | UnsetType = UNSET


_requests = msgspec.json.Decoder(_Request)
_arrays = msgspec.json.Decoder(list[Raw])


def lay_out(body: bytes, form: Format) -> Layout:
    """The parts of a request.

    Raises:
        Refusal: 400; it is not a JSON object in UTF-8, or has a key twice.
    """
    try:
        return _laid_out(body, form, _decoded(_requests, body))
    except (msgspec.DecodeError, RecursionError):
        raise unreadable() from None


def _laid_out(body: bytes, form: Format, request: _Request) -> Layout:
    lengths = {
        name: len(memoryview(raw))
        for name, raw in (("system", request.system), ("tools", request.tools))
        if isinstance(raw, Raw)
    }
    messages = [] if isinstance(request.messages, UnsetType) else request.messages
    fields: dict[str, list[Part]] = {}
    metadata = None
    messages_end = 0
    at = _skip(body, _skip(body, 0) + 1)
    while body[at : at + 1] == b'"':
        end = _end_of_string(body, at)
        name = _name(body[at:end])
        if name in fields:
            raise DuplicateKey
        at = _skip(body, _skip(body, end) + 1)
        if name == "messages":
            fields[name] = _items(body, at, messages, "message", name)
            end = _end_of_array(body, fields[name][-1].end if messages else at + 1)
            messages_end = end - 1 if messages else 0
        else:
            end = at + lengths[name] if name in lengths else _end_of_value(body, at)
            fields[name] = _field(body, at, end, name, form)
            if name == "metadata" and form == "messages":
                metadata = Part("field", at, end, name)
        at = _skip(body, end)
        if body[at : at + 1] == b",":
            at = _skip(body, at + 1)
    if body[at : at + 1] != b"}":
        raise unreadable()
    last = [fields.pop(name, []) for name in ("functions", "tools", "system", "messages")]
    parts = tuple(part for parts in (*fields.values(), *last) for part in parts)
    return Layout(parts, metadata, messages_end)


def lay_out_rest(body: bytes, at: int, end: int, messages: int) -> list[Part]:
    """The messages between the end of one and the end of all; `messages` is how many come before.

    Raises:
        Refusal: 400; that is not JSON in UTF-8.
    """
    at = _skip(body, at)
    if at == end:
        return []
    try:
        items = _decoded(_arrays, b"[" + body[at + 1 : end] + b"]")
    except (msgspec.DecodeError, RecursionError):
        raise unreadable() from None
    parts = _items(body, at, items, "message", "messages", messages)
    if body[at : at + 1] != b"," or not parts or _skip(body, parts[-1].end) != end:
        raise unreadable()
    return parts


def unreadable() -> Refusal:
    """What a client is told whose request cannot be read."""
    return Refusal(400, "the request was not sent: its body is not JSON that can be read")


def _field(body: bytes, at: int, end: int, name: str, form: Format) -> list[Part]:
    if name == "system" and body[at : at + 1] == b"[":
        blocks = _items(body, at, _decoded(_arrays, body[at:end]), "system", name)
        return [blocks[0]._replace(kind="first_system"), *blocks[1:]] if blocks else []
    if name in ("tools", "functions"):
        return [Part("tools", at, end, name)]
    if name in SILENT_FIELDS[form]:
        _check_text(body[at:end])
    elif name == "metadata":
        return [Part("free", at, end, name)]
    elif body[at : at + 1] in (b'"', b"{", b"["):
        return [Part("system" if name == "system" else "field", at, end, name)]
    return []


def _decoded[T](decoder: msgspec.json.Decoder[T], raw: bytes) -> T:
    try:
        return decoder.decode(raw)
    except msgspec.DecodeError:
        return decoder.decode(_harmless(raw))


def _harmless(raw: bytes) -> bytes:
    """Of the same layout, without the lone surrogates that the real client sends and the parser refuses.

    A backslash that is itself escaped comes to no harm.
    """
    return raw.replace(rb"\ud", rb"\u0").replace(rb"\uD", rb"\u0")


def _items(body: bytes, at: int, items: list[Raw], kind: Kind, name: str, first: int = 0) -> list[Part]:
    """The parts of an array that begins at an offset, by the lengths of its items."""
    lengths = [len(memoryview(item)) for item in items]
    starts, ends = _placed_closely(body, at, lengths) or _placed(body, at, lengths)
    return list(map(_part, zip(repeat(kind), starts, ends, repeat(name), count(first))))


_part = partial(tuple.__new__, Part)


def _placed_closely(body: bytes, at: int, lengths: list[int]) -> tuple[list[int], list[int]] | None:
    """Starts and ends of an array's items; None where there are spaces between them."""
    starts = list(map(add, accumulate(lengths, initial=at + 1), range(len(lengths))))
    ends = list(map(add, starts, lengths))
    try:
        marks = bytes(map(body.__getitem__, ends[:-1]))
        firsts = bytes(map(body.__getitem__, starts))
    except IndexError:
        return None
    close = marks.count(b",") == len(marks) and len(firsts.translate(None, _SPACES)) == len(firsts)
    return (starts, ends) if close else None


def _placed(body: bytes, at: int, lengths: list[int]) -> tuple[list[int], list[int]]:
    starts: list[int] = []
    ends: list[int] = []
    for length in lengths:
        if ends and body[at : at + 1] != b",":
            raise unreadable()
        starts.append(_skip(body, at + 1))
        ends.append(starts[-1] + length)
        at = _skip(body, ends[-1])
    return starts, ends


def _end_of_array(body: bytes, at: int) -> int:
    at = _skip(body, at)
    if body[at : at + 1] != b"]":
        raise unreadable()
    return at + 1


def _skip(body: bytes, at: int) -> int:
    if at < len(body) and body[at] > _LAST_SPACE:
        return at
    space = _SPACE.match(body, at)
    return space.end() if space else at


def _end_of_string(body: bytes, at: int) -> int:
    string = _STRING.match(body, at)
    if string is None:
        raise unreadable()
    return string.end()


def _end_of_value(body: bytes, at: int) -> int:
    first = body[at : at + 1]
    if first == b'"':
        return _end_of_string(body, at)
    if first not in (b"{", b"["):
        scalar = _SCALAR.match(body, at)
        if scalar is None:
            raise unreadable()
        return scalar.end()
    depth = 0
    while mark := _BRACKET.search(body, at):
        at = mark.end()
        if mark.group() == b'"':
            at = _end_of_string(body, mark.start())
        elif mark.group() in b"{[":
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                return at
    raise unreadable()


def _name(literal: bytes) -> str:
    if _PLAIN.fullmatch(literal):
        return literal[1:-1].decode()
    try:
        name = json.loads(literal.decode())
    except ValueError:
        raise unreadable() from None
    return str(name)


def _check_text(raw: bytes) -> None:
    try:
        raw.decode()
    except UnicodeDecodeError:
        raise unreadable() from None
