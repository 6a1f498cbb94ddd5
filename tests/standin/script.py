"""What a script says: the values that a scripted conversation is written in.

A script maps scenario names to steps; a step is a `Reply`, or a list of replies for successive tries
at that step (the last one repeats). The same shapes are read from JSON, so that a test in another
process can hand them over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="text"):
    """A text block; `repeat` makes a huge answer out of a short script."""

    text: str
    repeat: int = 1


class Thinking(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="thinking"):
    """A thinking block; the stand-in signs it."""

    thinking: str


class ToolUse(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="tool_use"):
    """A tool call. `name` may list alternatives (`Agent|Task`): the first that the request offers is used."""

    name: str
    input: Mapping[str, Any]


type Block = Text | Thinking | ToolUse


class Error(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`type` and `message` of the provider's error envelope."""

    type: str
    message: str


class Delivery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How an answer travels.

    first_byte_after    seconds before the status line is sent
    pace                seconds between two SSE events
    piece               characters of content in one delta event
    split               sizes of the writes on the wire, used in turn, instead of one write for an event
    newline             what ends a line of the event stream
    encoding            content-encoding of the answer, whatever the request accepts: gzip, deflate, br, zstd
    abort_after         close the socket after so many events (streamed), or half-way (not streamed)
    error_after         end the stream with an `error` event after so many events
    error               what that event holds
    """

    first_byte_after: float = 0
    pace: float = 0
    piece: int = 24
    split: tuple[int, ...] = ()
    newline: str = "\n"
    encoding: str = ""
    abort_after: int | None = None
    error_after: int | None = None
    error: Error = Error("overloaded_error", "Overloaded")


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer to `POST /v1/messages`.

    blocks          the message's content; `«name»` in a text or an input stands for what was seen
    seen            name → pattern: what it matched last in the request itself (its first group, if any)
    stop_reason     default: `tool_use` when a tool is called, else `end_turn`
    model           the model that served; default: the one that was asked for
    usage           laid over the counted usage, from the first event on
    final_usage     laid over the usage of the last `message_delta` alone
    status          anything else than 200 answers with `error` in the provider's envelope
    headers         added to the answer, or in place of the stand-in's own
    error           error `type` and `message` for such a status
    body            sent as it is instead of an envelope or a message, for answers that are no JSON
    """

    blocks: tuple[Block, ...] = (Text("Hello from the stand-in."),)
    seen: Mapping[str, str] = {}
    stop_reason: str | None = None
    model: str | None = None
    usage: Mapping[str, Any] = {}
    final_usage: Mapping[str, Any] = {}
    status: int = 200
    headers: Mapping[str, str] = {}
    error: Error = Error("api_error", "Internal server error")
    body: str | None = None
    delivery: Delivery = Delivery()


type Step = Reply | tuple[Reply, ...]
type Script = dict[str, tuple[Step, ...]]


def script_from_json(data: bytes) -> Script:
    """A script from its JSON text.

    Raises:
        msgspec.ValidationError: a field is unknown or of a wrong type; the message names its path.
    """
    return msgspec.json.decode(data, type=dict[str, tuple[Reply | tuple[Reply, ...], ...]])


def script_to_json(script: Script) -> bytes:
    """The JSON text that `script_from_json` reads."""
    return msgspec.json.encode(script)
