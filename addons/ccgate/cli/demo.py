"""`demo`: the whole job on this machine alone, for who wants to see it before setting it up.

The demonstration itself is in `tests/demo`, beside the stand-in upstream that it plays before; this is the
command in front of it.
"""

from __future__ import annotations

import importlib
import signal
import sys
from pathlib import Path
from types import FrameType
from types import ModuleType
from typing import NoReturn

import click

from ccgate.errors import OperatorError

ROOT = Path(__file__).resolve().parents[3]

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, `kill`, and a terminal that is closed."""


@click.command()
def demo() -> None:
    """The whole job on this machine alone: real clients, a gateway, and a stand-in of the provider.

    It takes some seconds, needs no network and no credential, and leaves nothing behind.
    """
    for number in STOPPING:
        signal.signal(number, _stop)
    play = _play()
    from rich.console import Console

    try:
        play.perform(Console(highlight=False), click.get_current_context().find_root().info_name)
    except play.DemoError as e:
        raise OperatorError(f"the demonstration has failed: {e}") from e


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    """End, by way of everything that tidies up; it does not take long, and is not to be broken off."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    # Not a KeyboardInterrupt: where one meets `exec` on its way, Python exits by signal, whoever catches it.
    raise SystemExit("ccgate: the demonstration was stopped")


def _play() -> ModuleType:
    """The demonstration.

    Raises:
        OperatorError: this is not a clone of the project, or what its tests need is not installed.
    """
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
    try:
        return importlib.import_module("tests.demo.play")
    except ImportError as e:
        raise OperatorError(
            f"the demonstration cannot be loaded ({e}); run it from a clone, by ./run.sh demo"
        ) from e
