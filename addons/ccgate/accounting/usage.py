"""Reads what an answer says of itself: model, tokens, tier, and how it ended.

The meter sits beside the stream: it is shown every event or the whole message, and can be asked at any
moment what is known so far, so that an answer that breaks off is still accounted for. It must never
harm the answer that it watches: nothing that arrives makes it raise, and the events that carry the text
cost it one look-up.

Formats, by Anthropic: https://platform.claude.com/docs/en/api/messages and
https://platform.claude.com/docs/en/build-with-claude/streaming. `message_start` carries the usage of the
prompt, each `message_delta` a usage that is cumulative: what it names replaces what was known. Unknown
events, fields and types are passed over, because new ones may come at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from ccgate.accounting.metered import Iteration
from ccgate.accounting.metered import Metered
from ccgate.accounting.metered import Tokens
from ccgate.accounting.metered import one_line

MAX_COUNT = 10**12
"""A count above this is taken for damage; it also keeps every sum inside SQLite's integers."""

NO_OUTPUT = ("fallback", "compaction")
"""Content blocks that are marks on the way, not output of the model that answers."""


class _Message(msgspec.Struct):
    """A whole answer. The content stays unparsed until its block types are asked for."""

    type: object = None
    model: object = None
    stop_reason: object = None
    usage: object = None
    error: object = None
    content: msgspec.Raw = msgspec.Raw(b"[]")


class _Block(msgspec.Struct):
    """What the meter looks at in a content block; `from` and `to` are set in `fallback` blocks."""

    type: object = None
    from_: object = msgspec.field(name="from", default=None)
    to: object = None


class _BlockStart(msgspec.Struct):
    content_block: _Block


class _Event(msgspec.Struct):
    """`message_start`, `message_delta` and `error`, of which each has some of these fields."""

    message: object = None
    delta: object = None
    usage: object = None
    error: object = None


class _Named(msgspec.Struct):
    type: str


_message = msgspec.json.Decoder(_Message)
_blocks = msgspec.json.Decoder(list[_Block])
_block_start = msgspec.json.Decoder(_BlockStart)
_event = msgspec.json.Decoder(_Event)
_named = msgspec.json.Decoder(_Named)

_READ: dict[bytes | str, str] = {}
for _name in ("message_start", "message_delta", "message_stop", "content_block_start", "error"):
    _READ[_name] = _READ[_name.encode()] = _name


_NO_TOKENS = Tokens()


@dataclass(slots=True)
class _Draft:
    """A `Metered` in the making."""

    model_served: str | None = None
    tokens: Tokens = _NO_TOKENS
    iterations: tuple[Iteration, ...] = ()
    service_tier: str | None = None
    speed: str | None = None
    inference_geo: str | None = None
    stop_reason: str | None = None
    declined: frozenset[str] = frozenset()
    complete: bool = False
    damaged: bool = False


class Meter:
    """Fed one answer, event by event or whole; says what is known at any moment."""

    def __init__(self) -> None:
        self._known = _Draft()
        self._told = False
        self._output = False
        self._output_since_fallback = False
        self._error: str | None = None

    @property
    def error(self) -> str | None:
        """The type of the error that the answer ended in, such as `overloaded_error`."""
        return self._error

    def event(self, name: bytes | str, data: bytes) -> None:
        """Take one server-sent event: its name, empty when it has none, and its data."""
        read = _READ.get(name or self._name_in(data))
        if read is None:
            return
        try:
            if read == "message_stop":
                self._known.complete = True
            elif read == "content_block_start":
                self._block(_block_start.decode(data).content_block)
            else:
                self._take(read, _event.decode(data))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self._damage(read)

    def message(self, body: bytes) -> None:
        """Take a whole answer that was not streamed; an error envelope is told apart."""
        try:
            message = _message.decode(body)
            if message.type == "error":
                self._fail(message.error)
                return
            blocks = _blocks.decode(message.content)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self._told = True
            self._known.damaged = True
            return
        for block in blocks:
            self._block(block)
        self._start(message.model, message.stop_reason, message.usage)
        self._known.complete = True

    def result(self) -> Metered | None:
        """What is known so far; None while the answer has said nothing of itself."""
        if not self._told:
            return None
        known = self._known
        return Metered(
            model_served=known.model_served,
            tokens=known.tokens,
            iterations=known.iterations,
            service_tier=known.service_tier,
            speed=known.speed,
            inference_geo=known.inference_geo,
            stop_reason=known.stop_reason,
            refused_before_output=known.stop_reason == "refusal" and not self._output,
            declined=known.declined,
            complete=known.complete,
            damaged=known.damaged,
        )

    def _name_in(self, data: bytes) -> str:
        try:
            return _named.decode(data).type
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return ""

    def _take(self, name: str, event: _Event) -> None:
        if name == "error":
            self._fail(event.error)
        elif name == "message_start":
            message = event.message if isinstance(event.message, dict) else {}
            self._start(message.get("model"), message.get("stop_reason"), message.get("usage"))
        else:
            self._told = True
            if isinstance(event.delta, dict) and (reason := _text(event.delta.get("stop_reason"))):
                self._known.stop_reason = reason
            if event.usage is not None:
                self._use(event.usage)

    def _start(self, model: object, stop_reason: object, usage: object) -> None:
        self._told = True
        # A fallback block names the model that took over; a message_start can only name the first one.
        known = self._known
        known.model_served = known.model_served or _text(model)
        known.stop_reason = _text(stop_reason) or known.stop_reason
        self._use(usage)

    def _block(self, block: _Block) -> None:
        if block.type not in NO_OUTPUT:
            self._output = self._output_since_fallback = True
        elif block.type == "fallback":
            left = _text(block.from_.get("model")) if isinstance(block.from_, dict) else None
            taken = _text(block.to.get("model")) if isinstance(block.to, dict) else None
            if left and not self._output_since_fallback:
                self._known.declined |= {left}
            if taken:
                self._known.model_served = taken
            self._output_since_fallback = False

    def _use(self, usage: object) -> None:
        """Let a usage object replace what it names."""
        known = self._known
        if not isinstance(usage, dict):
            known.damaged = True
            return
        known.tokens, sound = _tokens(usage, known.tokens)
        if isinstance(listed := usage.get("iterations"), list):
            known.iterations, all_sound = _iterations(listed)
            sound = sound and all_sound
        for one in known.iterations:
            if one.type == "fallback_message" and one.model:
                known.model_served = one.model
        known.service_tier = _text(usage.get("service_tier")) or known.service_tier
        known.speed = _text(usage.get("speed")) or known.speed
        known.inference_geo = _text(usage.get("inference_geo")) or known.inference_geo
        known.damaged = known.damaged or not sound

    def _fail(self, error: object) -> None:
        kind = _text(error.get("type")) if isinstance(error, dict) else None
        self._error = kind or "error"

    def _damage(self, name: str) -> None:
        if name == "content_block_start":
            # Unread is not unsent: a refusal after it has to be taken for a charged one.
            self._output = self._output_since_fallback = True
        elif name == "error":
            self._fail(None)
        else:
            self._told = True
            self._known.damaged = True


def _text(value: object) -> str | None:
    """A name, or None."""
    return one_line(value) if isinstance(value, str) and value else None


def _tokens(usage: Mapping[object, object], known: Tokens) -> tuple[Tokens, bool]:
    """The counts of a usage object over those known before, and whether all could be read."""
    sound = True

    def count(holder: Mapping[object, object], key: str, before: int) -> int:
        nonlocal sound
        value = holder.get(key)
        if value is None:
            return before
        if type(value) is int and 0 <= value <= MAX_COUNT:
            return value
        sound = False
        return before

    total = count(usage, "cache_creation_input_tokens", known.cache_write_5m + known.cache_write_1h)
    split = usage.get("cache_creation")
    if isinstance(split, dict):
        hour = count(split, "ephemeral_1h_input_tokens", 0)
        # Writes that the breakdown leaves out are taken for the kind that is the default.
        five = max(count(split, "ephemeral_5m_input_tokens", 0), total - hour)
    else:
        hour = min(known.cache_write_1h, total)
        five = total - hour
    tools = usage.get("server_tool_use")
    searches = known.web_searches
    if isinstance(tools, dict):
        searches = count(tools, "web_search_requests", searches)
    tokens = Tokens(
        input=count(usage, "input_tokens", known.input),
        cache_write_5m=five,
        cache_write_1h=hour,
        cache_read=count(usage, "cache_read_input_tokens", known.cache_read),
        output=count(usage, "output_tokens", known.output),
        web_searches=searches,
    )
    return tokens, sound


def _iterations(listed: list[object]) -> tuple[tuple[Iteration, ...], bool]:
    """The iterations that can be read, and whether those are all."""
    read = []
    sound = True
    for one in listed:
        if not isinstance(one, dict):
            sound = False
            continue
        tokens, its_sound = _tokens(one, Tokens())
        sound = sound and its_sound
        read.append(Iteration(_text(one.get("type")) or "message", _text(one.get("model")), tokens))
    return tuple(read), sound
