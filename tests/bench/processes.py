"""Starts the processes of the bench, looks at what they use, and stops them whatever happens."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from tests.bench.order import Order
from tests.bench.order import Result

ROOT = Path(__file__).resolve().parents[2]

START_SECONDS = 30.0
STOP_SECONDS = 10.0


class BenchError(Exception):
    """Nothing can be measured; the message says why."""


class Process:
    """A process that ends when its block is left. It does not get the terminal's Ctrl-C: we stop it."""

    def __init__(self, name: str, arguments: Sequence[str], environ: Mapping[str, str], log: Path) -> None:
        self.name = name
        self._log = log
        with _uninterrupted(), log.open("ab") as output:
            self._popen = subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if name == "upstream" else output,
                stderr=output,
                env=dict(environ),
                cwd=ROOT,
                start_new_session=True,
            )
            _running.append(self)

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def first_line(self) -> str:
        """What it prints first; empty when it ends before."""
        assert self._popen.stdout is not None
        return self._popen.stdout.readline().decode().strip()

    def wait_for(self, port: int) -> float:
        """Wait until it takes connections on this port; the monotonic time at which it did.

        Raises:
            BenchError: it ended, or did not listen in time.
        """
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._popen.poll() is not None:
                raise BenchError(f"{self.name} ended with {self._popen.returncode}:\n{self.log()}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return time.monotonic()
            time.sleep(0.002)
        raise BenchError(f"{self.name} does not listen:\n{self.log()}")

    def log(self) -> str:
        """The end of what it has printed."""
        return self._log.read_text(errors="replace")[-2000:]

    def memory(self) -> float | None:
        """Its resident memory in MB; None where there is no /proc."""
        try:
            pages = Path(f"/proc/{self._popen.pid}/statm").read_text().split()[1]
        except OSError:
            return None
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def cpu(self) -> float | None:
        """The CPU seconds that it has used; None where there is no /proc."""
        try:
            text = Path(f"/proc/{self._popen.pid}/stat").read_text()
        except OSError:
            return None
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """End it: at once when it does not end by itself. Doing it again changes nothing."""
        if self in _running:
            _running.remove(self)
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                pipe.close()
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
        try:
            self._popen.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._popen.pid, signal.SIGKILL)
            self._popen.wait()


_running: list[Process] = []
"""Those that were started and not stopped."""


def stop_all() -> None:
    """Stop what an interruption has left: one may come between a start and the block that ends it."""
    for process in list(_running):
        process.stop()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put Ctrl-C and SIGTERM off until the block has ended, so that nothing runs that nobody knows of."""
    held: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda got, _: held.append(got)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in held:
            signal.raise_signal(number)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def ask(order: Order) -> Result:
    """Have the load generator carry out an order, in a process of its own.

    Raises:
        BenchError: an answer was wrong or missing.
    """
    with _generator(order) as child:
        return _result(child, order.seconds)


@contextmanager
def asking(order: Order) -> Iterator[Result]:
    """Have an endless order carried out while the block runs; what is yielded is filled at its end.

    Raises:
        BenchError: an answer was wrong or missing.
    """
    result = Result()
    with _generator(order) as child:
        assert child.stdout is not None
        if child.stdout.readline() != b"ready\n":
            _result(child, order.seconds)
            raise BenchError("the load generator has asked for nothing")
        yield result
        done = _result(child, order.seconds)
    result.seconds, result.latencies = done.seconds, done.latencies


@contextmanager
def _generator(order: Order) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.load"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ(),
        cwd=ROOT,
        start_new_session=True,
    ) as child:
        try:
            assert child.stdin is not None
            # One that has ended already says why on stderr.
            with suppress(BrokenPipeError):
                child.stdin.write(json.dumps(asdict(order)).encode() + b"\n")
                child.stdin.flush()
            yield child
        finally:
            if child.poll() is None:
                child.kill()


def _result(child: subprocess.Popen[bytes], seconds: float) -> Result:
    """What a generator whose stdin is closed now prints at its end."""
    try:
        out, err = child.communicate(timeout=seconds + START_SECONDS)
    except subprocess.TimeoutExpired:
        raise BenchError("the load generator does not end") from None
    if child.returncode != 0:
        raise BenchError(err.decode(errors="replace").strip())
    return Result(**json.loads(out))


def environ(**more: str) -> dict[str, str]:
    """The environment of a child: a path to the programs and to the project, and nothing of the caller's."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(ROOT / "addons"),
        "PYTHONUNBUFFERED": "1",
        **more,
    }
