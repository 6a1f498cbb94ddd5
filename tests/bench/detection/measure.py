"""Recall and precision of a detector, counted."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.detection.samples import Sample

Finder = Callable[[str], Sequence[tuple[int, int]]]
"""Tells where secrets stand in a text."""


@dataclass(frozen=True, slots=True)
class Recall:
    """Of how many texts a finder found something in, and of how many all."""

    texts: int
    any: int
    all: int

    def __str__(self) -> str:
        some, whole = self.any / self.texts, self.all / self.texts
        return f"{self.texts:5} texts  found in {some:6.1%}  all of it in {whole:6.1%}"


def recall(find: Finder, chosen: Iterable[Sample]) -> Recall:
    """How much of the secrets in some samples a finder finds."""
    texts = found_any = found_all = 0
    for sample in chosen:
        found = find(sample.text)
        texts += 1
        found_any += bool(found)
        found_all += all(any(start <= a and b <= end for start, end in found) for a, b in sample.spans)
    return Recall(texts, found_any, found_all)


def false_positives(find: Finder, texts: Iterable[str]) -> tuple[int, float]:
    """How many spans a finder finds in clean texts, and the size of these in millions of characters."""
    count = size = 0
    for text in texts:
        count += len(find(text))
        size += len(text)
    return count, size / 1e6
