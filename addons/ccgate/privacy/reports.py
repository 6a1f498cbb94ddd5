"""Devices' pseudonyms in what a client reports about itself: events, and questions for feature flags.

Those bodies are JSON of the client's own making, in forms that change from version to version. A device is
what stands under a key that is called so, wherever that is; it is then replaced wherever it comes again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ccgate.privacy import jsontext
from ccgate.privacy.device import Pseudonym
from ccgate.privacy.layout import unreadable
from ccgate.privacy.splice import escaped
from ccgate.privacy.splice import spliced

_KEYS = frozenset({"deviceid", "stableid"})
"""Names of keys, in small letters and without underlines."""

_PLAIN = re.compile(r"[A-Za-z0-9-]{16,}")
"""A device's identifier that is looked for in other strings too: nothing else looks like it."""


def with_pseudonyms(body: bytes, pseudonym: Pseudonym) -> bytes:
    """A report in which each device stands under its pseudonym; all other bytes are as they were.

    Raises:
        Refusal: 400, it cannot be read, so nobody knows which devices it names.
    """
    if not body:
        return body
    try:
        text = jsontext.text_of(body)
        strings = list(_strings(jsontext.parse(text), named=False))
    except (jsontext.NotJson, RecursionError):
        raise unreadable() from None
    devices = {str(string) for string, named in strings if named and string}
    plain = [device for device in devices if _PLAIN.fullmatch(device)]
    anywhere = re.compile("|".join(map(re.escape, plain))) if plain else None
    edits = []
    for string, named in strings:
        new = str(string)
        if named and new in devices:
            new = pseudonym(new)
        elif anywhere is not None:
            new = anywhere.sub(lambda match: pseudonym(match[0]), new)
        if new != string:
            edits.append((string.start + 1, string.end - 1, escaped(new)))
    return spliced(text, edits).encode() if edits else body


def _strings(value: Any, *, named: bool) -> Iterator[tuple[jsontext.At, bool]]:
    """All strings in a value, in order, keys too, and whether each is a device by the key over it."""
    if isinstance(value, jsontext.At):
        yield value, named
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item, named=named)
    elif isinstance(value, dict):
        for key, member in value.items():
            yield key, False
            yield from _strings(member, named=str(key).replace("_", "").lower() in _KEYS)
