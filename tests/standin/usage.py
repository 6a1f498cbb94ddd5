"""Counts tokens, deterministically, and puts the counts into the real service's shape."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from tests.standin.cache import Counted
from tests.standin.script import Block
from tests.standin.script import Text
from tests.standin.script import Thinking


def tokens(text: str) -> int:
    """A quarter of the characters, rounded up: about what the real tokenizer makes of English."""
    return -(-len(text) // 4)


def output_tokens(blocks: Iterable[Block]) -> int:
    """Tokens of an answer's content; an empty answer still has one."""
    return max(1, sum(_block_tokens(block) for block in blocks))


def thinking_tokens(blocks: Iterable[Block]) -> int:
    """The part of `output_tokens` that went into thinking."""
    return sum(_block_tokens(block) for block in blocks if isinstance(block, Thinking))


def start_usage(counted: Counted) -> dict[str, Any]:
    """`usage` as `message_start` shows it."""
    return {
        "input_tokens": counted.fresh,
        "cache_creation_input_tokens": counted.written_5m + counted.written_1h,
        "cache_read_input_tokens": counted.read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": counted.written_5m,
            "ephemeral_1h_input_tokens": counted.written_1h,
        },
        "output_tokens": 1,
        "service_tier": "standard",
        "inference_geo": "not_available",
    }


def final_usage(start: Mapping[str, Any], blocks: Iterable[Block]) -> dict[str, Any]:
    """`usage` as the last `message_delta` and an unstreamed answer show it: cumulative."""
    blocks = tuple(blocks)
    return {
        **start,
        "output_tokens": output_tokens(blocks),
        "output_tokens_details": {"thinking_tokens": thinking_tokens(blocks)},
        "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
    }


def _block_tokens(block: Block) -> int:
    if isinstance(block, Text):
        return tokens(block.text) * block.repeat
    if isinstance(block, Thinking):
        return tokens(block.thinking)
    return tokens(str(dict(block.input))) + tokens(block.name)
