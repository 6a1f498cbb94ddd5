"""Processes are started, watched and stopped, also those that do not want to be."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench import payloads
from tests.bench.order import Order
from tests.bench.processes import ROOT
from tests.bench.processes import BenchError
from tests.bench.processes import Process
from tests.bench.processes import ask
from tests.bench.processes import asking
from tests.bench.processes import environ
from tests.bench.processes import free_port

needs_proc = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="there is no /proc here")


def python(code: str, folder: Path) -> Process:
    return Process("child", [sys.executable, "-c", code], environ(), folder / "log")


def test_a_process_ends_with_its_block(tmp_path: Path) -> None:
    """Nothing is left running, whatever happens inside."""
    with pytest.raises(KeyError), python("import time; time.sleep(60)", tmp_path) as process:
        raise KeyError
    assert process._popen.poll() is not None


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that waits for its streams must not hold the bench up."""
    monkeypatch.setattr("tests.bench.processes.STOP_SECONDS", 0.2)
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    process = Process("upstream", [sys.executable, "-c", code], environ(), tmp_path / "log")
    assert process.first_line() == "up"
    process.stop()
    assert process._popen.poll() == -9


def test_a_start_that_fails_shows_the_log(tmp_path: Path) -> None:
    """Else a person would be told that nothing listens, and not why."""
    code = "import sys; sys.exit('no such profile')"
    with python(code, tmp_path) as process, pytest.raises(BenchError, match="no such profile"):
        process.wait_for(free_port())


@needs_proc
def test_memory_and_cpu_are_those_of_the_process(tmp_path: Path) -> None:
    """A process that fills 50 MB and works for a while is seen to do so."""
    code = "x = b'x' * 50_000_000; sum(range(3_000_000)); print('up', flush=True); input()"
    with Process("upstream", [sys.executable, "-c", code], environ(), tmp_path / "log") as process:
        assert process.first_line() == "up"
        memory, cpu = process.memory(), process.cpu()
    assert memory is not None
    assert 50 < memory < 150
    assert cpu is not None
    assert 0.01 <= cpu < 10


@needs_proc
def test_a_process_that_is_gone_uses_nothing(tmp_path: Path) -> None:
    """Where there is no /proc it is the same: the figures are left out."""
    with python("pass", tmp_path) as process:
        process._popen.wait(10)
    assert process.memory() is None
    assert process.cpu() is None


def test_a_failure_of_the_generator_is_told(tmp_path: Path) -> None:
    """What went wrong in its process reaches whoever started it."""
    with pytest.raises(BenchError, match="Connect call failed"):
        ask(Order(payloads.SHORT, free_port(), "", 2_000, 1, 1, 1))


def test_an_endless_order_lasts_as_long_as_its_block(tmp_path: Path) -> None:
    """What is looked at inside happens while others ask; what became of these is known afterwards."""
    with upstream(tmp_path) as process:
        order = Order(payloads.SHORT, int(process.first_line()), "", 2_000, 2, 1, 1, endless=True)
        with asking(order) as meanwhile:
            assert meanwhile.latencies == []
            time.sleep(0.5)
    assert len(meanwhile.latencies) > 10
    assert meanwhile.seconds > 0.3


def test_an_endless_order_that_fails_is_told(tmp_path: Path) -> None:
    """Else what was looked at inside would have happened beside nothing, from the start or from then on."""
    order = Order(payloads.SHORT, free_port(), "", 2_000, 1, 1, 1, endless=True)
    with pytest.raises(BenchError, match="Connect call failed"), asking(order):
        pass
    with upstream(tmp_path) as process:
        order = replace(order, port=int(process.first_line()))
        with pytest.raises(BenchError, match=r"closed before"), asking(order):
            process.stop()


def upstream(folder: Path) -> Process:
    return Process("upstream", [sys.executable, "-m", "tests.bench.upstream"], environ(), folder / "log")


def test_children_get_nothing_of_the_callers_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy or a key in the shell must not reach what is measured."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret")
    shown = subprocess.run(
        [sys.executable, "-c", "import os; print(sorted(os.environ))"],
        env=environ(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "HTTPS_PROXY" not in shown
    assert "ANTHROPIC_API_KEY" not in shown


def test_an_interruption_at_the_start_leaves_a_process_that_is_known(tmp_path: Path) -> None:
    """Ctrl-C between a start and the block that ends it: the process is found and stopped all the same."""
    code = "import os, signal, sys; from pathlib import Path; from tests.bench import processes as p\n"
    code += "real = p.subprocess.Popen\n"
    code += "def interrupted(*a, **k):\n    os.kill(os.getpid(), signal.SIGINT)\n    return real(*a, **k)\n"
    code += "p.subprocess.Popen = interrupted\n"
    code += "try:\n    p.Process('x', ['sleep', '60'], p.environ(), Path(sys.argv[1]))\n"
    code += "except KeyboardInterrupt:\n    (left,) = p._running\n    p.stop_all()\n"
    code += "    assert left._popen.poll() is not None and not p._running\n    print('stopped')\n"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "log")],
        env=environ(PYTHONPATH=f"{ROOT}:{ROOT / 'addons'}"),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.stdout == "stopped\n", done.stderr
