"""How long detection takes: on bodies as the client sends them, none seen before, and on hostile texts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from ccgate.privacy.detection.detect import Detector
from tests.bench.detection.clean import installed
from tests.bench.detection.hostile import hostile
from tests.bench.detection.samples import samples

STRINGS = 690
"""Strings with content in a body of 1 MB."""

CHARACTERS = 820_000
"""Characters in them."""


HOME = "/home/ada.lovelace/work/shop/src/file_{}.py\n"
"""What a tool tells of a file in nearly every result."""


def bodies(count: int, homes: bool = False) -> Iterator[list[str]]:
    """Bodies of 1 MB, as their strings: numbered source code, each piece once, and ten secrets.

    With `homes` nine strings of ten begin with the path of a file in somebody's home.
    """
    pieces = _pieces(installed()["standard library"])
    planted = [sample.text for sample in samples()]
    for number in range(count):
        strings: list[str] = []
        length = 0
        while length < CHARACTERS and len(strings) < STRINGS:
            piece = next(pieces)
            strings.append(piece)
            length += len(piece)
        if homes:
            strings = [
                text if place % 10 == 9 else HOME.format(place) + text for place, text in enumerate(strings)
            ]
        for place in range(10):
            strings[place * 60] += "\n" + planted[(number * 10 + place) % len(planted)]
        yield strings


def _pieces(texts: tuple[str, ...]) -> Iterator[str]:
    size = CHARACTERS // STRINGS
    for text in texts:
        lines = [f"{number}\t{line}" for number, line in enumerate(text.splitlines(), 1)]
        piece: list[str] = []
        length = 0
        for line in lines:
            piece.append(line)
            length += len(line) + 1
            if length >= size:
                yield "\n".join(piece)
                piece, length = [], 0


def body_milliseconds(detector: Detector, count: int = 7, homes: bool = False) -> list[float]:
    """Milliseconds for each of some bodies, after one that is not counted."""
    timed = [_milliseconds(detector, strings) for strings in bodies(count + 1, homes)]
    return timed[1:]


def hostile_milliseconds(detector: Detector) -> dict[str, float]:
    """Name of a hostile text → the median of three runs."""
    return {
        name: statistics.median(_milliseconds(detector, [text]) for _ in range(3))
        for name, text in hostile().items()
    }


def _milliseconds(detector: Detector, texts: list[str]) -> float:
    # Of this process alone: what else the machine does is not the detector's.
    start = time.process_time()
    detector.find_all(texts)
    return (time.process_time() - start) * 1000
