"""The table and the JSON say the same, and say when a goal is missed."""

from __future__ import annotations

import json

from rich.console import Console

from tests.bench import report
from tests.bench.stats import Goal
from tests.bench.stats import Line
from tests.bench.stats import Metric

LINES = [
    Line(Metric("60 KB", "requests per second", "", Goal("ratio", at_least=1.3)), [900, 1100], [700, 900]),
    Line(Metric("60 KB", "median", "ms", Goal("ratio", at_most=1)), [2, 2], [1, 1]),
    Line(Metric("streams", "lag, p99", "ms", Goal("difference", at_most=10)), [5, 5], [1, 1]),
    Line(Metric("memory", "memory gained", "MB", Goal("value", at_most=10)), [0.5, 0.5], [0, 0]),
]


def shown(*, against_itself: bool) -> str:
    console = Console(width=160, no_color=True)
    with console.capture() as capture:
        console.print(report.as_table(LINES, against_itself))
    return capture.get()


def test_the_table_says_what_was_reached() -> None:
    """A reader sees the medians, the ratio, how sure it is, and the goal, missed ones as such."""
    rows = [line.split("  ") for line in shown(against_itself=False).splitlines()]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert cells[1] == [
        "60 KB",
        "requests per second",
        "1,000",
        "800",
        "1.25",
        "1.22 - 1.29",
        "missed: ratio at least 1.3",
    ]
    assert cells[2] == ["median, ms", "2.00", "1.00", "2.00", "2.00 - 2.00", "missed: ratio at most 1"]
    assert cells[3][-1] == "met: at most 10 ms more"
    # There is no ratio to no growth at all.
    assert cells[4] == ["memory", "memory gained, MB", "0.50", "0.00", "met: at most 10 MB"]


def test_noise_is_not_judged() -> None:
    """Bare against bare has no goals, and no column says gateway."""
    text = shown(against_itself=True)
    assert "missed" not in text
    assert "gateway" not in text


def test_the_json_holds_every_round() -> None:
    """Whoever doubts a median can look at what it was made of."""
    document = json.loads(json.dumps(report.as_json(LINES, report.machine(), 2, False, False)))
    first = document["results"][0]
    assert first["gateway_rounds"] == [900, 1100]
    assert first["bare_rounds"] == [700, 900]
    assert first["ratio"] == 1.25
    assert first["met"] is False
    assert document["results"][3]["ratio"] is None
    assert document["machine"]["mitmproxy"]
    assert float(document["machine"]["load"]) >= 0
