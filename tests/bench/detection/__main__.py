"""Prints how well and how fast secrets are found: recall by set, findings in clean code, milliseconds.

`python -m tests.bench.detection [--sources]`; with `--sources` findings in clean code by where it comes from.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence

from ccgate.privacy.detection.detect import Detector
from tests.bench.detection import measure
from tests.bench.detection import speed
from tests.bench.detection.clean import installed
from tests.bench.detection.clean import made
from tests.bench.detection.detectors import detector
from tests.bench.detection.samples import FRESH
from tests.bench.detection.samples import INDEPENDENT
from tests.bench.detection.samples import LATER
from tests.bench.detection.samples import Sample
from tests.bench.detection.samples import samples
from tests.bench.detection.samples import whole_texts

SECRETS = frozenset({"secret"})
PERSONAL = frozenset({"email", "home"})


def main(arguments: Sequence[str]) -> int:
    """Print the report; 0."""
    tried = detector()
    recall(tried)
    false_positives(tried, by_source="--sources" in arguments)
    times = speed.body_milliseconds(tried)
    print("\nmilliseconds")
    print(f"  {'a new body of 1 MB, median':44}{statistics.median(times):8.1f}")
    hostile = speed.hostile_milliseconds(tried)
    worst = max(hostile, key=hostile.__getitem__)
    print(f"  {f'the slowest hostile text of 100 KB ({worst})':44}{hostile[worst]:8.1f}")
    return 0


def recall(tried: Detector) -> None:
    """Print which share of each set is found: at first sight, and by the rules as they are now."""
    sets: dict[str, tuple[str, frozenset[str], Sequence[Sample]]] = {
        "specific kinds": ("90%", SECRETS, whole_texts("specific")),
        "generic": ("86%", SECRETS, whole_texts("generic")),
        "personal": ("100%", PERSONAL, whole_texts("personal")),
        "specific kinds, written last": ("88%", SECRETS, whole_texts("specific", FRESH)),
        "generic, written last": ("73%", SECRETS, whole_texts("generic", FRESH)),
        "formats written down after the first rules": ("85%", SECRETS, samples(shapes=LATER)),
        "formats by which rules were tuned": ("-", SECRETS, samples()),
    }
    print(f"{'recall':48}{'texts':>6}{'at first':>10}{'now':>8}{'all of it':>11}")
    for title, (first, categories, texts) in sets.items():
        count = measure.recall(_finder(tried, categories), texts)
        some, whole = count.any / count.texts, count.all / count.texts
        print(f"  {title:46}{count.texts:6}{first:>10}{some:8.1%}{whole:11.1%}")


def false_positives(tried: Detector, *, by_source: bool) -> None:
    """Print how many secrets are found where there are none."""
    find = _finder(tried, SECRETS)
    print(f"\n{'secrets found where there are none':48}{'MB':>6}{'found':>10}{'per MB':>8}")
    found = size = 0.0
    for source, texts in installed().items():
        count, megabytes = measure.false_positives(find, texts)
        found, size = found + count, size + megabytes
        if by_source and texts:
            _line(source, count, megabytes)
    _line("source code of others", found, size)
    _line("look-alikes", *measure.false_positives(find, tuple(made())))
    negative = [sample.text for shapes in (INDEPENDENT, FRESH) for sample in whole_texts("negative", shapes)]
    print(f"  {f'{len(negative)} short texts':46}{'':6}{sum(map(bool, map(find, negative))):10}")


def _line(title: str, count: float, megabytes: float) -> None:
    print(f"  {title:46}{megabytes:6.1f}{count:10.0f}{count / megabytes:8.2f}")


def _finder(tried: Detector, categories: frozenset[str]) -> measure.Finder:
    def find(text: str) -> list[tuple[int, int]]:
        return [(span.start, span.end) for span in tried.find(text) if span.category in categories]

    return find


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
