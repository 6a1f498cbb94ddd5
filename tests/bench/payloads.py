"""Requests as Claude Code sends them and answers as the provider gives them, the same bytes in every run.

The shapes are those of the real client: an attribution block and instructions in `system`, tool schemas,
a conversation of tool calls and their results. What differs from one request to the next (the prompt)
and from one answer to the next (id and usage) has a fixed width, so that lengths are known beforehand
and nobody gains by remembering an earlier one.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

MODEL = "claude-sonnet-5-5"
CONTROL = "x-bench"
"""The header that tells the upstream which answer is wanted; see `upstream.py`."""

SHORT, PACED, BULK = "short", "paced", "bulk"
"""Kinds of answers: at once; an event now and then; many megabytes as fast as they are taken."""

ORIGINALS, PLACEHOLDERS = "originals", "placeholders"
"""What a body is to hold when it arrives; stands behind the answer's kind in the control header."""

COUNTER = "@the-number@"
"""Stands in a body for the twelve digits of a request's number."""

_WORDS = (
    "the function returns a value when request handler is called with an open connection and path "
    "error module class import test file line order shop basket price total item user session cache "
    "config server client response header body stream token event index block parse write read close"
).split()

_HEADERS = """\
accept: application/json
accept-encoding: gzip, deflate, br, zstd
anthropic-beta: claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,\
prompt-caching-scope-2026-01-05,effort-2025-11-24
anthropic-dangerous-direct-browser-access: true
anthropic-version: 2023-06-01
content-type: application/json
user-agent: claude-cli/2.1.329 (external, sdk-cli)
x-app: cli
x-stainless-arch: x64
x-stainless-lang: js
x-stainless-os: Linux
x-stainless-package-version: 0.98.0
x-stainless-retry-count: 0
x-stainless-runtime: node
x-stainless-runtime-version: v26.3.0
x-stainless-timeout: 600
x-api-key: dummy"""


@dataclass(frozen=True, slots=True)
class Request:
    """A request in pieces, between which the twelve digits of a counter go."""

    pieces: tuple[bytes, ...]

    def numbered(self, number: int) -> bytes:
        """The whole request, the only one with this number."""
        return (b"%012d" % number).join(self.pieces)


def request(size: int, session: str, token: str, answer: str) -> Request:
    """A `POST /v1/messages` whose body has `size` bytes; `session` is a UUID in text.

    Below 30,000 bytes it has no tools, as the client's requests for titles have none. `answer` is what
    the upstream is to do: a value of the control header.

    Raises:
        ValueError: nothing realistic is as small as that.
    """
    body = json.dumps(_body(session, size >= 30_000), separators=(",", ":")).encode()
    filler = size - len(body)
    if filler < 0:
        raise ValueError(f"a request has at least {len(body)} bytes, not {size}")
    body = body.replace(b"@filler@", prose(7, filler + len(b"@filler@")).encode())
    return over_http(body, session, token, answer)


def over_http(body: bytes, session: str, token: str, answer: str) -> Request:
    """A body with the counter in it, as the request that brings it."""
    lines = [
        "POST /v1/messages?beta=true HTTP/1.1",
        "host: api.anthropic.com",
        f"content-length: {len(body)}",
        f"x-claude-code-session-id: {session}",
        f"proxy-authorization: Bearer {token}",
        f"{CONTROL}: {answer}",
        *_HEADERS.splitlines(),
    ]
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    return Request(tuple((head + body).split(COUNTER.encode())))


def frame(session: str) -> dict[str, Any]:
    """A body as JSON values: without messages and tools, and of its instructions only the attribution."""
    ids = {"device_id": "d" * 64, "account_uuid": "", "session_id": session}
    attribution = "x-anthropic-billing-header: cc_version=2.1.329.0; cc_entrypoint=sdk-cli; cch=00000;"
    return {
        "model": MODEL,
        "messages": [],
        "system": [{"type": "text", "text": attribution}],
        "tools": [],
        "metadata": {"user_id": json.dumps(ids, separators=(",", ":"))},
        "max_tokens": 32_000,
        "thinking": {"type": "adaptive"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "output_config": {"effort": "medium"},
        "stream": True,
    }


def _body(session: str, with_tools: bool) -> dict[str, Any]:
    """The body as JSON values, with `@filler@` where more text goes and the counter in the prompt."""
    mark = {"type": "ephemeral", "ttl": "1h"}
    results = [_tool_round(n, prose(n, 900)) for n in range(6)] if with_tools else []
    results.append(_tool_round(len(results), "@filler@"))
    prompt = f"Attempt {COUNTER}: what does the basket cost, and which test says so?"
    body = frame(session)
    body["messages"] = [
        {"role": "user", "content": [{"type": "text", "text": "Look at the shop's basket."}]},
        *(message for each in results for message in each),
        {"role": "user", "content": [{"type": "text", "text": prompt, "cache_control": mark}]},
    ]
    instructions = prose(3, 6_000 if with_tools else 200)
    body["system"].append({"type": "text", "text": instructions, "cache_control": mark})
    body["tools"] = [tool(n) for n in range(14)] if with_tools else []
    return body


def tool(number: int) -> dict[str, Any]:
    """A tool with a schema."""
    properties = {
        name: {"type": "string", "description": prose(number * 10 + place, 180)}
        for place, name in enumerate(("file_path", "pattern", "command", "description"))
    }
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": ["file_path"],
        "additionalProperties": False,
    }
    return {"name": f"Tool{number}", "description": prose(number, 500), "input_schema": schema}


def _tool_round(number: int, result: str) -> list[dict[str, Any]]:
    call_id = f"toolu_01{number:022d}"
    call = {
        "type": "tool_use",
        "id": call_id,
        "name": "Tool0",
        "input": {"file_path": f"/home/alice/work/shop/src/basket_{number}.py"},
    }
    return [
        {"role": "assistant", "content": [call]},
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": call_id, "content": result}],
        },
    ]


@cache
def prose(seed: int, size: int) -> str:
    """As many characters of words, always the same for the same seed."""
    chosen = random.Random(seed)
    words = islice(iter(lambda: chosen.choice(_WORDS), None), size // 2 + 1)
    return " ".join(words)[:size]


ANSWER_HEAD = b"""\
HTTP/1.1 200 OK\r
date: Sat, 21 Nov 2026 12:00:00 GMT\r
content-type: text/event-stream; charset=utf-8\r
transfer-encoding: chunked\r
connection: keep-alive\r
cache-control: no-cache\r
anthropic-organization-id: 00000000-0000-4000-8000-000000000000\r
anthropic-ratelimit-requests-limit: 4000\r
anthropic-ratelimit-requests-remaining: 3999\r
anthropic-ratelimit-requests-reset: 2026-11-21T12:00:01Z\r
anthropic-ratelimit-input-tokens-limit: 2000000\r
anthropic-ratelimit-input-tokens-remaining: 1999000\r
request-id: req_011CVbench000000000000001\r
strict-transport-security: max-age=31536000; includeSubDomains; preload\r
server: cloudflare\r
cf-cache-status: DYNAMIC\r
\r
"""

_START = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_01%022d","type":"message",'
    b'"role":"assistant","model":"' + MODEL.encode() + b'","content":[],"stop_reason":null,'
    b'"stop_sequence":null,"usage":{"input_tokens":%d,"cache_creation_input_tokens":%d,'
    b'"cache_read_input_tokens":%d,"cache_creation":{"ephemeral_5m_input_tokens":0,'
    b'"ephemeral_1h_input_tokens":%d},"output_tokens":1,"service_tier":"standard",'
    b'"inference_geo":"global"}}}\n\n'
    b'event: content_block_start\ndata: {"type":"content_block_start","index":0,'
    b'"content_block":{"type":"text","text":""}}\n\n'
    b'event: ping\ndata: {"type":"ping"}\n\n'
)
_DELTA = (
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
    b'"delta":{"type":"text_delta","text":"%b"}}\n\n'
)
MESSAGE_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_END = (
    b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn",'
    b'"stop_sequence":null},"usage":{"input_tokens":%d,"cache_creation_input_tokens":%d,'
    b'"cache_read_input_tokens":%d,"output_tokens":%d}}\n\n' + MESSAGE_STOP
)
_SHORT_TEXT = b"".join(_DELTA % prose(seed, 24).encode() for seed in range(8))


def delta(text: bytes) -> bytes:
    """One event with a piece of text."""
    return _DELTA % text


def opening(number: int) -> bytes:
    """The events that open an answer; usage differs with the number, the length does not."""
    read, written, fresh, _ = _tokens(number)
    return _START % (number, fresh, written, read, written)


def ending(number: int) -> bytes:
    """The events that end it."""
    read, written, fresh, out = _tokens(number)
    return _END % (fresh, written, read, out)


def stamped(nanoseconds: int, before: bytes = b"", after: bytes = b"") -> bytes:
    """One event with the time at which it is sent, by the monotonic clock that all processes share."""
    return _DELTA % (b"%bt=%020d%b" % (before, nanoseconds, after))


STAMP = re.compile(rb"t=(\d{20})")
"""Finds the times in such events."""

BULK_EVENT = 65_536
"""Bytes of text in one event of a bulk answer."""


def bulk_pieces(size: int) -> Iterator[bytes]:
    """The text of a bulk answer, event by event."""
    whole, rest = divmod(size, BULK_EVENT)
    text = b"lorem ipsum dolo" * (BULK_EVENT // 16)
    for _ in range(whole):
        yield text
    if rest:
        yield text[:rest]


def short_answer(number: int) -> tuple[bytes, bytes, bytes]:
    """The three pieces in which a short answer of thirteen events comes."""
    return opening(number), _SHORT_TEXT, ending(number)


def length(kind: str, count: int) -> int:
    """How many bytes the body of an answer of this kind has, with `count` events or bytes of text."""
    envelope = len(opening(0)) + len(ending(0))
    if kind == SHORT:
        return envelope + len(_SHORT_TEXT)
    if kind == PACED:
        return envelope + count * len(stamped(0))
    return envelope + sum(len(delta(piece)) for piece in bulk_pieces(count))


def _tokens(number: int) -> tuple[int, int, int, int]:
    """Cache read, cache write, fresh input and output: five, four, three and three digits."""
    return 10_000 + number % 90_000, 1_000 + number % 9_000, 100 + number % 900, 100 + number * 7 % 900


def chunk(data: bytes) -> bytes:
    """Data as one chunk of HTTP/1.1's chunked encoding."""
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"
