"""Living and dead gateways, told apart with real locks and real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ccgate.accounting import instance as module
from ccgate.accounting.instance import Instance
from ccgate.accounting.instance import is_alive
from ccgate.errors import StoreError

ADDONS = Path(module.__file__).parents[2]


def test_a_gateway_is_alive_until_it_lets_go(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    assert is_alive(tmp_path, instance.id)
    instance.release()
    assert not is_alive(tmp_path, instance.id)
    assert list(tmp_path.iterdir()) == []


def test_letting_go_twice_does_no_harm(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    instance.release()
    instance.release()


def test_no_two_are_the_same(tmp_path: Path) -> None:
    first, second = Instance(tmp_path), Instance(tmp_path)
    assert first.id != second.id
    first.release()
    second.release()


def test_the_lock_is_nobody_elses_to_read(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    assert (tmp_path / f"{instance.id}.lock").stat().st_mode & 0o777 == 0o600
    instance.release()


def test_one_that_was_killed_is_dead_and_its_file_goes(tmp_path: Path) -> None:
    """Nothing can be tidied up after kill -9; the kernel gives the lock back all the same."""
    script = (
        "import pathlib, sys, time; from ccgate.accounting.instance import Instance;"
        "held = Instance(pathlib.Path(sys.argv[1])); print(held.id, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ADDONS)},
    )
    assert process.stdout is not None
    name = process.stdout.readline().decode().strip()
    assert is_alive(tmp_path, name)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not is_alive(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_one_without_a_file_is_dead(tmp_path: Path) -> None:
    assert not is_alive(tmp_path, "0" * 32)


def test_one_that_cannot_be_looked_at_may_live(tmp_path: Path) -> None:
    """A running answer must not be called interrupted because of a folder's rights."""
    (tmp_path / f"{'0' * 32}.lock").mkdir()
    assert is_alive(tmp_path, "0" * 32)


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"the lock of this gateway cannot be taken .*CCGATE_HOME"):
        Instance(tmp_path / "gone")
