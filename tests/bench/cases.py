"""What is measured, how, and what has to be reached.

A case measures one side and returns its metrics by name; a metric that cannot be had on this machine
(memory without /proc) is left out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from tests.bench import payloads
from tests.bench.load import WARM_UP
from tests.bench.order import Order
from tests.bench.processes import Process
from tests.bench.processes import ask
from tests.bench.sides import Side
from tests.bench.stats import Goal
from tests.bench.stats import Metric
from tests.bench.stats import percentile

SMALL, MIDDLE, LARGE = 2_000, 60_000, 1_000_000
"""Bytes of a request's body: a title's, a short conversation's, a long one's."""

STREAMS = 100
BULK_BYTES = 100_000_000
MEMORY_REQUESTS = 2_000

NO_SLOWER = Goal("ratio", at_most=1.0)
FASTER = Goal("ratio", at_least=1.3)
FLAT = Goal("value", at_most=10.0)

Measure = Callable[[Side, int, float], dict[str, float]]
"""From a side, the number of a run and the share of the full counts to values by metric."""


@dataclass(frozen=True, slots=True)
class Case:
    """One line of work, and the metrics that come of it.

    A `fresh` one gets a side that has just been started, for itself: what memory was taken before would
    hide what is taken now. The gateway of a `redacting` one does so.
    """

    name: str
    measure: Measure
    metrics: tuple[Metric, ...]
    fresh: bool = False
    redacting: bool = False


def _requests(size: int, connections: int, count: int) -> Measure:
    def measure(side: Side, run: int, share: float) -> dict[str, float]:
        return asked(side, _order(side, run, size, connections, max(int(count * share), connections)))

    return measure


def asked(side: Side, order: Order) -> dict[str, float]:
    """What an order of short answers came to: a throughput, latencies and CPU."""
    before = side.process.cpu()
    result = ask(order)
    after = side.process.cpu()
    values = {
        "requests per second": len(result.latencies) / result.seconds,
        "median": median(result.latencies),
        "p99": percentile(result.latencies, 99),
    }
    if before is not None and after is not None:
        values["CPU per request"] = (after - before) * 1000 / (order.count + WARM_UP * order.connections)
    return values


def _streams(side: Side, run: int, share: float) -> dict[str, float]:
    order = Order(payloads.PACED, side.port, side.token, MIDDLE, STREAMS, max(int(60 * share), 5), run)
    result = ask(order)
    return {
        "first byte, median": median(result.first_bytes),
        "first byte, p99": percentile(result.first_bytes, 99),
        "lag, median": median(result.lags),
        "lag, p99": percentile(result.lags, 99),
    }


def _bulk(side: Side, run: int, share: float) -> dict[str, float]:
    size = int(BULK_BYTES * share)
    _warm_up(side, run, share)
    with _watched(side.process) as watched:
        result = ask(Order(payloads.BULK, side.port, side.token, MIDDLE, 1, size, run))
    return {"throughput": size / 1e6 / (result.latencies[0] / 1000), **watched}


def _memory(side: Side, run: int, share: float) -> dict[str, float]:
    _warm_up(side, run, share)
    with _watched(side.process) as watched:
        ask(_order(side, run, MIDDLE, 8, max(int(MEMORY_REQUESTS * share), 8)))
    return {name: value for name, value in watched.items() if name == "memory gained"}


def _warm_up(side: Side, run: int, share: float) -> None:
    """Enough requests that every kind of memory that is taken once has been taken."""
    ask(_order(side, run, MIDDLE, 8, max(int(500 * share), 8)))


def _start_up(side: Side, run: int, share: float) -> dict[str, float]:
    return {"until it listens": side.started}


def _order(side: Side, run: int, size: int, connections: int, count: int) -> Order:
    return Order(payloads.SHORT, side.port, side.token, size, connections, count, run)


@contextmanager
def _watched(process: Process) -> Iterator[dict[str, float]]:
    """Fills what it yields, at the end, with the memory gained until then and at the highest in between."""
    watched: dict[str, float] = {}
    before = process.memory()
    if before is None:
        yield watched
        return
    highest = before
    ended = threading.Event()

    def watch() -> None:
        nonlocal highest
        while not ended.wait(0.05):
            highest = max(highest, process.memory() or 0.0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield watched
    finally:
        ended.set()
        watcher.join()
    after = process.memory() or 0.0
    watched["memory gained"] = after - before
    watched["memory at the highest"] = max(highest, after) - before


def throughput(name: str, goals: Mapping[str, Goal]) -> tuple[Metric, ...]:
    """The metrics of a case that asks for short answers."""
    units = {"requests per second": "", "median": "ms", "p99": "ms", "CPU per request": "ms"}
    return tuple(Metric(name, each, unit, goals.get(each)) for each, unit in units.items())


def _throughput(name: str, size: int, connections: int, count: int, goals: Mapping[str, Goal]) -> Case:
    return Case(name, _requests(size, connections, count), throughput(name, goals))


def _case(name: str, measure: Measure, *metrics: tuple[str, str, Goal | None], fresh: bool = True) -> Case:
    return Case(name, measure, tuple(Metric(name, *each) for each in metrics), fresh)


CASES: tuple[Case, ...] = (
    _throughput("small, 1 connection", SMALL, 1, 700, {"median": NO_SLOWER}),
    _throughput("small, 8 connections", SMALL, 8, 1_500, {}),
    _throughput("60 KB, 1 connection", MIDDLE, 1, 700, {"median": NO_SLOWER}),
    _throughput("60 KB, 8 connections", MIDDLE, 8, 1_500, {"requests per second": FASTER}),
    _throughput("1 MB, 1 connection", LARGE, 1, 150, {"median": NO_SLOWER}),
    _throughput("1 MB, 8 connections", LARGE, 8, 300, {}),
    _case(
        "100 streams",
        _streams,
        ("first byte, median", "ms", None),
        ("first byte, p99", "ms", None),
        ("lag, median", "ms", Goal("difference", at_most=1.0)),
        ("lag, p99", "ms", Goal("difference", at_most=10.0)),
        fresh=False,
    ),
    _case(
        "100 MB answer",
        _bulk,
        ("throughput", "MB/s", None),
        ("memory gained", "MB", FLAT),
        ("memory at the highest", "MB", None),
    ),
    _case("2,000 requests", _memory, ("memory gained", "MB", FLAT)),
    _case("start-up", _start_up, ("until it listens", "s", None)),
)
