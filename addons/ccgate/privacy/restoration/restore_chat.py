"""Restores a streamed chat completion, chunk by chunk.

Format: OpenAI's chat completions, https://platform.openai.com/docs/api-reference/chat-streaming: nameless
events, each a chunk with a delta for one or more choices, and `[DONE]` at the end. What is held back of a
choice leaves with the chunk that names its `finish_reason`, or in a chunk of its own before whatever ends
the stream.
"""

from __future__ import annotations

import json
from typing import Any

from ccgate.errors import Refusal
from ccgate.privacy.jsontext import At
from ccgate.privacy.restoration.restore_document import Document
from ccgate.privacy.restoration.restore_places import Input
from ccgate.privacy.restoration.restore_places import Places
from ccgate.privacy.restoration.restore_stream import Change
from ccgate.privacy.restoration.restore_stream import NewEvent
from ccgate.privacy.restoration.restore_text import TextRestorer

_SAID = ("content", "refusal")
"""The members of a delta that a person reads."""

_OF_CHUNK = ("id", "object", "created", "model")
"""The members that every chunk of an answer has alike."""


class _Choice:
    """What is held back of one choice."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._said: dict[str, TextRestorer] = {}
        self._calls: dict[int, Input] = {}

    def said(self, name: str) -> TextRestorer:
        """What is said under a member's name."""
        if name not in self._said:
            self._said[name] = self._places.text()
        return self._said[name]

    def call(self, index: int, name: Any) -> Input:
        """The arguments of a call; its first chunk alone has the name of the tool."""
        if index not in self._calls:
            named = isinstance(name, str)
            self._calls[index] = self._places.tool_input(name) if named else self._places.foreign_input("")
        return self._calls[index]

    def held(self) -> list[dict[str, Any]]:
        """What is held back, as deltas."""
        said = [{name: text} for name, r in self._said.items() if (text := r.feed("", final=True))]
        calls = [
            {"tool_calls": [{"index": index, "function": {"arguments": text}}]}
            for index, r in self._calls.items()
            if (text := r.feed("", final=True))
        ]
        return said + calls


class ChatRestorer:
    """Restores one streamed answer."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._choices: dict[int, _Choice] = {}
        self._of_chunk: dict[str, Any] = {}

    def event(self, data: bytes) -> Change | None:
        """What is sent in place of an event; None: the event as it is."""
        try:
            # Twice, because one tells where strings are and the other what numbers are.
            document = Document(data, self._places)
            chunk = json.loads(data)
        except (ValueError, RecursionError, Refusal):
            # `[DONE]`, or something that nobody knows; nothing is kept back behind it.
            held = self.close()
            return (held, data) if held else None
        held = self._chunk(document, chunk) if isinstance(chunk, dict) else []
        return (held, document.bytes()) if held or document.changed else None

    def close(self) -> list[NewEvent]:
        """All that is still held back, in chunks of the choices that it belongs to."""
        held = [event for index in tuple(self._choices) for event in self._ended(index)]
        return held

    def _chunk(self, document: Document, chunk: dict[str, Any]) -> list[NewEvent]:
        document.error()
        choices = chunk.get("choices")
        if not isinstance(choices, list):
            return self.close() if "error" in chunk else []
        self._of_chunk = {name: chunk[name] for name in _OF_CHUNK if name in chunk}
        held: list[NewEvent] = []
        for position, choice in enumerate(choices):
            if not isinstance(choice, dict):
                continue
            index = _index(choice)
            state = self._choices.setdefault(index, _Choice(self._places))
            final = isinstance(choice.get("finish_reason"), str)
            _restore_delta(document, document.root["choices"][position].get("delta"), choice, state, final)
            if final:
                held += self._ended(index)
        return held

    def _ended(self, index: int) -> list[NewEvent]:
        return [
            (b"", _chunk_data({**self._of_chunk, "choices": [_choice(index, delta)]}))
            for delta in self._choices.pop(index).held()
        ]


def _restore_delta(
    document: Document, delta: Any, choice: dict[str, Any], state: _Choice, final: bool
) -> None:
    if not isinstance(delta, dict):
        return
    for name in _SAID:
        said = delta.get(name)
        if isinstance(said, At):
            document.put(said, state.said(name).feed(str(said), final=final))
    calls = delta.get("tool_calls")
    for position, call in enumerate(calls if isinstance(calls, list) else ()):
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            index = _index(choice["delta"]["tool_calls"][position])
            into = state.call(index, function.get("name"))
            if isinstance(arguments := function.get("arguments"), At):
                document.put(arguments, into.feed(str(arguments), final=final))


def _index(value: dict[str, Any]) -> int:
    index = value.get("index")
    return index if isinstance(index, int) else 0


def _choice(index: int, delta: dict[str, Any]) -> dict[str, Any]:
    return {"index": index, "delta": delta, "finish_reason": None}


def _chunk_data(chunk: dict[str, Any]) -> bytes:
    return json.dumps(chunk, separators=(",", ":")).encode()
