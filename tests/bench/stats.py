"""From what was measured in each round to what is said about it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from math import ceil
from statistics import median
from typing import Literal


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least `share` per cent of them do not exceed.

    Raises:
        ValueError: there are no values, or the share is not in (0, 100].
    """
    if not values or not 0 < share <= 100:
        raise ValueError(f"no percentile {share} of {len(values)} values")
    return sorted(values)[ceil(len(values) * share / 100) - 1]


Comparison = Literal["ratio", "difference", "value"]
"""How a goal looks at the gateway: beside bare mitmdump, above it, or alone."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What has to be reached: a least or a greatest value of a comparison."""

    of: Comparison
    at_least: float | None = None
    at_most: float | None = None

    def met(self, value: float) -> bool:
        """Whether this value is good enough."""
        return (self.at_least is None or value >= self.at_least) and (
            self.at_most is None or value <= self.at_most
        )


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that is measured: in which case, in which unit, and what it has to reach."""

    case: str
    name: str
    unit: str
    goal: Goal | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A metric with its values, one of each side for each round; the two of a round belong together."""

    metric: Metric
    gateway: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    def value(self, of: Comparison) -> float | None:
        """The comparison of the medians; None for a ratio to nothing."""
        here, there = median(self.gateway), median(self.bare)
        if of == "value":
            return here
        if of == "difference":
            return here - there
        return here / there if there > 0 else None

    def spread(self) -> tuple[float, float] | None:
        """The least and the greatest ratio of all rounds; None when one of them has none."""
        pairs = list(zip(self.gateway, self.bare, strict=True))
        if any(there <= 0 for _, there in pairs):
            return None
        ratios = [here / there for here, there in pairs]
        return min(ratios), max(ratios)

    def met(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if self.metric.goal is None:
            return None
        value = self.value(self.metric.goal.of)
        return value is not None and self.metric.goal.met(value)
