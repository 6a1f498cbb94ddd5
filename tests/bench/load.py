"""The load generator: a process that asks, checks every answer, and says how long each one took.

It reads one order as JSON from stdin and prints one result as JSON. An answer with another status, of
another length or without its last event ends it with exit code 1 and a sentence: an error that counted
as a fast answer would be the worst that a bench can do.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from uuid import NAMESPACE_URL
from uuid import uuid5

from tests.bench import payloads
from tests.bench.http1 import AnswerReader
from tests.bench.http1 import BadMessageError

WARM_UP = 5
"""Requests of each connection before the clock runs: connections are opened, code and caches are warm."""


APART = 0.021
"""Seconds between the starts of two paced streams. No round part of their interval, so that streams do
not beat in step: those of different people do not either."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to ask for, and how.

    `kind` is an answer's kind. Short answers are asked for one after the other on each connection, until
    `count` have come; of the others each connection asks for one. `count` is the number of events of a
    paced answer and the number of bytes of a bulk one; `interval` is the milliseconds between events.
    `run` makes session ids and request numbers differ from those of other orders.
    """

    kind: str
    port: int
    token: str
    size: int
    connections: int
    count: int
    run: int
    interval: int = 100
    seconds: float = 60.0

    def control(self) -> str:
        """The value of the control header."""
        if self.kind == payloads.PACED:
            return f"{self.kind}:{self.count}:{self.interval}"
        return self.kind if self.kind == payloads.SHORT else f"{self.kind}:{self.count}"


@dataclass(slots=True)
class Result:
    """What was measured. All but `seconds` are milliseconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    first_bytes: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)


class BadAnswerError(Exception):
    """An answer is not the one that the upstream gave."""


class Caller(asyncio.Protocol):
    """One connection, which sends its next request when the answer to the last one has come."""

    def __init__(self, run: Run, request: payloads.Request) -> None:
        self._run = run
        self._request = request
        self._reader = AnswerReader()
        self._transport: asyncio.Transport | None = None
        self._began = 0.0
        self._tail = b""
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
        self._tail = b""
        self._heard = False
        self._began = time.perf_counter()
        self._transport.write(self._request.numbered(number))

    def _close(self) -> None:
        assert self._transport is not None
        self._began = 0.0
        self._transport.close()

    def _read(self, body: bytes) -> None:
        """Keep what is needed to recognise the end, and note how long each stamped event was under way."""
        if self._run.order.kind != payloads.PACED:
            self._tail = (self._tail + body)[-len(payloads.MESSAGE_STOP) :]
            return
        now = time.monotonic_ns()
        text = self._tail + body
        end = 0
        for stamp in payloads.STAMP.finditer(text):
            end = stamp.end()
            self._run.result.lags.append((now - int(stamp[1])) / 1e6)
        self._tail = text[max(end, len(text) - len(payloads.MESSAGE_STOP)) :]

    def _check(self) -> None:
        if self._reader.status != 200:
            raise BadAnswerError(f"an answer has status {self._reader.status}")
        if self._reader.length != self._run.length:
            raise BadAnswerError(f"an answer has {self._reader.length} bytes instead of {self._run.length}")
        if not self._tail.endswith(payloads.MESSAGE_STOP):
            raise BadAnswerError(f"an answer does not end with message_stop but with {self._tail[-40:]!r}")


class Run:
    """The requests of one order and what became of them."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.length = payloads.length(order.kind, order.count)
        self.result = Result()
        each_once = order.kind != payloads.SHORT
        self._warm = 0 if each_once else WARM_UP * order.connections
        self._total = order.connections if each_once else self._warm + order.count
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
        if self._came == self._warm:
            self._clock = now
            self.result.first_bytes.clear()
        elif self._came > self._warm:
            self.result.latencies.append(seconds * 1000)
            self.result.seconds = now - self._clock

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


async def carry_out(order: Order) -> Result:
    """Ask as ordered.

    Raises:
        BadAnswerError: an answer was wrong, missing or too few came in time.
        OSError: nobody listens.
    """
    loop = asyncio.get_running_loop()
    run = Run(order)
    # Built before the clock runs: a megabyte takes its time.
    requests = list(_requests(order))
    apart = APART if order.kind == payloads.PACED else 0
    transports: list[asyncio.Transport] = []
    try:
        for request in requests:
            transport, _ = await loop.create_connection(
                lambda request=request: Caller(run, request), "127.0.0.1", order.port
            )
            transports.append(transport)
            await asyncio.sleep(apart)
        return await run.wait()
    finally:
        for transport in transports:
            transport.abort()
        # Transports close in the loop's next turn.
        await asyncio.sleep(0)


def _requests(order: Order) -> Iterator[payloads.Request]:
    for connection in range(order.connections):
        session = str(uuid5(NAMESPACE_URL, f"bench/{order.run}/{connection}"))
        yield payloads.request(order.size, session, order.token, order.control())


def main() -> None:
    """Read the order, carry it out, print the result."""
    order = Order(**json.load(sys.stdin))
    try:
        result = asyncio.run(carry_out(order))
    except (BadAnswerError, OSError) as e:
        print(e, file=sys.stderr)
        sys.exit(1)
    json.dump(asdict(result), sys.stdout)


if __name__ == "__main__":
    main()
