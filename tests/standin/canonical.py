"""One form for what the model reads, so that two requests can be compared by value.

Formatting, key order, a string instead of a list with one text block, and `cache_control` do not
change what the model reads; neither does the client's attribution block, which the real service
takes off when it stands first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

ATTRIBUTION = "x-anthropic-billing-header:"


def as_blocks(content: Any) -> list[dict[str, Any]]:
    """The list form of a message's or a system prompt's content."""
    if content is None:
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return list(content)


def without_cache_control(value: Any) -> Any:
    """`value` without any `cache_control`, at any depth."""
    if isinstance(value, Mapping):
        return {key: without_cache_control(item) for key, item in value.items() if key != "cache_control"}
    if isinstance(value, list | tuple):
        return [without_cache_control(item) for item in value]
    return value


def system_blocks(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The system prompt's blocks, without the attribution block at their head."""
    blocks = as_blocks(body.get("system"))
    if blocks and str(blocks[0].get("text", "")).startswith(ATTRIBUTION):
        return blocks[1:]
    return blocks


def turns(messages: list[Mapping[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Role and blocks of each turn; neighbours of one role are one turn, as for the real service."""
    merged: list[tuple[str, list[dict[str, Any]]]] = []
    for message in messages:
        blocks = as_blocks(message["content"])
        if merged and merged[-1][0] == message["role"]:
            merged[-1][1].extend(blocks)
        else:
            merged.append((message["role"], blocks))
    return merged


def text_of(value: Any) -> str:
    """A compact JSON text that is equal for equal values."""
    return json.dumps(without_cache_control(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def pieces(body: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """All that the model reads, in the order of the prompt cache: tools, system, messages.

    Each piece is a place (`tools`, `system`, or the turn's number and role) and the block itself,
    `cache_control` included.
    """
    found = [("tools", tool) for tool in body.get("tools") or []]
    found += [("system", block) for block in system_blocks(body)]
    for number, (role, blocks) in enumerate(turns(body["messages"])):
        found += [(f"{number}:{role}", block) for block in blocks]
    return found
