"""The upstream of the bench: a process that gives canned answers, much faster than any proxy asks.

It prints its port and serves until its stdin is closed. The control header says which answer a request gets:

* `short`: a short answer, at once
* `paced:EVENTS:MILLISECONDS`: as many events, that far apart, each with the time at which it was sent
* `bulk:BYTES`: text of that many bytes, as fast as it is taken

Behind `short` or `paced` may stand `originals` or `placeholders`: what the body has to hold. Then the answer
says again what the prompt says (see `quoting.py`); a body that holds something else gets a 422.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Coroutine
from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.bench import payloads
from tests.bench import quoting
from tests.bench.http1 import BadMessageError
from tests.bench.http1 import RequestReader
from tests.bench.http1 import header

_REFUSAL = b"HTTP/1.1 %d Refused\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b"


def _quotes(head: bytes) -> bool:
    return b" " in _control(head)


def _control(head: bytes) -> bytes:
    return header(head, payloads.CONTROL.encode())


class Upstream(asyncio.Protocol):
    """One connection."""

    numbers = count(1)
    """Numbers the answers of all connections."""

    def __init__(self) -> None:
        self._reader = RequestReader(_quotes)
        self._received = 0
        self._writable = asyncio.Event()
        self._writable.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        for task in self._tasks:
            task.cancel()

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        """Answer the requests that are complete."""
        assert self._transport is not None
        try:
            received = self._reader.feed(data)
        except BadMessageError as e:
            self._refuse(400, str(e))
            return
        for request in received:
            self._received += 1
            answer, _, expected = _control(request.head).decode().partition(" ")
            try:
                said = quoting.heard(request.body, expected, self._received) if expected else None
            except quoting.WrongBodyError as e:
                self._refuse(422, str(e))
                return
            self._answer(answer, said)

    def _answer(self, answer: str, said: quoting.Said | None) -> None:
        assert self._transport is not None
        kind, *numbers = answer.split(":")
        number = next(self.numbers)
        if kind == payloads.SHORT:
            self._transport.write(b"".join(short(number)) if said is None else quoting_short(number, said))
        elif kind == payloads.PACED:
            self._start(self._paced(number, int(numbers[0]), int(numbers[1]) / 1000, said))
        elif kind == payloads.BULK:
            self._start(self._bulk(number, int(numbers[0])))
        else:
            self._refuse(400, "there is no such answer")

    def _refuse(self, status: int, why: str) -> None:
        assert self._transport is not None
        self._transport.write(_REFUSAL % (status, len(why), why.encode()))
        self._transport.close()

    def _start(self, answer: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(answer)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _paced(self, number: int, events: int, seconds: float, said: quoting.Said | None) -> None:
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._transport.write(payloads.ANSWER_HEAD + payloads.chunk(payloads.opening(number)))
        for event in range(1, events + 1):
            await asyncio.sleep(began + event * seconds - loop.time())
            now = time.monotonic_ns()
            sent = quoting.stamped(event - 1, said, now) if said else payloads.stamped(now)
            self._transport.write(payloads.chunk(sent))
        self._transport.write(payloads.chunk(payloads.ending(number)) + payloads.LAST_CHUNK)

    async def _bulk(self, number: int, size: int) -> None:
        assert self._transport is not None
        self._transport.write(payloads.ANSWER_HEAD + payloads.chunk(payloads.opening(number)))
        for piece in payloads.bulk_pieces(size):
            await self._writable.wait()
            self._transport.write(payloads.chunk(payloads.delta(piece)))
        self._transport.write(payloads.chunk(payloads.ending(number)) + payloads.LAST_CHUNK)


def short(number: int) -> Iterator[bytes]:
    """A whole short answer on the wire."""
    yield payloads.ANSWER_HEAD
    yield from map(payloads.chunk, payloads.short_answer(number))
    yield payloads.LAST_CHUNK


def quoting_short(number: int, said: quoting.Said) -> bytes:
    """The same with what was said."""
    return payloads.ANSWER_HEAD + payloads.chunk(quoting.short_answer(number, said)) + payloads.LAST_CHUNK


async def serve() -> None:
    """Serve until stdin is closed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Upstream, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    # In a thread of its own: whoever started this process holds the other end, also when it is killed.
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        sys.exit(130)
