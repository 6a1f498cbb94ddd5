"""The whole bench with tiny counts: both sides run, every answer is right, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.bench import run
from tests.bench.processes import ROOT
from tests.bench.stats import Line


def test_words_choose_cases() -> None:
    """`--only` takes any part of a name, and does not silently measure nothing."""
    assert run.chosen([]) == list(run.CASES)
    assert [case.name for case in run.chosen(["60 KB", "start-up"])] == [
        "60 KB, 1 connection",
        "60 KB, 8 connections",
        "start-up",
        "redacting 60 KB, known, 1 connection",
        "redacting 60 KB, known, 8 connections",
    ]
    assert all(case.redacting for case in run.chosen(["redacting"]))
    with pytest.raises(run.BenchError, match="there is no case 'sixty'"):
        run.chosen(["sixty"])


def test_the_gateway_is_measured_beside_bare_mitmdump() -> None:
    """Every case runs on both sides; a wrong answer on either of them would have ended it."""
    said: list[str] = []
    lines = run.measure(run.chosen([]), rounds=1, share=0.01, against_itself=False, say=said.append)
    assert {line.metric.case for line in lines} == {case.name for case in run.CASES}
    assert all(len(line.gateway) == len(line.bare) == 1 for line in lines)
    assert value(lines, "60 KB, 8 connections", "requests per second") > 0
    assert value(lines, "100 streams", "first byte, median") > 0
    assert value(lines, "redacting 100 streams", "first byte, median") > 0
    assert any("gateway" in text for text in said)


def value(lines: list[Line], case: str, name: str) -> float:
    return next(line.gateway[0] for line in lines if (line.metric.case, line.metric.name) == (case, name))


def test_every_second_round_goes_the_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine does meanwhile falls on both sides alike."""
    said: list[str] = []
    run.measure(run.chosen(["small, 1"]), rounds=2, share=0.01, against_itself=True, say=said.append)
    assert [text.rpartition(" ")[2] for text in said] == ["gateway", "bare", "bare", "gateway"]


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="there is no /proc to look into")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_it_stops_everything(number: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C in the middle leaves no proxy behind that holds a port, and no folder."""
    bench = subprocess.Popen(
        [sys.executable, "-P", "-m", "ccgate.cli", "bench", "--only", "100 streams"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "addons"), "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with bench:
        deadline = time.monotonic() + 30
        while len(processes_with(str(tmp_path))) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(processes_with(str(tmp_path))) >= 2, "the two sides have not been started"
        bench.send_signal(number)
        assert bench.wait(30) != 0
    assert processes_with(str(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def processes_with(text: str) -> list[int]:
    """The processes with this in their command line."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if text in file.read_text(errors="replace"):
                found.append(int(file.parent.name))
        except OSError:
            continue
    return found
