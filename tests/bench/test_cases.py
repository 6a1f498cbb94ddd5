"""The cases are those that are promised, with the goals that are promised."""

from __future__ import annotations

import time

from tests.bench.cases import CASES
from tests.bench.cases import _watched
from tests.bench.processes import Process
from tests.bench.report import wanted


def test_the_goals_are_those_that_the_gateway_has_to_reach() -> None:
    """Whoever loosens one changes this list in the same breath."""
    goals = {
        f"{metric.case}: {metric.name}": wanted(metric.goal, metric.unit)
        for case in CASES
        for metric in case.metrics
        if metric.goal is not None
    }
    assert goals == {
        "small, 1 connection: median": "ratio at most 1",
        "60 KB, 1 connection: median": "ratio at most 1",
        "60 KB, 8 connections: requests per second": "ratio at least 1.3",
        "1 MB, 1 connection: median": "ratio at most 1",
        "100 streams: lag, median": "at most 1 ms more",
        "100 streams: lag, p99": "at most 10 ms more",
        "100 MB answer: memory gained": "at most 10 MB",
        "2,000 requests: memory gained": "at most 10 MB",
    }


class Growing(Process):
    """A process whose memory rises for a while and then falls a little."""

    def __init__(self, *sizes: float | None) -> None:
        self._sizes = list(sizes)

    def memory(self) -> float | None:
        return self._sizes.pop(0) if len(self._sizes) > 1 else self._sizes[0]


def test_memory_is_what_is_left_and_what_was_highest() -> None:
    """A copy that is held and freed again shows at the highest, a leak in what is left."""
    with _watched(Growing(100.0, 180.0, 130.0)) as watched:
        time.sleep(0.2)
    assert watched == {"memory gained": 30.0, "memory at the highest": 80.0}


def test_without_proc_memory_is_left_out() -> None:
    """On macOS the case still runs, without a figure that would be wrong."""
    with _watched(Growing(None)) as watched:
        pass
    assert watched == {}
