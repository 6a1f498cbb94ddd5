"""Carries out the bench: two sides up beside each other, and each case on one and then on the other.

Rounds are interleaved, and every second one goes the other way round, so that whatever else the machine
does meanwhile falls on both sides alike.
"""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import ExitStack
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import FrameType

from tests.bench import cases as observing
from tests.bench import redacting
from tests.bench.cases import Case
from tests.bench.processes import BenchError
from tests.bench.processes import Process
from tests.bench.processes import environ
from tests.bench.processes import stop_all
from tests.bench.sides import Maker
from tests.bench.sides import Side
from tests.bench.stats import Line

CASES: tuple[Case, ...] = (*observing.CASES, *redacting.CASES)

QUICK_SHARE = 0.2
"""How much of the full counts a quick run takes."""

Say = Callable[[str], None]

Make = Callable[[], Side]


def chosen(names: Sequence[str]) -> list[Case]:
    """The cases whose names contain one of these words; all of them without words.

    Raises:
        BenchError: a word is in no name.
    """
    for name in names:
        if not any(name in case.name for case in CASES):
            raise BenchError(f"there is no case {name!r}; the cases are: {', '.join(c.name for c in CASES)}")
    return [case for case in CASES if not names or any(name in case.name for name in names)]


def measure(cases: Sequence[Case], rounds: int, share: float, against_itself: bool, say: Say) -> list[Line]:
    """Measure these cases. `against_itself` compares bare mitmdump with itself: what is left is noise.

    Raises:
        BenchError: something could not be started, or an answer was wrong or missing.
    """
    runs = count(1)
    with _terminated_as_interrupted(), ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ccgate-bench-")))
        stack.callback(stop_all)
        upstream = stack.enter_context(_upstream(folder))
        maker = Maker(folder, int(upstream.first_line() or _died(upstream)))
        sides: dict[tuple[str, Make], Side] = {}
        lines: list[Line] = []
        for case in cases:
            gateway = maker.redacting if case.redacting else maker.gateway
            makers: dict[str, Make] = {
                "gateway": maker.bare if against_itself else gateway,
                "bare": maker.bare,
            }
            for key in makers.items():
                if not case.fresh and key not in sides:
                    sides[key] = key[1]()
                    stack.enter_context(sides[key].process)
            values: dict[str, list[dict[str, float]]] = {name: [] for name in makers}
            for turn in range(rounds):
                for name in list(makers)[:: 1 if turn % 2 == 0 else -1]:
                    say(f"{case.name}: round {turn + 1} of {rounds}, {name}")
                    with ExitStack() as own:
                        if case.fresh:
                            side = makers[name]()
                            own.enter_context(side.process)
                        else:
                            side = sides[name, makers[name]]
                        try:
                            values[name].append(case.measure(side, next(runs), share))
                        except BenchError as e:
                            log = side.process.log()
                            raise BenchError(f"{case.name}, {name}: {e}\n{log}".strip()) from e
            lines += _lines(case, values["gateway"], values["bare"])
        return lines


def _lines(case: Case, gateway: list[dict[str, float]], bare: list[dict[str, float]]) -> Iterator[Line]:
    for metric in case.metrics:
        if all(metric.name in values for values in gateway + bare):
            yield Line(metric, [each[metric.name] for each in gateway], [each[metric.name] for each in bare])


def _upstream(folder: Path) -> Process:
    return Process("upstream", [sys.executable, "-m", "tests.bench.upstream"], environ(), folder / "upstream")


def _died(upstream: Process) -> str:
    raise BenchError(f"the upstream does not start:\n{upstream.log()}")


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM end this as Ctrl-C does: with every process stopped."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
