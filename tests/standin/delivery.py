"""Puts an answer on the wire: paced, cut in odd places, compressed, or broken off, as the script says."""

from __future__ import annotations

import asyncio
import itertools
import json
import zlib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import brotli
import zstandard
from aiohttp import web

from tests.standin.record import Recorded
from tests.standin.script import Delivery
from tests.standin.sse import Event
from tests.standin.sse import encode
from tests.standin.sse import error_event

type Encoder = Callable[[bytes, bool], bytes]
"""Takes bytes and whether they are the last; gives what a reader can decode so far."""


async def send_events(
    request: web.Request,
    recorded: Recorded,
    events: Iterable[Event],
    delivery: Delivery,
    headers: Mapping[str, str],
) -> web.StreamResponse:
    """Send a streamed answer; what it reported of usage is in `recorded`."""
    response = web.StreamResponse(headers={**headers, "content-type": "text/event-stream; charset=utf-8"})
    if delivery.encoding:
        response.headers["content-encoding"] = delivery.encoding
    encoder = _encoder(delivery.encoding)
    sizes = itertools.cycle(delivery.split) if delivery.split else None
    await asyncio.sleep(delivery.first_byte_after)
    await response.prepare(request)
    recorded.status = response.status
    for number, event in enumerate(_with_error(events, delivery)):
        if number == delivery.abort_after:
            _hang_up(request, recorded)
            return response
        if number and delivery.pace:
            await asyncio.sleep(delivery.pace)
        recorded.usage = _reported(event) or recorded.usage
        for part in _cut(encoder(encode(event, delivery.newline), False), sizes):
            await response.write(part)
            if sizes:
                await asyncio.sleep(0)
    rest = encoder(b"", True)
    if rest:
        await response.write(rest)
    await response.write_eof()
    recorded.close("answered")
    return response


async def send_body(
    request: web.Request,
    recorded: Recorded,
    body: bytes,
    delivery: Delivery,
    headers: Mapping[str, str],
    status: int = 200,
) -> web.StreamResponse:
    """Send an answer of one piece, with its length."""
    encoded = _encoder(delivery.encoding)(body, True)
    response = web.StreamResponse(status=status, headers={"content-type": "application/json", **headers})
    if delivery.encoding:
        response.headers["content-encoding"] = delivery.encoding
    response.content_length = len(encoded)
    await asyncio.sleep(delivery.first_byte_after)
    await response.prepare(request)
    recorded.status = status
    if delivery.abort_after is not None:
        await response.write(encoded[: len(encoded) // 2])
        _hang_up(request, recorded)
        return response
    await response.write(encoded)
    await response.write_eof()
    recorded.close("answered")
    return response


def json_bytes(value: Any) -> bytes:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":")).encode()


def _with_error(events: Iterable[Event], delivery: Delivery) -> Iterator[Event]:
    yield from itertools.islice(events, delivery.error_after)
    if delivery.error_after is not None:
        yield error_event(delivery.error)


def _reported(event: Event) -> dict[str, Any] | None:
    holder = event["message"] if event["type"] == "message_start" else event
    usage: dict[str, Any] | None = holder.get("usage")
    return usage


def _hang_up(request: web.Request, recorded: Recorded) -> None:
    recorded.close("aborted")
    if request.transport is not None:
        request.transport.close()


def _cut(data: bytes, sizes: Iterator[int] | None) -> Iterator[bytes]:
    start = 0
    while start < len(data):
        size = next(sizes) if sizes else len(data)
        yield data[start : start + size]
        start += size


def _encoder(encoding: str) -> Encoder:
    if encoding in ("gzip", "deflate"):
        deflate = zlib.compressobj(wbits=31 if encoding == "gzip" else 15)
        return lambda data, last: (
            deflate.compress(data) + deflate.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)
        )
    if encoding == "br":
        squeeze = brotli.Compressor(quality=4)
        return lambda data, last: squeeze.process(data) + (squeeze.finish() if last else squeeze.flush())
    if encoding == "zstd":
        press = zstandard.ZstdCompressor().compressobj()
        finish, block = zstandard.COMPRESSOBJ_FLUSH_FINISH, zstandard.COMPRESSOBJ_FLUSH_BLOCK
        return lambda data, last: press.compress(data) + press.flush(finish if last else block)
    return lambda data, last: data
