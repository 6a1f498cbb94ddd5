"""Finds what a request carries that nobody here can read: pictures, recordings, files, and links to them.

What cannot be read cannot be redacted. Where a policy lets none of it leave, the request is refused, by the
kind of the attachment and its place.
"""

from __future__ import annotations

from typing import Any
from typing import NamedTuple

from ccgate.privacy.walk import GIVEN
from ccgate.privacy.walk import SIGNED
from ccgate.privacy.walk import Kind
from ccgate.privacy.walk import Trail
from ccgate.privacy.walk import path

_KINDS = frozenset({"base64", "container_upload", "file", "image", "image_url", "input_audio"})
"""Types of blocks that are attachments whatever is in them, of either format."""

_FIELDS = ("file_data", "image_url", "input_audio")
"""What makes a block an attachment, whatever its type."""

_SOURCES = frozenset({"base64", "file", "url"})
_READ_SOURCES = frozenset({"content", "text"})

_WITHOUT: frozenset[Kind] = frozenset({"free", "tools"})
"""Parts of a request in which there are no blocks."""


class Attachment(NamedTuple):
    """What it is, in a word of ours, and where in its part."""

    kind: str
    path: str


def first(kind: Kind, value: Any) -> Attachment | None:
    """The first attachment in a decoded part of a request.

    Raises:
        RecursionError: the part is nested too deeply.
    """
    return None if kind in _WITHOUT else _first(value, None)


def _first(value: Any, trail: Trail | None) -> Attachment | None:
    if isinstance(value, dict):
        kind = value.get("type")
        if isinstance(kind, str) and kind in SIGNED:
            return None
        name = _name(value)
        if name is not None:
            return Attachment(name, path(trail))
        members = [(key, member) for key, member in value.items() if key not in GIVEN]
    elif isinstance(value, list):
        members = list(enumerate(value))
    else:
        return None
    for key, member in members:
        if isinstance(member, dict | list):
            found = _first(member, (trail, key, -1))
            if found is not None:
                return found
    return None


def _name(block: dict[str, Any]) -> str | None:
    """What a block is called that is an attachment."""
    kind = block.get("type")
    if isinstance(kind, str) and kind in _KINDS:
        return kind
    source = block.get("source")
    form = source.get("type") if isinstance(source, dict) else None
    if isinstance(form, str) and form in _SOURCES:
        return f"source of type {form}"
    if kind == "document" and not (isinstance(form, str) and form in _READ_SOURCES):
        return "document"
    return next((field for field in _FIELDS if field in block), None)
