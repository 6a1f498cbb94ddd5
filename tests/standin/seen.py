"""Puts into a scripted answer what the model has read: a path, an address, a secret, as it came.

A real model knows the request alone. So a script that has it use a value names where the value stands in
the request, and never the value itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import msgspec

from tests.standin.problems import Invalid
from tests.standin.script import Block
from tests.standin.script import Reply
from tests.standin.script import Text
from tests.standin.script import Thinking

PLACE = re.compile(r"«(\w+)»")
"""Where a value stands in a scripted answer, by its name in `Reply.seen`."""


def with_seen(reply: Reply, body: Mapping[str, Any]) -> Reply:
    """The reply with every `«name»` in its blocks filled from the request `body`.

    Raises:
        Invalid: the request holds nothing like it.
    """
    if not reply.seen:
        return reply
    values = {name: last_seen(pattern, body) for name, pattern in reply.seen.items()}
    return msgspec.structs.replace(reply, blocks=tuple(_filled(block, values) for block in reply.blocks))


def last_seen(pattern: str, body: Mapping[str, Any]) -> str:
    """What a pattern matched last in what the model reads; its first group, where it has one.

    Raises:
        Invalid: it matches nowhere.
    """
    found = None
    for text in strings([body.get("system") or [], body["messages"]]):
        for match in re.finditer(pattern, text):
            found = match
    if found is None:
        raise Invalid(f"stand-in: nothing in the request is like {pattern}")
    return found[1] if found.re.groups else found[0]


def strings(value: Any) -> Iterator[str]:
    """Every string of a JSON value, in order, names of members too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield name
            yield from strings(member)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from strings(item)


def _filled(block: Block, values: Mapping[str, str]) -> Block:
    if isinstance(block, Text):
        return msgspec.structs.replace(block, text=_fill(block.text, values))
    if isinstance(block, Thinking):
        return msgspec.structs.replace(block, thinking=_fill(block.thinking, values))
    return msgspec.structs.replace(block, input=_fill(block.input, values))


def _fill(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return PLACE.sub(lambda place: values[place[1]], value)
    if isinstance(value, Mapping):
        return {name: _fill(member, values) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_fill(item, values) for item in value]
    return value
