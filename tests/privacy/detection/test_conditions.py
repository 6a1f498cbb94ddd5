from __future__ import annotations

from ccgate.privacy.detection.conditions import Conditions
from ccgate.privacy.detection.rules import Condition


def test_each_part_of_a_condition_counts() -> None:
    """A rule would find words and examples, or nothing at all."""
    hold = Conditions().hold
    assert hold(Condition(), "anything")
    assert not hold(Condition(entropy=3), "aaaabbbb")
    assert not hold(Condition(natural=False), "configuration_manager")
    assert hold(Condition(natural=False), "x8Kq2ZpW1n")
    assert not hold(Condition(deny=("^a", "z$")), "xyz")
    assert hold(Condition(deny=("^a", "z$")), "xy")
    assert not hold(Condition(require=("[0-9]", "[A-Z]")), "a1")
    assert hold(Condition(require=("[0-9]", "[A-Z]")), "A1")
    assert not hold(Condition(without=("EXAMPLE",)), "AKIAEXAMPLE")
