"""Makes the stream that tells the same as a whole answer."""

from __future__ import annotations

import json
from typing import Any

Event = tuple[bytes, bytes]


def event(name: str, **fields: Any) -> Event:
    """One server-sent event of the Messages API: its name and its data."""
    return name.encode(), json.dumps({"type": name, **fields}).encode()


def stream_of(message: dict[str, Any], outputs: tuple[int, ...] = ()) -> list[Event]:
    """The events of an answer; `outputs` are cumulative counts that it tells on its way to the last."""
    start_usage = {**message["usage"], "output_tokens": 1}
    start_usage.pop("iterations", None)
    start = {**message, "content": [], "stop_reason": None, "usage": start_usage}
    events = [event("message_start", message=start), event("ping")]
    for index, block in enumerate(message["content"]):
        events.append(event("content_block_start", index=index, content_block=block))
        if block["type"] == "text":
            delta = {"type": "text_delta", "text": "he"}
            events.append(event("content_block_delta", index=index, delta=delta))
        events.append(event("content_block_stop", index=index))
    for count in outputs:
        events.append(event("message_delta", delta={}, usage={"output_tokens": count}))
    delta = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    events.append(event("message_delta", delta=delta, usage=message["usage"]))
    events.append(event("message_stop"))
    return events
