"""Restores a streamed answer of the Messages API, event by event.

Format: https://platform.claude.com/docs/en/build-with-claude/streaming. Each content block has a state of
its own, so blocks may interleave, and one for each kind of delta. An event whose text is all held back
leaves with an empty text: every event of the upstream is one event for the client, in its place. What is
held back comes in a delta of its own, right before what ends the block.

Only what is listed here is changed. Thinking, signatures, results of what the provider ran, and every event
and delta that is not known pass as they are: a placeholder that stays is read again as one in the next turn.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from json.encoder import encode_basestring_ascii
from typing import Any

import msgspec

from ccgate.errors import Refusal
from ccgate.privacy.jsontext import At
from ccgate.privacy.restoration.restore_document import Document
from ccgate.privacy.restoration.restore_places import Input
from ccgate.privacy.restoration.restore_places import Places
from ccgate.privacy.restoration.restore_text import TextRestorer

NewEvent = tuple[bytes, bytes]
"""The name of an event (empty: it has none), and its data."""

Change = tuple[list[NewEvent], bytes]
"""New events, and the data of the event that follows them."""


class _Event(msgspec.Struct):
    type: object = None


class _DeltaOf(msgspec.Struct):
    type: object = None
    text: object = None
    partial_json: object = None


class _Delta(msgspec.Struct):
    index: int = 0
    delta: _DeltaOf = msgspec.field(default_factory=_DeltaOf)


class _RawOf(msgspec.Struct):
    text: msgspec.Raw = msgspec.Raw()
    partial_json: msgspec.Raw = msgspec.Raw()


class _Raw(msgspec.Struct):
    delta: _RawOf = msgspec.field(default_factory=_RawOf)


class _At(msgspec.Struct):
    index: int = 0


class _Opening(msgspec.Struct):
    index: int = 0
    content_block: object = None


_read_event = msgspec.json.Decoder(_Event)
_read_delta = msgspec.json.Decoder(_Delta)
_read_raw = msgspec.json.Decoder(_Raw)
_read_at = msgspec.json.Decoder(_At)
_read_opening = msgspec.json.Decoder(_Opening)


class _Block:
    """What is held back of one content block; of most there is only text, or only input."""

    __slots__ = ("_client_runs_it", "_input", "_places", "_text", "_tool")

    def __init__(self, places: Places, tool: object = "", *, client_runs_it: bool = False) -> None:
        self._places = places
        self._tool = tool if isinstance(tool, str) else ""
        self._client_runs_it = client_runs_it
        self._text: TextRestorer | None = None
        self._input: Input | None = None

    @property
    def text(self) -> TextRestorer:
        """Restores what is said."""
        if self._text is None:
            self._text = self._places.text()
        return self._text

    @property
    def input(self) -> Input:
        """Restores what a tool is given."""
        if self._input is None:
            into = self._places.tool_input if self._client_runs_it else self._places.foreign_input
            self._input = into(self._tool)
        return self._input

    def rest(self) -> Iterator[tuple[str, str]]:
        """What is held back, by the field of a delta that it belongs into."""
        if self._text is not None and (text := self._text.feed("", final=True)):
            yield "text", text
        if self._input is not None and (text := self._input.feed("", final=True)):
            yield "partial_json", text


class StreamRestorer:
    """Restores one streamed answer."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._blocks: dict[int, _Block] = {}
        self._handlers: Mapping[str, Callable[[bytes], Change | None]] = {
            "message_start": self._message_start,
            "content_block_start": self._block_start,
            "content_block_delta": self._block_delta,
            "content_block_stop": self._block_stop,
            "message_stop": self._message_stop,
            "error": self._error,
        }

    def event(self, data: bytes) -> Change | None:
        """What is sent in place of an event; None: the event as it is."""
        try:
            kind = _decoded(_read_event, data).type
            handler = self._handlers.get(kind) if isinstance(kind, str) else None
            return handler(data) if handler else None
        except (ValueError, RecursionError, Refusal):
            # Nobody knows what this is, or what it ends; so nothing is kept back behind it.
            return _after(self.close(), data)

    def close(self) -> list[NewEvent]:
        """All that is still held back, in events of the blocks that it belongs to."""
        held = [event for index, block in self._blocks.items() for event in _held(index, block)]
        self._blocks.clear()
        return held

    def _message_start(self, data: bytes) -> Change | None:
        if not _may_hold_one(data):
            return None
        document = Document(data, self._places)
        message = document.root.get("message")
        document.content(message.get("content") if isinstance(message, dict) else None)
        return ([], document.bytes()) if document.changed else None

    def _block_start(self, data: bytes) -> Change | None:
        event = _decoded(_read_opening, data)
        index, opening = event.index, _dict(event.content_block)
        runs = opening.get("type") == "tool_use"
        block = _Block(self._places, opening.get("name"), client_runs_it=runs)
        before = self._ended(index)
        self._blocks[index] = block
        if not opening.get("text") and not _may_hold_one(data):
            return _after(before, data)
        document = Document(data, self._places)
        opening = _dict(document.root.get("content_block"))
        document.block(opening)
        if opening.get("type") == "text" and isinstance(said := opening.get("text"), At):
            document.put(said, block.text.feed(str(said)))
        return (before, document.bytes()) if before or document.changed else None

    def _block_delta(self, data: bytes) -> Change | None:
        event = _decoded(_read_delta, data)
        index, delta = event.index, event.delta
        if delta.type == "text_delta" and isinstance(piece := delta.text, str):
            given = self._at(index).text.feed(piece)
            return None if given == piece else ([], _with_delta(data, index, "text", given))
        if delta.type == "input_json_delta" and isinstance(piece := delta.partial_json, str):
            given = self._at(index).input.feed(piece)
            return None if given == piece else ([], _with_delta(data, index, "partial_json", given))
        if delta.type == "citations_delta" and _may_hold_one(data):
            document = Document(data, self._places)
            document.citations(_dict(document.root.get("delta")).get("citation"))
            return ([], document.bytes()) if document.changed else None
        return None

    def _block_stop(self, data: bytes) -> Change | None:
        return _after(self._ended(_decoded(_read_at, data).index), data)

    def _message_stop(self, data: bytes) -> Change | None:
        return _after(self.close(), data)

    def _error(self, data: bytes) -> Change | None:
        document = Document(data, self._places)
        document.error()
        before = self.close()
        return (before, document.bytes()) if before or document.changed else None

    def _at(self, index: int) -> _Block:
        block = self._blocks.get(index)
        if block is None:
            # A block that was never opened: nobody knows who runs it.
            block = self._blocks[index] = _Block(self._places)
        return block

    def _ended(self, index: int) -> list[NewEvent]:
        block = self._blocks.pop(index, None)
        return _held(index, block) if block else []


def _may_hold_one(data: bytes) -> bool:
    """Whether there may be a placeholder in the bytes of an event, in whatever way it is written."""
    return b"redacted" in data or b"REDACTED" in data or b"\\u" in data


def _held(index: int, block: _Block) -> list[NewEvent]:
    """What a block holds back, in deltas of its own."""
    return [(b"content_block_delta", _new_delta(index, name, text)) for name, text in block.rest()]


def _new_delta(index: int, name: str, text: str) -> bytes:
    kind = "text_delta" if name == "text" else "input_json_delta"
    event = {"type": "content_block_delta", "index": index, "delta": {"type": kind, name: text}}
    return json.dumps(event, separators=(",", ":")).encode()


def _with_delta(data: bytes, index: int, name: str, given: str) -> bytes:
    """A delta with other text in it, which has been taken already and so has to be given in any case."""
    try:
        delta = _read_raw.decode(data).delta
        written = bytes(delta.text if name == "text" else delta.partial_json)
    except msgspec.DecodeError:
        written = b""
    if written and data.find(written) == data.rfind(written):
        return data.replace(written, encode_basestring_ascii(given).encode())
    # Not found so, or found twice, as `"text"` is in its own key: without what else the event may hold.
    return _new_delta(index, name, given)


def _after(before: list[NewEvent], data: bytes) -> Change | None:
    return (before, data) if before else None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _decoded[T](decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    """The members of an event that are asked for.

    Raises:
        ValueError: it is no such event.
    """
    try:
        return decoder.decode(data)
    except msgspec.DecodeError:
        # Lone surrogates, which models do send, are an error to msgspec alone.
        return msgspec.convert(json.loads(data.decode()), decoder.type)
