"""The cases of a gateway that redacts: what it costs that nothing private leaves, and that all comes back.

Both sides get the same conversations, with private things in them. Upstream looks that there are placeholders
on one side and originals on the other, and the client that it gets the originals on both.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import median

from tests.bench import conversation
from tests.bench import payloads
from tests.bench import quoting
from tests.bench.cases import LARGE
from tests.bench.cases import MIDDLE
from tests.bench.cases import STREAMS
from tests.bench.cases import Case
from tests.bench.cases import asked
from tests.bench.cases import throughput
from tests.bench.order import Order
from tests.bench.processes import ask
from tests.bench.processes import asking
from tests.bench.sides import Side
from tests.bench.stats import Goal
from tests.bench.stats import Metric
from tests.bench.stats import percentile

EVENTS = 60
"""Of each of many streams."""

WATCHED_STREAMS, WATCHED_EVENTS, WATCHED_INTERVAL = 10, 400, 20
"""Streams whose events show how long the event loop is held: one event every 2 ms, for 8 s."""

NO_SLOWER = Goal("ratio", at_least=1.0)
NEVER_HELD = Goal("difference", at_most=50.0)


def _requests(kind: str, size: int, connections: int, count: int, goals: dict[str, Goal]) -> Case:
    def measure(side: Side, run: int, share: float) -> dict[str, float]:
        order = _order(side, run, kind, size, connections, max(int(count * share), connections))
        # What a first request may have to wait for, as rules that are still being read, is over then; in
        # another session, so that none of the measured ones is known by it.
        ask(replace(order, run=run + 20_000, connections=1, count=1))
        return asked(side, order)

    amount = f"{size // 1_000_000} MB" if size >= 1_000_000 else f"{size // 1_000} KB"
    name = f"redacting {amount}, {kind}, {connections} connection{'s' if connections > 1 else ''}"
    return Case(name, measure, throughput(name, goals), redacting=True)


def _streams(side: Side, run: int, share: float) -> dict[str, float]:
    events = _whole_cycles(EVENTS * share)
    first = _order(side, run, conversation.KNOWN, MIDDLE, STREAMS, STREAMS)
    ask(first)  # From now on, the conversations are known.
    before = side.process.cpu()
    result = ask(replace(first, kind=payloads.PACED, count=events))
    after = side.process.cpu()
    values = {
        "first byte, median": median(result.first_bytes),
        "first byte, p99": percentile(result.first_bytes, 99),
        "lag, median": median(result.lags),
        "lag, p99": percentile(result.lags, 99),
    }
    if before is not None and after is not None:
        values["CPU per event"] = (after - before) * 1e6 / (STREAMS * events)
    return values


def _beside_hostile(side: Side, run: int, share: float) -> dict[str, float]:
    events = _whole_cycles(WATCHED_EVENTS * share)
    watched = _order(side, run, conversation.KNOWN, MIDDLE, WATCHED_STREAMS, WATCHED_STREAMS)
    ask(watched)
    # A session and numbers that are not those of any other run.
    others = replace(
        watched, conversation=conversation.HOSTILE, connections=1, run=run + 50_000, endless=True
    )
    with asking(others) as meanwhile:
        result = ask(replace(watched, kind=payloads.PACED, count=events, interval=WATCHED_INTERVAL))
    return {
        "lag, median": median(result.lags),
        "lag, p99": percentile(result.lags, 99),
        "lag, longest": max(result.lags),
        "hostile requests": len(meanwhile.latencies),
    }


def _order(side: Side, run: int, kind: str, size: int, connections: int, count: int) -> Order:
    return Order(
        payloads.SHORT,
        side.port,
        side.token,
        size,
        connections,
        count,
        run,
        conversation=kind,
        redacted=side.redacts,
    )


def _whole_cycles(events: float) -> int:
    return max(int(events / quoting.CYCLE), 1) * quoting.CYCLE


_STREAMS, _BESIDE = "redacting 100 streams", "redacting beside hostile requests"

CASES: tuple[Case, ...] = (
    _requests(conversation.KNOWN, MIDDLE, 1, 700, {}),
    _requests(conversation.KNOWN, MIDDLE, 8, 1_500, {"requests per second": NO_SLOWER}),
    _requests(conversation.KNOWN, LARGE, 1, 150, {"median": Goal("difference", at_most=3.0)}),
    _requests(conversation.NEW, LARGE, 1, 100, {"median": Goal("difference", at_most=12.0)}),
    Case(
        _STREAMS,
        _streams,
        (
            Metric(_STREAMS, "first byte, median", "ms"),
            Metric(_STREAMS, "first byte, p99", "ms"),
            Metric(_STREAMS, "lag, median", "ms", Goal("difference", at_most=1.0)),
            Metric(_STREAMS, "lag, p99", "ms", Goal("difference", at_most=10.0)),
            Metric(_STREAMS, "CPU per event", "µs", Goal("difference", at_most=20.0)),
        ),
        redacting=True,
    ),
    Case(
        _BESIDE,
        _beside_hostile,
        (
            Metric(_BESIDE, "lag, median", "ms"),
            Metric(_BESIDE, "lag, p99", "ms"),
            Metric(_BESIDE, "lag, longest", "ms", NEVER_HELD),
            Metric(_BESIDE, "hostile requests", ""),
        ),
        redacting=True,
    ),
)
