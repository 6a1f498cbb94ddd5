"""Reads what a chat completion says of itself: the meter for the provider's OpenAI-compatible endpoint.

Format, by OpenAI: https://platform.openai.com/docs/api-reference/chat. A whole answer carries `usage`; a
stream carries it in its last chunk, and only when the request asked for it. The provider tells the whole
prompt and the whole output, and caches nothing on this endpoint.
"""

from __future__ import annotations

import msgspec

from ccgate.accounting.metered import Metered
from ccgate.accounting.metered import Tokens
from ccgate.accounting.metered import one_line
from ccgate.accounting.usage import MAX_COUNT

DONE = b"[DONE]"
"""The data of the event that ends a stream."""


class _Choice(msgspec.Struct):
    finish_reason: object = None


class _Chunk(msgspec.Struct):
    """A whole answer, or a chunk of a stream, or an error's envelope."""

    model: object = None
    usage: object = None
    error: object = None
    choices: list[_Choice] = []


_chunk = msgspec.json.Decoder(_Chunk)


class ChatMeter:
    """Fed one answer, event by event or whole; says what is known at any moment, and never raises."""

    def __init__(self) -> None:
        self._model: str | None = None
        self._stop_reason: str | None = None
        self._tokens: Tokens | None = None
        self._told = False
        self._complete = False
        self._damaged = False
        self._error: str | None = None

    @property
    def error(self) -> str | None:
        """The type of the error that the answer ended in."""
        return self._error

    def event(self, name: bytes | str, data: bytes) -> None:
        """Take one server-sent event by its data; it has no name."""
        if data == DONE:
            self._complete = True
        else:
            self._take(data)

    def message(self, body: bytes) -> None:
        """Take a whole answer that was not streamed; an error envelope is told apart."""
        self._take(body)
        self._complete = self._error is None

    def result(self) -> Metered | None:
        """What is known so far; None while the answer has said nothing of itself."""
        if not self._told:
            return None
        return Metered(
            model_served=self._model,
            tokens=self._tokens or Tokens(),
            stop_reason=self._stop_reason,
            complete=self._complete,
            # An answer that does not say what it took must not count as one that took nothing.
            damaged=self._damaged or self._tokens is None,
        )

    def _take(self, data: bytes) -> None:
        try:
            chunk = _chunk.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self._told = self._damaged = True
            return
        if chunk.error is not None:
            kind = chunk.error.get("type") if isinstance(chunk.error, dict) else None
            self._error = _text(kind) or "error"
            return
        self._told = True
        self._model = _text(chunk.model) or self._model
        for choice in chunk.choices:
            self._stop_reason = _text(choice.finish_reason) or self._stop_reason
        if chunk.usage is not None:
            self._use(chunk.usage)

    def _use(self, usage: object) -> None:
        held = usage if isinstance(usage, dict) else {}
        prompt, output = _count(held.get("prompt_tokens")), _count(held.get("completion_tokens"))
        if prompt is None or output is None:
            self._damaged = True
        else:
            self._tokens = Tokens(input=prompt, output=output)


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= MAX_COUNT else None


def _text(value: object) -> str | None:
    return one_line(value) if isinstance(value, str) and value else None
