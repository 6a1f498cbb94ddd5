"""One part of a request as it is read for the first time: decoded, with its strings in document order.

A part is decoded by the fast parser. What that one refuses, lone surrogates above all, which the real client
sends, is left to the slow one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from ccgate.privacy import jsontext
from ccgate.privacy import walk
from ccgate.privacy.layout import unreadable

_decode = msgspec.json.Decoder().decode

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class Reading:
    """A decoded part."""

    kind: walk.Kind
    raw: bytes
    box: list[Any]
    """Holds the value, so that the value itself has a holder and a place."""
    is_exact: bool
    """The slow parser read it: its strings tell where they stand, and the value is not to be written."""
    leaves: list[walk.Leaf]
    inner: dict[int, list[walk.Leaf]]
    """Index of a leaf whose text is JSON → the leaves of that."""
    texts: list[str]
    """What is to be looked through, in document order; of the length of what stands in the part.

    No matcher takes a lone surrogate, so another character stands for each.
    """


def read(kind: walk.Kind, raw: bytes) -> Reading:
    """Decode a part.

    Raises:
        Refusal: 400, it cannot be read.
    """
    try:
        return _read(kind, raw)
    except (jsontext.NotJson, RecursionError):
        raise unreadable() from None


def exactly(raw: bytes) -> list[Any]:
    """The value of a part as the slow parser reads it, in a box.

    Raises:
        NotJson: it cannot be read.
        DuplicateKey: an object has a key twice.
        RecursionError: it is nested too deeply.
    """
    return [jsontext.parse(jsontext.text_of(raw))]


def _read(kind: walk.Kind, raw: bytes) -> Reading:
    is_exact = False
    try:
        box = [_decode(raw)]
    except (msgspec.DecodeError, UnicodeDecodeError):
        is_exact = True
        box = exactly(raw)
    leaves = walk.leaves(kind, box, 0)
    inner: dict[int, list[walk.Leaf]] = {}
    texts: list[str] = []
    for index, leaf in enumerate(leaves):
        within = _within(leaf) if leaf.is_json else None
        if within is None:
            texts.append(leaf.text)
        else:
            inner[index] = within
            texts += [one.text for one in within]
    if is_exact or inner:
        texts = [_SURROGATE.sub("\ufffd", text) for text in texts]
    return Reading(kind, raw, box, is_exact, leaves, inner, texts)


def _within(leaf: walk.Leaf) -> list[walk.Leaf] | None:
    """The leaves of a text that is JSON; None: it is what the model wrote, and is none."""
    try:
        return walk.free_leaves([jsontext.parse(leaf.text)], 0, leaf.trail)
    except (jsontext.NotJson, jsontext.DuplicateKey):
        return None
