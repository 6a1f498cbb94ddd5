"""What was measured, for a person and for a program."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from collections.abc import Sequence
from importlib.metadata import version
from statistics import median
from typing import Any

from rich.table import Table

from tests.bench.stats import Goal
from tests.bench.stats import Line


def machine() -> dict[str, str]:
    """What the figures depend on; `load` is how busy the last minute was, nought where that is not known."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return {
        "cores": str(os.cpu_count()),
        "load": f"{load:.1f}",
        "system": platform.system(),
        "python": platform.python_version(),
        "mitmproxy": version("mitmproxy"),
    }


def as_json(
    lines: Sequence[Line], on: Mapping[str, str], rounds: int, quick: bool, against_itself: bool
) -> dict[str, Any]:
    """Everything, with the values of every round in their order; `on` is the machine before it began."""
    return {
        "machine": dict(on),
        "rounds": rounds,
        "quick": quick,
        "against_itself": against_itself,
        "results": [_row(line) for line in lines],
    }


def as_table(lines: Sequence[Line], against_itself: bool) -> Table:
    """The medians, their ratio, and whether the goals are met."""
    first = "bare again" if against_itself else "gateway"
    table = Table(box=None, pad_edge=False)
    table.add_column("case")
    table.add_column("")
    for name in (first, "bare", "ratio", "in all rounds"):
        table.add_column(name, justify="right")
    table.add_column("" if against_itself else "goal")
    case = ""
    for line in lines:
        ratio, spread = line.value("ratio"), line.spread()
        table.add_row(
            "" if line.metric.case == case else line.metric.case,
            ", ".join(filter(None, (line.metric.name, line.metric.unit))),
            _number(median(line.gateway)),
            _number(median(line.bare)),
            "" if ratio is None else f"{ratio:.2f}",
            "" if spread is None else f"{spread[0]:.2f} - {spread[1]:.2f}",
            "" if against_itself else _verdict(line),
        )
        case = line.metric.case
    return table


def _verdict(line: Line) -> str:
    goal, met = line.metric.goal, line.met()
    if goal is None:
        return ""
    return f"{'met' if met else '[bold red]missed[/]'}: {wanted(goal, line.metric.unit)}"


def wanted(goal: Goal, unit: str) -> str:
    """A goal in words, such as `ratio at least 1.3`."""
    least = goal.at_least is not None
    bound = goal.at_least if least else goal.at_most
    amount = f"{'at least' if least else 'at most'} {bound:g}"
    if goal.of == "ratio":
        return f"ratio {amount}"
    return f"{amount} {unit} more" if goal.of == "difference" else f"{amount} {unit}"


def _row(line: Line) -> dict[str, Any]:
    goal = line.metric.goal
    return {
        "case": line.metric.case,
        "metric": line.metric.name,
        "unit": line.metric.unit,
        "gateway": median(line.gateway),
        "bare": median(line.bare),
        "ratio": line.value("ratio"),
        "difference": line.value("difference"),
        "gateway_rounds": line.gateway,
        "bare_rounds": line.bare,
        "goal": None if goal is None else wanted(goal, line.metric.unit),
        "met": line.met(),
    }


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
