"""The generator measures right answers and reports wrong ones; an error never counts as a fast answer."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from collections.abc import Callable
from contextlib import asynccontextmanager

import pytest

from tests.bench import conversation
from tests.bench import payloads
from tests.bench import quoting
from tests.bench.load import BadAnswerError
from tests.bench.load import carry_out
from tests.bench.order import Order
from tests.bench.order import Result
from tests.bench.upstream import Upstream
from tests.bench.upstream import short


@asynccontextmanager
async def listening(protocol: Callable[[], asyncio.Protocol]) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


class Wrong(Upstream):
    """An upstream that answers its connection's third request wrongly."""

    def __init__(self, wrong: bytes) -> None:
        super().__init__()
        self._wrong = wrong
        self._answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(transport, asyncio.Transport)
        self._to_client = transport

    def data_received(self, data: bytes) -> None:
        for _ in self._reader.feed(data):
            self._answered += 1
            if self._answered != 3:
                self._to_client.write(b"".join(short(self._answered)))
            elif self._wrong:
                self._to_client.write(self._wrong)
            else:
                self._to_client.close()


def order(port: int, **more: object) -> Order:
    values = {"kind": payloads.SHORT, "size": 2_000, "connections": 2, "count": 20, "seconds": 5.0, **more}
    return Order(port=port, token="", run=1, **values)  # type: ignore[arg-type]


@pytest.mark.asyncio
async def test_every_request_after_the_warm_up_is_measured() -> None:
    """Requests per second are the number of these by the time that they took."""
    async with listening(Upstream) as port:
        result = await carry_out(order(port))
    assert len(result.latencies) == 20
    assert 0 < result.seconds < 5
    assert all(0 < latency < 5000 for latency in result.latencies)


@pytest.mark.asyncio
async def test_the_lag_of_every_event_of_every_stream_is_measured() -> None:
    """Events that did not arrive would otherwise be those with the least lag."""
    async with listening(Upstream) as port:
        result = await carry_out(order(port, kind=payloads.PACED, connections=3, count=4, interval=20))
    assert len(result.lags) == 12
    assert all(0 <= lag < 1000 for lag in result.lags)
    assert len(result.first_bytes) == 3
    # The first byte comes at once, the end after four pauses.
    assert max(result.first_bytes) < 80 <= min(result.latencies)


@pytest.mark.asyncio
async def test_a_bulk_answer_arrives_whole() -> None:
    """The memory of a proxy is looked at while one passes."""
    async with listening(Upstream) as port:
        result = await carry_out(order(port, kind=payloads.BULK, connections=1, count=3_000_000))
    assert len(result.latencies) == 1


HEAD = payloads.ANSWER_HEAD
WRONG: dict[str, tuple[bytes, str]] = {
    "another status": (b"HTTP/1.1 429 Slow down\r\ncontent-length: 2\r\n\r\n{}", "status 429"),
    "too short": (HEAD + payloads.chunk(payloads.MESSAGE_STOP) + payloads.LAST_CHUNK, "bytes instead of"),
    "another end": (
        HEAD + payloads.chunk(b"x" * payloads.length(payloads.SHORT, 0)) + payloads.LAST_CHUNK,
        "message_stop",
    ),
    "not framed": (HEAD + b"nonsense\r\n", "chunk size"),
    "no end": (b"".join(short(3))[: -len(payloads.LAST_CHUNK)], "answers came within"),
    "no answer": (b"", "closed before"),
}


@pytest.mark.asyncio
@pytest.mark.parametrize(("wrong", "said"), WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_answer_ends_the_measurement(wrong: bytes, said: str) -> None:
    """One wrong answer among right ones is enough, and the message says what was wrong."""
    async with listening(lambda: Wrong(wrong)) as port:
        with pytest.raises(BadAnswerError, match=said):
            await carry_out(order(port, seconds=0.5))


@pytest.mark.asyncio
async def test_lost_events_end_the_measurement() -> None:
    """An answer of the right length in which stamps are missing has lost events."""

    class Forgetful(Upstream):
        async def _paced(self, number: int, events: int, seconds: float, said: object) -> None:
            assert self._transport is not None
            filler = b"x" * (len(payloads.stamped(0)) - len(payloads.delta(b"")))
            body = payloads.opening(1) + payloads.delta(filler) * events + payloads.ending(1)
            self._transport.write(HEAD + payloads.chunk(body) + payloads.LAST_CHUNK)

    async with listening(Forgetful) as port:
        with pytest.raises(BadAnswerError, match="0 of 6 events"):
            await carry_out(order(port, kind=payloads.PACED, count=3))


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", [payloads.SHORT, payloads.PACED])
async def test_an_answer_to_a_conversation_has_to_say_the_right_thing(kind: str) -> None:
    """A proxy that gives back placeholders, or nothing in their place, has not restored."""
    wanted = {"kind": kind, "conversation": conversation.KNOWN, "size": 60_000, "count": 10, "interval": 1}
    async with listening(Upstream) as port:
        result = await carry_out(order(port, **wanted))
    assert len(result.latencies) == (10 if kind == payloads.SHORT else 2)

    class Unrestored(Upstream):
        def _answer(self, answer: str, said: quoting.Said | None) -> None:
            assert said is not None
            super()._answer(answer, said._replace(address=b"redacted-email-x@redacted.invalid"))

    async with listening(Unrestored) as port:
        with pytest.raises(BadAnswerError, match="does not say what it should"):
            await carry_out(order(port, **wanted))


@pytest.mark.asyncio
async def test_a_body_that_is_not_redacted_ends_the_measurement() -> None:
    """What a gateway that does not redact costs is nothing that anyone wants to know."""
    async with listening(Upstream) as port:
        with pytest.raises(BadAnswerError, match="status 422: the prompt does not hold placeholders"):
            await carry_out(order(port, conversation=conversation.KNOWN, size=60_000, redacted=True))


@pytest.mark.asyncio
async def test_requests_of_a_hostile_client_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind of hostile text is sent, and not one of them again and again."""
    monkeypatch.setattr("tests.bench.detection.hostile.hostile", lambda: {"a": "a" * 10, "b": "b" * 10})
    monkeypatch.setattr(conversation, "HUGE", 60_000)
    bodies: list[bytes] = []

    class Watching(Upstream):
        def data_received(self, data: bytes) -> None:
            bodies.append(data)
            super().data_received(data)

    async with listening(Watching) as port:
        await carry_out(order(port, conversation=conversation.HOSTILE, connections=1, count=4))
    sent = b"".join(bodies)
    assert sent.count(b"a" * 10) == sent.count(b"b" * 10) == 3


@pytest.mark.asyncio
async def test_an_endless_order_ends_with_what_it_was_given_to_watch() -> None:
    """Everything that was sent until then is answered and measured."""
    reading, writing = os.pipe()
    ready = asyncio.Event()
    async with listening(Upstream) as port:
        asking = asyncio.create_task(carry_out(order(port, count=1, endless=True), reading, ready.set))
        await ready.wait()
        await asyncio.sleep(0.2)
        assert not asking.done()
        os.close(writing)
        result = await asking
    os.close(reading)
    assert len(result.latencies) > 20


@pytest.mark.asyncio
async def test_connections_have_sessions_of_their_own() -> None:
    """Two people behind one gateway are two sessions."""
    seen: set[bytes] = set()

    class Watching(Upstream):
        def data_received(self, data: bytes) -> None:
            seen.update(line for line in data.split(b"\r\n") if line.startswith(b"x-claude-code-session-id"))
            super().data_received(data)

    async with listening(Watching) as port:
        result = await carry_out(order(port, connections=3))
    assert isinstance(result, Result)
    assert len(seen) == 3
