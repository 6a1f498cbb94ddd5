"""Devices' pseudonyms in what a client reports about itself: events, metrics, questions for feature flags.

Those bodies are JSON of the client's own making, in forms that change from version to version. A device is
what stands under a key that is called so. Claude Code's own, 64 hexadecimal digits, also stands under `id`
(flags) and `user.id` (metrics), where other things stand too. What was found is replaced wherever it comes
again, and all this also in JSON that stands in a string, as it is or in base64.

Such a body is long and no part of a conversation. So it is looked through as one text and not string by
string, which would hold up everybody else.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from collections.abc import Mapping

from ccgate.privacy.device import Pseudonym
from ccgate.privacy.layout import unreadable

_NAMED = re.compile(
    r'"(?:(?i:(?:device|stable)_?id)(\\*)"[ \t\n\r]*:[ \t\n\r]*\1"([^"]*?)(?=\1")'
    r'|(?i:id|user[._]?id|anonymous_?id|machine_?id)(\\*)"[ \t\n\r]*:[ \t\n\r]*\3"([0-9a-f]{64})(?=\3"))'
)
"""A key and its device. In JSON that stands in a string, each quote has backslashes before it, the same
number everywhere."""

_WORD = re.compile(r"[A-Za-z0-9]{16,}")
"""A device of this form is looked for everywhere: nothing else looks like it."""

_BASE64 = re.compile(r'"(eyJ[A-Za-z0-9+/]+={0,2})(?=")')
"""What begins like an object in base64."""


def with_pseudonyms(body: bytes, pseudonym: Pseudonym) -> bytes:
    """A report in which each device stands under its pseudonym; all other bytes are as they were.

    Raises:
        Refusal: 400, it cannot be read, so nobody knows which devices it names.
    """
    if not body:
        return body
    try:
        text = body.decode()
        json.loads(text)
    except (ValueError, RecursionError):
        raise unreadable() from None
    known = {device: pseudonym(device) for device in frozenset(_devices(text))}
    return _replaced(text, known).encode() if known else body


def _devices(text: str) -> Iterator[str]:
    """The devices that a JSON text names."""
    for match in _NAMED.finditer(text):
        device = match[match.lastindex or 0]
        if "\\" in device:
            # No client's device has to be escaped, so it is not known what this is.
            raise unreadable()
        if device:
            yield device
    for match in _BASE64.finditer(text):
        yield from _devices(_decoded(match[1]))


def _replaced(text: str, known: Mapping[str, str]) -> str:
    """The same text with what each known device stands under."""

    def named(match: re.Match[str]) -> str:
        device = match[match.lastindex or 0]
        return match[0][: len(match[0]) - len(device)] + known.get(device, device)

    def in_base64(match: re.Match[str]) -> str:
        inner = _decoded(match[1])
        new = _replaced(inner, known)
        return match[0] if new == inner else '"' + base64.b64encode(new.encode()).decode()

    text = _NAMED.sub(named, text)
    text = _WORD.sub(lambda match: known.get(match[0], match[0]), text)
    return _BASE64.sub(in_base64, text)


def _decoded(encoded: str) -> str:
    """The text that stands in base64; empty where none does."""
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except ValueError:
        return ""
