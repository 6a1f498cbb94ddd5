"""The load generator: a process that asks, checks every answer, and says how long each one took.

It reads one order as a line of JSON from stdin and prints one result as JSON. An answer with another status,
of another length, with another text or without its last event ends it with exit code 1 and a sentence: an
error that counted as a fast answer would be the worst that a bench can do.

An endless order prints `ready` with its first answer, and its result when stdin is closed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import asdict
from math import inf
from uuid import NAMESPACE_URL
from uuid import uuid5

from tests.bench import conversation
from tests.bench import payloads
from tests.bench import quoting
from tests.bench.http1 import AnswerReader
from tests.bench.http1 import BadMessageError
from tests.bench.order import Order
from tests.bench.order import Result

WARM_UP = 5
"""Requests of each connection before the clock runs: connections are opened, code and caches are warm."""


APART = 0.021
"""Seconds between the starts of two paced streams. No round part of their interval, so that streams do
not beat in step: those of different people do not either."""


class BadAnswerError(Exception):
    """An answer is not the one that the upstream gave."""


class Caller(asyncio.Protocol):
    """One connection, which sends its next request when the answer to the last one has come."""

    def __init__(self, run: Run, requests: Sequence[payloads.Request]) -> None:
        self._run = run
        self._requests = requests
        self._asked = 0
        self._reader = AnswerReader()
        self._transport: asyncio.Transport | None = None
        self._began = 0.0
        self._body = b""
        """What has come of the body, from what is still needed on."""
        self._searched = 0
        self._heard = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fine only when there was nothing left to ask."""
        if self._began:
            self._run.fail(f"the connection was closed before an answer had ended ({exc or 'by the proxy'})")

    def data_received(self, data: bytes) -> None:
        """Read on; at the end of the answer, check it and go on."""
        now = time.perf_counter()
        try:
            if not self._heard:
                self._heard = True
                self._run.result.first_bytes.append((now - self._began) * 1000)
            body = self._reader.feed(data)
            self._read(body)
            if self._reader.ended:
                self._check()
                self._run.answered(now, now - self._began)
                self._next()
        except (BadMessageError, BadAnswerError) as e:
            self._run.fail(str(e))
            self._close()

    def _next(self) -> None:
        assert self._transport is not None
        number = self._run.take()
        if number is None:
            self._close()
            self._run.left()
            return
        self._reader = AnswerReader()
        self._body = b""
        self._searched = 0
        self._heard = False
        request = self._requests[self._asked % len(self._requests)]
        self._asked += 1
        message = request.numbered(number)
        self._began = time.perf_counter()
        self._transport.write(message)

    def _close(self) -> None:
        assert self._transport is not None
        self._began = 0.0
        self._transport.close()

    def _read(self, body: bytes) -> None:
        """Keep what is needed to check the answer, and note how long each stamped event was under way."""
        self._body += body
        if self._run.order.kind == payloads.PACED:
            now = time.monotonic_ns()
            for stamp in payloads.STAMP.finditer(self._body, self._searched):
                self._searched = stamp.end()
                self._run.result.lags.append((now - int(stamp[1])) / 1e6)
        unneeded = len(self._body) - len(payloads.MESSAGE_STOP)
        if unneeded > 0 and self._run.text is None and self._reader.status == 200:
            self._body = self._body[unneeded:]
            self._searched = max(self._searched - unneeded, 0)

    def _check(self) -> None:
        if self._reader.status != 200:
            raise BadAnswerError(f"an answer has status {self._reader.status}: {self._body[:300].decode()}")
        if not self._body.endswith(payloads.MESSAGE_STOP):
            raise BadAnswerError(f"an answer does not end with message_stop but with {self._body[-40:]!r}")
        if self._run.text is None:
            if self._reader.length != self._run.length:
                raise BadAnswerError(
                    f"an answer has {self._reader.length} bytes instead of {self._run.length}"
                )
        elif (text := quoting.text_of(self._body)) != self._run.text:
            raise BadAnswerError(f"an answer does not say what it should: {text[:300]!r}")


class Run:
    """The requests of one order and what became of them."""

    def __init__(self, order: Order, ready: Callable[[], None]) -> None:
        self.order = order
        self._ready = ready
        self.length = payloads.length(order.kind, order.count)
        self.text = quoting.whole_text(order.kind, order.count) if order.conversation else None
        """What each answer says; None: its length is all that is known of it."""
        self.result = Result()
        each_once = order.kind != payloads.SHORT
        self._warm = 0 if each_once else WARM_UP * order.connections
        self._total: float = order.connections if each_once else self._warm + order.count
        if order.endless:
            self._total = inf
        self._sent = 0
        self._came = 0
        self._open = order.connections
        self._clock = time.perf_counter()
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def take(self) -> int | None:
        """The number of the next request; None when all have been sent."""
        if self._sent == self._total or self._done.done():
            return None
        self._sent += 1
        return self.order.run * 10_000_000 + self._sent

    def answered(self, now: float, seconds: float) -> None:
        """An answer has come, and was right."""
        self._came += 1
        if self._came == 1:
            self._ready()
        if self._came == self._warm:
            self._clock = now
            self.result.first_bytes.clear()
        elif self._came > self._warm:
            self.result.latencies.append(seconds * 1000)
            self.result.seconds = now - self._clock

    def stop(self) -> None:
        """Send nothing more; what has been sent is waited for."""
        self._total = self._sent

    def left(self) -> None:
        """A connection has nothing more to do."""
        self._open -= 1
        if self._open == 0 and not self._done.done():
            self._done.set_result(None)

    def fail(self, why: str) -> None:
        """End it all."""
        if not self._done.done():
            self._done.set_exception(BadAnswerError(why))

    async def wait(self) -> Result:
        """What was measured.

        Raises:
            BadAnswerError: an answer was wrong, missing or too few came in time.
        """
        try:
            await asyncio.wait_for(self._done, self.order.seconds)
        except TimeoutError:
            raise BadAnswerError(
                f"{self._came} of {self._total} answers came within {self.order.seconds:.0f} s"
            ) from None
        expected = self.order.connections * self.order.count if self.order.kind == payloads.PACED else 0
        if len(self.result.lags) != expected:
            raise BadAnswerError(f"{len(self.result.lags)} of {expected} events came")
        return self.result


async def carry_out(
    order: Order, until: int | None = None, ready: Callable[[], None] = lambda: None
) -> Result:
    """Ask as ordered; with `until`, a file descriptor, no more once that has come to its end.

    `ready` is called with the first answer.

    Raises:
        BadAnswerError: an answer was wrong, missing or too few came in time.
        OSError: nobody listens.
    """
    loop = asyncio.get_running_loop()
    run = Run(order, ready)
    # Built before the clock runs: a megabyte takes its time.
    requests = list(_requests(order))
    apart = APART if order.kind == payloads.PACED else 0
    transports: list[asyncio.Transport] = []
    if until is not None:
        loop.add_reader(until, run.stop)
    try:
        for own in requests:
            transport, _ = await loop.create_connection(
                lambda own=own: Caller(run, own), "127.0.0.1", order.port
            )
            transports.append(transport)
            await asyncio.sleep(apart)
        return await run.wait()
    finally:
        if until is not None:
            loop.remove_reader(until)
        for transport in transports:
            transport.abort()
        # Transports close in the loop's next turn.
        await asyncio.sleep(0)


def _requests(order: Order) -> Iterator[Sequence[payloads.Request]]:
    """What each connection sends, in turn."""
    for connection in range(order.connections):
        session = str(uuid5(NAMESPACE_URL, f"bench/{order.run}/{connection}"))
        given = (order.size, session, order.token, order.control())
        if order.conversation:
            yield conversation.requests(order.conversation, *given)
        else:
            yield (payloads.request(*given),)


def main() -> None:
    """Read the order, carry it out, print the result."""
    order = Order(**json.loads(sys.stdin.readline()))
    try:
        if order.endless:
            until = sys.stdin.fileno()
            result = asyncio.run(carry_out(order, until, lambda: print("ready", flush=True)))
        else:
            result = asyncio.run(carry_out(order))
    except (BadAnswerError, OSError) as e:
        print(e, file=sys.stderr)
        sys.exit(1)
    json.dump(asdict(result), sys.stdout)


if __name__ == "__main__":
    main()
