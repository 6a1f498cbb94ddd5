"""What is said of the measurements follows from them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.stats import Goal
from tests.bench.stats import Line
from tests.bench.stats import Metric
from tests.bench.stats import percentile

numbers = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=50)


@given(numbers, st.integers(1, 100))
def test_a_percentile_is_a_value_that_enough_others_do_not_exceed(values: list[float], share: int) -> None:
    """p99 of the lags is what a goal is about."""
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) * 100 >= share * len(values)
    assert sum(value < found for value in values) * 100 < share * len(values)


def test_the_99th_of_a_hundred_is_the_last_but_one() -> None:
    """The usual definition, the nearest rank, by hand."""
    assert percentile([float(n) for n in range(1, 101)], 99) == 99
    assert percentile([float(n) for n in range(1, 101)], 100) == 100


@pytest.mark.parametrize(("values", "share"), [([], 50), ([1.0], 0), ([1.0], 101)])
def test_there_is_no_percentile_of_nothing(values: list[float], share: float) -> None:
    """An empty measurement must not pass for a fast one."""
    with pytest.raises(ValueError, match="no percentile"):
        percentile(values, share)


def line(goal: Goal | None, gateway: list[float], bare: list[float]) -> Line:
    return Line(Metric("case", "metric", "ms", goal), gateway, bare)


def test_medians_are_compared_and_rounds_are_shown() -> None:
    """One slow round, on either side, must not decide."""
    measured = line(None, [10, 12, 900], [8, 6, 7])
    assert measured.value("value") == 12
    assert measured.value("difference") == 5
    assert measured.value("ratio") == pytest.approx(12 / 7)
    assert measured.spread() == pytest.approx((10 / 8, 900 / 7))
    assert measured.met() is None


@pytest.mark.parametrize(
    ("goal", "gateway", "met"),
    [
        (Goal("ratio", at_least=1.3), 130, True),
        (Goal("ratio", at_least=1.3), 129, False),
        (Goal("ratio", at_most=1.0), 100, True),
        (Goal("ratio", at_most=1.0), 101, False),
        (Goal("difference", at_most=10), 110, True),
        (Goal("difference", at_most=10), 111, False),
        (Goal("value", at_most=10), 10, True),
        (Goal("value", at_most=10), 11, False),
    ],
)
def test_goals_are_met_up_to_their_bound(goal: Goal, gateway: float, met: bool) -> None:
    """`--check` fails a build by this."""
    assert line(goal, [gateway], [100]).met() is met


def test_a_ratio_to_nothing_meets_no_goal() -> None:
    """A bare side that measured 0 is a fault of the bench, not a success of the gateway."""
    measured = line(Goal("ratio", at_least=1.3), [5], [0])
    assert measured.value("ratio") is None
    assert measured.spread() is None
    assert measured.met() is False
