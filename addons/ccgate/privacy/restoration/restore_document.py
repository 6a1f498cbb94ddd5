"""Restores an answer that is one JSON document, and the parts of a stream that come whole.

Formats: Anthropic's Messages (https://platform.claude.com/docs/en/api/messages), its error envelope, and
OpenAI's chat completions. They are told apart by their members, because an error comes in place of either.
Thinking, signatures, encrypted content and the results of what the provider ran itself are never looked
at; of what is unknown nothing is changed. What changes is spliced in: all other bytes stay as they came.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ccgate.privacy import jsontext
from ccgate.privacy.jsontext import At
from ccgate.privacy.restoration.restore_json import escaped
from ccgate.privacy.restoration.restore_places import Input
from ccgate.privacy.restoration.restore_places import Places
from ccgate.privacy.splice import Edit
from ccgate.privacy.splice import spliced

OPAQUE_IN_CITATIONS = frozenset({"type", "encrypted_index", "file_id"})
"""Members of a citation that are the provider's own."""


class Document:
    """A JSON document and the edits that were made to it; `root` is its value, with strings as `At`.

    Raises:
        ValueError: the body is no JSON.
        Refusal: it has a key twice.
        RecursionError: it is nested too deeply.
    """

    def __init__(self, body: bytes, places: Places) -> None:
        self._body = body
        # Bytes that are not UTF-8 go through as they came.
        self._text = body.decode("utf-8", "surrogateescape")
        self._places = places
        self._edits: list[Edit] = []
        self.root = jsontext.parse(self._text)

    @property
    def changed(self) -> bool:
        """Whether there is an edit."""
        return bool(self._edits)

    def bytes(self) -> bytes:
        """The document with its edits."""
        if not self._edits:
            return self._body
        return spliced(self._text, sorted(self._edits)).encode("utf-8", "surrogateescape")

    def put(self, string: At, value: str) -> None:
        """Give a string another value."""
        if value != string:
            self._edits.append((string.start + 1, string.end - 1, escaped(value)))

    def content(self, blocks: Any) -> None:
        """Restore a list of content blocks."""
        for block in _dicts(blocks):
            if block.get("type") == "text":
                self.text(block.get("text"))
            self.block(block)

    def block(self, block: dict[str, Any]) -> None:
        """Restore a content block, its text apart."""
        kind = block.get("type")
        if kind == "text":
            self.citations(block.get("citations"))
        elif "input" in block:
            name = block.get("name")
            self._input(block["input"], self.tool(name, client_runs_it=kind == "tool_use"))

    def citations(self, citations: Any) -> None:
        """Restore one citation, or a list of them."""
        for string in _strings(citations, OPAQUE_IN_CITATIONS):
            self.text(string)

    def error(self) -> None:
        """Restore the message of an error, which is an envelope or an event."""
        error = self.root.get("error")
        if isinstance(error, dict):
            self.text(error.get("message"))

    def text(self, string: Any) -> None:
        """Restore a string that a person reads. Its characters keep the form that they are written in."""
        if isinstance(string, At):
            start, end = string.start + 1, string.end - 1
            restored = self._places.json_text().feed(self._text[start:end], final=True)
            self._replace(start, end, restored)

    def tool(self, name: Any, *, client_runs_it: bool) -> Input:
        """What restores the input of a tool."""
        into = self._places.tool_input if client_runs_it else self._places.foreign_input
        return into(name if isinstance(name, str) else "")

    def _input(self, given: Any, into: Input) -> None:
        for string in _strings(given, frozenset(), keys=True):
            start, end = string.start + 1, string.end - 1
            self._replace(start, end, into.feed(self._text[start:end], final=True))

    def _replace(self, start: int, end: int, restored: str) -> None:
        if restored != self._text[start:end]:
            self._edits.append((start, end, restored))


def restore_document(body: bytes, places: Places) -> bytes:
    """A whole answer with its originals put back.

    Raises:
        ValueError: the body is no JSON.
        Refusal: it has a key twice.
        RecursionError: it is nested too deeply.
    """
    document = Document(body, places)
    root = document.root
    if isinstance(root, dict):
        document.content(root.get("content"))
        document.error()
        for choice in _dicts(root.get("choices")):
            _chat_message(document, choice.get("message"))
    return document.bytes()


def _chat_message(document: Document, message: Any) -> None:
    if not isinstance(message, dict):
        return
    document.text(message.get("content"))
    document.content(message.get("content"))
    document.text(message.get("refusal"))
    for call in _dicts(message.get("tool_calls")):
        function = call.get("function")
        if isinstance(function, dict) and isinstance(arguments := function.get("arguments"), At):
            into = document.tool(function.get("name"), client_runs_it=True)
            document.put(arguments, into.feed(str(arguments), final=True))


def _dicts(values: Any) -> Iterator[dict[str, Any]]:
    """The objects of a list; nothing of what is no list."""
    if isinstance(values, list):
        yield from (value for value in values if isinstance(value, dict))


def _strings(value: Any, without: frozenset[str], *, keys: bool = False) -> Iterator[At]:
    """All strings in a value but for those under some keys; with `keys`, the keys too."""
    if isinstance(value, At):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item, without, keys=keys)
    elif isinstance(value, dict):
        for key, member in value.items():
            if keys:
                yield key
            if key not in without:
                yield from _strings(member, without, keys=keys)
