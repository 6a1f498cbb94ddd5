"""The cases of a gateway that redacts are those that are promised, and measure no gateway that does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bench import run
from tests.bench import sides
from tests.bench.redacting import CASES
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
        "redacting 60 KB, known, 8 connections: requests per second": "ratio at least 1",
        "redacting 1 MB, known, 1 connection: median": "at most 3 ms more",
        "redacting 1 MB, new, 1 connection: median": "at most 12 ms more",
        "redacting 100 streams: lag, median": "at most 1 ms more",
        "redacting 100 streams: lag, p99": "at most 10 ms more",
        "redacting 100 streams: CPU per event": "at most 20 µs more",
        "redacting beside hostile requests: lag, longest": "at most 50 ms more",
    }


def test_every_metric_is_that_of_its_case() -> None:
    """The table puts lines under the case that they name."""
    assert all(metric.case == case.name for case in CASES for metric in case.metrics)
    assert all(case.redacting for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_gateway_that_does_not_redact_is_not_measured(
    case: run.Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However fast it is: `observe` in the place of a profile that redacts ends each of these cases."""
    monkeypatch.setattr(sides.Maker, "redacting", lambda maker: replace(maker.gateway(), redacts=True))
    with pytest.raises(run.BenchError, match="nothing is redacted"):
        run.measure([case], rounds=1, share=0.01, against_itself=False, say=lambda text: None)


def test_bare_mitmdump_passes_the_same_conversations() -> None:
    """It is what the gateway is compared with; its answers hold the originals because nobody took them."""
    cases = run.chosen(["redacting 60 KB, known, 8", "redacting 100 streams"])
    lines = run.measure(cases, rounds=1, share=0.01, against_itself=True, say=lambda text: None)
    assert {line.metric.case for line in lines} == {case.name for case in cases}
