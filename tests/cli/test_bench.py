"""The command in front of the bench: what a person types and what a build gets."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from ccgate.cli.main import ccgate
from tests.bench import run
from tests.bench.stats import Goal
from tests.bench.stats import Line
from tests.bench.stats import Metric

MISSED = [Line(Metric("60 KB", "requests per second", "", Goal("ratio", at_least=1.3)), [700.0], [800.0])]


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What the command has measured, without doing so."""
    calls: list[tuple[object, ...]] = []

    def measure(cases: object, rounds: int, share: float, against_itself: bool, say: object) -> list[Line]:
        calls.append((rounds, share, against_itself))
        return MISSED

    monkeypatch.setattr(run, "measure", measure)
    return calls


def test_a_missed_goal_fails_only_a_check(measured: list[tuple[object, ...]]) -> None:
    """A person gets the table; a build that asks for it gets the exit code."""
    shown = CliRunner().invoke(ccgate, ["bench"])
    assert (shown.exit_code, "missed: ratio at least 1.3" in shown.output) == (0, True)
    assert CliRunner().invoke(ccgate, ["bench", "--check"]).exit_code == 1
    assert CliRunner().invoke(ccgate, ["bench", "--check", "--noise"]).exit_code == 0
    assert measured == [(3, 1.0, False), (3, 1.0, False), (3, 1.0, True)]


def test_json_is_nothing_but_json(measured: list[tuple[object, ...]]) -> None:
    """It can be piped."""
    result = CliRunner().invoke(ccgate, ["bench", "--quick", "--rounds", "2", "--format", "json"])
    document = json.loads(result.stdout)
    assert document["results"][0]["met"] is False
    assert measured == [(2, run.QUICK_SHARE, False)]


def test_a_failed_measurement_is_an_error() -> None:
    """A bench that cannot measure does not end as if it had."""
    result = CliRunner().invoke(ccgate, ["bench", "--only", "sixty"])
    assert result.exit_code == 1
    assert "ccgate: there is no case 'sixty'" in result.stderr


def test_detection_is_measured_by_a_command_of_its_own(
    measured: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its arguments and its exit code are passed on, and no proxy is started for it."""
    from tests.bench.detection import __main__ as detection

    given: list[object] = []
    monkeypatch.setattr(detection, "main", lambda arguments: given.extend(arguments) or 3)
    result = CliRunner().invoke(ccgate, ["bench", "detection", "--alone", "more"])
    assert result.exit_code == 3
    assert given == ["--alone", "more"]
    assert measured == []


def test_options_of_the_speed_say_nothing_about_detection(measured: list[tuple[object, ...]]) -> None:
    """`bench --check detection` would look like a check that passed."""
    result = CliRunner().invoke(ccgate, ["bench", "--check", "detection"])
    assert result.exit_code == 2
    assert "takes no options of bench" in result.stderr
