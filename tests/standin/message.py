"""Makes a whole message out of a scripted reply: signed, counted, with ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.standin.cache import Counted
from tests.standin.script import Block
from tests.standin.script import Reply
from tests.standin.script import Text
from tests.standin.script import Thinking
from tests.standin.script import ToolUse
from tests.standin.thinking import Signer
from tests.standin.usage import final_usage
from tests.standin.usage import start_usage


@dataclass(frozen=True, slots=True)
class Message:
    """A message in its two forms.

    opening     what `message_start` holds
    content     the blocks
    closing     what `message_delta` tells: `stop_reason`, `stop_sequence`, `usage`
    """

    opening: dict[str, Any]
    content: list[dict[str, Any]]
    closing: dict[str, Any]

    @property
    def whole(self) -> dict[str, Any]:
        """The answer to a request that did not ask for a stream."""
        return {**self.opening, "content": self.content, **self.closing}


def compose(reply: Reply, body: Mapping[str, Any], counted: Counted, signer: Signer, number: int) -> Message:
    """The message that answers the request `body`; `number` makes its ids unique.

    A client that asks for thinking with `display: omitted` gets the signature with an empty text.
    """
    start = start_usage(counted) | dict(reply.usage)
    end = final_usage(start, reply.blocks) | dict(reply.final_usage)
    calls = any(isinstance(block, ToolUse) for block in reply.blocks)
    opening: dict[str, Any] = {
        "id": f"msg_standin{number:08d}",
        "type": "message",
        "role": "assistant",
        "model": reply.model or body["model"],
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": start,
    }
    content = [
        _content(block, body, signer, f"toolu_standin{number:08d}_{index}")
        for index, block in enumerate(reply.blocks)
    ]
    stop_reason = reply.stop_reason or ("tool_use" if calls else "end_turn")
    return Message(opening, content, {"stop_reason": stop_reason, "stop_sequence": None, "usage": end})


def _content(block: Block, body: Mapping[str, Any], signer: Signer, tool_use_id: str) -> dict[str, Any]:
    if isinstance(block, Text):
        return {"type": "text", "text": block.text * block.repeat}
    if isinstance(block, Thinking):
        shown = "" if _omits_thinking(body) else block.thinking
        return {"type": "thinking", "thinking": shown, "signature": signer.sign(body, shown)}
    return {"type": "tool_use", "id": tool_use_id, "name": block.name, "input": dict(block.input)}


def _omits_thinking(body: Mapping[str, Any]) -> bool:
    return (body.get("thinking") or {}).get("display") == "omitted"
