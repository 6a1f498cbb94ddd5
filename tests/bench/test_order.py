"""An order says to upstream what it says to the generator."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from tests.bench import payloads
from tests.bench.order import Order


def order(kind: str, **more: object) -> Order:
    return Order(kind, 1, "", 2_000, 1, 7, 1, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "control"),
    [
        (order(payloads.SHORT), "short"),
        (order(payloads.PACED, interval=5), "paced:7:5"),
        (order(payloads.BULK), "bulk:7"),
        (order(payloads.SHORT, conversation="known"), "short originals"),
        (order(payloads.PACED, conversation="new", redacted=True), "paced:7:100 placeholders"),
    ],
)
def test_upstream_is_told_what_is_wanted(asked: Order, control: str) -> None:
    """What it looks for in a body depends on the side alone, not on what is sent."""
    assert asked.control() == control


def test_an_order_reaches_the_generator_as_it_was() -> None:
    """It goes as JSON; a value that changed on its way would be measured as something else."""
    sent = order(payloads.SHORT, conversation="known", redacted=True, endless=True)
    assert Order(**json.loads(json.dumps(asdict(sent)))) == sent
