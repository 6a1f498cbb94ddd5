"""An answer as events, and events as bytes."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from tests.standin.script import Error

type Event = dict[str, Any]


def message_events(
    opening: Mapping[str, Any],
    content: Iterable[Mapping[str, Any]],
    closing: Mapping[str, Any],
    piece: int,
) -> Iterator[Event]:
    """The events of a message (see `tests.standin.message.Message`) in the real order.

    A `ping` follows the first. `piece` is the number of characters in one delta.
    """
    yield {"type": "message_start", "message": dict(opening)}
    yield {"type": "ping"}
    for index, block in enumerate(content):
        yield from _block_events(index, block, piece)
    delta = {name: closing[name] for name in ("stop_reason", "stop_sequence")}
    yield {"type": "message_delta", "delta": delta, "usage": closing["usage"]}
    yield {"type": "message_stop"}


def error_event(error: Error) -> Event:
    """The event that ends a stream which broke after its 200."""
    return {"type": "error", "error": {"type": error.type, "message": error.message}}


def encode(event: Event, newline: str = "\n") -> bytes:
    """The bytes of one event."""
    data = json.dumps(event, separators=(",", ":"))
    return f"event: {event['type']}{newline}data: {data}{newline}{newline}".encode()


def _block_events(index: int, block: Mapping[str, Any], piece: int) -> Iterator[Event]:
    if block["type"] == "text":
        empty: Event = {"type": "text", "text": ""}
        deltas: Iterator[Event] = (
            {"type": "text_delta", "text": part} for part in _cut(block["text"], piece)
        )
    elif block["type"] == "thinking":
        empty = {"type": "thinking", "thinking": "", "signature": ""}
        spoken = ({"type": "thinking_delta", "thinking": part} for part in _cut(block["thinking"], piece))
        deltas = itertools.chain(spoken, [{"type": "signature_delta", "signature": block["signature"]}])
    else:
        empty = {**block, "input": {}}
        parts = itertools.chain([""], _cut(json.dumps(block["input"]), piece))
        deltas = ({"type": "input_json_delta", "partial_json": part} for part in parts)
    yield {"type": "content_block_start", "index": index, "content_block": empty}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _cut(text: str, piece: int) -> Iterator[str]:
    return (text[start : start + piece] for start in range(0, len(text), piece))
