"""`demo`: what a newcomer sees first has to work, and to leave nothing behind, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from ccgate.cli.demo import STOPPING
from ccgate.cli.demo import demo
from tests.demo import actors
from tests.demo import play
from tests.support.gateway import ROOT

pytestmark = pytest.mark.e2e


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files go; nothing may be in it at the end, and no process may know of it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    handlers = {number: signal.getsignal(number) for number in STOPPING}
    yield folder
    for number, handler in handlers.items():
        signal.signal(number, handler)
    assert [path.name for path in folder.iterdir() if path.name.startswith("ccgate-demo")] == []
    running = subprocess.run(["ps", "-axww", "-o", "command="], capture_output=True, text=True, check=True)
    assert [line for line in running.stdout.splitlines() if str(folder) in line] == []


def start(folder: Path) -> subprocess.Popen[str]:
    """Start the demonstration as run.sh does."""
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": "addons",
        "TMPDIR": str(folder),
        "HOME": str(folder),
        "CCGATE_PROG": "./run.sh",
        # What a person has set for the real provider must not matter.
        "ANTHROPIC_API_KEY": "sk-ant-api03-of-a-person",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
    }
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "ccgate.cli", "demo"],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_the_whole_demonstration(folder: Path) -> None:
    """It ends well within a minute, and shows who called, what it cost and what upstream got to see."""
    started = time.monotonic()
    process = start(folder)
    shown, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints) == (0, "")
    assert time.monotonic() - started < 60
    for sight in ("alice-laptop", "platform team", "$0.", "401: ccgate:", "tokens of the gateway: none"):
        assert sight in shown
    assert "./run.sh client add NAME" in shown
    assert "sk-ant" not in shown


@pytest.mark.parametrize("number", STOPPING)
def test_a_demonstration_that_is_stopped(folder: Path, number: signal.Signals) -> None:
    """Ctrl-C, `kill` and a closed terminal all end it with 1."""
    process = start(folder)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("3 "):
            break
    os.kill(process.pid, number)
    _, complaints = process.communicate(timeout=30)
    assert (process.returncode, complaints) == (1, "ccgate: the demonstration was stopped\n")


def test_without_claude_code(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no Claude Code, the SDK plays its part, in both ways."""
    monkeypatch.setattr(play, "best", lambda _home: actors.Sdk())
    result = CliRunner().invoke(demo)
    assert (result.exit_code, result.exception) == (0, None)
    assert "with the anthropic SDK" in result.output
    assert "What shall we build today?" in result.output


def test_a_failure_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A demonstration that cannot go on names the reason and shows the end of the gateway's log."""

    class Mute(actors.Sdk):
        def ask(self, *_: object) -> actors.Said:
            raise actors.ActorError("nobody answered")

    monkeypatch.setattr(play, "best", lambda _home: Mute())
    result = CliRunner().invoke(demo)
    assert result.exit_code == 1
    assert "the demonstration has failed: nobody answered" in str(result.exception)
    assert "reverse proxy to http://127.0.0.1" in str(result.exception)


def test_a_program_that_does_not_run_is_not_chosen(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken `claude` on the PATH is passed over."""
    broken = tmp_path / "bin" / "claude"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(broken.parent), prepend=os.pathsep)
    monkeypatch.setattr(actors, "installed", lambda _version: None)
    assert isinstance(actors.best(tmp_path), actors.Sdk)
